"""Terms in the database: every rate that was ever entered, for which days, and since when it was known. Rows are only added.

A term is entered by a version, which two people made; those without one are from before two were asked, and stay in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.base.money import UnitPrice
from trueup.domain.term_changes import TermVersion
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
    sa.Column("version", sa.BigInteger),
    sa.ForeignKeyConstraint(
        ["version", "entered_by", "entered_at"],
        ["trueup.term_versions.id", "trueup.term_versions.proposed_by", "trueup.term_versions.approved_at"],
    ),
    sa.CheckConstraint("version IS NOT NULL", name="two_persons", postgresql_not_valid=True),
    sa.CheckConstraint("percent IS NULL OR per_unit IS NULL", name="one_rate"),
    sa.CheckConstraint("(per_unit IS NULL) = (currency IS NULL)", name="unit_whole"),
    sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days_in_order"),
    sa.Index("ix_terms_kind", "kind", "valid_from"),
)


@dataclass(frozen=True, slots=True)
class SavedTerm:
    """A term as it was entered: by whom, when, and from which document, "" without one; under which version, and who approved it.

    `version` None: one person entered it, before two were asked. `taken_back_by`: the version that took it back.
    """

    id: int
    term: Term
    entered_by: str
    entered_at: datetime
    evidence: str
    version: int | None = None
    approved_by: str = ""
    approved_because: str = ""
    taken_back_by: int | None = None

    @property
    def stands(self) -> str:
        """By whose word it counts, in words."""
        if self.version is None:
            return f"entered by {self.entered_by} alone, before two people were asked"
        return f"version {self.version}, proposed by {self.entered_by}, approved by {self.approved_by}"


def append_term(connection: sa.Connection, term: Term, version: TermVersion) -> int:
    """Add a term of a version; returns its id."""
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
        "entered_by": version.proposed_by,
        "entered_at": version.approval.at,
        "evidence": version.evidence,
        "version": version.id,
    }
    return int(connection.execute(sa.insert(terms).values(**values).returning(terms.c.id)).scalar_one())


_SAVED = sa.text(
    "SELECT t.*, coalesce(v.approved_by, '') AS approved_by, coalesce(v.approved_because, '') AS approved_because,"
    " b.id AS taken_back_by, (b.approved_at AT TIME ZONE 'UTC')::date AS known_to FROM trueup.terms t"
    " LEFT JOIN trueup.term_versions v ON v.id = t.version LEFT JOIN trueup.term_versions b ON b.takes_back = t.version"
    " ORDER BY t.kind, t.marketplace, t.valid_from, t.known_from, t.id"
)


def load_terms(connection: sa.Connection) -> list[SavedTerm]:
    """Every term that was ever entered, by kind, marketplace and day."""
    return [_saved(row) for row in connection.execute(_SAVED).mappings()]


def term_values(term: Term) -> dict[str, Any]:
    """A term as plain JSON that `term_of` reads back; `known_to` comes of another version and is not its own."""
    return {
        "kind": term.kind,
        "marketplace": term.marketplace,
        "basis": term.basis.value,
        "valid_from": term.valid_from.isoformat(),
        "valid_to": term.valid_to.isoformat() if term.valid_to else None,
        "known_from": term.known_from.isoformat(),
        "source": term.source,
        "percent": f"{term.percent:f}" if term.percent is not None else None,
        "per_unit": f"{term.per_unit.value:f}" if term.per_unit else None,
        "currency": term.per_unit.currency if term.per_unit else None,
        "rounding": term.rounding,
        "within_days": term.within_days,
    }


def term_of(values: Mapping[str, Any]) -> Term:
    """The term that `term_values` wrote."""
    dates = {
        name: date.fromisoformat(values[name]) for name in ("valid_from", "valid_to", "known_from") if values[name]
    }
    percent = Decimal(values["percent"]) if values["percent"] is not None else None
    per_unit = Decimal(values["per_unit"]) if values["per_unit"] is not None else None
    return _term({"valid_to": None, "known_to": None, **values, **dates, "percent": percent, "per_unit": per_unit})


def _saved(row: Mapping[Any, Any]) -> SavedTerm:
    return SavedTerm(
        row["id"],
        _term(row),
        row["entered_by"],
        row["entered_at"],
        row["evidence"],
        row["version"],
        row["approved_by"],
        row["approved_because"],
        row["taken_back_by"],
    )


def _term(row: Mapping[Any, Any]) -> Term:
    per_unit = UnitPrice(row["per_unit"], row["currency"]) if row["per_unit"] is not None else None
    return Term(
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
        known_to=row["known_to"],
    )
