"""What became of exports, in the database: who said that one was handed over, and what ledgers showed. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.domain.read_back import Differing
from trueup.storage.schema import metadata

sent_exports = sa.Table(
    "sent_exports",
    metadata,
    sa.Column("export_id", sa.BigInteger, sa.ForeignKey("exports.id"), primary_key=True),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
read_backs = sa.Table(
    "read_backs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("export_id", sa.BigInteger, sa.ForeignKey("exports.id"), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("first_on", sa.Date),
    sa.Column("last_on", sa.Date),
    sa.Column("document", sa.CHAR(64), nullable=False),
    sa.Column("accounts", sa.Integer, nullable=False),
    sa.Column("differing", JSONB, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_read_backs_export", "target", "export_id", "id"),
)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a ledger showed after an export: of which days (None: all), in which document, of how many accounts that it was given.

    It proves every entry that its target was given up to that export, where no days are named.
    """

    export: int
    target: str
    since: date | None
    until: date | None
    document: str
    accounts: int
    differing: tuple[Differing, ...]
    actor: str
    at: datetime

    def tells_of(self, export: int, target: str) -> bool:
        """Whether it tells of an export: it was read after it, or after a later one of its target, then of all days."""
        of_all = self.since is None and self.until is None
        return self.target == target and (self.export == export or (self.export > export and of_all))


def note_sent(connection: sa.Connection, export: int, how: str, actor: str, now: datetime) -> bool:
    """Note that an export was handed over; whether that was not known yet."""
    query = sa.text(
        "INSERT INTO trueup.sent_exports (export_id, how, actor, sent_at) VALUES (:export, :how, :actor, :now)"
        " ON CONFLICT DO NOTHING"
    )
    return connection.execute(query, {"export": export, "how": how, "actor": actor, "now": now}).rowcount > 0


def append_read_back(connection: sa.Connection, read: ReadBack) -> None:
    """Keep what was read."""
    differing = [[each.account, each.currency, each.given, each.found] for each in read.differing]
    values: dict[str, Any] = {
        "export_id": read.export, "target": read.target, "first_on": read.since, "last_on": read.until,
        "document": read.document, "accounts": read.accounts, "differing": differing, "actor": read.actor, "read_at": read.at,
    }  # fmt: skip
    connection.execute(sa.insert(read_backs).values(**values))


def load_sent(connection: sa.Connection, exports: Sequence[int]) -> dict[int, Any]:
    """How, by whom (`actor`) and when (`sent_at`) exports were handed over, by their numbers."""
    query = sa.select(sent_exports).where(sent_exports.c.export_id.in_(exports))
    return {row.export_id: row for row in connection.execute(query)}


def read_backs_of(connection: sa.Connection, targets: Sequence[str]) -> list[ReadBack]:
    """What was read back of these ledgers, the newest first."""
    query = sa.select(read_backs).where(read_backs.c.target.in_(set(targets))).order_by(read_backs.c.id.desc())
    return [_read_back(row) for row in connection.execute(query).mappings()]


def _read_back(row: Any) -> ReadBack:
    return ReadBack(
        export=row["export_id"],
        target=row["target"],
        since=row["first_on"],
        until=row["last_on"],
        document=row["document"],
        accounts=row["accounts"],
        differing=tuple(Differing(*each) for each in row["differing"]),
        actor=row["actor"],
        at=row["read_at"],
    )


def days_of(connection: sa.Connection, export: int) -> tuple[date, date]:
    """The first and the last day of the entries of an export."""
    query = sa.text(
        "SELECT min(e.day), max(e.day) FROM trueup.exported_entries x JOIN trueup.journal_entries e ON e.id = x.entry_id"
        " WHERE x.export_id = :export"
    )
    first, last = connection.execute(query, {"export": export}).one()
    return first, last


def sum_given(connection: sa.Connection, export: int, days: Sequence[date | None]) -> dict[tuple[str, str], int]:
    """What the entries of these days come to that a target was given up to an export, each once: by (account, currency)."""
    rows = connection.execute(_GIVEN, {"export": export, "since": days[0], "until": days[1]})
    return {(row.account, row.currency): int(row.minor) for row in rows}


_GIVEN = sa.text(
    "SELECT s.account, s.currency, sum(s.minor) AS minor FROM (SELECT DISTINCT x.entry_id FROM trueup.exported_entries x"
    " WHERE x.target = (SELECT target FROM trueup.exports WHERE id = :export) AND x.export_id <= :export) g"
    " JOIN trueup.journal_entries e ON e.id = g.entry_id JOIN trueup.journal_sums s ON s.entry_id = e.id"
    " WHERE e.day >= coalesce(CAST(:since AS date), '-infinity') AND e.day <= coalesce(CAST(:until AS date), 'infinity')"
    " GROUP BY 1, 2"
)


def exports_up_to(connection: sa.Connection, export: int) -> list[int]:
    """The exports that its target was given, up to and with this one."""
    query = sa.text(
        "SELECT id FROM trueup.exports WHERE id <= :export AND target = (SELECT target FROM trueup.exports WHERE id = :export)"
        " ORDER BY id"
    )
    return list(connection.execute(query, {"export": export}).scalars())
