"""What circular systems said, in the database: each item, cycle, return and blocked date as it was said last, and every change.

The system is the source of truth; this is no second one. What it said last is kept because decisions need many of its records
at once and it answers a hundred a request; each row names the reply that said so, and when it was last seen. Nothing personal
is in it. Rows of changes are only ever added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.ids import digest_of_json
from trueup.domain.circular import (
    BlockedDate,
    BlockedResource,
    Cycle,
    CycleStatus,
    Item,
    ReturnOrder,
    ReturnStatus,
    Visibility,
)
from trueup.storage.bulk import among
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

circular_records = sa.Table(
    "circular_records",
    metadata,
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("item", sa.BigInteger),
    sa.Column("variant", sa.Text),
    sa.Column("serial", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("gone_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_circular_records_variant", "variant", "kind"),
    sa.Index("ix_circular_records_item", "programme", "item", "kind", postgresql_where=sa.text("open")),
    sa.Index("ix_circular_records_serial", "serial", postgresql_where=sa.text("serial IS NOT NULL")),
)
circular_changes = sa.Table(
    "circular_changes",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("before", JSONB),
    sa.Column("after", JSONB),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_circular_changes_record", "programme", "kind", "record", "id"),
)

Record: TypeAlias = Item | Cycle | ReturnOrder | BlockedDate


class Kind(StrEnum):
    """What a record is of."""

    ITEM = "item"
    CYCLE = "cycle"
    RETURN = "return"
    BLOCKED = "blocked"


class What(StrEnum):
    """What happened to a record."""

    APPEARED = "appeared"
    CHANGED = "changed"
    GONE = "gone"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was seen: the fields that differ, before and after."""

    kind: Kind
    record: int
    what: What
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """Where and when something was said: the programme, the hash of the reply, and the instant its request left."""

    programme: str
    evidence: str
    at: datetime


_CLASSES: dict[type[Any], Kind] = {
    Item: Kind.ITEM,
    Cycle: Kind.CYCLE,
    ReturnOrder: Kind.RETURN,
    BlockedDate: Kind.BLOCKED,
}
_KINDS: dict[Kind, type[Any]] = {kind: each for each, kind in _CLASSES.items()}


def save_records(connection: sa.Connection, records: Iterable[Record], said: Said) -> list[Change]:
    """Keep what was said where it is newer than what is kept; returns what changed. A record twice in a reply is its last."""
    fresh = {(_CLASSES[type(record)], record.id): record for record in records}
    changes: list[Change] = []
    for kind in Kind:
        here = [record for (of, _), record in fresh.items() if of is kind]
        if here:
            changes += _save_kind(connection, kind, here, said)
    return changes


def _save_kind(connection: sa.Connection, kind: Kind, records: Sequence[Record], said: Said) -> list[Change]:
    ids = sorted(record.id for record in records)
    table = circular_records
    mine = (table.c.programme == said.programme, table.c.kind == kind.value, among(table.c.id, ids))
    query = sa.select(table.c.id, table.c.body, table.c.digest, table.c.seen_at, table.c.gone_at).where(*mine)
    known = {row.id: row for row in connection.execute(query.order_by(table.c.id).with_for_update())}
    changes: list[Change] = []
    rows: list[dict[str, Any]] = []
    for record in sorted(records, key=lambda each: each.id):
        before = known.get(record.id)
        if before is not None and before.seen_at > said.at:
            continue  # read earlier, told later: what is kept is newer
        row = _row(kind, record, said)
        if before is None or before.digest != row["digest"] or before.gone_at is not None:
            rows.append(row)
            changes.append(_change(kind, record.id, before, row["body"]))
    seen = [record.id for record in records if record.id in known and known[record.id].seen_at <= said.at]
    if seen:
        last = table.c.programme == said.programme, table.c.kind == kind.value, table.c.id.in_(seen)
        connection.execute(sa.update(table).where(*last).values(seen_at=said.at))
    _write(connection, rows, changes, said)
    return changes


def _write(connection: sa.Connection, rows: list[dict[str, Any]], changes: list[Change], said: Said) -> None:
    if rows:
        statement = insert(circular_records)
        columns = (
            "item",
            "variant",
            "serial",
            "state",
            "open",
            "body",
            "digest",
            "evidence",
            "changed_at",
            "seen_at",
            "gone_at",
        )
        told = {name: statement.excluded[name] for name in columns}
        connection.execute(statement.on_conflict_do_update(index_elements=["programme", "kind", "id"], set_=told), rows)
    if changes:
        connection.execute(sa.insert(circular_changes), [_history(change, said) for change in changes])


def mark_gone(connection: sa.Connection, kind: Kind, record: int, said: Said) -> Change | None:
    """The system does not know it any more. Its shadow stays. None when it was gone already."""
    table = circular_records
    here = (table.c.programme == said.programme, table.c.kind == kind.value, table.c.id == record)
    done = connection.execute(
        sa.update(table)
        .where(*here, table.c.gone_at.is_(None))
        .values(gone_at=said.at, open=False)
        .returning(table.c.id)
    ).first()
    if done is None:
        return None
    change = Change(kind, record, What.GONE, {}, {})
    connection.execute(sa.insert(circular_changes), [_history(change, said)])
    return change


def unseen_since(connection: sa.Connection, programme: str, kind: Kind, since: datetime, limit: int) -> list[int]:
    """Records that are not gone and that no reply since then told of: a whole sweep should have."""
    table = circular_records
    query = sa.select(table.c.id).where(
        table.c.programme == programme, table.c.kind == kind.value, table.c.gone_at.is_(None), table.c.seen_at < since
    )
    return list(connection.execute(query.order_by(table.c.id).limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it is kept: what was said, in which reply, and since when it is so."""

    programme: str
    record: Any
    evidence: str
    first_seen_at: datetime
    changed_at: datetime
    seen_at: datetime
    gone_at: datetime | None


def load_records(
    connection: sa.Connection,
    kind: Kind,
    *conditions: sa.ColumnElement[bool],
    after: tuple[str, int] = ("", 0),
    limit: int | None = None,
) -> list[Kept]:
    """Records of a kind in the order of programme and id, from after one."""
    table = circular_records
    query = sa.select(table).where(table.c.kind == kind.value, *conditions)
    if after != ("", 0):
        query = query.where(sa.tuple_(table.c.programme, table.c.id) > sa.tuple_(*after))
    query = query.order_by(table.c.programme, table.c.id)
    if limit is not None:
        query = query.limit(limit)
    return [_kept(kind, row) for row in connection.execute(query).mappings()]


def load_newest(
    connection: sa.Connection, kind: Kind, conditions: Iterable[sa.ColumnElement[bool]], limit: int
) -> list[Kept]:
    """So many records of a kind, those with the highest ids, the highest first."""
    table = circular_records
    query = sa.select(table).where(table.c.kind == kind.value, *conditions).order_by(table.c.id.desc()).limit(limit)
    return [_kept(kind, row) for row in connection.execute(query).mappings()]


def load_record(connection: sa.Connection, kind: Kind, programme: str, record: int) -> Kept | None:
    """One record, gone ones too."""
    table = circular_records
    found = load_records(connection, kind, table.c.programme == programme, table.c.id == record)
    return found[0] if found else None


def list_changes(
    connection: sa.Connection, programme: str, wanted: Collection[tuple[Kind, int]], *, limit: int = 200
) -> list[dict[str, Any]]:
    """What happened to these records, the newest first."""
    table = circular_changes
    pairs = [(kind.value, record) for kind, record in sorted(wanted)]
    query = sa.select(table).where(table.c.programme == programme, sa.tuple_(table.c.kind, table.c.record).in_(pairs))
    return [dict(row) for row in connection.execute(query.order_by(table.c.id.desc()).limit(limit)).mappings()]


def _row(kind: Kind, record: Record, said: Said) -> dict[str, Any]:
    body = to_json(record)
    return {
        "programme": said.programme,
        "kind": kind.value,
        "id": record.id,
        **_facts(record),
        "body": body,
        "digest": digest_of_json(body),
        "evidence": said.evidence,
        "first_seen_at": said.at,
        "changed_at": said.at,
        "seen_at": said.at,
        "gone_at": None,
    }


def _facts(record: Record) -> dict[str, Any]:
    """What a record is looked for by. `open`: it may still matter to somebody."""
    match record:
        case Item():
            gone = record.visibility in (Visibility.SOLD, Visibility.RETIRED)
            return _columns(record.visibility, not gone, record.id, record.variant, record.serial)
        case Cycle():
            over = record.status is CycleStatus.CANCELLED or record.restocked_at is not None
            return _columns(record.status, not over, record.item)
        case ReturnOrder():
            over = record.status in (ReturnStatus.COMPLETED, ReturnStatus.CANCELLED)
            return _columns(record.status, not over)
        case BlockedDate():
            item = record.resource_id if record.resource is BlockedResource.ITEM else None
            return _columns(record.resource, True, item, record.variant)


def _columns(
    state: object, is_open: bool, item: int | None = None, variant: str | None = None, serial: str | None = None
) -> dict[str, Any]:
    return {"item": item, "variant": variant, "serial": serial, "state": str(state), "open": is_open}


def _change(kind: Kind, record: int, before: Any, body: dict[str, Any]) -> Change:
    if before is None:
        return Change(kind, record, What.APPEARED, {}, body)
    names = [name for name in sorted(body.keys() | before.body.keys()) if body.get(name) != before.body.get(name)]
    what = What.BACK if before.gone_at is not None else What.CHANGED
    old, new = ({name: each.get(name) for name in names} for each in (before.body, body))
    return Change(kind, record, what, old, new)


def _history(change: Change, said: Said) -> dict[str, Any]:
    return {
        "programme": said.programme,
        "kind": change.kind.value,
        "record": change.record,
        "at": said.at,
        "what": change.what.value,
        "before": change.before,
        "after": change.after,
        "evidence": said.evidence,
    }


def _kept(kind: Kind, row: Any) -> Kept:
    times = (row["first_seen_at"], row["changed_at"], row["seen_at"], row["gone_at"])
    record = cast(Any, from_json(row["body"], _KINDS[kind]))
    return Kept(row["programme"], record, row["evidence"], *times)
