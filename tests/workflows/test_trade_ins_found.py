"""Items of the circular system against trade-ins: each side without the other, and amounts that differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workflows.traded_in import FAY, OLGA, Trading, trade
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.domain.circular import Item, Readiness, Visibility
from trueup.storage.database import Database
from trueup.workflows.find_trade_ins import PACE, ensure_searches
from trueup.workflows.resolve_case import resolve_case


def look(books: Trading) -> list[tuple[str, str, int]]:
    """Let a whole reading go by; the cases then."""
    books.pass_time(PACE + timedelta(minutes=1))
    return books.open_cases()


def bought(number: int, serial: str, cost: str) -> Item:
    """An item that somebody entered in the circular system."""
    money = Money.of(cost, "USD")
    return Item(number, Visibility.UNAVAILABLE, Readiness.UNPROCESSED, serial=serial, acquisition_cost=money)


def test_an_item_with_a_cost_and_no_trade_in_is_asked_about(database: Database) -> None:
    """Found with its money; told as a trade-in it is taken over as it is, and credited."""
    with trade(database) as books:
        books.shelf.items[7] = bought(7, "FOUND-7", "35.00")
        books.shelf.items[8] = replace(bought(8, "FREE-8", "1.00"), acquisition_cost=None)
        books.engine.act(ensure_searches)
        books.pass_time()
        assert books.open_cases() == [("trade-in.no-credit", "item shelf/7", 35_00)]
        books.record(books.told("T-7", "FOUND-7", "35.00"))
        books.grade("T-7")
        assert look(books) == []
        assert (books.shown("T-7")["item"], books.cards()[0]["initial"]) == (7, "35.00")


def test_an_item_that_was_bought_otherwise_stays_dismissed(database: Database) -> None:
    """A person looked at it once; another cost is another question."""
    with trade(database) as books:
        books.shelf.items[7] = bought(7, "FOUND-7", "35.00")
        books.engine.act(ensure_searches)
        books.pass_time()
        books.act(resolve_case, books.case("trade-in.no-credit"), Resolution.DISMISS, FAY, "bought at an auction")
        assert look(books) == []
        books.shelf.items[7] = bought(7, "FOUND-7", "36.00")
        assert look(books) == [("trade-in.no-credit", "item shelf/7", 36_00)]


@pytest.mark.parametrize("grade", ["good", "worn"])
def test_an_item_cost_that_is_not_the_credit_is_corrected_there(grade: str, database: Database) -> None:
    """The item was made at the quote; a lower credit is a difference until the circular system says so too."""
    with trade(database) as books:
        books.record()
        books.pass_time()
        books.grade(grade=grade)
        books.engine.act(ensure_searches)
        books.pass_time()
        wanted = [("trade-in.cost-differs", "trade-in T-1", 32_00)] if grade == "worn" else []
        assert books.open_cases() == wanted
        books.shelf.items[501] = replace(books.item(), acquisition_cost=Money.of(books.cards()[0]["initial"], "USD"))
        assert look(books) == []


def test_a_credit_whose_item_is_gone_is_found(database: Database) -> None:
    """Given for goods that nobody has: the whole credit is at risk."""
    with trade(database) as books:
        books.record()
        books.grade()
        books.pass_time()
        books.shelf.items.clear()
        books.engine.act(ensure_searches)
        books.pass_time()
        assert books.open_cases() == [("credit.no-item", "trade-in T-1", 80_00)]
        assert books.shown()["acts"][-1]["by"] == OLGA.name
