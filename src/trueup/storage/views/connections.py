"""Connections to look at: which rest and why, what waits to go through each, and what each brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage.deliveries import deliveries
from trueup.storage.documents import documents
from trueup.storage.orders import orders
from trueup.storage.pauses import Pause, list_pauses
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.case_sums import sum_cases
from trueup.storage.views.paging import count_up_to

__all__ = ["Backlog", "Pause", "count_documents", "list_pauses", "list_waiting_answers", "load_backlog"]

_UNSENT = ("prepared",)
_UNPROVEN = ("sent", "received", "unanswered")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a connection: answers to be sent and to be read back, products to be published, and open cases about it,
    as many as the queue has of it."""

    unsent: int
    unproven: int
    unpublished: int
    cases: int

    @property
    def waiting(self) -> int:
        """All that waits to go through it."""
        return self.unsent + self.unproven + self.unpublished


def load_backlog(connection: sa.Connection, name: str, now: datetime) -> Backlog:
    """Of one connection."""
    found = connection.execute(_BACKLOG, {"name": name, "unsent": list(_UNSENT), "unproven": list(_UNPROVEN)})
    return Backlog(**found.mappings().one(), cases=sum_cases(connection, CaseFilter(about=name), now).count)


_BACKLOG = sa.text(
    "SELECT (SELECT count(*) FROM trueup.deliveries WHERE state = ANY(:unsent) AND channel = :name) AS unsent,"
    " (SELECT count(*) FROM trueup.deliveries WHERE state = ANY(:unproven) AND channel = :name) AS unproven,"
    " (SELECT count(*) FROM trueup.publications WHERE channel = :name AND changed_since IS NOT NULL) AS unpublished"
)


def list_waiting_answers(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    """Every answer that waits to be sent through a connection, or to be read back from it; what is due first stands first. What
    waits is work under way: there is never more of it than orders of some days."""
    query = (
        sa.select(deliveries, orders.c.partner, orders.c.number)
        .join(orders, orders.c.id == deliveries.c.order_id, isouter=True)
        .where(deliveries.c.channel == name, deliveries.c.state.in_([*_UNSENT, *_UNPROVEN]))
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    return [
        {
            "order": f"{row.partner}/{row.number}" if row.number else None,
            "key": row.key,
            "state": row.state,
            "sent": row.state in _UNPROVEN,
            "due_at": write_instant(row.due_at),
            "since": write_instant(row.sent_at or row.prepared_at),
            "in_time": row.sent_at is not None and row.sent_at <= row.due_at,
            "digest": row.digest,
        }
        for row in connection.execute(query)
    ]


def count_documents(connection: sa.Connection, name: str) -> tuple[int, bool]:
    """How many documents a connection brought, counted up to 10,000, and whether there are more."""
    return count_up_to(connection, sa.select(documents.c.id).where(documents.c.source == name))
