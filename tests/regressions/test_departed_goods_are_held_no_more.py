"""Goods that a warehouse counts leave the house, and the warehouse counts again."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LOCATION, Goods, Installation, install, line
from tests.workflows.scenes import DAY, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.workflows.declare_stock import count_of, declare_stock
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Pace

QUARTERS = Pace(poll=6 * HOUR, back_fill=DAY, products=DAY, files=DAY)
"""Four looks a day are enough for goods that leave in days."""
SET = Goods("SET-1", "B000000003", tracked=False, declared_source="warehouse")


def count(here: Installation, on_hand: int) -> None:
    """The warehouse counts so many sets."""
    person = Person("Wim", frozenset({Role.OPERATIONS}))
    declared = here.engine.act(declare_stock, count_of("SET-1", LOCATION, on_hand), person)
    assert declared.taken


def accepted(here: Installation, cases: int) -> str:
    """An order of sets that is answered; its number."""
    number = here.order(line(SET, cases))
    here.pass_time(7 * HOUR)
    return number


def test_a_count_after_the_order_was_closed_ends_its_reservation(database: Database, clock: ManualClock) -> None:
    """What left is not in the new count, so it is not taken off it; nothing happens to the order or in the shop."""
    with install(database, clock, SET, pace=QUARTERS) as here:
        here.pass_time(HOUR)
        count(here, 30)
        first = accepted(here, 4)
        assert here.held_by_amazon(first) == [(4, 0, 0)]
        sold = here.shop_orders(first)
        here.pass_time(3 * DAY)
        here.amazon.receive(first, {"1": 4})
        here.pass_time(12 * DAY)
        assert here.shown(first)["state"] == "closed", "its status is asked for when the window is over"
        assert len(rows(here, "SELECT * FROM trueup.reservations")) == 1
        count(here, 6)
        assert rows(here, "SELECT * FROM trueup.reservations") == []
        assert here.held_by_amazon(accepted(here, 1)) == [(1, 0, 0)]
        here.pass_time(timedelta(days=1))
        assert here.shop_orders(first) == sold and here.sends(first) == 1


def test_a_count_while_the_order_is_open_ends_nothing(database: Database, clock: ManualClock) -> None:
    """Its goods may lie there and be counted: they are not promised twice."""
    with install(database, clock, SET, pace=QUARTERS) as here:
        here.pass_time(HOUR)
        count(here, 30)
        accepted(here, 4)
        here.pass_time(14 * DAY)
        count(here, 30)
        assert here.held_by_amazon(accepted(here, 2)) == [(1, 1, 0)]
