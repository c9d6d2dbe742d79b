"""Read-backs: when something that we wrote to another system was last read there again: the proof that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

_NEWEST = 5000
"""How many of the newest deliveries and shop orders are looked at for the last one that was read back."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The latest of one kind of thing that was written to a connection."""

    connection: str
    what: str
    at: datetime


def list_read_backs(connection: sa.Connection) -> list[ReadBack]:
    """By connection and what was written; what never was is not there."""
    return [ReadBack(*row) for row in connection.execute(_READ_BACKS, {"newest": _NEWEST})]


_READ_BACKS = sa.text(
    "SELECT connection, what, at FROM ("
    " SELECT channel AS connection, 'acknowledgements' AS what, max(proved_at) AS at FROM (SELECT channel, proved_at"
    "  FROM trueup.deliveries WHERE kind = 'acknowledgement' ORDER BY id DESC LIMIT :newest) d GROUP BY channel"
    " UNION ALL SELECT shop, 'orders', max(read_back_at) FROM (SELECT shop, read_back_at FROM trueup.sales_orders"
    "  ORDER BY order_id DESC LIMIT :newest) s GROUP BY shop"
    " UNION ALL SELECT channel, 'stock', max(shown_at) FROM trueup.publications GROUP BY channel"
    ") e WHERE at IS NOT NULL ORDER BY connection, what"
)
