"""Amazon's word on our invoices in the database: the newest of each, and what was fetched of each payment, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.domain.amazon_invoices import AmazonInvoice
from trueup.domain.invoices import normal_reference
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

amazon_invoices = sa.Table(
    "amazon_invoices",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_amazon_invoices_reference", "partner", "reference"),
)
fetched_remittances = sa.Table(
    "fetched_remittances",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("unique_id", sa.Text, primary_key=True),
    sa.Column("paid_on", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("listed", sa.CHAR(64), nullable=False),
    sa.Column("fetched_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_fetched_remittances_unsettled", "source", postgresql_where=sa.text("state NOT IN ('paid', 'gone')")),
)
PAID, GONE = "paid", "gone"
"""A payment that is `gone` is asked for no more: the source does not know it, or no longer answers for its day."""


@dataclass(frozen=True, slots=True)
class SavedWitness:
    """What Amazon says of an invoice, and the document it says it in."""

    partner: str
    said: AmazonInvoice
    evidence: str


@dataclass(frozen=True, slots=True)
class FetchedRemittance:
    """What was fetched of a payment: `listed` is the hash of what the list said of it then."""

    unique_id: str
    paid_on: date
    state: str
    listed: str
    fetched_at: datetime
    evidence: str


def save_witness(connection: sa.Connection, partner: str, said: AmazonInvoice, evidence: str, now: datetime) -> bool:
    """Keep it where it is newer than what is kept, or tells the lines of the same; returns whether it was."""
    known = load_witnesses(connection, partner, identifiers=[said.identifier]).get(said.identifier)
    if known is not None:
        if said.changed_at < known.said.changed_at or said == known.said:
            return False
        without_lines = replace(known.said, lines=(), complete=False)
        if known.said.complete and said == without_lines:
            return False
    values = {
        "reference": normal_reference(said.number),
        "status": said.status.value,
        "issued_on": said.issued_on,
        "currency": said.amount.currency,
        "amount_minor": said.amount.minor,
        "changed_at": said.changed_at,
        "complete": said.complete,
        "body": to_json(said),
        "evidence": evidence,
        "seen_at": now,
    }
    connection.execute(
        insert(amazon_invoices)
        .values(partner=partner, identifier=said.identifier, **values)
        .on_conflict_do_update(index_elements=["partner", "identifier"], set_=values)
    )
    return True


def load_witnesses(
    connection: sa.Connection, partner: str, *, identifiers: Collection[str] | None = None
) -> dict[str, SavedWitness]:
    """What Amazon says of a partner's invoices, by its identifiers; of these, or of all."""
    query = sa.select(amazon_invoices).where(amazon_invoices.c.partner == partner)
    if identifiers is not None:
        query = query.where(amazon_invoices.c.identifier == sa.func.any(list(identifiers)))
    query = query.order_by(amazon_invoices.c.identifier)
    return {row["identifier"]: _witness(row) for row in connection.execute(query).mappings()}


def witnesses_of(connection: sa.Connection, partner: str, numbers: Iterable[str]) -> dict[str, SavedWitness]:
    """What Amazon says of invoices by our numbers, normalised; those it says nothing of are left out."""
    wanted = sorted({normal_reference(number) for number in numbers})
    query = (
        sa.select(amazon_invoices)
        .where(amazon_invoices.c.partner == partner, amazon_invoices.c.reference == sa.func.any(wanted))
        .order_by(amazon_invoices.c.changed_at, amazon_invoices.c.identifier)
    )
    return {row["reference"]: _witness(row) for row in connection.execute(query).mappings()}


def load_fetched(connection: sa.Connection, source: str, unique_ids: Sequence[str]) -> dict[str, FetchedRemittance]:
    """What was fetched of these payments."""
    query = sa.select(fetched_remittances).where(
        fetched_remittances.c.source == source, fetched_remittances.c.unique_id == sa.func.any(list(unique_ids))
    )
    return {row["unique_id"]: _fetched(row) for row in connection.execute(query).mappings()}


def unsettled_remittances(connection: sa.Connection, source: str) -> list[FetchedRemittance]:
    """Every payment that was not successful when it was fetched last, and may be yet."""
    query = (
        sa.select(fetched_remittances)
        .where(fetched_remittances.c.source == source, fetched_remittances.c.state.not_in((PAID, GONE)))
        .order_by(fetched_remittances.c.unique_id)
    )
    return [_fetched(row) for row in connection.execute(query).mappings()]


def note_fetched(connection: sa.Connection, source: str, fetched: FetchedRemittance) -> None:
    """This is what a payment was when it was fetched."""
    values = {
        "paid_on": fetched.paid_on,
        "state": fetched.state,
        "listed": fetched.listed,
        "fetched_at": fetched.fetched_at,
        "evidence": fetched.evidence,
    }
    connection.execute(
        insert(fetched_remittances)
        .values(source=source, unique_id=fetched.unique_id, **values)
        .on_conflict_do_update(index_elements=["source", "unique_id"], set_=values)
    )


def _witness(row: Mapping[Any, Any]) -> SavedWitness:
    return SavedWitness(row["partner"], from_json(row["body"], AmazonInvoice), row["evidence"])


def _fetched(row: Mapping[Any, Any]) -> FetchedRemittance:
    columns = ("unique_id", "paid_on", "state", "listed", "fetched_at", "evidence")
    return FetchedRemittance(*(row[column] for column in columns))
