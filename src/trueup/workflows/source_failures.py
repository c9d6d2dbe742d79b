"""Source failures: what could not be fetched is noted and tried again; what goes on failing, or only a person mends, is a case."""

from __future__ import annotations

from trueup.base.errors import ConfigurationError, NotFound, Refused, RemoteError, Throttled, TrueupError, Unauthorized
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage import cases, sources
from trueup.storage.pauses import find_pause
from trueup.workflows.world import Tx, World

NOT_DONE = (RemoteError, ConfigurationError, NotFound, Refused)
"""What a system or its settings did not do; time or a person mends it. Anything else is a defect."""
FAILURES_BEFORE_CASE = 4


def needs_person(error: TrueupError) -> bool:
    """Whether trying again alone cannot help."""
    return isinstance(error, Unauthorized | ConfigurationError)


def note_failure(tx: Tx, source: str, query: str, error: str, *, at_once: bool = False) -> int:
    """It failed. Tells someone when it goes on, or `at_once`. Returns how often in a row.

    What is paused has not failed: that it rests is a case of its own. Nor has what waits for its rate budget, however often.
    """
    if (pause := find_pause(tx.connection, source)) is not None and pause.until > tx.now:
        return 1
    failures = sources.note_failure(tx.connection, source, query, error, counts=Throttled.mark not in error)
    if at_once or failures >= FAILURES_BEFORE_CASE:
        draft = CaseDraft(
            kind="source.failing",
            subject=f"source {source} {query}",
            title=f"{source} ({query}) does not answer as it should: {error}",
            expected="an answer",
            found=f"{failures} failures in a row, the last: {error}",
            money_at_risk=None,
            deadline=None,
            owner="admin",
            resolutions=(Resolution.RETRY, Resolution.DISMISS),
        )
        cases.open_case(tx.connection, draft, tx.now)
    return failures


def note_working(tx: Tx, source: str, query: str) -> None:
    """It answers again: failures are counted anew, and nobody needs to look any more."""
    sources.note_answer(tx.connection, source, query)
    cases.close_case(tx.connection, "source.failing", f"source {source} {query}", why="it answers again", now=tx.now)


def keep_evidence(world: World, error: RemoteError, *, kind: str, source: str, name: str) -> None:
    """Archive what a system sent that cannot be read."""
    if error.evidence:
        with world.database.transaction() as connection:
            world.keep(connection, error.evidence, kind=kind, source=source, name=name)
