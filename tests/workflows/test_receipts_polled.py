"""What docks count in: told by Amazon's own status of orders over days, kept by line with each look, and never booked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, count_commits, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import CHAIR, LAMP, PARTNER, Installation, install, line
from trueup.base.clock import ManualClock
from trueup.simulators.amazon import FaultKind
from trueup.storage.database import Database
from trueup.storage.line_receipts import list_receipts
from trueup.storage.views.orders import explain_order, find_order, show_order
from trueup.workflows.poll_receipts import ensure_receipts, take_in_page
from trueup.workflows.world import Pace, Tx

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAILY = Pace(poll=3 * HOUR, back_fill=3 * HOUR, products=30 * DAY, files=30 * DAY, watch=30 * DAY, receipts=DAY)


def watched(here: Installation) -> str:
    """An order of two cases of six lamps and three of four chairs, answered, whose receipts are polled daily from now on."""
    number = here.order(line(LAMP, 2), line(CHAIR, 3))
    here.pass_time(4 * HOUR)
    here.engine.act(ensure_receipts)
    here.engine.settle()
    return number


def received(here: Installation, number: str) -> list[tuple[int | None, str]]:
    with here.database.transaction() as connection:
        shown = show_order(connection, find_order(connection, number))
    return [(row["course"]["received"]["eaches"], row["course"]["received"]["word"]) for row in shown["lines"]]


def looks(here: Installation, number: str) -> list[tuple[int, int]]:
    with here.database.transaction() as connection:
        return [(each.sequence, each.received) for each in list_receipts(connection, PARTNER, number)]


def events(here: Installation, number: str) -> list[dict[str, Any]]:
    with here.database.transaction() as connection:
        told = explain_order(connection, find_order(connection, number))
    return [each for each in told if each["what"] == "goods.counted-in"]


def test_receipts_over_days_are_kept_by_line_each_with_its_look(database: Database, clock: ManualClock) -> None:
    """In eaches, though Amazon counts cases; a day on which nothing came is no news; each number names its document."""
    with install(database, clock, pace=DAILY) as here:
        number = watched(here)
        assert received(here, number) == [(0, ""), (0, "")]
        here.amazon.receive(number, {"1": 1})
        here.pass_time(DAY)
        assert received(here, number) == [(6, ""), (0, "")]
        here.pass_time(DAY)
        here.amazon.receive(number, {"1": 1, "2": 2})
        here.pass_time(DAY)
        assert received(here, number) == [(12, ""), (8, "")]
        assert here.shown(number)["state"] != "closed"
        assert looks(here, number) == [(1, 0), (2, 0), (1, 1), (1, 2), (2, 2)]
        first, second = events(here, number)
        assert first["details"] == {"1": "1 in all, 1 more"}
        assert second["details"] == {"1": "2 in all, 1 more", "2": "2 in all, 2 more"}
        assert first["evidence"] != second["evidence"]
        with here.database.transaction() as connection:
            assert b'"receivedQuantity"' in here.world.archive.load_content(connection, second["evidence"])
        here.amazon.receive(number, {"2": 1})
        here.pass_time(DAY)
        assert here.shown(number)["state"] == "closed", "all that was promised is there: the status says so"
        assert here.case_kinds() == []


def test_a_count_that_goes_down_is_as_much_of_a_fact(database: Database, clock: ManualClock) -> None:
    """A dock corrects itself; what was shown before stays in sight."""
    with install(database, clock, pace=DAILY) as here:
        number = watched(here)
        here.amazon.receive(number, {"1": 2})
        here.pass_time(DAY)
        here.amazon.receive(number, {"1": -1})
        here.pass_time(DAY)
        assert received(here, number)[0] == (6, "")
        assert [each["details"]["1"] for each in events(here, number)] == ["2 in all, 2 more", "1 in all, 1 fewer"]


@pytest.mark.parametrize("kind", [FaultKind.RECEIPTS_LAG, FaultKind.RECEIPTS_MISSING])
def test_a_status_that_lags_or_says_nothing_of_receipts_is_no_number(
    database: Database, clock: ManualClock, kind: FaultKind
) -> None:
    """What Vendor Central shows and the status does not is learned once it is told; until then the number before stands."""
    with install(database, clock, pace=DAILY) as here:
        number = watched(here)
        here.amazon.add_fault({"kind": kind.value, "operation": "getPurchaseOrdersStatus", "seconds": 172800.0})
        here.amazon.receive(number, {"1": 2})
        here.pass_time(DAY)
        assert here.amazon.faults.told[kind.value] == 1
        assert received(here, number)[0] == (0, "")
        here.pass_time(DAY)
        assert received(here, number) == [(12, ""), (0, "")]


def test_pages_that_come_twice_or_late_change_nothing(database: Database, clock: ManualClock) -> None:
    """Windows overlap, a page may be empty and yet lead on, or come in any order: the newest word on a line counts."""
    with install(database, clock, pace=DAILY) as here:
        numbers = [watched(here) for _ in range(3)]
        for kind in ("empty_page", "reordered_pages", "duplicate_orders"):
            here.amazon.add_fault({"kind": kind, "operation": "getPurchaseOrdersStatus"})
        for number in numbers:
            here.amazon.receive(number, {"1": 1})
        here.pass_time(DAY)
        before = [looks(here, number) for number in numbers]
        for _ in range(2):
            here.engine.act(ensure_receipts)
            here.engine.settle()
        assert [looks(here, number) for number in numbers] == before
        assert all(rows[-1] == (1, 1) for rows in before)


def test_amazon_away_is_told_and_made_up_for(database: Database, clock: ManualClock) -> None:
    """Nothing is lost of what was counted in meanwhile."""
    with install(database, clock, pace=DAILY) as here:
        number = watched(here)
        fault = {"kind": "server_error", "operation": "getPurchaseOrdersStatus", "status": 503, "count": None}
        here.amazon.add_fault(fault)
        here.amazon.receive(number, {"1": 2})
        here.pass_time(2 * DAY)
        assert "source.failing" in here.case_kinds()
        here.amazon.faults.clear()
        here.pass_time(DAY)
        assert received(here, number)[0] == (12, "")
        assert here.case_kinds() == []


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """An order is received over two days, and the worker that polls that dies as fated. How it ended."""
    with install(database, ManualClock(START), pace=DAILY) as here:
        number = watched(here)
        count_commits(here)
        here.engine.fate = fate
        here.amazon.receive(number, {"1": 1})
        pass_time_over_crashes(here, DAY + HOUR)
        here.amazon.receive(number, {"1": 1, "2": 3})
        pass_time_over_crashes(here, DAY + HOUR)
        here.engine.fate = alive
        here.pass_time(DAY)
        return {
            "looks": sorted(looks(here, number)),
            "received": received(here, number),
            "cases": here.case_kinds(state=None),
        }


def test_a_worker_that_is_killed_anywhere_keeps_each_number_once(new_database: NewDatabase) -> None:
    """However often a round is taken again, a number that was shown is one row, and the next round comes."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    end = kill_everywhere(live, chosen=lambda names: [name for name in names if "receipts:" in name])
    assert end["looks"] == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 3)]
    assert end["cases"] == []


def test_an_order_of_a_status_page_that_cannot_be_read_is_a_case(database: Database, clock: ManualClock) -> None:
    """The others of its page are taken in; what was listed is what was read and what waits for a person."""
    content = b'{"payload": {"ordersStatus": [{"purchaseOrderNumber": "PO1"}, {"purchaseOrderStatus": "OPEN"}]}}'
    with install(database, clock, pace=DAILY) as here:

        def arrive(tx: Tx) -> None:
            digest = here.world.keep(tx.connection, content, kind="status", source=PARTNER, name="page 1")
            take_in_page(tx, PARTNER, PARTNER, digest, "page 1")
            [tally] = tx.tallies
            assert (tally.came, tally.out["as known"], tally.held) == (2, 1, {"could not be read": 1})
            assert len(tally.cases) == 1

        here.engine.act(arrive)
        assert here.case_kinds() == ["document.invalid"]


def test_eaches_of_an_order_in_cases_are_eaches(database: Database, clock: ManualClock) -> None:
    """Two cases of six, of which twelve eaches are in, are twelve: whether the status tells what was ordered, and in which unit."""
    twelve = {"amount": 12, "unitOfMeasure": "Eaches", "unitSize": 1}
    with install(database, clock, pace=DAILY) as here:
        number = watched(here)
        for place, ordered in enumerate(({}, {"orderedQuantity": {"orderedQuantity": twelve}})):
            item = {"itemSequenceNumber": "1", "receivingStatus": {"receivedQuantity": twelve}, **ordered}
            status = {"purchaseOrderNumber": number, "purchaseOrderStatus": "OPEN", "itemStatus": [item]}
            content = json.dumps({"payload": {"ordersStatus": [status]}, "place": place}).encode()

            def arrive(tx: Tx, content: bytes = content) -> None:
                digest = here.world.keep(tx.connection, content, kind="status", source=PARTNER, name="a page")
                take_in_page(tx, PARTNER, PARTNER, digest, "a page")

            here.engine.act(arrive)
            assert received(here, number)[0] == (12, "")
        assert [each["details"] for each in events(here, number)] == [{"1": "12 eaches in all, 12 more"}]
