"""Goods that came back from the buyer become items of the programme: as agreed, never more than went out, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.circulating import BIKE, Circulation, circulate
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, count_commits, kill_everywhere, outlive, pass_time_over_crashes
from tests.workflows.installation import line, with_terms
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Refused
from trueup.domain.cases import Resolution, Role
from trueup.domain.circular import Visibility
from trueup.domain.vendor_returns import Returned
from trueup.storage.database import Database
from trueup.storage.vendor_returns import load_order_returns
from trueup.storage.views.orders import find_order
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.take_back_goods import take_back

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
EVE = Person("Eve", frozenset({Role.ECOMMERCE}))
AGREED = with_terms(items_returned=Visibility.UNAVAILABLE)


def order_id(circle: Circulation, number: str) -> int:
    """By its number."""
    with circle.installed.database.transaction() as connection:
        return find_order(connection, number)


def say(circle: Circulation, number: str, returned: Returned, person: Person = OLGA) -> Any:
    """A person says what came back."""
    return circle.installed.engine.act(take_back, order_id(circle, number), returned, person)


def answered(circle: Circulation, eaches: int) -> str:
    """An order of bikes that was answered whole."""
    circle.items(eaches)
    circle.look()
    number = circle.installed.order(line(BIKE, eaches, "Eaches"))
    circle.installed.pass_time(timedelta(hours=2))
    assert circle.installed.held_by_amazon(number) == [(eaches, 0, 0)]
    return number


def made(circle: Circulation) -> dict[str, str]:
    """Items that bear a serial, by Supercycle's own books."""
    return {item.serial: item.visibility for item in circle.supercycle.world.items.values() if item.serial}


def test_what_came_back_becomes_items_that_tell_where_from(database: Database, clock: ManualClock) -> None:
    """Two of three, one with a serial of its own; they cost what Amazon had agreed to pay, and wait for somebody to look."""
    with circulate(database, clock, agreement=AGREED) as circle:
        number = answered(circle, 3)
        say(circle, number, Returned(BIKE.sku, 2, serials=("CB-77",)))
        circle.installed.pass_time(timedelta(minutes=5))
        assert made(circle) == {"CB-77": "unavailable", f"{number}-BIKE-1-1": "unavailable"}
        [item] = [each.id for each in circle.supercycle.world.items.values() if each.serial == "CB-77"]
        story = circle.story(item)
        assert story["came_back"]["order"] == f"amazon-us/{number}" and story["acquisition_cost"] == "400.00 USD"
        assert (story["lane"], circle.installed.case_kinds()) == ("withheld", [])
        with pytest.raises(
            Refused, match="2 eaches of BIKE-1 came back, expected 1 at most: the order was promised 3, 2 of"
        ):
            say(circle, number, Returned(BIKE.sku, 2, before=2))
        with pytest.raises(Conflict, match="Serial CB-77 came back to supercycle before"):
            say(circle, number, Returned(BIKE.sku, 1, serials=("CB-77",)))
        say(circle, number, Returned(BIKE.sku, 1, before=2))
        circle.installed.pass_time(timedelta(minutes=5))
        assert f"{number}-BIKE-1-2" in made(circle)


def test_a_unit_without_a_serial_is_the_next_one_of_its_order(database: Database, clock: ManualClock) -> None:
    """Two who say the same unit make one: the second knows of none that came back, and is told who said so, and when. Who knows
    of it says another one; a serial tells by itself."""
    with circulate(database, clock, agreement=AGREED) as circle:
        number = answered(circle, 3)
        say(circle, number, Returned(BIKE.sku, 1))
        for known in (0, 2):
            with pytest.raises(Conflict, match=rf"1 of BIKE-1 came back .* said at .*; {known} were known"):
                say(circle, number, Returned(BIKE.sku, 1, before=known), Person("Ana", frozenset({Role.ADMIN})))
        say(circle, number, Returned(BIKE.sku, 1, serials=("CB-7",)))
        say(circle, number, Returned(BIKE.sku, 1, before=2))
        circle.installed.pass_time(timedelta(minutes=5))
        assert set(made(circle)) == {f"{number}-BIKE-1-1", "CB-7", f"{number}-BIKE-1-2"}


def test_only_what_is_agreed_and_only_by_who_may(database: Database, clock: ManualClock) -> None:
    """Without terms, without a role, without the product in the programme: refused, and nothing is made."""
    with circulate(database, clock, agreement=with_terms()) as circle:
        number = answered(circle, 1)
        with pytest.raises(Refused, match="set items_returned"):
            say(circle, number, Returned(BIKE.sku, 1))
        with pytest.raises(Refused, match=r"goods\.take-back"):
            say(circle, number, Returned(BIKE.sku, 1), Person("Fay", frozenset({Role.FINANCE})))
    with pytest.raises(Refused, match="expected one for each at most"):
        Returned(BIKE.sku, 1, serials=("A", "B"))


def test_a_serial_that_another_item_bears_is_a_persons_question(database: Database, clock: ManualClock) -> None:
    """Staff entered it themselves, available. A person takes that item out, and the unit is made once more."""
    with circulate(database, clock, agreement=AGREED) as circle:
        number = answered(circle, 1)
        [item] = circle.items(1)
        circle.supercycle.world.items[item].serial = "CB-9"
        say(circle, number, Returned(BIKE.sku, 1, serials=("CB-9",)))
        circle.installed.pass_time(timedelta(minutes=5))
        [case] = circle.installed.open_cases()
        assert case["kind"] == "vendor-return.item-refused" and "Serial CB-9 is" in case["found"]
        assert case["money_at_risk"] == "400.00 USD"
        circle.supercycle.world.items[item].serial = "CB-8"
        circle.installed.engine.act(resolve_case, case["id"], Resolution.RETRY, EVE, "it was another bike")
        circle.installed.pass_time(timedelta(minutes=5))
        assert made(circle) == {"CB-8": "available", "CB-9": "unavailable"} and circle.installed.case_kinds() == []


def test_a_programme_that_does_not_answer_is_asked_again(database: Database, clock: ManualClock) -> None:
    """The reply to the creation is lost: the item is found by its serial, and not made twice."""
    with circulate(database, clock, agreement=AGREED) as circle:
        number = answered(circle, 1)
        circle.supercycle.add_fault("server_error", operation="POST /items", count=2)
        circle.supercycle.add_fault("applied_but_timed_out", operation="POST /items", count=1)
        say(circle, number, Returned(BIKE.sku, 1, serials=("CB-5",)))
        circle.installed.pass_time(timedelta(hours=1))
        assert made(circle) == {"CB-5": "unavailable"} and circle.installed.case_kinds() == []


def test_each_unit_is_made_once_whatever_is_killed(new_database: NewDatabase, clock: ManualClock) -> None:
    """Killed at every effect and resumed: two units, two items."""

    def live(fate: Fate) -> Any:
        with new_database() as database, circulate(database, ManualClock(clock.now()), agreement=AGREED) as circle:
            here = circle.installed
            number = answered(circle, 2)
            count_commits(here)
            here.engine.fate = fate

            def say_once() -> None:
                with database.transaction() as connection:
                    said = load_order_returns(connection, find_order(connection, number))
                if not said:
                    say(circle, number, Returned(BIKE.sku, 2))

            outlive(here.engine, say_once)
            pass_time_over_crashes(here, timedelta(minutes=20))
            here.engine.fate = alive
            return made(circle), circle.lanes(), here.case_kinds()

    assert len(kill_everywhere(live)[0]) == 2
