"""Double click, two tabs, two people: of every form of the console one effect, and the second is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import Filled, console_over
from tests.console.money_books import console_over_money
from tests.console.routes import all_routes
from tests.console.sent_twice import cases
from tests.console.sent_twice.racing import ROWS, prove

_EVERY = (cases,)
"""Whose rows are kept in `ROWS`."""
_POSTED = sorted({route.path for _, route in all_routes() if route.method == "POST"})


@pytest.fixture(scope="module")
def world_of(
    filled: Filled, server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Any]]:
    """The world of a row, opened when the first one needs it."""
    opened: dict[str, Any] = {}
    with ExitStack() as stack:

        def folder(name: str) -> Path:
            return tmp_path_factory.mktemp(name)

        openers: dict[str, Callable[[], Any]] = {
            "filled": lambda: console_over(filled, folder("twice")),
            "money": lambda: console_over_money(server_url, folder("twice-money")),
        }

        def world(name: str) -> Any:
            if name not in opened:
                opened[name] = stack.enter_context(openers[name]())
            return opened[name]

        yield world


def test_no_form_is_forgotten() -> None:
    """Every address that something is sent to has its row, and no row is of an address that is gone."""
    assert set(_POSTED) == set(ROWS)


@pytest.mark.parametrize("path", sorted(ROWS), ids=lambda path: re.sub(r"[{}/:]+", "-", path).strip("-"))
def test_what_is_sent_twice_is_done_once(path: str, world_of: Callable[[str], Any]) -> None:
    """Its row says what becomes of the second."""
    row = ROWS[path]
    prove(row, world_of(row.world))
