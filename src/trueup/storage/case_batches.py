"""Many cases at once: opened, brought up to date and closed in one statement each. For bookings, which touch thousands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from trueup.base.ids import canonical_json
from trueup.domain.case_causes import cause_of
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.bulk import text_array
from trueup.storage.case_course import EARLIER, on_update
from trueup.storage.case_merges import release


def open_cases(connection: sa.Connection, drafts: Sequence[CaseDraft], now: datetime) -> None:
    """Open each, or bring the open one of its kind and subject up to date; a deadline once given is never put off."""
    if not drafts:
        return
    rows = [
        {
            "kind": draft.kind,
            "subject": draft.subject,
            "title": draft.title,
            "expected": draft.expected,
            "found": draft.found,
            "risk_minor": draft.money_at_risk.minor if draft.money_at_risk else None,
            "risk_currency": draft.money_at_risk.currency if draft.money_at_risk else None,
            "deadline": draft.deadline.isoformat() if draft.deadline else None,
            "owner": draft.owner,
            "resolutions": [each.value for each in draft.resolutions],
            "evidence": draft.evidence,
            "cause": cause_of(draft),
            "things": draft.things,
        }
        for draft in sorted(drafts, key=lambda draft: (draft.kind, draft.subject))
    ]
    connection.execute(_OPEN, {"rows": canonical_json(rows).decode(), "now": now})


_OPEN = sa.text(
    "INSERT INTO trueup.cases AS c (kind, subject, title, expected, found, risk_minor, risk_currency, deadline, owner,"
    " resolutions, evidence, cause, things, counted_at, known_minor, known_things, state, opened_at, resolution, resolved_by, note,"
    " came_back_from) SELECT kind, subject, title, expected, found, risk_minor, risk_currency, deadline, owner, resolutions,"
    " evidence, cause, things, :now, risk_minor, things, 'open', :now, '', '', '',"
    f" {EARLIER.format(kind='n.kind', subject='n.subject')}"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(kind text, subject text, title text,"
    " expected text, found text, risk_minor bigint, risk_currency text, deadline timestamptz, owner text, resolutions jsonb,"
    " evidence text, cause text, things integer) ON CONFLICT (kind, subject) WHERE state = 'open' DO UPDATE SET"
    " title = excluded.title, expected = excluded.expected, found = excluded.found, risk_minor = excluded.risk_minor,"
    " risk_currency = excluded.risk_currency, deadline = least(c.deadline, excluded.deadline), owner = excluded.owner,"
    " resolutions = excluded.resolutions, evidence = excluded.evidence, cause = excluded.cause, things = excluded.things,"
    " counted_at = excluded.counted_at, "
    + ", ".join(f"{column} = {becomes}" for column, becomes in on_update("c").items())
)


def close_cases_of(
    connection: sa.Connection, keys: Collection[tuple[str, str]], *, why: str, now: datetime, by: str = "trueup"
) -> None:
    """Resolve the open cases of these kinds and subjects, because their cause is gone."""
    if not keys:
        return
    kinds, subjects = zip(*sorted(keys), strict=True)
    closed = connection.execute(
        _CLOSE, {"kinds": text_array(kinds), "subjects": text_array(subjects), "why": why, "now": now, "by": by}
    )
    release(connection, closed.scalars().all())


_CLOSE = sa.text(
    "UPDATE trueup.cases AS c SET state = 'resolved', resolved_at = :now, resolution = 'cause-gone', resolved_by = :by,"
    " note = :why FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS g(kind, subject)"
    " WHERE c.kind = g.kind AND c.subject = g.subject AND c.state = 'open' RETURNING c.id"
)


def ids_of_open(connection: sa.Connection, keys: Collection[tuple[str, str]], limit: int = 100) -> tuple[int, ...]:
    """The ids of the open cases of these kinds and subjects, the oldest first; at most so many."""
    if not keys:
        return ()
    kinds, subjects = zip(*sorted(keys), strict=True)
    asked = {"kinds": text_array(kinds), "subjects": text_array(subjects), "limit": limit}
    return tuple(connection.execute(_IDS, asked).scalars())


_IDS = sa.text(
    "SELECT c.id FROM trueup.cases c JOIN unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS g(kind, subject)"
    " ON c.kind = g.kind AND c.subject = g.subject WHERE c.state = 'open' ORDER BY c.id LIMIT :limit"
)


def dismissed_cases(connection: sa.Connection, kind: str, subjects: Collection[str]) -> dict[str, tuple[str, str]]:
    """What was expected and found in the newest case of each subject, where a person dismissed it: the same again is no news."""
    rows = connection.execute(_NEWEST, {"kind": kind, "subjects": list(subjects)}) if subjects else ()
    return {row.subject: (row.expected, row.found) for row in rows if row.resolution == Resolution.DISMISS.value}


_NEWEST = sa.text(
    "SELECT DISTINCT ON (subject) subject, expected, found, resolution FROM trueup.cases"
    " WHERE kind = :kind AND subject = ANY(:subjects) ORDER BY subject, id DESC"
)


def is_open(connection: sa.Connection, kind: str) -> bool:
    """Whether any case of a kind is open."""
    query = sa.text("SELECT EXISTS (SELECT FROM trueup.cases WHERE kind = :kind AND state = 'open')")
    return bool(connection.execute(query, {"kind": kind}).scalar_one())
