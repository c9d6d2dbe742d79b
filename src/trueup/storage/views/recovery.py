"""A claim with all that speaks for us: its slices in payments, the invoice, the order with our answer, and proofs of delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.domain.invoices import normal_reference
from trueup.storage.cases import cases
from trueup.storage.claims import ClaimBalance, find_claim
from trueup.storage.disputes import Recoverable, load_experiences, load_recoverables
from trueup.storage.invoices import SavedInvoice, find_invoices, load_invoices
from trueup.storage.proofs import SavedProof, find_proofs
from trueup.storage.views.orders import show_order

__all__ = [
    "Brief",
    "Recoverable",
    "Slice",
    "find_claim_of_case",
    "load_brief",
    "load_experiences",
    "load_recoverables",
    "load_slices",
]


def find_claim_of_case(connection: sa.Connection, case_id: int) -> int | None:
    """The claim that a case is about, by its id; None for any other case."""
    subject = connection.execute(sa.select(cases.c.subject).where(cases.c.id == case_id)).scalar() or ""
    name, _, currency = subject.removeprefix("claim ").rpartition(" ")
    partner, _, chain = name.partition("/")
    found = find_claim(connection, partner, chain, currency) if subject.startswith("claim ") else None
    return found.id if found is not None else None


@dataclass(frozen=True, slots=True)
class Slice:
    """One line of a payment that belongs to the claim: `minor` as Amazon pays, negative what it took."""

    payment: str
    paid_on: date
    reference: str
    minor: int
    type: str
    document: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything known about a claim; what is not there is None or empty, and said to be missing."""

    found: Recoverable
    slices: tuple[Slice, ...]
    invoice: SavedInvoice | None
    order: dict[str, Any] | None
    proofs: tuple[SavedProof, ...]

    @property
    def documents(self) -> dict[str, str]:
        """Hashes of the originals that it rests on, each with what it is."""
        found = {each.document: f"remittance of payment {each.payment}" for each in self.slices}
        if self.invoice is not None:
            found[self.invoice.evidence] = f"invoice {self.invoice.invoice.number}"
        if self.order is not None:
            found[self.order["evidence"]] = f"purchase order {self.order['number']}"
            for delivery in self.order["deliveries"]:
                if digest := delivery.get("digest"):
                    found[digest] = f"our answer to order {self.order['number']}"
        found.update({each.evidence: f"proof: {each.proof.kind.value} {each.proof.day}" for each in self.proofs})
        return {digest: words for digest, words in found.items() if digest and digest.strip("0")}

    @property
    def missing(self) -> tuple[str, ...]:
        """What a reviewer at Amazon will ask for, and we do not have."""
        kinds = {each.proof.kind.value for each in self.proofs}
        wanted = (
            (self.invoice is None, "our invoice: import it with `trueup invoices import`"),
            (self.order is None, "the purchase order: it was not taken in"),
            ("shipped" not in kinds, "proof of shipment (bill of lading): import it with `trueup proofs import`"),
            (
                "delivered" not in kinds and "received" not in kinds,
                "proof of delivery: import it with `trueup proofs import`",
            ),
        )
        return tuple(words for lacks, words in wanted if lacks)


def load_brief(connection: sa.Connection, found: Recoverable) -> Brief:
    """Gather what is known about a claim."""
    balance = found.balance
    invoice = _invoice(connection, balance)
    number = invoice.invoice.purchase_order if invoice is not None else ""
    order = _order(connection, balance.partner, number) if number else None
    about = invoice.invoice.number if invoice is not None else ""
    proofs: Sequence[SavedProof] = ()
    if number or about:
        proofs = find_proofs(connection, balance.partner, purchase_order=number, invoice=about)
    return Brief(found, tuple(load_slices(connection, balance)), invoice, order, tuple(proofs))


def load_slices(connection: sa.Connection, balance: ClaimBalance) -> list[Slice]:
    """The lines of payments that make up a claim, as they are booked now, in the order of time."""
    values = {"partner": balance.partner, "claim": balance.claim, "currency": balance.currency}
    return [
        Slice(
            row.payment,
            row.paid_on,
            row.reference,
            int(-row.minor),
            row.type,
            row.document,
            row.name or "",
            row.place or "",
        )
        for row in connection.execute(_SLICES, values)
    ]


_SLICES = sa.text(
    "SELECT r.payment, r.paid_on, l.reference, sum(l.minor) AS minor, max(l.type) AS type,"
    " coalesce(max(rl.evidence), max(t.evidence)) AS document, max(rl.place) AS place,"
    " (SELECT d.name FROM trueup.documents d WHERE d.digest = coalesce(max(rl.evidence), max(t.evidence)) ORDER BY d.id LIMIT 1)"
    " AS name FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " JOIN trueup.remittances r ON r.id = e.remittance_id"
    " LEFT JOIN trueup.remittance_lines rl ON rl.remittance_id = r.id AND rl.source = r.source AND rl.number = l.source_line"
    " LEFT JOIN trueup.remittance_tellings t ON t.remittance_id = r.id AND t.source = r.source"
    " WHERE l.claim = :claim AND l.currency = :currency AND r.partner = :partner"
    " GROUP BY r.id, l.source_line, l.reference HAVING sum(l.minor) <> 0 ORDER BY r.paid_on, r.payment, l.reference"
)


def _invoice(connection: sa.Connection, balance: ClaimBalance) -> SavedInvoice | None:
    number = balance.invoice
    if number is None:
        found = find_invoices(connection, balance.partner, [normal_reference(balance.claim.partition("/")[2])])
        number = next((row[0] for row in found.values()), None)
    return load_invoices(connection, [number]).get(number) if number is not None else None


def _order(connection: sa.Connection, partner: str, number: str) -> dict[str, Any] | None:
    query = sa.text("SELECT id FROM trueup.orders WHERE partner = :partner AND number = :number")
    order_id = connection.execute(query, {"partner": partner, "number": number}).scalar()
    return show_order(connection, order_id) if order_id is not None else None
