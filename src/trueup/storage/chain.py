"""The chain of arrivals: each row carries the hash of the row before it, so that whoever has the rows can check them offline.

One chain would make every writer wait for the one before it to commit. So there are lanes: a transaction takes the first lane
that nobody holds, and keeps it until it ends. It never waits and never meets a deadlock; a single writer stays in lane 0, and
there come to be about as many lanes as writers at once. Every row is chained when it commits. What a chain cannot show is that
rows at its end were cut off: note a lane's last hash elsewhere for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.ids import Digest, digest_of_json

LANES = 64
FIRST_LINK = Digest("0" * 64)  # what stands before the first row of a lane
_LOCKS = 0x6C616E65  # "lane": the class of our advisory locks
_FREE_LANE = sa.text(
    "SELECT lane FROM generate_series(0, :last) AS lane WHERE pg_try_advisory_xact_lock(:locks, lane) LIMIT 1"
)
_BUSY_LANE = sa.text("SELECT lane FROM (SELECT pg_backend_pid() % :lanes AS lane), pg_advisory_xact_lock(:locks, lane)")

_LAST_ROW = sa.text("SELECT position, row_hash FROM trueup.documents WHERE lane = :lane ORDER BY position DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class Link:
    """A row's place: its lane, its position there from 1, and the hash of the row before it."""

    lane: int
    position: int
    prev_hash: Digest


def take_link(connection: sa.Connection) -> Link:
    """The next place in a lane that is ours until the transaction ends. With all lanes taken it waits for one."""
    lane = connection.execute(_FREE_LANE, {"last": LANES - 1, "locks": _LOCKS}).scalar()
    if lane is None:
        lane = connection.execute(_BUSY_LANE, {"lanes": LANES, "locks": _LOCKS}).scalar_one()
    # A statement of its own: its view of the lane must be younger than the lock.
    last = connection.execute(_LAST_ROW, {"lane": lane}).one_or_none()
    return Link(lane, last.position + 1, Digest(last.row_hash)) if last else Link(lane, 1, FIRST_LINK)


def hash_row(link: Link, facts: Mapping[str, Any]) -> Digest:
    """SHA-256 of the canonical JSON of the row: its facts, place and predecessor."""
    place = {"lane": link.lane, "position": link.position, "prev_hash": link.prev_hash}
    return digest_of_json({**facts, **place})
