"""What came of a report, for people: late, failed, stuck or unreadable is a case; the next good report of its kind closes it."""

from __future__ import annotations

from datetime import datetime, timedelta

from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.escalation import span_words
from trueup.storage import cases
from trueup.storage.vendor_reports import SavedReport
from trueup.workflows.world import Tx

FAILED, LATE, STUCK, UNREADABLE = "report.failed", "report.late", "report.stuck", "report.unreadable"
KINDS = (FAILED, LATE, STUCK, UNREADABLE)
STUCK_AFTER = timedelta(hours=6)
"""Reports take minutes. After so long in Amazon's queue somebody should know."""
LATE_FOR = timedelta(days=4)
"""Amazon's figures come up to 72 hours after their day. For so long a report that is not there yet is asked for again."""
_LATER = timedelta(hours=6)
_TRIES = (timedelta(minutes=30), timedelta(hours=6))
_LATE_WORDS = ("not yet available", "unavailable", "try a different date range")


def is_late(words: str) -> bool:
    """Whether Amazon says that the figures are not there yet, rather than that something is wrong."""
    return any(said in words.lower() for said in _LATE_WORDS)


def next_try(saved: SavedReport, words: str, now: datetime) -> timedelta | None:
    """How long until a fatal report is asked for again; None when it is left to a person."""
    if is_late(words):
        return _LATER if now - saved.planned_at < LATE_FOR else None
    return _TRIES[saved.attempts - 1] if 1 <= saved.attempts <= len(_TRIES) else None


def note_fatal(tx: Tx, saved: SavedReport, words: str, digest: str) -> None:
    """Amazon did not make it: what it says goes to a person."""
    late = is_late(words)
    waited = (tx.now - saved.planned_at).days
    title = (
        f"Amazon's figures for {saved.question.words} are not there after {waited} days"
        if late
        else f"Amazon failed to make the report of {saved.question.words}: {words}"
    )
    _open(tx, LATE if late else FAILED, saved, title, words, digest)


def note_stuck(tx: Tx, saved: SavedReport) -> None:
    """It has been in Amazon's queue for hours. Looks go on."""
    if tx.now - saved.planned_at > STUCK_AFTER and saved.looks > 0:
        title = f"Amazon has not made the report of {saved.question.words} in {span_words(tx.now - saved.planned_at)}"
        _open(tx, STUCK, saved, title, f"report {saved.reference} is still waiting", "")


def note_unread(tx: Tx, saved: SavedReport, words: str, digest: str) -> int:
    """It came twice and could not be read. Returns the case's id."""
    title = f"Amazon's report of {saved.question.words} cannot be read: {words}"
    return _open(tx, UNREADABLE, saved, title, words, digest)


def note_kept(tx: Tx, saved: SavedReport) -> None:
    """It is here, or there is nothing to say: nobody needs to look any more."""
    for kind in KINDS:
        cases.close_case(tx.connection, kind, _subject(saved), why="a later report came", now=tx.now)


def _subject(saved: SavedReport) -> str:
    """One case a source and kind of report: a month of failures is one matter."""
    return f"reports {saved.source} {saved.question.scope}"


def _open(tx: Tx, kind: str, saved: SavedReport, title: str, found: str, digest: str) -> int:
    draft = CaseDraft(
        kind=kind,
        subject=_subject(saved),
        title=title,
        expected=f"a report of {saved.question.words}",
        found=found,
        money_at_risk=None,
        deadline=tx.now + timedelta(days=3),
        owner=Role.ECOMMERCE.value,
        resolutions=(Resolution.DISMISS,),
        evidence=digest,
    )
    return cases.open_case(tx.connection, draft, tx.now)
