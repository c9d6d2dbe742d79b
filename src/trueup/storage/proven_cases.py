"""Cases of continuous proofs: what a proof finds now takes the place of what it found before.

A difference that is gone closes its case. One that a person has dismissed stays dismissed for as long as it is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft
from trueup.storage.case_batches import close_cases_of, open_cases

CAUSE_GONE = "cause-gone"


@dataclass(frozen=True, slots=True)
class Proven:
    """How a proof stands: the differences that are open, those dismissed, the cases it closed, and all that it found."""

    open: int = 0
    dismissed: int = 0
    closed: int = 0
    found: int = 0

    def __add__(self, other: Proven) -> Proven:
        counts = (self.open + other.open, self.dismissed + other.dismissed, self.closed + other.closed)
        return Proven(*counts, self.found + other.found)


def replace_cases(
    connection: sa.Connection, kinds: Collection[str], drafts: Sequence[CaseDraft], *, why: str, now: datetime
) -> Proven:
    """Bring the open cases of these kinds to what was found. `why` is said of those that close."""
    dismissed = _dismissed(connection, kinds)
    standing = [draft for draft in drafts if (draft.kind, draft.subject, draft.found) not in dismissed]
    still = {(draft.kind, draft.subject) for draft in standing}
    gone = _open(connection, kinds) - still
    close_cases_of(connection, gone, why=why, now=now)
    open_cases(connection, standing, now)
    return Proven(len(still), len(drafts) - len(standing), len(gone), len(drafts))


def ids_of_kinds(connection: sa.Connection, kinds: Collection[str], limit: int = 100) -> tuple[int, ...]:
    """The ids of the open cases of these kinds, the oldest first; at most so many."""
    query = sa.text("SELECT id FROM trueup.cases WHERE state = 'open' AND kind = ANY(:kinds) ORDER BY id LIMIT :limit")
    return tuple(connection.execute(query, {"kinds": list(kinds), "limit": limit}).scalars())


def _open(connection: sa.Connection, kinds: Collection[str]) -> set[tuple[str, str]]:
    query = sa.text("SELECT kind, subject FROM trueup.cases WHERE state = 'open' AND kind = ANY(:kinds)")
    return {(row.kind, row.subject) for row in connection.execute(query, {"kinds": list(kinds)})}


def _dismissed(connection: sa.Connection, kinds: Collection[str]) -> set[tuple[str, str, str]]:
    """What persons looked at last and let be: kind, subject, and what was found then."""
    query = sa.text(
        "SELECT DISTINCT ON (kind, subject) kind, subject, found, resolution FROM trueup.cases"
        " WHERE state = 'resolved' AND resolution <> :gone AND kind = ANY(:kinds) ORDER BY kind, subject, id DESC"
    )
    rows = connection.execute(query, {"kinds": list(kinds), "gone": CAUSE_GONE})
    return {(row.kind, row.subject, row.found) for row in rows}
