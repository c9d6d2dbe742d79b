"""Shuffled, duplicated and split documents, and invoices that come whenever they like, give the same books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.workflows.bookkeeping import PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.ids import digest_of
from trueup.domain.invoices import Invoice
from trueup.domain.remittances import Remittance, RemittanceLine, RemittanceSource
from trueup.simulation.ledger import read_ledger
from trueup.simulation.statements.books import entries_balance, suspense_is_cases
from trueup.simulation.statements.evidence import Evidence
from trueup.storage.database import Database
from trueup.storage.invoices import take_in_invoices
from trueup.workflows.import_invoices import settle_waiting
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.settle_remittance import take_in
from trueup.workflows.world import Tx

Arrival = Invoice | Remittance
_DAY = date(2026, 9, 1)
_SUFFIXES = ("SC", "SCR", "SCRSC", "PC", "PCR")


class _Undone(Exception):
    """Takes a whole world back, so that the next example finds empty tables."""


@dataclass(frozen=True)
class Small:
    """A small world: our invoices, the payments as they are, and the same as documents in the order they arrive."""

    invoices: tuple[Invoice, ...]
    payments: tuple[Remittance, ...]
    arrivals: tuple[Arrival, ...]


@st.composite
def small_worlds(draw: st.DrawFn) -> Small:
    """A few invoices, some of them alike; payments with all kinds of lines; documents cut, repeated and shuffled."""
    amounts = draw(st.lists(st.sampled_from((100_00, 250_00, 77_77, 4_21)), min_size=1, max_size=5))
    invoices = tuple(
        invoice(
            f"INV-2026-{number:04d}",
            total,
            issued_on=_DAY + timedelta(days=draw(st.integers(0, 2))),
            purchase_order=draw(st.sampled_from(("", "4QXYZ12A", "5ABCD34B"))),
        )
        for number, total in enumerate(amounts, 1)
    )
    payments = tuple(draw(_payments(number, invoices)) for number in range(draw(st.integers(1, 3))))
    documents = [document for told in payments for document in draw(_documents(told))]
    every: list[Arrival] = [*invoices, *documents]
    arrivals = draw(st.permutations(every))
    return Small(invoices, payments, tuple(arrivals))


@st.composite
def _payments(draw: st.DrawFn, number: int, invoices: tuple[Invoice, ...]) -> Remittance:
    drawn = draw(st.lists(_lines(invoices), min_size=1, max_size=6))
    lines = {(each.reference, each.paid): each for each in drawn}.values()
    amount = sum(each.paid for each in lines) + draw(st.sampled_from((0, 0, 0, 1_37)))
    return payment(f"P{number}", *lines, amount=amount, paid_on=date(2026, 10, 2 + number))


@st.composite
def _lines(draw: st.DrawFn, invoices: tuple[Invoice, ...]) -> RemittanceLine:
    about = draw(st.sampled_from(invoices))
    minor = draw(st.integers(1, 50_00))
    more: dict[str, Any] = {"invoice_day": about.issued_on}
    if about.purchase_order:
        more["description"] = f"{about.purchase_order}/PHX3/##NOT_AVAILABLE"
    match draw(st.integers(0, 7)):
        case 0 | 1:
            discount = draw(st.sampled_from((0, 0, about.total.minor // 100)))
            return line(about.number, about.total.minor - discount, discount=discount, **more)
        case 2:
            suffix = draw(st.sampled_from(_SUFFIXES))
            return line(about.number + suffix, minor if suffix.endswith("R") else -minor, **more)
        case 3:
            return line(f"{draw(st.integers(10**8, 10**9))}VCBSINV", -minor)
        case 4:
            return line(f"QQX7{draw(st.integers(0, 9))}-1", draw(st.sampled_from((-minor, minor))))
        case 5:
            return line(about.number.replace("0", "O", 1), about.total.minor, **more)
        case 6:
            return line(about.purchase_order, about.total.minor, **more)
        case _:
            return line(f"INV-2026-9{draw(st.integers(0, 9)):03d}", minor, invoice_day=about.issued_on)


@st.composite
def _documents(draw: st.DrawFn, told: Remittance) -> list[Remittance]:
    """A payment as one document or as several, each with the whole header; some twice; perhaps by another source as well."""
    whole = told if draw(st.booleans()) else replace(told, lines=_reversed(told.lines))
    documents = [whole]
    if len(told.lines) > 1 and draw(st.booleans()):
        cut = draw(st.integers(1, len(told.lines) - 1))
        documents = [replace(told, lines=_numbered(part)) for part in (told.lines[:cut], told.lines[cut:])]
        # A document that ties is the whole of its payment: what is cut must not look whole.
        assume(all(document.tie for document in documents))
        documents += [whole] * draw(st.booleans())
    documents += draw(st.lists(st.sampled_from(documents), max_size=2))
    if draw(st.booleans()):
        documents.append(replace(told, source=RemittanceSource.X12_820))
    return documents


def _reversed(lines: tuple[RemittanceLine, ...]) -> tuple[RemittanceLine, ...]:
    return _numbered(lines[::-1])


def _numbered(lines: tuple[RemittanceLine, ...]) -> tuple[RemittanceLine, ...]:
    return tuple(replace(each, number=number) for number, each in enumerate(lines, 1))


def _settled(books: Bookkeeping, arrivals: tuple[Arrival, ...]) -> dict[str, Any]:
    """The ledger after all that arrived and one reconciliation; nothing of it stays."""
    ledger: dict[str, Any] = {}

    def live(tx: Tx) -> None:
        for each in arrivals:
            evidence = digest_of(repr(each).encode())
            if isinstance(each, Invoice):
                take_in_invoices(tx.connection, [each], evidence=evidence, now=tx.now)
                settle_waiting(tx, [each])
            else:
                take_in(tx, PARTNER, [each], evidence)
        reconcile_partner(tx, PARTNER)
        purposes = {code: purpose.value for purpose, code in books.world.books.chart.purposes.items()}
        ledger.update(read_ledger(lambda text: tx.connection.exec_driver_sql(text).all(), purposes))
        raise _Undone

    with pytest.raises(_Undone):
        books.act(live)
    return ledger


def _books(ledger: dict[str, Any]) -> dict[str, Counter[Any]]:
    """What must be the same. Lines have their numbers from the document that showed them first: those are left out."""

    def counted(rows: Iterator[Any]) -> Counter[Any]:
        return Counter(rows)

    return {
        "postings": counted((r["payment"], r["account"], r["currency"], r["minor"]) for r in ledger["postings"]),
        "claims": counted((r["claim"], r["currency"], r["minor"]) for r in ledger["claims"] if r["minor"]),
        "invoices": counted((r["number"], r["minor"]) for r in ledger["invoices"]),
        "suspense": counted((r["payment"], r["reference"], r["minor"], r["kind"]) for r in ledger["suspense"]),
        "cases": counted((r["kind"], r["subject"].partition(" line ")[0], r["minor"]) for r in ledger["cases"]),
    }


@given(world=small_worlds())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_documents_in_any_order_cut_and_repeated_give_the_same_books(database: Database, world: Small) -> None:
    """Balances, claims, open invoices, suspense and cases depend on what was told, not on how it arrived."""
    books = Bookkeeping(database)  # each example takes its own back
    wanted = _settled(books, (*world.invoices, *world.payments))
    found = _settled(books, world.arrivals)
    for name, rows in _books(wanted).items():
        assert _books(found)[name] == rows, name
    for statement in (entries_balance, suspense_is_cases):
        told = statement(Evidence({"books": {"truth": {}, "ledger": found}}))
        assert not [each for each in told.violations if "nothing was compared" not in each]
