"""Terms and charges to look at: what was agreed as it was known when, and what Amazon took against it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.terms import in_force
from trueup.storage.terms import SavedTerm, load_terms


def list_terms(
    connection: sa.Connection, day: date | None = None, known_on: date | None = None
) -> list[dict[str, Any]]:
    """Every term that was entered; with a day those in force on it; as they were known on a day, where one is given."""
    saved = [each for each in load_terms(connection) if known_on is None or each.term.known(known_on)]
    return [term_json(each) for each in (saved if day is None else _in_force(saved, day, known_on or date.max))]


def list_stated(connection: sa.Connection, today: date, *, everything: bool = False) -> list[dict[str, Any]]:
    """Terms with where each stands on a day: those in force or to come; with `everything` also `ended`, `replaced` by one that was
    known later, and `taken-back`."""
    saved = load_terms(connection)
    rows = [{**term_json(each), "state": _state(each, saved, today)} for each in saved]
    return [row for row in rows if everything or row["state"] in ("in-force", "to-come")]


def _state(each: SavedTerm, saved: Iterable[SavedTerm], today: date) -> str:
    term = each.term
    if term.known_to is not None and term.known_to <= today:
        return "taken-back"
    if term.valid_to is not None and term.valid_to <= today:
        return "ended"
    day, known = max(today, term.valid_from), max(today, term.known_from)
    own = [other.term for other in saved if other.term.marketplace == term.marketplace]
    if in_force(own, term.kind, day, known, term.marketplace) != term:
        return "replaced"
    return "in-force" if day == known == today else "to-come"


def _in_force(saved: Iterable[SavedTerm], day: date, known_on: date) -> list[SavedTerm]:
    groups: dict[tuple[str, str], list[SavedTerm]] = {}
    for each in saved:
        groups.setdefault((each.term.kind, each.term.marketplace), []).append(each)
    found = []
    for (kind, marketplace), group in groups.items():
        term = in_force([each.term for each in group], kind, day, known_on, marketplace)
        found += [each for each in group if each.term == term][:1]
    return found


def term_json(saved: SavedTerm) -> dict[str, Any]:
    """A term as plain JSON."""
    term = saved.term
    return {
        "id": saved.id,
        "kind": term.kind,
        "marketplace": term.marketplace or None,
        "rate": f"{term.percent:f}%" if term.percent is not None else str(term.per_unit) if term.per_unit else None,
        "basis": term.basis.value,
        "within_days": term.within_days,
        "valid_from": term.valid_from.isoformat(),
        "valid_to": term.valid_to.isoformat() if term.valid_to else None,
        "known_from": term.known_from.isoformat(),
        "rounding": term.rounding,
        "source": term.source,
        "entered_by": saved.entered_by,
        "entered_at": write_instant(saved.entered_at),
        "evidence": saved.evidence or None,
        "known_to": term.known_to.isoformat() if term.known_to else None,
        "version": saved.version,
        "approved_by": saved.approved_by or None,
        "approved_because": saved.approved_because or None,
        "stands": saved.stands,
    }


def list_unrated(connection: sa.Connection, missing: str | None = None) -> list[dict[str, Any]]:
    """Charges that could not be judged, by kind and what is missing, the most money first."""
    return [
        {
            "kind": row.kind,
            "marketplace": row.marketplace,
            "missing": row.missing,
            "lines": row.lines,
            "money": str(Money(int(row.minor), row.currency)),
            "first": row.first.isoformat(),
            "last": row.last.isoformat(),
            "example": row.example,
            "why": row.why,
        }
        for row in connection.execute(_UNRATED, {"missing": missing})
    ]


_UNRATED = sa.text(
    "SELECT kind, marketplace, missing, currency, count(*) AS lines, sum(charged_minor) AS minor, min(day) AS first,"
    " max(day) AS last, min(reference) AS example, min(why) AS why FROM trueup.charges"
    " WHERE verdict = 'unrated' AND (CAST(:missing AS text) IS NULL OR missing = :missing)"
    " GROUP BY kind, marketplace, missing, currency ORDER BY missing DESC, sum(charged_minor) DESC, kind, marketplace"
)


def list_verdicts(connection: sa.Connection) -> list[dict[str, Any]]:
    """All charges by what they were found to be, kind and currency: how many, how much, and what was expected."""
    return [
        {
            "verdict": row.verdict,
            "kind": row.kind,
            "lines": row.lines,
            "charged": str(Money(int(row.charged), row.currency)),
            "expected": str(Money(int(row.expected), row.currency)) if row.expected is not None else None,
            "difference": str(Money(int(row.charged - row.expected), row.currency))
            if row.expected is not None
            else None,
        }
        for row in connection.execute(_VERDICTS)
    ]


_VERDICTS = sa.text(
    "SELECT verdict, kind, currency, count(*) AS lines, sum(charged_minor) AS charged, sum(expected_minor) AS expected"
    " FROM trueup.charges GROUP BY verdict, kind, currency"
    " ORDER BY array_position(ARRAY['overcharge', 'undercharge', 'unrated', 'as-agreed'], verdict), kind, currency"
)
