"""What other systems told us by themselves lately: whether events come at all is the first thing to know when none is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.storage.hints import hints

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Heard:
    """When the latest delivery of a source came, and how many did in the last seven days."""

    last: datetime
    lately: int


def list_heard(connection: sa.Connection, now: datetime) -> Mapping[str, Heard]:
    """By source; one that said nothing lately is not in it."""
    query = sa.select(hints.c.source, sa.func.max(hints.c.received_at), sa.func.count()).where(
        hints.c.received_at > now - LATELY
    )
    return {source: Heard(last, count) for source, last, count in connection.execute(query.group_by(hints.c.source))}
