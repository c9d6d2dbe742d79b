"""Documents as the console lists them: filtered and paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage.documents import documents
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import Order, Paged, fetch_page

_SHOWN = ("id", "kind", "source", "subject", "name", "media_type", "size_bytes", "digest")


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which arrivals: of a kind, from a source, with these words in their name or their hash beginning so, after a moment."""

    kind: str = ""
    source: str = ""
    words: str = ""
    since: datetime | None = None


def page_documents(connection: sa.Connection, wanted: DocumentFilter, *, at: str = "", limit: int = 50) -> Paged:
    """Arrivals of a filter, the newest first."""
    paged = fetch_page(connection, _wanted(wanted), Order((documents.c.id,), descending=True), at, limit)
    rows = [
        {**{name: row[name] for name in _SHOWN}, "received_at": write_instant(row["received_at"])} for row in paged.rows
    ]
    return Paged(rows, paged.before, paged.after)


def growing_documents(wanted: DocumentFilter) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(_wanted(wanted), documents.c.id)


def _wanted(wanted: DocumentFilter) -> sa.Select[Any]:
    query = sa.select(documents)
    if wanted.kind:
        query = query.where(documents.c.kind == wanted.kind)
    if wanted.source:
        query = query.where(documents.c.source == wanted.source)
    if wanted.since:
        query = query.where(documents.c.received_at > wanted.since)
    if wanted.words:
        named = documents.c.name.icontains(wanted.words, autoescape=True)
        query = query.where(sa.or_(named, documents.c.digest.startswith(wanted.words.lower(), autoescape=True)))
    return query


def list_kinds(connection: sa.Connection) -> list[str]:
    """The kinds of documents there are."""
    return _distinct(connection, "kind")


def list_document_sources(connection: sa.Connection) -> list[str]:
    """Where documents came from."""
    return _distinct(connection, "source")


def _distinct(connection: sa.Connection, column: str) -> list[str]:
    """From value to value by the greatest of the rest: there are few, however many documents."""
    statement = sa.text(
        f"WITH RECURSIVE v AS ((SELECT min({column}) AS value FROM trueup.documents) UNION ALL"
        f" SELECT (SELECT min(d.{column}) FROM trueup.documents d WHERE d.{column} > v.value) FROM v"
        " WHERE v.value IS NOT NULL) SELECT value FROM v WHERE value IS NOT NULL"
    )
    found: list[Any] = list(connection.execute(statement).scalars())
    return found
