"""Double click, two tabs, two people: of every form of the console one effect, and the second is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.console.conftest import Filled
from tests.console.installed import served
from tests.console.routes import all_routes
from tests.console.sent_twice import cases, closing, connections, goods, money, people, settled
from tests.console.sent_twice.cases import new_case
from tests.console.sent_twice.racing import ROWS, prove
from tests.console.sent_twice.worlds import worlds
from tests.databases import Databases
from trueup.storage.views.case_queue import list_comments

_EVERY = (cases, closing, connections, goods, money, people, settled)
"""Whose rows are kept in `ROWS`."""
_POSTED = sorted({route.path for _, route in all_routes() if route.method == "POST"})


@pytest.fixture(scope="module")
def world_of(
    filled: Filled, databases: Databases, server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Any]]:
    """The world of a row, opened when the first one needs it."""
    with worlds(filled, databases, server_url, tmp_path_factory.mktemp) as world:
        yield world


def test_no_form_is_forgotten() -> None:
    """Every address that something is sent to has its row, and no row is of an address that is gone."""
    assert set(_POSTED) == set(ROWS)


def test_a_form_that_is_sent_again_is_another_act_when_it_says_something_else(world_of: Callable[[str], Any]) -> None:
    """The same words under one key are one comment; other words, or those of another drawing of the page, are their own. What was
    refused may be mended and sent under the same key."""
    console = world_of("filled")
    case = new_case(console)
    with console.visitor("Olga") as olga:
        key = re.search(r'name="form_key" value="([\w-]+)"', olga.get(f"/exceptions?row={case}").text)
        assert key

        def say(text: str, form_key: str = key[1]) -> Any:
            return olga.post(f"/exceptions/{case}/comment", text=text, form_key=form_key)

        first, again = say("ask the buyer"), say("ask the buyer")
        assert first.status_code == again.status_code == 303
        assert first.headers["location"] == again.headers["location"]
        assert first.headers["set-cookie"] == again.headers["set-cookie"]
        assert say("ask the warehouse").status_code == say("ask the buyer", "another").status_code == 303
        assert say(" ").status_code == 409 and say(" ").status_code == 409
    with console.app.database.transaction() as connection:
        said = [each["text"] for each in list_comments(connection, case)]
    assert said == ["ask the buyer", "ask the warehouse", "ask the buyer"]


def test_what_is_held_for_who_clicks_twice_is_told_once_elsewhere(world_of: Callable[[str], Any]) -> None:
    """Another server has not the answer, and still does nothing twice: it says when the form was sent."""
    console = world_of("filled")
    case = new_case(console)
    form = {"text": "ask the buyer", "form_key": "elsewhere"}
    with console.visitor("Olga") as olga, served(console.app) as other:
        assert olga.post(f"/exceptions/{case}/comment", **form).status_code == 303
        answer = olga.http.post(f"{other.url}/exceptions/{case}/comment", data={"csrf": olga.csrf, **form})
        assert answer.status_code == 409 and "sent already" in answer.text
    with console.app.database.transaction() as connection:
        assert len(list_comments(connection, case)) == 1


@pytest.mark.parametrize("path", sorted(ROWS), ids=lambda path: re.sub(r"[{}/:]+", "-", path).strip("-"))
def test_what_is_sent_twice_is_done_once(path: str, world_of: Callable[[str], Any]) -> None:
    """Its row says what becomes of the second."""
    row = ROWS[path]
    prove(row, world_of(row.world))
