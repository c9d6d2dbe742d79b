"""Exports in the database: which entries of the journal each target was given, and in which files. Only ever appended.

A target is a ledger's format. What it was given once it is not given again unless someone says so; the table refuses it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.storage.bulk import array_text, reserve_ids
from trueup.storage.schema import metadata

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("again", sa.Boolean, nullable=False),
    sa.Column("first_on", sa.Date),
    sa.Column("last_on", sa.Date),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("ledger", JSONB, nullable=False),
    sa.Column("files", JSONB, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("exported_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("entries > 0", name="of_something"),
    sa.Index("ix_exports_target", "target", "id"),
)
exported_entries = sa.Table(
    "exported_entries",
    metadata,
    sa.Column("export_id", sa.BigInteger, primary_key=True),
    sa.Column("entry_id", sa.BigInteger, primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("again", sa.Boolean, nullable=False),
    sa.Index("ix_exported_entries_given", "target", "entry_id"),
    sa.Index("uq_exported_entries_once", "target", "entry_id", unique=True, postgresql_where=sa.text("NOT again")),
)
placed_exports = sa.Table(
    "placed_exports",
    metadata,
    sa.Column("export_id", sa.BigInteger, sa.ForeignKey("exports.id"), primary_key=True),
    sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
_ROWS_AT_ONCE = 5000
_ENTRIES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a target is to be given: of these days (both included, None: any), those it was given before too if `again`."""

    target: str
    since: date | None = None
    until: date | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """An export. `ledger`: how the ledger is set up, as the format was told. `files`: name, digest and size of each, in order.

    `placed_at` is None when the files were recorded but never said to be in place.
    """

    id: int
    scope: Scope
    entries: int
    ledger: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    actor: str
    exported_at: datetime
    placed_at: datetime | None = None


def lock_target(connection: sa.Connection, target: str) -> None:
    """One export of a target at a time, until the transaction ends: two would both take what is new."""
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 6))"), {"name": f"export {target}"}
    )


def take_entries(connection: sa.Connection, scope: Scope) -> tuple[int, int]:
    """Take the entries of a new export; returns its id and their number. Zero entries: there is no such export."""
    (export_id,) = reserve_ids(connection, "exports", 1)
    values = {"export": export_id, "target": scope.target, "again": scope.again}
    taken = connection.execute(_TAKE, {**values, "since": scope.since, "until": scope.until})
    return export_id, taken.rowcount


_OF_SCOPE = (
    " FROM trueup.journal_entries e"
    " WHERE e.day >= coalesce(CAST(:since AS date), '-infinity') AND e.day <= coalesce(CAST(:until AS date), 'infinity')"
    " AND (:again OR NOT EXISTS (SELECT FROM trueup.exported_entries x WHERE x.target = :target AND x.entry_id = e.id))"
)
_TAKE = sa.text(
    "INSERT INTO trueup.exported_entries (export_id, entry_id, target, again) SELECT :export, e.id, :target, :again"
    + _OF_SCOPE
)
_COUNT = sa.text("SELECT count(*)" + _OF_SCOPE)


def count_entries(connection: sa.Connection, scope: Scope) -> int:
    """How many entries an export of a scope would take now."""
    values = {"target": scope.target, "again": scope.again, "since": scope.since, "until": scope.until}
    return int(connection.execute(_COUNT, values).scalar_one())


def stream_entries(connection: sa.Connection, export_id: int) -> Iterator[JournalEntry]:
    """The entries of an export by day, however many: memory stays bounded. Nothing else may use the connection meanwhile.

    Some hundred at a time, so that nothing sorts the lines of them all; and of these no more is held than the lines of one.
    """
    after: tuple[date, int] = date.min, 0
    while heads := connection.execute(_HEADS, {"export": export_id, "day": after[0], "id": after[1]}).all():
        ids = array_text(head.id for head in heads)
        rows = connection.execute(_LINES, {"ids": ids}, execution_options={"yield_per": _ROWS_AT_ONCE})
        for place, group in groupby(rows, key=itemgetter(0)):
            head = heads[place - 1]
            lines = tuple(_line(*row) for row in group)
            yield JournalEntry(head.key, head.day, head.narration, lines, head.evidence, head.reverses)
        after = heads[-1].day, heads[-1].id


_HEADS = sa.text(
    "SELECT e.id, e.key, e.day, e.narration, e.evidence, e.reverses FROM trueup.journal_entries e"
    " JOIN trueup.exported_entries x ON x.export_id = :export AND x.entry_id = e.id"
    f" WHERE (e.day, e.id) > (:day, :id) ORDER BY e.day, e.id LIMIT {_ENTRIES_AT_ONCE}"
)
_LINES = sa.text(
    "SELECT o.place, l.account, l.minor, l.currency, l.reference, l.type, l.rule, l.source_line"
    " FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS o(id, place)"
    " JOIN trueup.journal_lines l ON l.entry_id = o.id ORDER BY o.place, l.number"
)


def accounts_given(connection: sa.Connection, target: str, before: int) -> frozenset[str]:
    """The accounts that lines of earlier exports to a target are on."""
    query = sa.text(
        "SELECT DISTINCT l.account FROM trueup.exported_entries x JOIN trueup.journal_lines l ON l.entry_id = x.entry_id"
        " WHERE x.target = :target AND x.export_id < :before"
    )
    return frozenset(connection.execute(query, {"target": target, "before": before}).scalars())


def append_export(connection: sa.Connection, export: Export) -> None:
    """Record an export whose entries were taken in this transaction."""
    connection.execute(
        sa.insert(exports).values(
            id=export.id,
            target=export.scope.target,
            again=export.scope.again,
            first_on=export.scope.since,
            last_on=export.scope.until,
            entries=export.entries,
            ledger=dict(export.ledger),
            files=[dict(each) for each in export.files],
            actor=export.actor,
            exported_at=export.exported_at,
        )
    )


def note_placed(connection: sa.Connection, export_id: int, now: datetime) -> bool:
    """Note that the files of an export are in place; whether that was not known yet."""
    query = sa.text(
        "INSERT INTO trueup.placed_exports (export_id, placed_at) VALUES (:export, :now) ON CONFLICT DO NOTHING"
    )
    return connection.execute(query, {"export": export_id, "now": now}).rowcount > 0


def find_unplaced(connection: sa.Connection, target: str) -> Export | None:
    """The first export to a target whose files were never said to be in place."""
    query = _SELECT.where(exports.c.target == target, placed_exports.c.placed_at.is_(None)).order_by(exports.c.id)
    row = connection.execute(query.limit(1)).mappings().one_or_none()
    return _export(row) if row is not None else None


def load_export(connection: sa.Connection, export_id: int) -> Export:
    """An export by its number. Raises NotFound."""
    row = connection.execute(_SELECT.where(exports.c.id == export_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Export {export_id}: no such export; `trueup journal exports` shows them.")
    return _export(row)


def list_exports(connection: sa.Connection, *, target: str | None = None, limit: int = 50) -> list[Export]:
    """Exports, the newest first."""
    query = _SELECT.order_by(exports.c.id.desc()).limit(limit)
    if target is not None:
        query = query.where(exports.c.target == target)
    return [_export(row) for row in connection.execute(query).mappings()]


_SELECT = sa.select(exports, placed_exports.c.placed_at).outerjoin(
    placed_exports, placed_exports.c.export_id == exports.c.id
)


def _export(row: Mapping[Any, Any]) -> Export:
    return Export(
        row["id"],
        Scope(row["target"], row["first_on"], row["last_on"], row["again"]),
        row["entries"],
        row["ledger"],
        tuple(row["files"]),
        row["actor"],
        row["exported_at"],
        row["placed_at"],
    )


def _line(_: int, account: str, minor: int, currency: str, *about: Any) -> JournalLine:
    reference, type_, rule, source_line = about
    memo = f"{type_}, {rule}" if type_ and rule else type_ or rule
    return JournalLine(account, Money(minor, currency), reference, memo, source_line or None)
