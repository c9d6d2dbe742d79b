"""Invoices in the database: what we billed, and how much of each is settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.invoices import Invoice, InvoiceLine, normal_reference
from trueup.storage.bulk import JsonList, among, array_text, copy_rows, reserve_ids, text_array
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

invoices = sa.Table(
    "invoices",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("payee", sa.Text, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("total_minor", sa.BigInteger, nullable=False),
    sa.Column("tax_minor", sa.BigInteger, nullable=False),
    sa.Column("purchase_order", sa.Text, nullable=False),
    sa.Column("credits", sa.Text, nullable=False),
    sa.Column("lines", JSONB, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("uq_invoices_reference", "partner", "reference", unique=True),
    sa.Index("ix_invoices_order", "partner", "purchase_order", postgresql_where=sa.text("purchase_order <> ''")),
    sa.Index("ix_invoices_issued", "issued_on", "id"),
)
open_invoices = sa.Table(
    "open_invoices",
    metadata,
    sa.Column("invoice_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Index("ix_open_invoices_partner", "partner", "currency"),
)
"""What is open of which invoice: a row less is all that a payment in full costs, and what is settled is never looked at again."""
_COPIED = (
    "id partner reference number payee issued_on due_on currency total_minor tax_minor purchase_order credits lines "
    "evidence taken_in_at"
).split()


@dataclass(frozen=True, slots=True)
class SavedInvoice:
    """An invoice as it stands: what it says, and how much of it remittances have settled."""

    id: int
    invoice: Invoice
    settled: Money
    evidence: str

    @property
    def open(self) -> Money:
        """What is still owed to us; negative when more came than was billed."""
        return self.invoice.total - self.settled


@dataclass(frozen=True, slots=True)
class TakenInvoices:
    """What became of a batch: the ids of those that are new, how many were known, and which are known otherwise."""

    new: dict[str, int]
    same: int
    different: tuple[tuple[Invoice, Invoice], ...]


def lock_partners(connection: sa.Connection, partners: Iterable[str]) -> None:
    """Invoices to these partners are taken in by one transaction at a time: the second waits, and finds them known.

    All at once and in one order, so that two that take in invoices to the same partners do not wait in a circle.
    """
    query = sa.text(
        "SELECT pg_advisory_xact_lock(hashtextextended(name, 9)) FROM unnest(CAST(:names AS text[])) AS n(name)"
    )
    connection.execute(query, {"names": [f"invoices to {partner}" for partner in sorted(set(partners))]})


def take_in_invoices(
    connection: sa.Connection, batch: Sequence[Invoice], *, evidence: str, now: datetime
) -> TakenInvoices:
    """Save those that are new. One that is known under its number with other figures is left as it stands and returned.

    Whoever may not be alone calls `lock_partners` first.
    """
    new: dict[str, int] = {}
    same, different = 0, []
    by_partner: dict[str, list[Invoice]] = {}
    for invoice in batch:
        by_partner.setdefault(invoice.partner, []).append(invoice)
    for partner, group in by_partner.items():
        wanted = {normal_reference(invoice.number): invoice for invoice in group}
        known = _load(connection, partner, wanted)
        for reference, saved in known.items():
            if _figures(saved.invoice) == _figures(wanted[reference]):
                same += 1
            else:
                different.append((saved.invoice, wanted[reference]))
        fresh = [(reference, invoice) for reference, invoice in wanted.items() if reference not in known]
        ids = reserve_ids(connection, "invoices", len(fresh))
        rows = (
            _row(number, reference, invoice, (evidence, now))
            for number, (reference, invoice) in zip(ids, fresh, strict=True)
        )
        copy_rows(connection, "invoices", _COPIED, rows)
        balances = (
            (number, partner, invoice.total.currency, invoice.total.minor)
            for number, (_, invoice) in zip(ids, fresh, strict=True)
            if invoice.total
        )
        copy_rows(connection, "open_invoices", ("invoice_id", "partner", "currency", "minor"), balances)
        new.update({invoice.number: number for number, (_, invoice) in zip(ids, fresh, strict=True)})
    return TakenInvoices(new, same, tuple(different))


def find_invoices(
    connection: sa.Connection, partner: str, references: Collection[str]
) -> dict[str, tuple[int, str, str]]:
    """Of the normalised references those that are invoices of ours, as (id, number, currency)."""
    if not references:
        return {}
    rows = connection.execute(_FIND, {"partner": partner, "wanted": text_array(references)})
    return {reference: (number, name, currency) for reference, number, name, currency in rows}


_FIND = sa.text(
    "SELECT reference, id, number, currency FROM trueup.invoices"
    " WHERE partner = :partner AND reference = ANY (CAST(:wanted AS text[]))"
)


def add_settled(connection: sa.Connection, changes: Mapping[int, int]) -> list[int]:
    """Note what was settled of invoices, by id in minor units. Returns those that are settled beyond their total now."""
    changed = {number: minor for number, minor in sorted(changes.items()) if minor}
    if not changed:
        return []
    rest = connection.execute(_SETTLE_WHOLE, {"ids": array_text(changed), "minors": array_text(changed.values())}).all()
    if not rest:
        return []
    values = {"ids": array_text(row.id for row in rest), "minors": array_text(row.minor for row in rest)}
    rows = connection.execute(_SETTLE_PART, values).all()
    done = [row.invoice_id for row in rows if not row.minor]
    connection.execute(
        sa.delete(open_invoices).where(among(open_invoices.c.invoice_id, done), open_invoices.c.minor == 0)
    )
    left = {row.invoice_id: row.minor for row in rows if row.minor}
    totals = connection.execute(sa.select(invoices.c.id, invoices.c.total_minor).where(among(invoices.c.id, left)))
    return sorted(row.id for row in totals if (left[row.id] > 0) != (row.total_minor > 0))


# Nearly every payment is of the whole: those rows go, and only what is left over comes back to us.
_SETTLE_WHOLE = sa.text(
    "WITH c AS (SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:minors AS bigint[])) AS c(id, minor)),"
    " whole AS (DELETE FROM trueup.open_invoices AS o USING c WHERE o.invoice_id = c.id AND o.minor = c.minor"
    " RETURNING o.invoice_id)"
    " SELECT c.id, c.minor FROM c WHERE NOT EXISTS (SELECT FROM whole WHERE whole.invoice_id = c.id) ORDER BY c.id"
)
_SETTLE_PART = sa.text(
    "INSERT INTO trueup.open_invoices AS o (invoice_id, partner, currency, minor)"
    " SELECT i.id, i.partner, i.currency, -c.minor FROM unnest(CAST(:ids AS bigint[]), CAST(:minors AS bigint[]))"
    " AS c(id, minor) JOIN trueup.invoices AS i ON i.id = c.id ORDER BY i.id"
    " ON CONFLICT (invoice_id) DO UPDATE SET minor = o.minor + excluded.minor RETURNING o.invoice_id, o.minor"
)


WITH_OPEN = sa.select(invoices, sa.func.coalesce(open_invoices.c.minor, 0).label("open_minor")).select_from(
    invoices.outerjoin(open_invoices, open_invoices.c.invoice_id == invoices.c.id)
)
"""Invoices, each with what is open of it."""


def load_invoices(connection: sa.Connection, ids: Collection[int]) -> dict[int, SavedInvoice]:
    """Invoices by id; those that are not there are left out."""
    rows = connection.execute(WITH_OPEN.where(among(invoices.c.id, ids))).mappings()
    return {row["id"]: saved_invoice(row) for row in rows}


def name_invoices(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """To whom these invoices are and their numbers, by id."""
    rows = connection.execute(_NAMES, {"ids": array_text(ids)}) if ids else ()
    return {number: (partner, name) for number, partner, name in rows}


_NAMES = sa.text("SELECT id, partner, number FROM trueup.invoices WHERE id = ANY (CAST(:ids AS bigint[]))")


def load_invoice(connection: sa.Connection, partner: str, number: str) -> SavedInvoice:
    """By its number, however it is written. Raises NotFound."""
    found = _load(connection, partner, (normal_reference(number),))
    if not found:
        raise NotFound(
            f"{number} is no invoice to {partner} that Trueup knows; import it with `trueup invoices import`."
        )
    return next(iter(found.values()))


def saved_invoice(row: Mapping[Any, Any]) -> SavedInvoice:
    """A row of `WITH_OPEN` as an invoice."""
    currency = row["currency"]
    invoice = Invoice(
        number=row["number"],
        partner=row["partner"],
        payee=row["payee"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        total=Money(row["total_minor"], currency),
        tax=Money(row["tax_minor"], currency),
        purchase_order=row["purchase_order"],
        credits=row["credits"],
        lines=tuple(from_json(line, InvoiceLine) for line in row["lines"]),
    )
    return SavedInvoice(row["id"], invoice, Money(row["total_minor"] - row["open_minor"], currency), row["evidence"])


def _load(connection: sa.Connection, partner: str, references: Iterable[str]) -> dict[str, SavedInvoice]:
    query = WITH_OPEN.where(invoices.c.partner == partner, invoices.c.reference == sa.func.any(list(references)))
    return {row["reference"]: saved_invoice(row) for row in connection.execute(query).mappings()}


def _figures(invoice: Invoice) -> tuple[date, Money, Money, str]:
    return invoice.issued_on, invoice.total, invoice.tax, invoice.purchase_order


def _row(number: int, reference: str, invoice: Invoice, origin: tuple[str, datetime]) -> tuple[Any, ...]:
    return (
        number,
        invoice.partner,
        reference,
        invoice.number,
        invoice.payee,
        invoice.issued_on,
        invoice.due_on,
        invoice.total.currency,
        invoice.total.minor,
        invoice.tax.minor,
        invoice.purchase_order,
        invoice.credits,
        JsonList(to_json(line) for line in invoice.lines),
        *origin,
    )
