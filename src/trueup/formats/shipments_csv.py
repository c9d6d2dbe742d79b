"""Shipments, deliveries and receipts as CSV: proofs that a dispute can show. One row is one proof."""

from __future__ import annotations

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.domain.proofs import Proof, ProofKind
from trueup.formats.document import Format, Reading, Severity
from trueup.formats.regional import UNDECLARED, Convention, convention_of, read_day, tell_contradictions
from trueup.formats.tabular import Column, Findings, Layout, has_columns, read_table, text, whole

COLUMNS = ("kind", "purchase_order", "invoice", "sku", "quantity", "day", "carrier", "tracking", "document")
_MOST_UNITS = 1_000_000_000
_WORDS = ("purchase_order", "invoice", "sku", "carrier", "tracking", "document")


def read_shipments(content: bytes, declared: Convention = UNDECLARED) -> Reading[Proof]:
    """Proofs in the order of the file, and a finding for every row that is none.

    A row that stands there twice is one proof, and a warning: counted twice it would prove too much. Days are written as the
    file shows, unless `declared`. Raises Unreadable when it is no such table.
    """
    table = read_table(content, _LAYOUT)
    findings = Findings(list(table.findings))
    convention = convention_of((), (row.values["day"] for row in table.rows), declared)
    tell_contradictions(convention, findings)
    proofs: dict[Proof, int] = {}
    for row in table.rows:
        values = row.values
        try:
            day = read_day(values["day"], convention)
        except Invalid as error:
            findings.add("cell", str(error), row.location("day"))
            continue
        words = {name: values.get(name) or "" for name in _WORDS}
        try:
            proof = Proof(kind=values["kind"], day=day, quantity=values.get("quantity"), **words)
        except Invalid as error:
            findings.add("row", str(error).removesuffix("."), row.location())
            continue
        first = proofs.setdefault(proof, row.number)
        if first != row.number:
            said = f"the same proof stands in row {first}; it is taken once. Two parcels have two tracking numbers"
            findings.add("duplicate", said, row.location(), Severity.WARNING)
    facts = {"columns": list(table.columns), "delimiter": table.delimiter, "encoding": table.encoding}
    return Reading(digest_of(content), FORMAT.name, tuple(proofs), findings.all(), facts)


def _kind(cell: str) -> ProofKind:
    try:
        return ProofKind(cell.lower())
    except ValueError:
        expected = ", ".join(kind.value for kind in ProofKind)
        raise Invalid(f"kind {cell[:40]!r}: expected one of {expected}") from None


_LAYOUT = Layout(
    "Shipments",
    (
        Column("kind", _kind, needed=True, aliases=("proof",)),
        Column("purchase_order", text, aliases=("po", "po_number", "purchase_order_number")),
        Column("invoice", text, aliases=("invoice_number",)),
        Column("sku", text),
        Column("quantity", whole(0, _MOST_UNITS), aliases=("qty", "units", "eaches")),
        Column("day", text, needed=True, aliases=("date", "shipped_on", "delivered_on", "received_on")),
        Column("carrier", text),
        Column("tracking", text, aliases=("tracking_number",)),
        Column("document", text, aliases=("proof_of_delivery", "pod", "bol", "bill_of_lading")),
    ),
)


FORMAT = Format(
    "shipments",
    "Shipments, deliveries and receipts (CSV)",
    lambda head: has_columns(head, ("kind", "day")) and any(has_columns(head, (name,)) for name in COLUMNS[1:3]),
    read_shipments,
)
