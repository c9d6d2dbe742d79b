"""Lines of the journal as a table, of the entries that a filter leaves, however many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from trueup.storage.journal import journal_lines
from trueup.storage.views.journal import EntryFilter, wanted_entries

_AT_ONCE = 5000


def count_lines(connection: sa.Connection, wanted: EntryFilter) -> int:
    """How many lines they have."""
    entry = wanted_entries(wanted).subquery("e")
    query = sa.select(sa.func.count()).join_from(entry, journal_lines, journal_lines.c.entry_id == entry.c.id)
    return int(connection.execute(query).scalar_one())


def stream_lines(connection: sa.Connection, wanted: EntryFilter) -> Iterator[Any]:
    """Every line by day and entry: entry, day, kind, what, account, amount, what it rests on.

    Memory stays bounded. Nothing else may use the connection meanwhile.
    """
    entry, line = wanted_entries(wanted).subquery("e"), journal_lines.c
    of_line = (line.account, line.minor, line.currency, line.reference, line.type, line.rule)
    query = (
        sa.select(*(entry.c[name] for name in ("id", "day", "kind", "narration")), *of_line, entry.c.evidence)
        .join_from(entry, journal_lines, line.entry_id == entry.c.id)
        .order_by(entry.c.day, entry.c.id, line.number)
    )
    yield from connection.execute(query, execution_options={"yield_per": _AT_ONCE})
