"""Amazon's direct fulfillment is told what it may sell: once, proven by its own word, refused item by item, never repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, kill_everywhere, pass_time_over_crashes
from tests.workflows.dropshipping import CATALOGUE, DAY, HOUR, MINUTE, TERMS, Dropshipping, dropship
from tests.workflows.installation import CHAIR, LAMP
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.invariants import writes_are_answered
from trueup.storage.database import Database
from trueup.workflows.explain_stock import explain_stock

STATES = "SELECT state FROM trueup.deliveries WHERE kind = 'direct-fulfillment' ORDER BY id"


@pytest.fixture
def direct(database: Database, clock: ManualClock) -> Iterator[Dropshipping]:
    """A warehouse whose first round is set."""
    with dropship(database, clock) as found:
        yield found


def states(direct: Dropshipping) -> list[str]:
    """How every update stands, in the order in which they were prepared."""
    with direct.here.database.transaction() as connection:
        return list(connection.exec_driver_sql(STATES).scalars())


def test_everything_is_told_once_a_day_and_changes_between(direct: Dropshipping) -> None:
    """The shop's count less the buffer; a transaction id is no acceptance; what Amazon accepted stands beside the sum."""
    here = direct.here
    here.pass_time(2 * MINUTE)
    assert (direct.updates, states(direct)) == ([(True, 2, "Processing")], ["sent"])
    here.pass_time(20 * MINUTE)
    assert direct.held == {LAMP.asin: 98, CHAIR.asin: 38}
    assert states(direct) == ["accepted"]
    direct.sell(6)
    here.pass_time(20 * MINUTE)
    assert direct.held == {LAMP.asin: 92, CHAIR.asin: 38}
    assert direct.updates == [(True, 2, "Success"), (False, 1, "Success")]
    with here.database.transaction() as connection:
        shown = explain_stock(connection, here.world, LAMP.sku, here.clock.now())
    [told] = shown["told"]
    assert (told["warehouse"], told["told"], told["accepted"], told["state"]) == ("WH1", 92, 92, "accepted")
    [channel] = [each for each in shown["channels"] if each["for"] == "direct"]
    assert (channel["channel"], channel["eaches"]) == ("direct fulfillment amazon-us/DROPA/WH1", 92)
    here.pass_time(DAY)
    assert direct.updates[2:] == [(True, 2, "Success")]
    assert here.case_kinds() == []


def test_a_product_that_nobody_counts_any_more_is_told_as_none(direct: Dropshipping) -> None:
    """Left out, it would keep its last number at Amazon until the next full update."""
    here = direct.here
    here.pass_time(20 * MINUTE)
    with here.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE trueup.stock_levels SET tracked = false WHERE sku = 'CHAIR-1'")
    here.pass_time(20 * MINUTE)
    assert direct.held[CHAIR.asin] == 0
    assert direct.updates[-1] == (False, 1, "Success")


def test_an_item_that_is_refused_fails_no_other(direct: Dropshipping) -> None:
    """One bad item fails an update whole; it is told to a person with Amazon's words, left out, and told again when mended."""
    here = direct.here
    direct.warehouse(CATALOGUE[0])
    here.pass_time(30 * MINUTE)
    assert direct.held == {LAMP.asin: 98}
    assert [status for _, _, status in direct.updates] == ["Failure", "Success"]
    told = direct.case("inventory.item-refused")
    assert "INVALID_ITEM_ID: CHAIR-1 is not a valid product ID" in told["found"]
    assert "CHAIR-1" in told["subject"] and CHAIR.asin in told["title"]
    here.pass_time(2 * HOUR)
    assert len(direct.updates) == 2, "what was refused is not tried again by itself"
    assert here.case_kinds() == ["inventory.item-refused"]
    direct.warehouse()
    here.resolve("inventory.item-refused", Resolution.RETRY)
    here.pass_time(20 * MINUTE)
    assert direct.held == {LAMP.asin: 98, CHAIR.asin: 38}
    assert here.case_kinds() == []


def test_an_answer_that_was_lost_is_a_case_and_never_repeated(direct: Dropshipping) -> None:
    """Amazon lists nothing to find it in. Later numbers go out anew, when the lost ones must have shown."""
    here = direct.here
    here.pass_time(20 * MINUTE)
    direct.lie("applied_but_timed_out")
    direct.sell(6)
    here.pass_time(10 * MINUTE)
    assert states(direct) == ["accepted", "unanswered"]
    assert "not sent again" in direct.case("inventory.unanswered")["title"]
    with here.database.transaction() as connection:
        ground = here.world.proof_ground(connection, here.clock.now())
        assert writes_are_answered.INVARIANT.prove(connection, ground).broken == 0, "a person is asked about it"
    assert len(direct.updates) == 2
    here.pass_time(HOUR)
    assert states(direct) == ["accepted", "unanswered", "accepted"]
    assert (direct.held[LAMP.asin], here.case_kinds()) == (92, [])


def test_an_update_that_lands_after_a_later_one_is_overwritten_again(direct: Dropshipping) -> None:
    """Amazon was hours late with one that was given up: what it holds then is stale, and is told anew."""
    here = direct.here
    here.pass_time(20 * MINUTE)
    direct.lie("applied_late", seconds=4 * 3600)
    direct.sell(6)
    here.pass_time(2 * HOUR + 40 * MINUTE)
    direct.sell(12)
    here.pass_time(HOUR)
    assert direct.held[LAMP.asin] == 80
    assert states(direct)[1] == "unanswered"
    here.pass_time(2 * HOUR)
    assert [number for _, asin, number in _history(direct) if asin == LAMP.asin] == [98, 92, 80, 92, 80]
    assert direct.held[LAMP.asin] == 80


def test_what_is_refused_whole_waits_for_a_person(direct: Dropshipping) -> None:
    """A warehouse that Amazon does not know: told once, tried once an hour, and at once when somebody mended it."""
    here = direct.here
    direct.here.amazon.inventory.warehouses.clear()
    here.pass_time(50 * MINUTE)
    assert _answers(direct) == [400]
    assert "WH1 is not valid for this vendor" in direct.case("inventory.refused")["found"]
    direct.warehouse()
    here.resolve("inventory.refused", Resolution.RETRY)
    here.pass_time(10 * MINUTE)
    assert direct.held == {LAMP.asin: 98, CHAIR.asin: 38}
    assert here.case_kinds() == []


def test_numbers_that_amazon_holds_otherwise_for_long_are_a_case(direct: Dropshipping) -> None:
    """Both numbers, and the money of what may be sold that is not there."""
    here = direct.here
    here.pass_time(20 * MINUTE)
    direct.lie("transaction_failure", count=None, text="Something went wrong")
    direct.sell(90)
    here.pass_time(2 * HOUR)
    case = direct.case("inventory.differs")
    assert (case["expected"], case["found"]) == ("LAMP-1 8", "LAMP-1 98")
    assert case["money_at_risk"] == "900.00 USD"
    here.amazon.faults.clear()
    here.pass_time(2 * HOUR)
    assert (direct.held[LAMP.asin], here.case_kinds()) == (8, [])


def test_throttling_delays_and_pauses_nothing_else(direct: Dropshipping) -> None:
    """What did not leave is not sent late with old numbers: the next round says those of then."""
    here = direct.here
    direct.lie("throttled")
    here.pass_time(MINUTE)
    assert states(direct) == ["superseded"]
    direct.sell(10)
    here.pass_time(20 * MINUTE)
    assert (states(direct)[-1], direct.held[LAMP.asin]) == ("accepted", 88)


def _answers(direct: Dropshipping) -> list[int]:
    requests = direct.here.amazon.journal.requests
    return [each.status for each in requests if each.operation == "submitInventoryUpdate"]


def _history(direct: Dropshipping) -> list[Any]:
    found: list[Any] = direct.here.amazon.inventory.warehouses["WH1"].history
    return found


def travel(database: Database, clock: ManualClock, fate: Fate) -> dict[str, Any]:
    """Everything told and proven, then a change; the first is killed as fated. How it ended."""
    with dropship(database, clock, replace(TERMS, every=20 * MINUTE)) as direct:
        here = direct.here
        here.engine.fate = fate
        pass_time_over_crashes(here, 15 * MINUTE)
        here.engine.fate = alive
        direct.sell(6)
        here.pass_time(50 * MINUTE)
        prepared = len(states(direct))
        assert len(direct.submitted) <= prepared, "an update was sent twice"
        return {"held": direct.held, "cases": here.case_kinds()}


def test_a_crash_at_any_effect_tells_nothing_twice(new_database: NewDatabase, clock: ManualClock) -> None:
    """The same numbers at Amazon, no open case, and no update more often than it was prepared."""
    start = clock.now()

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, ManualClock(start), fate)

    assert kill_everywhere(live) == {"held": {LAMP.asin: 92, CHAIR.asin: 38}, "cases": []}
