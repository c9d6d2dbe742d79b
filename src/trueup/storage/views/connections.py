"""Connections to look at: which rest and why, and what waits to go through each."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trueup.storage.pauses import Pause, list_pauses

__all__ = ["Backlog", "Pause", "list_pauses", "load_backlog"]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a connection: answers to be sent and to be read back, products to be published, and open cases about it."""

    unsent: int
    unproven: int
    unpublished: int
    cases: int


def load_backlog(connection: sa.Connection, name: str) -> Backlog:
    """Of one connection."""
    return Backlog(**connection.execute(_BACKLOG, {"name": name}).mappings().one())


_BACKLOG = sa.text(
    "SELECT (SELECT count(*) FROM trueup.deliveries WHERE state = 'prepared' AND channel = :name) AS unsent,"
    " (SELECT count(*) FROM trueup.deliveries WHERE state IN ('sent', 'received', 'unanswered') AND channel = :name) AS unproven,"
    " (SELECT count(*) FROM trueup.publications WHERE channel = :name AND changed_since IS NOT NULL) AS unpublished,"
    " (SELECT count(*) FROM trueup.cases WHERE state = 'open' AND (subject LIKE 'source ' || :name || ' %'"
    " OR subject = 'connection ' || :name)) AS cases"
)
