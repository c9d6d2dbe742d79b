"""Tests of connections in the database: what each was asked, what was found, by what it was let in, and who asked. Never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.storage.schema import metadata

connection_tests = sa.Table(
    "connection_tests",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("tested_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("tested_by", sa.Text, nullable=False),
    sa.Column("found", JSONB, nullable=False),
    sa.Column("credentials", JSONB, nullable=False),
    sa.Column("grants", JSONB, nullable=False),
    sa.Index("ix_connection_tests_newest", "connection", "id"),
)


@dataclass(frozen=True, slots=True)
class Tested:
    """One test, as it was kept: its answers, credentials and grants as objects of JSON, without any secret."""

    connection: str
    tested_at: datetime
    tested_by: str
    found: Sequence[dict[str, Any]]
    credentials: Sequence[dict[str, Any]]
    grants: Sequence[dict[str, Any]]


def append_test(connection: sa.Connection, tested: Tested) -> None:
    """Keep it."""
    values = {column: getattr(tested, column) for column in Tested.__dataclass_fields__}
    connection.execute(sa.insert(connection_tests).values(values))


def newest_tests(connection: sa.Connection, names: Sequence[str]) -> dict[str, Tested]:
    """The latest test of each of these connections that was ever tested."""
    wanted = sa.select(sa.func.unnest(sa.literal(list(names), sa.ARRAY(sa.Text))).label("name")).subquery()
    newest = (
        sa.select(connection_tests)
        .where(connection_tests.c.connection == wanted.c.name)
        .order_by(connection_tests.c.id.desc())
        .limit(1)
        .lateral()
    )
    rows = connection.execute(sa.select(newest).select_from(wanted.join(newest, sa.true()))).mappings()
    return {row["connection"]: Tested(**{name: row[name] for name in Tested.__dataclass_fields__}) for row in rows}
