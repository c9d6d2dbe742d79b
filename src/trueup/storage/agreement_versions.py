"""Agreement versions in the database: what two people decided that is agreed, from which day, why, and by whom. Only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotAllowed, NotFound
from trueup.domain.agreement_changes import AgreementChange, AgreementScope, AgreementVersion, Approval
from trueup.storage.schema import metadata

agreement_versions = sa.Table(
    "agreement_versions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("vendor_code", sa.Text, nullable=False),
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column("terms", JSONB(none_as_null=True)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_because", sa.Text, nullable=False),
    sa.Column("undoes", sa.BigInteger),
    sa.CheckConstraint("lower(approved_by) <> lower(proposed_by)", name="two_persons"),
    sa.CheckConstraint("reason <> '' AND approved_because <> ''", name="reasons_given"),
    sa.CheckConstraint("effective_from > (approved_at AT TIME ZONE 'UTC')::date", name="begins_after_its_approval"),
    sa.ForeignKeyConstraint(["undoes"], ["trueup.agreement_versions.id"]),
    sa.Index("ix_agreement_versions_scope", "partner", "vendor_code", "effective_from", "id"),
)
_NEWEST = sa.text("SELECT count(*) AS versions, coalesce(max(id), 0) AS newest FROM trueup.agreement_versions")


def append_version(connection: sa.Connection, version: AgreementVersion) -> AgreementVersion:
    """Add a version; returns it under its number. Raises Refused when whoever proposed it approves it."""
    change = version.change
    values = {
        "partner": change.scope.partner,
        "vendor_code": change.scope.vendor_code,
        "effective_from": change.effective_from,
        "terms": None if change.terms is None else dict(change.terms),
        "reason": change.reason,
        "proposed_by": version.proposed_by,
        "proposed_at": version.proposed_at,
        "approved_by": version.approval.by,
        "approved_at": version.approval.at,
        "approved_because": version.approval.reason,
        "undoes": version.undoes,
    }
    statement = sa.insert(agreement_versions).values(**values).returning(agreement_versions)
    try:
        with connection.begin_nested():
            return _version(connection.execute(statement).mappings().one())
    except sa.exc.IntegrityError as error:
        if "two_persons" not in str(error):
            raise
        raise NotAllowed(
            f"The agreement {change.scope}: {version.proposed_by} proposed it; a second person must approve it."
        ) from error


def newest(connection: sa.Connection) -> tuple[int, int]:
    """How many versions there are, and the number of the newest: both the same, nothing was decided since."""
    row = connection.execute(_NEWEST).one()
    return int(row.versions), int(row.newest)


def lock_scope(connection: sa.Connection, scope: AgreementScope) -> None:
    """Whoever changes what is agreed with a vendor code is alone while doing so."""
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 51))"), {"scope": f"agreement {scope}"}
    )


def load_versions(connection: sa.Connection, scope: AgreementScope | None = None) -> list[AgreementVersion]:
    """The versions of one vendor code, or of all, the oldest first."""
    table = agreement_versions.c
    query = sa.select(agreement_versions).order_by(table.id)
    if scope is not None:
        query = query.where(table.partner == scope.partner, table.vendor_code == scope.vendor_code)
    return [_version(row) for row in connection.execute(query).mappings()]


def load_version(connection: sa.Connection, number: int) -> AgreementVersion:
    """One version. Raises NotFound."""
    row = connection.execute(sa.select(agreement_versions).where(agreement_versions.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"Agreement version {number}: no such version; `trueup agreements versions` shows them.")
    return _version(row)


def _version(row: Mapping[Any, Any]) -> AgreementVersion:
    scope = AgreementScope(row["partner"], row["vendor_code"])
    change = AgreementChange(scope, row["terms"], row["effective_from"], row["reason"])
    approval = Approval(row["approved_by"], row["approved_at"], row["approved_because"])
    return AgreementVersion(row["id"], change, row["proposed_by"], row["proposed_at"], approval, row["undoes"])
