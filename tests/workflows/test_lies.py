"""Amazon's lies, each told to the whole path: what must be true in the end, whatever was said on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.workflows.installation import CHAIR, LAMP, Installation, install, line
from tests.workflows.scenes import CALM, HOUR, MINUTE, case, deliveries, kept, rows, standing
from trueup.base.clock import ManualClock
from trueup.simulators.amazon import FaultKind
from trueup.storage.database import Database

SEEN = CALM.poll
"""After so long an order placed now is seen, and its answer on its way."""
OPERATIONS = ("getPurchaseOrders", "submitAcknowledgement", "getPurchaseOrdersStatus", "getTransaction")
SUBMIT, ORDERS, STATUS = "submitAcknowledgement", "getPurchaseOrders", "getPurchaseOrdersStatus"


def lie(here: Installation, kind: FaultKind, **details: Any) -> None:
    """Have Amazon tell a lie from now on."""
    here.amazon.add_fault({"kind": kind.value, **details})


def told(here: Installation, kind: FaultKind) -> int:
    """How often it was told."""
    return here.amazon.faults.told[kind.value]


def ends_well(here: Installation, number: str, *held: tuple[int, int, int]) -> None:
    """Amazon holds this, we know it from its own status, the shop has one order, and nobody needs to look."""
    assert here.held_by_amazon(number) == list(held)
    assert standing(here, number) == "accepted"
    assert len(here.shop_orders(number)) == 1
    assert here.case_kinds() == []


def test_every_lie_of_the_simulator_has_a_scenario() -> None:
    """A lie that nobody tells proves nothing: a scenario names each kind."""
    told = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
    untold = {kind for kind in FaultKind if f"FaultKind.{kind.name}" not in told and f'"{kind.value}"' not in told}
    assert untold == set()


def test_processing_for_ever_is_no_proof_and_is_sent_again_only_after_a_read_back(
    database: Database, clock: ManualClock
) -> None:
    """A transaction id proves nothing; half an hour of read-backs that show nothing do."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.PROCESSING_FOREVER)
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN + 25 * MINUTE)
        assert (standing(here, number), here.sends(number)) == ("sent", 1)
        here.pass_time(10 * MINUTE)
        assert here.sends(number) == 2
        found = case(here, "acknowledgement.unanswered")
        assert found["deadline"] and found["money_at_risk"] == "240.00 USD"
        assert rows(here, "SELECT cause FROM trueup.cases WHERE id = :id", id=found["id"]) == [
            {"cause": "partner amazon-us"}
        ]
        here.pass_time(HOUR)
        ends_well(here, number, (4, 0, 0))
        assert here.sends(number) == 2


def test_processing_for_ever_without_end_is_a_case_and_the_fallback_before_the_deadline(
    database: Database, clock: ManualClock
) -> None:
    """What never lands is never called accepted; sends are few, and the fallback speaks by its margin."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.PROCESSING_FOREVER, count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(21 * HOUR)
        assert standing(here, number) == "unanswered" and here.sends(number) == 4
        here.pass_time(90 * MINUTE)
        newest = deliveries(here, number)[-1]
        assert here.shown(number)["lines"][0]["decision"]["parts"][0]["answer"] == "backordered"
        assert newest["sent_at"] < newest["due_at"]
        here.pass_time(3 * HOUR)
        assert standing(here, number) == "unanswered"
        assert here.case_kinds() == ["acknowledgement.fallback", "acknowledgement.unanswered"], (
            "the case of the answer that was replaced is closed, that of the newest is open"
        )


def test_an_answer_applied_late_ends_accepted(database: Database, clock: ManualClock) -> None:
    """Sent again after half an hour of nothing, the same answer twice is the same answer."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.APPLIED_LATE, seconds=3600)
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN + 25 * MINUTE)
        assert standing(here, number) == "sent"
        here.pass_time(3 * HOUR)
        ends_well(here, number, (4, 0, 0))


def test_a_failed_transaction_is_a_case_with_amazons_words_and_then_the_fallback(
    database: Database, clock: ManualClock
) -> None:
    """Amazon said why; nobody answered the case; the agreement's fallback is accepted in time."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.TRANSACTION_FAILURE, text="Item 1 is on hold at Amazon.")
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        assert standing(here, number) == "rejected" and here.sends(number) == 1
        assert "Item 1 is on hold at Amazon." in case(here, "acknowledgement.rejected")["title"]
        here.pass_time(21 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
        assert standing(here, number) == "accepted" and here.sends(number) == 2
        assert here.case_kinds() == ["acknowledgement.fallback"]
        assert here.sold_eaches(number) == {}, "what is not promised is not kept from others"


def test_half_an_answer_is_no_answer(database: Database, clock: ManualClock) -> None:
    """The line that Amazon left as it was is seen, and the answer goes out once more."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.PARTIALLY_APPLIED)
        number = here.order(line(LAMP, 4), line(CHAIR, 2))
        here.pass_time(SEEN + 20 * MINUTE)
        assert here.held_by_amazon(number) == [(4, 0, 0), (0, 0, 0)]
        assert standing(here, number) == "sent" and deliveries(here, number)[-1]["unheld_lines"] == [2]
        here.pass_time(HOUR)
        ends_well(here, number, (4, 0, 0), (2, 0, 0))


@pytest.mark.parametrize("how", [{"mode": "drop"}, {"mode": "504"}])
def test_what_was_applied_though_the_reply_was_lost_is_never_sent_twice(
    database: Database, clock: ManualClock, how: dict[str, Any]
) -> None:
    """The send is unanswered, not repeated: the read-back finds it."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.APPLIED_BUT_TIMED_OUT, operation=SUBMIT, **how)
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        assert standing(here, number) == "unanswered"
        here.pass_time(2 * HOUR)
        ends_well(here, number, (4, 0, 0))
        assert here.sends(number) == 1


def test_a_reply_that_hangs_and_is_cut_is_found_by_the_read_back(database: Database, clock: ManualClock) -> None:
    """As above, when the connection hung first."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.APPLIED_BUT_TIMED_OUT, operation=SUBMIT, mode="hang", seconds=0.2)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        ends_well(here, number, (4, 0, 0))
        assert here.sends(number) == 1


TROUBLES: dict[FaultKind, dict[str, Any]] = {
    FaultKind.SERVER_ERROR: {"count": 3},
    FaultKind.THROTTLED: {"count": 3},
    FaultKind.TOKEN_REFUSED: {"count": 3},
    FaultKind.SLOW: {"count": 2, "seconds": 0.1},
    FaultKind.MALFORMED_JSON: {"count": 2},
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", TROUBLES)
def test_a_trouble_that_passes_costs_time_and_nothing_else(
    database: Database, clock: ManualClock, kind: FaultKind, operation: str
) -> None:
    """Whatever request it meets: the order ends accepted, once in the shop, and no case is left."""
    with install(database, clock, pace=CALM) as here:
        lie(here, kind, operation=operation, **TROUBLES[kind])
        number = here.order(line(LAMP, 4), line(CHAIR, 1))
        here.pass_time(7 * HOUR)
        assert told(here, kind)
        ends_well(here, number, (4, 0, 0), (1, 0, 0))
        if kind is FaultKind.MALFORMED_JSON or operation != SUBMIT:
            assert here.sends(number) == 1


def test_doors_that_are_shut_for_hours_do_not_lead_to_the_fallback(database: Database, clock: ManualClock) -> None:
    """Amazon takes no acknowledgement for a morning: it is told, tried on, and accepted as answered in the afternoon."""
    with install(database, clock, LAMP, pace=CALM) as here:
        lie(here, FaultKind.SERVER_ERROR, operation=SUBMIT, status=503, count=8)
        number = here.order(line(LAMP, 4))
        here.pass_time(3 * HOUR)
        assert here.sends(number) == 0 and here.case_kinds() == ["acknowledgement.unanswered"]
        here.pass_time(12 * HOUR)
        ends_well(here, number, (4, 0, 0))
        assert here.sends(number) == 1


def test_a_refused_token_is_a_case_for_the_administrator_at_once(database: Database, clock: ManualClock) -> None:
    """Only a person can mend it, and the case says what to do; when it works again the case closes itself."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.TOKEN_REFUSED, operation="token", count=None)
        number = here.order(line(LAMP, 1))
        here.pass_time(2 * MINUTE)
        [found, _] = here.open_cases()
        assert (found["kind"], found["owner"]) == ("source.failing", "admin")
        assert "rotate it" in found["title"]
        here.amazon.faults.clear()
        here.pass_time(2 * HOUR)
        ends_well(here, number, (1, 0, 0))


def test_a_page_cut_in_half_is_archived_as_it_came_and_no_order_of_it_is_lost(
    database: Database, clock: ManualClock
) -> None:
    """The evidence of what Amazon sent is kept even where it has no meaning; the page is asked for again."""
    with install(database, clock, pace=CALM) as here:
        here.pass_time(MINUTE)
        lie(here, FaultKind.MALFORMED_JSON, operation=ORDERS, count=1)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        cut = [content for content in kept(here, "orders") if not content.rstrip().endswith(b"}")]
        assert len(cut) == 1 and cut[0].startswith(b"{")
        ends_well(here, number, (4, 0, 0))


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DUPLICATE_ORDERS,
        FaultKind.REORDERED_PAGES,
        FaultKind.EMPTY_PAGE,
        FaultKind.ASCENDING_REFUSED,
    ],
)
def test_pages_that_repeat_shuffle_or_are_empty_change_nothing(
    database: Database, clock: ManualClock, kind: FaultKind
) -> None:
    """Every order is answered, and answered once."""
    with install(database, clock, LAMP, pace=CALM) as here:
        lie(here, kind, operation=ORDERS, count=4)
        numbers = [here.order(line(LAMP, 1)) for _ in range(3)]
        here.pass_time(2 * HOUR)
        assert told(here, kind) or kind is FaultKind.ASCENDING_REFUSED
        for number in numbers:
            ends_well(here, number, (1, 0, 0))
            assert here.sends(number) == 1


def test_a_listing_that_leads_to_itself_is_a_failure_and_not_a_run_without_end(
    database: Database, clock: ManualClock
) -> None:
    """An empty page whose token leads back to it, for ever: noticed at once, a case after a few times."""
    with install(database, clock, LAMP, pace=CALM) as here:
        lie(here, FaultKind.EMPTY_PAGE, operation=ORDERS, count=None)
        number = here.order(line(LAMP, 1))
        here.pass_time(2 * HOUR)
        assert told(here, FaultKind.EMPTY_PAGE) < 100
        assert "the same page again" in case(here, "source.failing")["title"]
        here.amazon.faults.clear()
        here.pass_time(2 * HOUR)
        ends_well(here, number, (1, 0, 0))


def test_an_order_changed_as_its_answer_arrives_is_answered_as_it_is_now(
    database: Database, clock: ManualClock
) -> None:
    """The answer to the old terms fails or is replaced; the new terms are what is reserved, sold and accepted."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.CHANGED_MID_FLIGHT)
        number = here.order(line(LAMP, 4))
        here.pass_time(4 * HOUR)
        ends_well(here, number, (2, 0, 0))
        assert here.shown(number)["revision"] == 2
        assert here.sold_eaches(number) == {"LAMP-1": 12}


def test_a_status_that_contradicts_is_a_case_with_both_numbers_and_never_acceptance(
    database: Database, clock: ManualClock
) -> None:
    """Amazon shows one piece less than we answered: nobody calls that accepted, and the sends have an end."""
    with install(database, clock, pace=CALM) as here:
        lie(here, FaultKind.CONTRADICTS, count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(20 * HOUR)
        found = case(here, "acknowledgement.contradicted")
        assert "answered 4 accepted" in found["found"] and "shows 3 accepted" in found["found"]
        assert standing(here, number) != "accepted" and here.sends(number) <= 4
        here.amazon.faults.clear()
        here.pass_time(90 * MINUTE)
        ends_well(here, number, (4, 0, 0))
