"""Buffer changes in the database: every version that was decided, with its time, by whom, and who approved it. Only ever added."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.errors import NotAllowed, NotFound
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, Version
from trueup.domain.buffers import BufferRule
from trueup.storage.schema import metadata

buffer_changes = sa.Table(
    "buffer_changes",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("eaches", sa.BigInteger),
    sa.Column("percent", sa.Numeric),
    sa.Column("risk_percent", sa.Numeric),
    sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("undoes", sa.BigInteger),
    sa.CheckConstraint("approved_by IS NULL OR lower(approved_by) <> lower(decided_by)", name="two_persons"),
    sa.CheckConstraint(
        "(eaches IS NULL) = (percent IS NULL) AND (risk_percent IS NULL OR eaches IS NOT NULL)", name="rule_whole"
    ),
    sa.CheckConstraint("eaches >= 0 AND percent BETWEEN 0 AND 100", name="rule_possible"),
    sa.ForeignKeyConstraint(["undoes"], ["trueup.buffer_changes.id"]),
    sa.Index("ix_buffer_changes_scope", "channel", "location", "sku", "effective_from", "id"),
    sa.Index("ix_buffer_changes_sku", "sku", "id"),
)


def append_change(connection: sa.Connection, version: Version) -> Version:
    """Add a version; returns it under its number. Raises Refused when whoever decided it approves it."""
    change, rule = version.change, version.change.rule
    values = {
        "channel": change.scope.channel,
        "location": change.scope.location,
        "sku": change.scope.sku,
        "eaches": rule.eaches if rule else None,
        "percent": _decimal(rule.percent) if rule else None,
        "risk_percent": _decimal(rule.risk_percent) if rule and rule.risk_percent is not None else None,
        "effective_from": change.effective_from,
        "reason": change.reason,
        "decided_by": version.decided_by,
        "decided_at": version.decided_at,
        "approved_by": version.approved_by or None,
        "undoes": version.undoes,
    }
    try:
        with connection.begin_nested():
            row = connection.execute(sa.insert(buffer_changes).values(**values).returning(buffer_changes)).mappings()
            return _version(row.one())
    except sa.exc.IntegrityError as error:
        if "two_persons" not in str(error):
            raise
        raise NotAllowed(
            f"The buffer of {change.scope}: {version.decided_by} proposed it; a second person must approve it."
        ) from error


def load_rules(
    connection: sa.Connection, channel: str, location: str, skus: Collection[str] | None, moment: datetime
) -> dict[str, BufferRule]:
    """The rules that people decided and that hold at a moment: those of these products (None: of all) and the one for every
    product, by SKU."""
    given = {"channel": channel, "location": location, "moment": moment}
    if skus is None:
        rows = connection.execute(_RULES, given)
    else:
        rows = connection.execute(_RULES_OF, {**given, "skus": sorted({*skus, ALL})})
    return {row.sku: rule for row in rows if (rule := _rule(row._mapping)) is not None}


_HOLDING = """SELECT DISTINCT ON (sku) sku, eaches, percent, risk_percent FROM trueup.buffer_changes
    WHERE channel = :channel AND location = :location AND effective_from <= :moment {chosen}
    ORDER BY sku, effective_from DESC, id DESC"""
_RULES = sa.text(_HOLDING.format(chosen=""))
_RULES_OF = sa.text(_HOLDING.format(chosen="AND sku = ANY(:skus)")).bindparams(
    sa.bindparam("skus", type_=ARRAY(sa.Text))
)


def load_version(connection: sa.Connection, number: int) -> Version:
    """One version. Raises NotFound."""
    row = connection.execute(sa.select(buffer_changes).where(buffer_changes.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"Buffer version {number}: no such version; `trueup stock buffers` shows them.")
    return _version(row)


def lock_scope(connection: sa.Connection, scope: BufferScope) -> Version | None:
    """Whoever changes a scope is alone while doing so; its newest version, None without one."""
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 41))"), {"scope": f"buffer of {scope}"}
    )
    versions = load_versions(connection, scope)
    return versions[-1] if versions else None


def load_versions(connection: sa.Connection, scope: BufferScope) -> list[Version]:
    """The versions of one scope, the oldest first."""
    table = buffer_changes.c
    query = sa.select(buffer_changes).where(
        table.channel == scope.channel, table.location == scope.location, table.sku == scope.sku
    )
    return [_version(row) for row in connection.execute(query.order_by(table.id)).mappings()]


def list_versions(
    connection: sa.Connection, *, skus: Collection[str] | None = None, before: int | None = None, limit: int = 100
) -> list[Version]:
    """The newest versions of these products (None: of all scopes), those before a number."""
    query = sa.select(buffer_changes).order_by(buffer_changes.c.id.desc()).limit(limit)
    if skus is not None:
        query = query.where(buffer_changes.c.sku.in_(sorted(skus)))
    if before is not None:
        query = query.where(buffer_changes.c.id < before)
    return [_version(row) for row in connection.execute(query).mappings()]


def _version(row: Mapping[Any, Any]) -> Version:
    scope = BufferScope(row["channel"], row["location"], row["sku"])
    change = BufferChange(scope, _rule(row), row["effective_from"], row["reason"])
    return Version(row["id"], change, row["decided_by"], row["decided_at"], row["approved_by"] or "", row["undoes"])


def _rule(row: Mapping[Any, Any]) -> BufferRule | None:
    if row["eaches"] is None:
        return None
    risk = row["risk_percent"]
    return BufferRule(row["eaches"], Fraction(row["percent"]), None if risk is None else Fraction(risk))


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / share.denominator
