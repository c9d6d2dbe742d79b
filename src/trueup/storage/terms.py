"""Terms in the database: every rate that was ever entered, for which days, and since when it was known. Rows are only added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.money import UnitPrice
from trueup.domain.terms import Basis, Term
from trueup.storage.schema import metadata

terms = sa.Table(
    "terms",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("marketplace", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("known_from", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("percent", sa.Numeric),
    sa.Column("per_unit", sa.Numeric),
    sa.Column("currency", sa.CHAR(3)),
    sa.Column("rounding", sa.Text, nullable=False),
    sa.Column("within_days", sa.Integer),
    sa.Column("entered_by", sa.Text, nullable=False),
    sa.Column("entered_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.CheckConstraint("percent IS NULL OR per_unit IS NULL", name="one_rate"),
    sa.CheckConstraint("(per_unit IS NULL) = (currency IS NULL)", name="unit_whole"),
    sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days_in_order"),
    sa.Index("ix_terms_kind", "kind", "valid_from"),
)


@dataclass(frozen=True, slots=True)
class SavedTerm:
    """A term as it was entered: by whom, when, and from which document, "" without one."""

    id: int
    term: Term
    entered_by: str
    entered_at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Who enters terms, when, and the hash of the document they stand in."""

    by: str
    at: datetime
    evidence: str = ""


def append_term(connection: sa.Connection, term: Term, entry: Entry) -> int:
    """Add a term; returns its id."""
    values = {
        "kind": term.kind,
        "marketplace": term.marketplace,
        "basis": term.basis.value,
        "valid_from": term.valid_from,
        "valid_to": term.valid_to,
        "known_from": term.known_from,
        "source": term.source,
        "percent": term.percent,
        "per_unit": term.per_unit.value if term.per_unit else None,
        "currency": term.per_unit.currency if term.per_unit else None,
        "rounding": term.rounding,
        "within_days": term.within_days,
        "entered_by": entry.by,
        "entered_at": entry.at,
        "evidence": entry.evidence,
    }
    return int(connection.execute(sa.insert(terms).values(**values).returning(terms.c.id)).scalar_one())


def load_terms(connection: sa.Connection) -> list[SavedTerm]:
    """Every term that was ever entered, by kind, marketplace and day."""
    table = terms.c
    query = sa.select(terms).order_by(table.kind, table.marketplace, table.valid_from, table.known_from, table.id)
    return [_saved(row) for row in connection.execute(query).mappings()]


def _saved(row: Mapping[Any, Any]) -> SavedTerm:
    per_unit = UnitPrice(row["per_unit"], row["currency"]) if row["per_unit"] is not None else None
    term = Term(
        kind=row["kind"],
        marketplace=row["marketplace"],
        basis=Basis(row["basis"]),
        valid_from=row["valid_from"],
        known_from=row["known_from"],
        source=row["source"],
        percent=row["percent"],
        per_unit=per_unit,
        valid_to=row["valid_to"],
        rounding=row["rounding"],
        within_days=row["within_days"],
    )
    return SavedTerm(row["id"], term, row["entered_by"], row["entered_at"], row["evidence"])
