"""Versions of terms in the database: what two people decided about rates, why, and by whom. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict, NotAllowed, NotFound
from trueup.domain.agreement_changes import Approval
from trueup.domain.term_changes import TermVersion
from trueup.storage.schema import metadata

term_versions = sa.Table(
    "term_versions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_because", sa.Text, nullable=False),
    sa.Column("takes_back", sa.BigInteger),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.CheckConstraint("lower(approved_by) <> lower(proposed_by)", name="two_persons"),
    sa.CheckConstraint("reason <> '' AND approved_because <> ''", name="reasons_given"),
    sa.CheckConstraint("takes_back < id", name="takes_back_an_older_one"),
    sa.ForeignKeyConstraint(["takes_back"], ["trueup.term_versions.id"]),
    sa.UniqueConstraint("takes_back"),
    # Whoever enters terms under a version has to be its proposer, at the very moment of its approval.
    sa.UniqueConstraint("id", "proposed_by", "approved_at"),
)


def append_version(connection: sa.Connection, version: TermVersion) -> TermVersion:
    """Add a version; returns it under its number. Raises Refused when whoever proposed it approves it, Conflict when what it takes
    back was taken back before."""
    values = {
        "reason": version.reason,
        "proposed_by": version.proposed_by,
        "proposed_at": version.proposed_at,
        "approved_by": version.approval.by,
        "approved_at": version.approval.at,
        "approved_because": version.approval.reason,
        "takes_back": version.takes_back,
        "evidence": version.evidence,
    }
    statement = sa.insert(term_versions).values(**values).returning(term_versions)
    try:
        with connection.begin_nested():
            return _version(connection.execute(statement).mappings().one())
    except sa.exc.IntegrityError as error:
        if "uq_term_versions_takes_back" in str(error):
            raise Conflict(f"Version {version.takes_back} of the terms was taken back already.") from error
        if "two_persons" not in str(error):
            raise
        raise NotAllowed(
            f"The terms: {version.proposed_by} proposed them; a second person must approve them."
        ) from error


def load_versions(connection: sa.Connection) -> list[TermVersion]:
    """Every version, the oldest first."""
    query = sa.select(term_versions).order_by(term_versions.c.id)
    return [_version(row) for row in connection.execute(query).mappings()]


def load_version(connection: sa.Connection, number: int) -> TermVersion:
    """One version. Raises NotFound."""
    row = connection.execute(sa.select(term_versions).where(term_versions.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"Version {number} of the terms: no such version; `trueup terms versions` shows them.")
    return _version(row)


def find_taker(connection: sa.Connection, number: int) -> int | None:
    """The version that takes this one back; None where none does."""
    query = sa.select(term_versions.c.id).where(term_versions.c.takes_back == number)
    found: int | None = connection.execute(query).scalar()
    return found


def _version(row: Mapping[Any, Any]) -> TermVersion:
    approval = Approval(row["approved_by"], row["approved_at"], row["approved_because"])
    return TermVersion(
        row["id"], row["reason"], row["proposed_by"], row["proposed_at"], approval, row["takes_back"], row["evidence"]
    )
