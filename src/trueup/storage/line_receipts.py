"""What buyers' own statuses say that their docks counted in: by line, each number that was shown, with the look that showed it, and
that it was shown again later: what was told in between then says nothing.

Kept by the order's number, for a status may be read before its order is. Rows are added, never changed: a number that goes down
is as much of a fact as one that goes up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.quantity import Unit
from trueup.domain.landing import LineStatus, OrderStatus
from trueup.storage.schema import metadata

line_receipts = sa.Table(
    "line_receipts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("told_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("unit", sa.Text),
    sa.Column("unit_size", sa.BigInteger),
    sa.CheckConstraint("received >= 0", name="received"),
    sa.Index("ix_line_receipts_line", "partner", "number", "sequence", "id"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """Who was asked, by which connection, when, and the document that it answered with."""

    partner: str
    source: str
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LineReceipt:
    """So many of a line were counted in. `received_at`: the latest receipt, where that is told. `unit`: what was counted, None for
    the unit of the order; `unit_size`: how many eaches one has, where that was said."""

    sequence: int
    received: int
    received_at: datetime | None
    source: str
    evidence: str
    seen_at: datetime
    unit: Unit | None = None
    unit_size: int | None = None

    def eaches(self, ordered: Unit, size: int | None) -> int | None:
        """How many eaches that are, by its own unit; of an order in units of that `size`. None where nobody says how many."""
        own = self.unit_size if self.unit is Unit.CASE else 1
        if self.unit is None or (own is None and ordered is Unit.CASE):
            own = size or (1 if ordered is Unit.EACH else None)
        return self.received * (own or 0) if own or not self.received else None


def save_receipts(connection: sa.Connection, look: Look, status: OrderStatus) -> int:
    """Keep what a status says otherwise than the look before it; what is older than what is kept says nothing. How many lines were
    news."""
    told = {line.sequence: line for line in status.lines if line.received is not None and line.received >= 0}
    if not told:
        return 0
    # Of two looks at once the second waits, or both would write down the same news.
    connection.execute(_LOCK, {"key": f"receipts of {look.partner} {status.number}"})
    known = {row.sequence: row for row in connection.execute(_newest(look.partner, status.number))}
    rows: list[dict[str, Any]] = []
    news = 0
    for sequence, line in told.items():
        before = known.get(sequence)
        again = before is not None and _shown(before) == _shown(line)
        if before is not None:
            since = _since(before.told_at, status.updated_at)
            if since < timedelta(0) or (again and not since):
                continue
        news += not again
        unit = {"unit": line.unit.value if line.unit else None, "unit_size": line.unit_size}
        rows.append({"sequence": sequence, "received": line.received, "received_at": line.received_at} | unit)
    same: dict[str, Any] = {
        "partner": look.partner,
        "number": status.number,
        "told_at": status.updated_at,
        "source": look.source,
        "evidence": look.evidence,
        "seen_at": look.at,
    }
    if rows:
        connection.execute(sa.insert(line_receipts), [row | same for row in rows])
    return news


def load_receipts(connection: sa.Connection, partner: str, number: str) -> dict[int, LineReceipt]:
    """The newest word on each line of an order, by the first look that showed it: the same told again is no other evidence. A line
    of which nothing was shown is not there."""
    return {each.sequence: each for each in list_receipts(connection, partner, number)}


def list_receipts(connection: sa.Connection, partner: str, number: str) -> list[LineReceipt]:
    """Every number that was shown of an order's lines, the earliest look first; one that was shown again is not there twice."""
    query = sa.select(line_receipts).where(line_receipts.c.partner == partner, line_receipts.c.number == number)
    told: list[LineReceipt] = []
    last: dict[int, LineReceipt] = {}
    for each in _receipts(connection.execute(query.order_by(line_receipts.c.id))):
        before = last.get(each.sequence)
        if before is None or _shown(before) != _shown(each):
            told.append(each)
        last[each.sequence] = each
    return told


def _newest(partner: str, number: str) -> sa.Select[tuple[object, ...]]:
    kept = line_receipts.c
    latest = (
        sa.select(sa.func.max(kept.id)).where(kept.partner == partner, kept.number == number).group_by(kept.sequence)
    )
    return sa.select(line_receipts).where(kept.id.in_(latest.scalar_subquery())).order_by(kept.sequence)


def _since(before: datetime | None, now: datetime | None) -> timedelta:
    """How much later something is told; none where either time is unknown."""
    return now - before if now is not None and before is not None else timedelta(0)


def _shown(told: LineStatus | LineReceipt | sa.Row[Any]) -> tuple[object, ...]:
    """What a word on a line says, whenever it was told."""
    return told.received, told.received_at, told.unit, told.unit_size


def _receipts(rows: Iterable[sa.Row[Any]]) -> list[LineReceipt]:
    return [
        LineReceipt(
            row.sequence,
            row.received,
            row.received_at,
            row.source,
            row.evidence,
            row.seen_at,
            Unit(row.unit) if row.unit else None,
            row.unit_size,
        )
        for row in rows
    ]


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
