"""Books for scenarios: a real database, no remote systems, remittances and invoices in a few words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from trueup.app import FLOWS, build_books
from trueup.base.clock import ManualClock
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.invoices import Invoice
from trueup.domain.partners import Agreement, CostBasis, Partner
from trueup.domain.remittances import Remittance, RemittanceLine, RemittanceSource
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Term
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.remote.connections import Connections
from trueup.storage.database import Database
from trueup.storage.documents import Archive
from trueup.storage.invoices import take_in_invoices
from trueup.storage.sealing import MasterKey
from trueup.workflows.approve_charge_terms import Decided, approve_change
from trueup.workflows.import_invoices import settle_waiting
from trueup.workflows.keep_terms import (
    propose_change,
)
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import take_in
from trueup.workflows.world import Tx, World

T = TypeVar("T")
PARTNER = "amazon-us"
FINA = Person("Fina", frozenset({Role.FINANCE}))
ADA = Person("Ada", frozenset({Role.ADMIN}))
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
_TERMS = Agreement(PARTNER, "NORDA", "USD", CostBasis.EACH, "shop", "main")


def line(reference: str, paid: int, **more: Any) -> RemittanceLine:
    """A line of so many cents; its number is given by `payment`."""
    return RemittanceLine(0, reference, paid, **more)


def payment(number: str, *lines: RemittanceLine, **more: Any) -> Remittance:
    """A payment in dollars of the second of October that ties, unless `amount` says otherwise."""
    numbered = tuple(replace(each, number=index) for index, each in enumerate(lines, 1))
    amount = more.pop("amount", sum(each.paid for each in lines))
    values: dict[str, Any] = {
        "source": RemittanceSource.EXPORT,
        "payment": number,
        "payee": "NORDA",
        "paid_on": date(2026, 10, 2),
        "amount": Money(amount, more.pop("currency", "USD")),
        "lines": numbered,
    }
    return Remittance(**{**values, **more})


def invoice(number: str, total: int, **more: Any) -> Invoice:
    """An invoice of ours over so many cents."""
    currency = more.pop("currency", "USD")
    values: dict[str, Any] = {
        "number": number,
        "partner": PARTNER,
        "payee": "NORDA",
        "issued_on": date(2026, 9, 1),
        "due_on": date(2026, 10, 1),
        "total": Money(total, currency),
        "tax": Money(0, currency),
    }
    return Invoice(**{**values, **more})


@dataclass
class Bookkeeping:
    """One installation's books, and the words to speak of them."""

    database: Database
    terms: Agreement = _TERMS
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    two_persons_above: Money | None = None

    def __post_init__(self) -> None:
        self.world = World(
            database=self.database,
            archive=Archive(MasterKey(b"k" * 32)),
            connections=Connections(),
            partners={PARTNER: Partner(PARTNER, "na", (self.terms,))},
            routes={},
            rules=(),
            books=build_books(None),
            clock=self.clock,
            two_persons_above=self.two_persons_above,
        )
        self.engine = InProcessEngine(self.database.engine, Program(self.world, FLOWS, self.clock))

    def act(self, fn: Callable[..., T], *args: Any, **named: Any) -> T:
        """One transaction, as a person's act is."""
        return self.engine.act(lambda tx: fn(tx, *args, **named))

    def take_in_waiting(self, *references: str) -> None:
        """A payment each, P0 and so on, with a line of ten dollars that nobody recognises by its reference, and a paid invoice."""
        for number, reference in enumerate(references):
            self.take_in(payment(f"P{number}", line(reference, -10_00), line(f"INV-{number}", 30_00)))

    def agree(self, *terms: Term) -> Decided:
        """Fina proposes terms, Ada approves them."""
        change = TermChange(tuple(WantedTerm(term) for term in terms), "a new agreement")
        sheet = self.act(propose_change, change, FINA)
        return self.act(approve_change, sheet.id, ADA, "as in the contract")

    def bill(self, *invoices: Invoice) -> None:
        """Invoices of ours become known."""

        def save(tx: Tx) -> None:
            take_in_invoices(tx.connection, invoices, evidence=digest_of(b"invoices"), now=tx.now)
            settle_waiting(tx, invoices)

        self.act(save)

    def take_in(self, *payments: Remittance, document: str = "") -> None:
        """A document with these payments arrives."""
        evidence = digest_of(document.encode() or repr(payments).encode())
        self.act(take_in, PARTNER, payments, evidence)

    def reconcile(self) -> dict[str, int]:
        """All that waits is held against all that is open."""
        return self.act(reconcile_partner, PARTNER)

    def code(self, purpose: Purpose) -> str:
        """The account that is for this."""
        return self.world.books.chart.code(purpose)

    def balance(self, purpose: Purpose, currency: str = "USD") -> int:
        """What an account comes to, in cents, debits positive."""
        return self.balances().get((self.code(purpose), currency), 0)

    def balances(self) -> dict[tuple[str, str], int]:
        """All accounts that come to something."""
        rows = self.rows(
            "SELECT account, currency, sum(minor) FROM trueup.journal_lines GROUP BY 1, 2 HAVING sum(minor) <> 0"
        )
        return {(row[0], row[1]): int(row[2]) for row in rows}

    def open_cases(self) -> list[tuple[str, str, int]]:
        """(kind, subject, cents at risk) of every open case."""
        rows = self.rows(
            "SELECT kind, subject, risk_minor FROM trueup.cases WHERE state = 'open' ORDER BY kind, subject"
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def case(self, kind: str) -> int:
        """The id of the one open case of a kind."""
        (row,) = self.rows("SELECT id FROM trueup.cases WHERE state = 'open' AND kind = :kind", kind=kind)
        return int(row[0])

    def rows(self, query: str, **values: Any) -> Sequence[Any]:
        """Rows of a query."""
        with self.database.transaction() as connection:
            return connection.execute(sa.text(query), values).all()

    def check(self) -> None:
        """What is always true: entries balance, suspense and disputed claims are the sums of their open cases."""
        for currency, total in self.rows("SELECT currency, sum(minor) FROM trueup.journal_lines GROUP BY 1"):
            assert total == 0, f"the journal is out by {total} {currency}"
        waiting = dict(self.rows("SELECT currency, sum(minor) FROM trueup.suspense GROUP BY 1"))
        cases = {
            kind_subject[:2]
            for kind_subject in self.rows("SELECT kind, subject FROM trueup.cases WHERE state = 'open'")
        }
        lines = self.rows("SELECT kind, subject, count(*), sum(minor) FROM trueup.suspense GROUP BY 1, 2 ORDER BY 1, 2")
        assert lines == self.rows("SELECT kind, subject, lines, minor FROM trueup.suspense_groups ORDER BY 1, 2")
        assert {(kind, subject) for kind, subject, *_ in lines} <= cases
        for (account, currency), minor in self.balances().items():
            if account == self.code(Purpose.SUSPENSE):
                assert minor == -waiting.pop(currency, 0)
        assert not any(waiting.values()), "something waits that is not on the suspense account"
        cases_of_claims = [row for row in self.open_cases() if row[0].startswith("claim.")]
        open_claims = sum(-row[2] if row[0] == "claim.over-reversed" else row[2] for row in cases_of_claims)
        assert self.balance(Purpose.DISPUTED) + self.balance(Purpose.AUDIT_CLAIMS) == open_claims
