"""A claim with all that speaks for us: its slices in payments, the invoice, the order with our answer, and proofs of delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.domain.disputes import Piece, pieces_of
from trueup.domain.handed_in import PIECES
from trueup.domain.invoices import normal_reference
from trueup.storage.cases import cases, find_open
from trueup.storage.claim_papers import ClaimPaper, list_papers
from trueup.storage.claims import ClaimBalance, find_claim
from trueup.storage.disputes import Recoverable, Staged, load_experiences, load_recoverables, load_staged
from trueup.storage.invoices import SavedInvoice, find_invoices, load_invoices
from trueup.storage.proofs import SavedProof, find_proofs
from trueup.storage.views.orders import show_order
from trueup.storage.views.remittance_shares import LINE_OF_PLACEMENT

__all__ = [
    "Brief",
    "GivenUp",
    "Recoverable",
    "Slice",
    "Staged",
    "find_case_of_claim",
    "find_claim_of_case",
    "list_given_up",
    "load_brief",
    "load_experiences",
    "load_recoverables",
    "load_slices",
    "load_staged",
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
    papers: tuple[ClaimPaper, ...] = ()
    """The files that people added to it."""

    @property
    def pieces(self) -> tuple[tuple[Piece, str], ...]:
        """What a reviewer at Amazon will ask for of such a claim, each with what we have of it; "" where we have nothing."""
        kinds = {each.proof.kind.value: each for each in self.proofs}
        delivered = kinds.get("delivered") or kinds.get("received")
        shipped = kinds.get("shipped")
        packed = next((each for each in self.proofs if each.proof.kind.value == "shipped" and each.proof.sku), None)
        answered = self.order is not None and any(each.get("digest") for each in self.order["deliveries"])
        have = {
            Piece.INVOICE: self.invoice.invoice.number if self.invoice is not None else "",
            Piece.ORDER: self.order["number"] if self.order is not None else "",
            Piece.ANSWER: f"order {self.order['number']}" if self.order is not None and answered else "",
            Piece.PACKED: _named(packed) if packed is not None else "",
            Piece.SHIPPED: _named(shipped) if shipped is not None else "",
            Piece.DELIVERED: _named(delivered) if delivered is not None else "",
        }
        for paper in self.papers:
            piece = PIECES.get(paper.kind)
            if piece is not None and not have[piece]:
                have[piece] = f"{paper.name}, added by {paper.by}"
        return tuple((piece, have[piece]) for piece in pieces_of(self.found.claim.family))

    @property
    def missing(self) -> tuple[str, ...]:
        """What of that we do not have, and what to do about it."""
        return tuple(_LACKING[piece] for piece, have in self.pieces if not have)


_LACKING = {
    Piece.INVOICE: "our invoice: import it with `trueup invoices import`",
    Piece.ORDER: "the purchase order: it was not taken in",
    Piece.ANSWER: "our answer to the order: none was sent by Trueup",
    Piece.PACKED: "the packing list (products and quantities of the shipment): import it with `trueup proofs import`, "
    "or add its file to the claim",
    Piece.SHIPPED: "proof of shipment (bill of lading): import it with `trueup proofs import`, or add its file to the claim",
    Piece.DELIVERED: "proof of delivery: import it with `trueup proofs import`, or add its file to the claim",
}


def _named(proof: SavedProof) -> str:
    said = proof.proof.document or proof.proof.tracking or proof.proof.kind.value
    return f"{said}, {proof.proof.day.isoformat()}"


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
    papers = tuple(list_papers(connection, balance.id))
    return Brief(found, tuple(load_slices(connection, balance)), invoice, order, tuple(proofs), papers)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An entry by which we gave a claim up: when, how much, who; and the entry that took that back, when and who, None where none
    did."""

    entry: int
    day: date
    minor: int
    actor: str
    undone_by_entry: int | None
    undone_on: date | None
    undone_by: str | None


def find_case_of_claim(connection: sa.Connection, balance: ClaimBalance) -> int | None:
    """The open case of a claim, in which it is disputed or given up; None where there is none."""
    found = find_open(connection, *_case_key(balance))
    return found[0] if found else None


def _case_key(balance: ClaimBalance) -> tuple[str, str]:
    family = balance.claim.partition("/")[0]
    return f"claim.{family}", f"claim {balance.partner}/{balance.claim} {balance.currency}"


def list_given_up(connection: sa.Connection, balance: ClaimBalance) -> list[GivenUp]:
    """Every time that a claim was given up, the latest first."""
    name = f"{balance.partner}/{balance.claim}"
    kind, subject = _case_key(balance)
    rows = connection.execute(_GIVEN_UP, {"subject": subject, "kind": kind, "key": f"write-off {name}"})
    return [
        GivenUp(row.id, row.day, int(row.minor), row.actor, row.undone, row.undone_on, row.undone_by) for row in rows
    ]


# Each was given up in a case of its own, which its key names.
_GIVEN_UP = sa.text(
    "SELECT e.id, e.day, e.actor, u.id AS undone, u.day AS undone_on, u.actor AS undone_by,"
    " (SELECT sum(l.minor) FROM trueup.journal_lines l WHERE l.entry_id = e.id AND l.minor > 0) AS minor"
    " FROM trueup.cases c JOIN trueup.journal_entries e ON e.key = :key || ' case ' || c.id"
    " LEFT JOIN trueup.journal_entries u ON u.key = e.key || ' undone'"
    " WHERE c.kind = :kind AND c.subject = :subject ORDER BY e.id DESC"
)


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
    " coalesce(max(rl.evidence), max(t.evidence), r.evidence) AS document, max(rl.place) AS place, (SELECT d.name"
    " FROM trueup.documents d WHERE d.digest = coalesce(max(rl.evidence), max(t.evidence), r.evidence) ORDER BY d.id LIMIT 1)"
    " AS name FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " JOIN trueup.remittances r ON r.id = e.remittance_id"
    " LEFT JOIN trueup.remittance_lines rl ON rl.remittance_id = r.id AND rl.source = r.source"
    f" AND rl.number = {LINE_OF_PLACEMENT.format('l.source_line')}"
    " LEFT JOIN trueup.remittance_tellings t ON t.remittance_id = r.id AND t.source = r.source"
    " WHERE l.claim = :claim AND l.claim <> '' AND l.currency = :currency AND r.partner = :partner"
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
