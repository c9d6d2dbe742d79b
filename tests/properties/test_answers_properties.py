"""Whatever persons do to lines and claims, and undo again: entries balance, and every cent is posted or waits with a case."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from trueup.base.errors import TrueupError
from trueup.domain.chart import Purpose
from trueup.domain.settlement import UNMATCHED
from trueup.storage.claims import find_claim
from trueup.storage.database import Database
from trueup.storage.views.closing import load_claims_apart
from trueup.workflows.code_lines import Coding, code_lines
from trueup.workflows.match_lines import HandMatch, Share, match_by_hand
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.undo_match import undo_match
from trueup.workflows.world import Tx
from trueup.workflows.write_off import reverse_entry, write_off_claim

ACTS = ("undo", "split", "code", "write off", "reverse", "reconcile")
_LINES = 5


class _Undone(Exception):
    """Takes a whole example back, so that the next one finds the same books."""


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """Two invoices alike, a claim of one, a line that nobody knows, and one that either invoice fits."""
    keeping = Bookkeeping(database)
    keeping.bill(*(invoice(f"INV-{number}", 100_00, purchase_order="4QXYZ12A") for number in (1, 2, 3)))
    keeping.take_in(
        payment(
            "P1",
            line("INV-1", 98_00, discount=2_00),
            line("INV-1SC", -30_00),
            line("QQX 7", -9_99),
            line("4QXYZ12A", 100_00),
            line("INV-2O", 100_00),
            amount=260_01,
        )
    )
    return keeping


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(1, _LINES), st.integers(-120_00, 120_00)), min_size=1, max_size=8
    )
)
def test_no_act_of_a_person_loses_a_cent(books: Bookkeeping, acts: list[tuple[str, int, int]]) -> None:
    """After each act debits are credits, suspense is its lines and cases, disputed is its claims, and cash is what it was."""

    def live(tx: Tx) -> None:
        cash = _balance(tx, books.code(Purpose.CASH))
        for act, number, minor in acts:
            # What is refused is refused before anything was written: what is checked next says so.
            with contextlib.suppress(TrueupError):
                _do(tx, act, number, minor)
            _check(tx, books)
            assert _balance(tx, books.code(Purpose.CASH)) == cash
        raise _Undone

    with pytest.raises(_Undone):
        books.act(live)


def _do(tx: Tx, act: str, number: int, minor: int) -> None:
    [payment_id] = _rows(tx, "SELECT id FROM trueup.remittances")[0]
    match act:
        case "undo":
            undo_match(tx, payment_id, number, FINA, "a try")
        case "split":
            waits = _rows(tx, "SELECT c.id, s.line, s.minor FROM trueup.suspense s JOIN trueup.cases c USING (kind, subject)"
                              " WHERE c.state = 'open' AND s.line > 0 ORDER BY s.line")  # fmt: skip
            items = _rows(tx, "SELECT invoice_id FROM trueup.open_invoices ORDER BY 1")
            if waits and items:
                case, line_number, left = waits[number % len(waits)]
                key = f"invoice {items[number % len(items)][0]}"
                shares = (Share(minor or 1, key), Share(left - (minor or 1) + 1, type="co-op"))
                match_by_hand(tx, HandMatch(case, payment_id, line_number, shares, True, "a cent stays"), FINA)
        case "code":
            code_lines(tx, [Coding(payment_id, each, "co-op") for each in (number, 0)], FINA)
        case "write off":
            [case] = _rows(tx, "SELECT min(id) FROM trueup.cases WHERE kind = 'claim.shortage' AND state = 'open'")[0]
            write_off_claim(tx, case or 0, FINA, note="small")
        case "reverse":
            [entry] = _rows(
                tx, "SELECT max(id) FROM trueup.journal_entries WHERE kind = 'write-off' AND reverses = ''"
            )[0]
            reverse_entry(tx, entry or 0, FINA, "it is paid")
        case _:
            reconcile_partner(tx, "amazon-us")


def _rows(tx: Tx, query: str) -> list[Any]:
    return [tuple(row) for row in tx.connection.exec_driver_sql(query)]


def _balance(tx: Tx, account: str) -> int:
    [[minor]] = _rows(tx, f"SELECT coalesce(sum(minor), 0) FROM trueup.journal_lines WHERE account = '{account}'")
    return int(minor)


def _check(tx: Tx, books: Bookkeeping) -> None:
    assert not _rows(tx, "SELECT entry_id FROM trueup.journal_lines GROUP BY entry_id, currency HAVING sum(minor) <> 0")
    [[waits]] = _rows(tx, "SELECT coalesce(sum(minor), 0) FROM trueup.suspense")
    assert _balance(tx, books.code(Purpose.SUSPENSE)) == -waits
    alone = (
        "SELECT s.kind, s.subject FROM trueup.suspense s LEFT JOIN trueup.cases c ON c.kind = s.kind AND c.subject = s.subject"
        " AND c.state = 'open' WHERE c.id IS NULL"
    )
    assert not _rows(tx, alone), "something waits without a case"
    idle = (
        f"SELECT c.subject FROM trueup.cases c LEFT JOIN trueup.suspense s ON s.kind = c.kind AND s.subject = c.subject"
        f" WHERE c.kind = '{UNMATCHED}' AND c.state = 'open' AND s.line IS NULL"
    )
    assert not _rows(tx, idle), "a case is open in which nothing waits"
    settled = (
        "SELECT i.id FROM trueup.invoices i LEFT JOIN trueup.open_invoices o ON o.invoice_id = i.id LEFT JOIN (SELECT invoice_id,"
        f" sum(minor) AS minor FROM trueup.journal_lines WHERE account = '{books.code(Purpose.RECEIVABLE)}' GROUP BY 1) AS j"
        " ON j.invoice_id = i.id WHERE i.total_minor + coalesce(j.minor, 0) <> coalesce(o.minor, 0)"
    )
    assert not _rows(tx, settled), "what is open of an invoice is not what the journal left of it"
    assert not load_claims_apart(tx.connection), "a claim is not what the journal says of it"
    claim = find_claim(tx.connection, "amazon-us", "shortage/INV1", "USD")
    assert claim is not None and _balance(tx, books.code(Purpose.DISPUTED)) >= claim.open
