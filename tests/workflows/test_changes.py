"""Orders that change: each revision shows its difference, undoes what it must, leaves the rest, and is answered once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.installation import CHAIR, LAMP, PARTNER, Installation, install, line, with_terms
from tests.workflows.scenes import CALM, DAY, HOUR, case, deliveries, rows, scarce, standing
from trueup.base.clock import ManualClock, write_instant
from trueup.domain.cases import Resolution
from trueup.domain.partners import Shortfall
from trueup.storage.database import Database
from trueup.storage.views.cases import show_case
from trueup.workflows.poll_orders import take_in_page

SEEN = CALM.poll + timedelta(minutes=20)
"""After so long a change is seen, answered and proven."""


def change(here: Installation, number: str, sequence: int = 1, **what: Any) -> None:
    """Amazon changes one line."""
    here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": str(sequence), **what}]})


@pytest.mark.parametrize("amount", [2, 6])
def test_a_quantity_changed_after_the_answer_is_answered_again(
    database: Database, clock: ManualClock, amount: int
) -> None:
    """The difference is shown, the shop order follows, the stock with it, and Amazon holds the new number."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        change(here, number, amount=amount)
        here.pass_time(SEEN)
        shown = here.shown(number)
        assert shown["revisions"][1]["changes"] == [f"line 1 quantity: 4 became {amount}"]
        assert here.held_by_amazon(number) == [(amount, 0, 0)] and shown["standing"] == "accepted"
        assert here.sold_eaches(number) == {"LAMP-1": amount * 6} and len(here.shop_orders(number)) == 1
        level = here.level("LAMP-1")
        assert (level["committed"], level["available"]) == (amount * 6, 100 - amount * 6)
        assert [each["state"] for each in shown["deliveries"]] == ["superseded", "accepted"]
        assert here.case_kinds() == []


@pytest.mark.parametrize("amount", [2, 6])
def test_a_quantity_changed_before_the_answer_is_answered_once(
    database: Database, clock: ManualClock, amount: int
) -> None:
    """Another line waited for a person; what goes out is the order as it is then."""
    with install(database, clock, pace=CALM) as here:
        number = here.order(line(LAMP, 4), line(CHAIR, 1, cost="26.00"))
        here.pass_time(SEEN)
        change(here, number, amount=amount)
        here.pass_time(SEEN)
        assert here.sends(number) == 0 and here.sold_eaches(number) == {"LAMP-1": amount * 6}
        here.resolve("held.cost-differs", Resolution.ACCEPT_AS_ORDERED)
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(amount, 0, 0), (1, 0, 0)] and here.sends(number) == 1


def test_a_cancelled_line_gives_its_stock_back(database: Database, clock: ManualClock) -> None:
    """Zero is a cancelled line: no answer is owed for it, no case, and the other line stands as decided."""
    with install(database, clock, pace=CALM) as here:
        number = here.order(line(LAMP, 4), line(CHAIR, 1))
        here.pass_time(SEEN)
        decided = here.shown(number)["lines"][1]["decided_at"]
        change(here, number, amount=0)
        here.pass_time(SEEN)
        assert here.sold_eaches(number) == {"CHAIR-1": 4} and here.level("LAMP-1")["available"] == 100
        assert here.shown(number)["lines"][1]["decided_at"] == decided, "the decision of an unchanged line stands"
        assert here.held_by_amazon(number)[1] == (1, 0, 0) and standing(here, number) == "accepted"
        assert here.case_kinds() == []


def test_a_cancelled_order_gives_everything_back_and_is_not_answered_again(
    database: Database, clock: ManualClock
) -> None:
    """The shop order is cancelled, the stock free, and nothing is sent to a closed order."""
    with install(database, clock, scarce(LAMP, 20), pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        assert here.case_kinds() == ["stock.short"]
        here.amazon.change_order(number, {"cancel": True})
        here.pass_time(2 * DAY)
        assert here.sold_eaches(number) == {} and here.level("LAMP-1")["available"] == 20
        assert here.sends(number) == 1
        assert here.shown(number)["state"] == "closed" and here.shown(number)["shop_order"]["cancelled"]
        assert rows(here, "SELECT * FROM trueup.reservations") == []
        assert here.case_kinds() == [], "the shortage of a line that is no more is nobody's work"


def test_an_order_cancelled_while_its_answer_is_on_the_way_is_not_chased(
    database: Database, clock: ManualClock
) -> None:
    """The answer never landed and is owed no more: no resend to a closed order, no case that stays."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": "processing_forever", "count": None})
        number = here.order(line(LAMP, 4))
        here.pass_time(CALM.poll)
        here.amazon.change_order(number, {"cancel": True})
        here.pass_time(DAY)
        assert here.sends(number) <= 2 and deliveries(here, number)[-1]["state"] == "superseded"
        assert here.sold_eaches(number) == {} and here.case_kinds() == []


def test_a_new_line_joins_the_order(database: Database, clock: ManualClock) -> None:
    """It is decided, sold and answered; the first line is left as it was."""
    with install(database, clock, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        here.amazon.change_order(number, {"add": [{**line(CHAIR, 2), "itemSequenceNumber": "2"}]})
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(4, 0, 0), (2, 0, 0)] and standing(here, number) == "accepted"
        assert here.sold_eaches(number) == {"LAMP-1": 24, "CHAIR-1": 8} and len(here.shop_orders(number)) == 1


def test_a_moved_window_is_promised_anew_and_moves_no_stock(database: Database, clock: ManualClock) -> None:
    """The answer names the new last day; what is reserved and sold stays as it is."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        now = clock.now()
        window = f"{write_instant(now + timedelta(days=20))}--{write_instant(now + timedelta(days=27))}"
        here.amazon.change_order(number, {"deliveryWindow": window})
        here.pass_time(SEEN)
        shown = here.shown(number)
        assert shown["revision"] == 2 and "delivery window" in shown["revisions"][1]["changes"][0]
        assert shown["lines"][0]["decision"]["parts"][0]["ship_on"] == write_instant(now + timedelta(days=27))
        assert here.sold_eaches(number) == {"LAMP-1": 24} and len(here.shop_orders(number)) == 1
        assert here.sends(number) == 2 and shown["standing"] == "accepted" and here.case_kinds() == []


def test_a_changed_cost_holds_the_line_and_lets_its_stock_go_until_a_person_accepts_it(
    database: Database, clock: ManualClock
) -> None:
    """What we cancelled in the shop ourselves is made anew when the line is accepted."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        change(here, number, netCost="9.40")
        here.pass_time(SEEN)
        assert here.case_kinds() == ["held.cost-differs"]
        assert here.sold_eaches(number) == {} and here.level("LAMP-1")["available"] == 100
        here.resolve("held.cost-differs", Resolution.ACCEPT_AS_ORDERED)
        here.pass_time(SEEN)
        assert here.sold_eaches(number) == {"LAMP-1": 24} and standing(here, number) == "accepted"
        assert here.case_kinds() == []


def test_an_order_closed_after_its_answer_stays_as_it_is(database: Database, clock: ManualClock) -> None:
    """Closed is what a received order becomes: its goods stay sold, and nothing is sent."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        here.amazon.close_order(number)
        here.pass_time(2 * DAY)
        assert here.sends(number) == 1 and standing(here, number) == "accepted"
        assert here.sold_eaches(number) == {"LAMP-1": 24} and here.case_kinds() == []


def test_an_order_closed_while_a_line_waits_is_never_answered(database: Database, clock: ManualClock) -> None:
    """Amazon refuses any answer to a closed order: the case says so instead of a document that fails."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(HOUR / 2)
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(HOUR)
        here.amazon.close_order(number)
        here.pass_time(2 * DAY)
        assert here.shown(number)["state"] == "closed" and here.sends(number) == 0
        assert here.case_kinds() == ["held.cost-differs", "held.order-closed"]


def test_an_order_closed_unseen_is_seen_before_the_fallback_speaks(database: Database, clock: ManualClock) -> None:
    """Closing alone is no change that Amazon lists: its status is asked for, and nothing is sent to a closed order."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(SEEN)
        here.amazon.close_order(number)
        here.pass_time(DAY)
        assert here.case_kinds() == ["held.cost-differs", "held.order-closed"]
        assert here.shown(number)["state"] == "closed" and here.sends(number) == 0


def test_a_change_of_a_held_line_is_another_case(database: Database, clock: ManualClock) -> None:
    """Who decides about a case decides about the numbers it shows: the old one is closed, a new one opened."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(SEEN)
        first = case(here, "held.cost-differs")
        change(here, number, netCost="11.00")
        here.pass_time(SEEN)
        second = case(here, "held.cost-differs")
        assert second["id"] != first["id"] and "11.00" in second["found"]
        with database.transaction() as connection:
            closed = show_case(connection, first["id"])
        assert (closed["state"], closed["resolved_by"]) == ("resolved", "trueup") and "revision 2" in closed["note"]


def test_a_hold_that_the_change_lifts_closes_itself(database: Database, clock: ManualClock) -> None:
    """The cost is the agreed one now: nothing waits for a person any more."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(SEEN)
        change(here, number, netCost="10.00")
        here.pass_time(SEEN)
        assert here.case_kinds() == [] and here.held_by_amazon(number) == [(4, 0, 0)]


def test_old_pages_seen_again_or_late_change_nothing(database: Database, clock: ManualClock) -> None:
    """Pages come twice and out of order; a revision is told by its terms and its time."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        change(here, number, amount=2)
        here.pass_time(SEEN)
        pages = rows(here, "SELECT digest, name FROM trueup.documents WHERE kind = 'orders' ORDER BY id")
        for page in [*pages, *reversed(pages)]:
            here.engine.act(take_in_page, PARTNER, page["digest"], page["name"])
        here.pass_time(SEEN)
        assert here.shown(number)["revision"] == 2 and here.sends(number) == 2
        assert here.held_by_amazon(number) == [(2, 0, 0)] and here.sold_eaches(number) == {"LAMP-1": 12}


def restocked(here: Installation, number: str, after: timedelta) -> None:
    """A shopper's order of 60 lamps is cancelled later, so that there are enough; a person has the short line retried."""
    here.pass_time(after)
    [bought] = [order for order in here.shopify.state()["orders"] if order["po_number"] is None]
    here.shopify.cancel_by_hand(bought["name"])
    here.resolve("stock.short", Resolution.RETRY)
    here.pass_time(SEEN)


def test_what_comes_into_stock_within_48_hours_is_accepted_after_all(database: Database, clock: ManualClock) -> None:
    """Three of five were there, two backordered; the retry takes all five."""
    with install(database, clock, scarce(LAMP, 78), pace=CALM) as here:
        here.shopify.sell("LAMP-1", 60)
        number = here.order(line(LAMP, 5))
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(3, 2, 0)]
        restocked(here, number, DAY)
        assert here.held_by_amazon(number) == [(5, 0, 0)] and here.case_kinds() == []


def test_what_comes_later_than_48_hours_is_a_case_and_no_document_that_is_ignored(
    database: Database, clock: ManualClock
) -> None:
    """Amazon takes new dates only by then; it is told to a person instead."""
    with install(database, clock, scarce(LAMP, 78), pace=CALM) as here:
        here.shopify.sell("LAMP-1", 60)
        number = here.order(line(LAMP, 5))
        here.pass_time(SEEN)
        restocked(here, number, 47 * HOUR)
        assert here.sends(number) == 1 and here.held_by_amazon(number) == [(3, 2, 0)]
        assert here.case_kinds() == ["acknowledgement.too-late-to-amend"]


@pytest.mark.parametrize(("stock", "held"), [(78, (3, 0, 2)), (60, (0, 0, 5))])
def test_what_was_rejected_stays_rejected_though_it_comes_back(
    database: Database, clock: ManualClock, stock: int, held: tuple[int, int, int]
) -> None:
    """Amazon ignores in silence what reopens a rejected quantity: it is never sent."""
    terms = with_terms(shortfall=Shortfall.REJECT)
    with install(database, clock, scarce(LAMP, stock), CHAIR, agreement=terms, pace=CALM) as here:
        here.shopify.sell("LAMP-1", 60)
        number = here.order(line(LAMP, 5), line(CHAIR, 1))
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [held, (1, 0, 0)]
        restocked(here, number, HOUR)
        assert here.held_by_amazon(number) == [held, (1, 0, 0)] and here.sends(number) == 1
        assert here.case_kinds() == ["stock.short"]
        assert here.sold_eaches(number).get("LAMP-1", 0) == held[0] * 6


def test_an_order_that_came_before_its_product_was_known_goes_on_when_it_is(
    database: Database, clock: ManualClock
) -> None:
    """The first round of polls may be faster than the first look at the shop: nobody has to press a button for it."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("server_error", operation="productVariants", count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        assert here.case_kinds() == ["held.stock-uncounted", "source.failing"]
        here.shopify.clear_faults()
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.case_kinds() == []
