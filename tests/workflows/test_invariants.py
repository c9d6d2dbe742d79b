"""Lights: each holds over a true world, and each goes red, naming the row, when a hand or a defect breaks what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.cli.seeded import fill
from tests.workflows.bookkeeping import Bookkeeping, invoice, line, payment
from trueup.base.clock import ManualClock
from trueup.base.errors import NotFound
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.storage.lights import load_lights
from trueup.workflows.prove_invariants import BROKEN, every_invariant, prove_invariant, prove_now
from trueup.workflows.resolve_case import Person

AUDE = Person("Aude", frozenset({Role.AUDITOR}))
# As a hand at the database would: past the triggers that refuse it.
_HAND = "SET LOCAL session_replication_role = replica"
_PUBLISHED = (
    "INSERT INTO trueup.publications (channel, sku, location, item, changes, held, why, published, on_hand, reserved,"
    " accepted_at, shown_at) VALUES ('shop', 'VASE-1', 'main', 'item', 1, 0, '', 5, 6, 0, now(), now() + interval '1 s')"
)
_BREAKS = [
    ("debits-equal-credits", "UPDATE trueup.journal_lines SET minor = minor + 1 WHERE entry_id = 1 AND number = 1", "entry 1"),
    ("debits-equal-credits", "UPDATE trueup.journal_sums SET lines = lines + 1 WHERE entry_id = 1", "entry 1"),
    ("payments-are-booked", "UPDATE trueup.remittances SET amount_minor = amount_minor + 7", "remittance amazon-us/P1"),
    ("suspense-is-cases", "DELETE FROM trueup.suspense", "account"),
    ("disputed-is-claims", "UPDATE trueup.claims SET given_minor = 1", "claim amazon-us/shortage/INV1"),
    ("answered-in-time", "UPDATE trueup.deliveries SET sent_at = sent_at + interval '9 days'", "order amazon-us/PO000001"),
    ("acceptance-is-proven", "UPDATE trueup.deliveries SET proof = repeat('e', 64)", "order amazon-us/PO000001"),
    ("writes-are-answered", "UPDATE trueup.deliveries SET state = 'unanswered'", "order amazon-us/PO000001"),
    ("stock-is-there", _PUBLISHED, "product VASE-1"),
    ("holds-have-moved", "UPDATE trueup.reservations SET eaches = eaches + 1 WHERE sku = 'LAMP-1'", "product LAMP-1"),
    ("evidence-is-archived", "UPDATE trueup.order_revisions SET evidence = repeat('e', 64)", "order amazon-us/PO00000"),
]  # fmt: skip


@pytest.fixture
def books(database: Database, clock: ManualClock) -> Bookkeeping:
    """Orders of a true world, and a payment with a claim and a line that nobody knows."""
    fill(database, clock)
    clock.advance(timedelta(days=2))
    found = Bookkeeping(database, clock=clock)
    found.bill(invoice("INV-1", 100_00))
    found.take_in(payment("P1", line("INV-1", 100_00), line("INV-1SC", -30_00), line("QQX77-1", -10_00)))
    return found


def test_every_light_holds_and_goes_red_for_what_breaks_it(books: Bookkeeping) -> None:
    """One statement by hand turns one light, with the row; it is a case, and the case closes when it holds again."""
    assert {name for name, _, _ in _BREAKS} == set(every_invariant()), "a new invariant is broken here too"
    # These books are told without documents: the one light that asks for them is proven of the orders alone.
    books.act(lambda tx: tx.connection.execute(sa.text(_DOCUMENTS)))
    for name in every_invariant():
        assert books.act(prove_invariant, name) == 0, _told(books, name)
    for name, statement, row in _BREAKS:
        with books.database.transaction() as connection:
            savepoint = connection.begin_nested()
            connection.execute(sa.text(_HAND))
            connection.execute(sa.text(statement))
            found = every_invariant()[name].prove(connection, books.world.proof_ground(connection, books.clock.now()))
            savepoint.rollback()
        assert found.broken >= 1, name
        assert any(f"{each.about} {each.name}".startswith(row) for each in found.rows), (name, found.rows)


_DOCUMENTS = (
    "INSERT INTO trueup.documents (content_id, digest, size_bytes, subject, kind, source, name, media_type, received_at, lane,"
    " position, prev_hash, row_hash) SELECT d.content_id, t.evidence, 1, '', '', '', '', '', now(), 63, 1, repeat('0', 64), 'a'"
    " FROM trueup.remittance_tellings t, (SELECT min(content_id) AS content_id FROM trueup.documents) AS d"
    " UNION ALL SELECT d.content_id, i.evidence, 1, '', '', '', '', '', now(), 62, 1, repeat('0', 64), 'a'"
    " FROM trueup.invoices i, (SELECT min(content_id) AS content_id FROM trueup.documents) AS d"
)


def _told(books: Bookkeeping, name: str) -> str:
    with books.database.transaction() as connection:
        return f"{name}: {load_lights(connection)[name].rows}"


def test_a_broken_light_is_a_case_until_it_holds_again(books: Bookkeeping) -> None:
    """Whoever administers is told at once; who asked for the proof is recorded, and nobody asks for one there is not."""
    name = "holds-have-moved"
    change = "UPDATE trueup.reservations SET eaches = eaches {} 1 WHERE sku = 'LAMP-1'"
    books.act(prove_now, name, AUDE)
    books.act(lambda tx: tx.connection.execute(sa.text(change.format("+"))))
    books.clock.advance(timedelta(hours=1))
    assert books.act(prove_now, name, AUDE) == 1
    assert (BROKEN, f"invariant {name}") in [case[:2] for case in books.open_cases()]
    with books.database.transaction() as connection:
        light = load_lights(connection)[name]
    assert (light.broken, light.since) == (1, books.clock.now())
    books.act(lambda tx: tx.connection.execute(sa.text(change.format("-"))))
    assert books.act(prove_now, name, AUDE) == 0
    assert BROKEN not in [case[0] for case in books.open_cases()]
    assert books.rows("SELECT count(*) FROM trueup.acts WHERE act = 'invariant.proven' AND actor = 'Aude'") == [(3,)]
    with pytest.raises(NotFound):
        books.act(prove_now, "nothing", AUDE)
