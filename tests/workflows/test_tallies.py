"""Tallies: what a run says came in, went out and is held are the rows that there are. That each adds up, every scenario demands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workflows.bookkeeping import PARTNER as BUYER
from tests.workflows.bookkeeping import Bookkeeping, invoice, payment
from tests.workflows.bookkeeping import line as paid_line
from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import rows
from trueup.app import FLOWS
from trueup.base.clock import ManualClock
from trueup.domain.chart import Purpose
from trueup.durable.tally import Tally, read_tallies, sum_tallies, written_tallies
from trueup.storage.database import Database
from trueup.storage.views.run_words import knows_flow
from trueup.workflows.settle_remittance import take_in
from trueup.workflows.world import Tx

HOUR = timedelta(hours=1)


def test_what_runs_count_are_the_rows_that_there_are(database: Database, clock: ManualClock) -> None:
    """Orders of which one is held and one cannot be read: taken in, decided, answered, proven; in each step so many."""
    with install(database, clock) as here:
        good, held = here.order(line(LAMP, 1), line(CHAIR, 1)), here.order(line(LAMP, 1, cost="1.00"), line(CHAIR, 1))
        here.order(line(LAMP, 1), number="NO/NUMBER?")
        here.pass_time(HOUR)

        def counted(flow: str, step: str, units: str) -> Tally:
            [found] = [each for each in here.engine.tallies_of(flow, step) if each.units == units]
            return found

        orders = counted("poll_orders", "take_in_page", "orders")
        assert orders.out["new"] == rows(here, "SELECT count(*) AS n FROM trueup.orders")[0]["n"] == 2
        unreadable = rows(here, "SELECT id FROM trueup.cases WHERE kind = 'document.invalid' ORDER BY id")
        assert orders.held["could not be read"] >= len(unreadable) >= 1
        assert sorted(orders.cases) == [each["id"] for each in unreadable]
        lines = counted("acknowledge_order", "assess_order", "lines")
        waits = rows(
            here, "SELECT id FROM trueup.cases WHERE kind LIKE 'held.%' AND subject LIKE :one", one=f"%{held}%"
        )
        assert [each["id"] for each in waits] == list(lines.cases) and lines.held == {"held": 1}
        decided = rows(here, "SELECT count(*) AS n FROM trueup.decisions")[0]["n"]
        assert counted("acknowledge_order", "decide_order", "lines").out["promised whole or in part"] == decided == 3
        assert counted("acknowledge_order", "settle_and_answer", "lines").out == {"answered": 2}
        assert counted("acknowledge_order", "note_sent", "answers").out == {"sent, not proven yet": here.sends(good)}
        assert counted("prove_delivery", "judge_proof", "answers").out["accepted, as read back"] == 1
        shown = rows(here, "SELECT count(*) AS n FROM trueup.shop_products")[0]["n"]
        assert counted("sync_products", "take_in_page", "variants").out["clear"] >= shown == 2


def test_lines_of_a_payment_are_booked_or_in_suspense(database: Database) -> None:
    """As many as the books have; the cases that are named are those in which the rest waits."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 10_00), invoice("INV-2", 20_00))
    told = payment("900", paid_line("INV-1", 10_00), paid_line("INV-2", 20_00), paid_line("QZX 7", -3_00))
    counted: list[Tally] = []

    def arrive(tx: Tx) -> None:
        for _ in range(2):
            take_in(tx, BUYER, [told], "0" * 64)
        counted.extend(sum_tallies(tx.tallies))

    books.engine.act(arrive)
    payments, lines = sorted(counted, key=lambda each: each.units, reverse=True)
    assert (payments.came, payments.out) == (2, {"new": 1, "told otherwise": 0, "known before": 1})
    assert books.rows("SELECT count(*) FROM trueup.remittances") == [(1,)]
    assert books.rows("SELECT count(*) FROM trueup.suspense") == [(lines.held["in suspense"],)] == [(1,)]
    booked = books.rows(
        "SELECT count(*) FROM trueup.journal_lines WHERE account = :code", code=books.code(Purpose.RECEIVABLE)
    )
    assert booked == [(lines.out["booked"],)] == [(2,)]
    assert books.rows("SELECT id FROM trueup.cases WHERE state = 'open' AND kind LIKE 'remittance.%'") == [
        (each,) for each in lines.cases
    ]


def test_a_tally_says_what_is_lost_on_the_way() -> None:
    """What is written is read as it was; sums keep the order; what neither went out nor is held is told."""
    one = Tally("orders", 3, {"new": 2}, {"could not be read": 1}, (7,))
    two = Tally("orders", 4, {"new": 1, "changed": 2}, {}, (7, 8))
    text = written_tallies([one, Tally("lines", 1, {"none": 0, "held": 1}), two])
    orders, lines = read_tallies(text)
    assert (orders.came, dict(orders.out), orders.astray) == (7, {"new": 3, "changed": 2}, 1)
    assert list(orders.cases) == [7, 8] and dict(lines.out) == {"held": 1}
    assert written_tallies([]) is None and read_tallies(None) == []


@pytest.mark.parametrize("flow", [flow.name for flow in FLOWS])
def test_every_flow_has_words(flow: str) -> None:
    """People read what a run does, and to what; the id of a machine stands small beside it."""
    assert knows_flow(flow), f"storage/views/run_words.py has no words for {flow}"
