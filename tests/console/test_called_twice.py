"""A program calls twice, two programs at once: of every operation of the API one effect, and the second is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.console.called_twice import operations
from tests.console.called_twice.racing import CALLS, prove_call
from tests.console.conftest import Filled
from tests.console.sent_twice.worlds import worlds
from tests.databases import Databases
from trueup.api.v1 import collect_resources

_EVERY = (operations,)
"""Whose rows are kept in `CALLS`."""
_WRITING = sorted(
    f"{each.method} {each.path}"
    for resource in collect_resources().values()
    for each in resource.operations
    if each.method != "GET"
)


@pytest.fixture(scope="module")
def world_of(
    filled: Filled, databases: Databases, server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Any]]:
    """The world of a row, opened when the first one needs it."""
    with worlds(filled, databases, server_url, tmp_path_factory.mktemp) as world:
        yield world


def test_no_operation_is_forgotten() -> None:
    """Every operation that may change something has its row, and no row is of one that is gone."""
    assert set(_WRITING) == set(CALLS)


@pytest.mark.parametrize("operation", sorted(CALLS), ids=lambda each: re.sub(r"[ {}/:]+", "-", each).strip("-"))
def test_what_is_called_twice_is_done_once(operation: str, world_of: Callable[[str], Any]) -> None:
    """Its row says what becomes of the second."""
    row = CALLS[operation]
    prove_call(row, world_of(row.world))
