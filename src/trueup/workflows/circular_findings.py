"""Findings about circular records: what could not be read, and what nobody documented, are cases until a whole sweep has none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft, CaseState, Resolution
from trueup.remote.circular import Weight
from trueup.storage import cases
from trueup.workflows.world import Tx

UNREAD, UNFAMILIAR = "circular.unread", "circular.unfamiliar"
MOST_TOLD = 5


def note_findings(
    tx: Tx, programme: str, kind: str, findings: list[list[str]], evidence: str
) -> tuple[int | None, int]:
    """One case for the records that were left out, one for what is odd of those taken in; each names the first few.

    Returns the case of what was left out, and how many records that is.
    """
    held: tuple[int | None, int] = (None, 0)
    for weight, case_kind in ((Weight.LEFT_OUT, UNREAD), (Weight.ODD, UNFAMILIAR)):
        told = [f"{path} {words}" for each, path, words in findings if each == weight.value]
        if told:
            case = cases.open_case(tx.connection, _draft(tx, (programme, kind, case_kind), told, evidence), tx.now)
            held = (case, len(told)) if weight is Weight.LEFT_OUT else held
    return held


def _draft(tx: Tx, about: tuple[str, str, str], told: list[str], evidence: str) -> CaseDraft:
    programme, kind, case_kind = about
    left_out = case_kind == UNREAD
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    what = "cannot be read and is left out" if left_out else "holds what nobody documented; it is kept as it came"
    return CaseDraft(
        kind=case_kind,
        subject=_subject(programme, kind),
        title=f"{programme}: {kind} {what}: {told[0]}",
        expected="records as documented" if left_out else "documented words and fields",
        found="; ".join(told[:MOST_TOLD]) + more,
        money_at_risk=None,
        deadline=None,
        owner=tx.resources.programmes[programme].owner,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=evidence,
    )


def settle_findings(tx: Tx, programme: str, kinds: Iterable[str], began: datetime) -> None:
    """A sweep of these kinds ended: cases of findings that no reply since its beginning repeated are closed."""
    table = cases.cases
    query = sa.select(table.c.kind, table.c.subject, table.c.evidence).where(
        table.c.kind.in_([UNREAD, UNFAMILIAR]),
        table.c.subject.in_([_subject(programme, kind) for kind in kinds]),
        table.c.state == CaseState.OPEN.value,
    )
    for row in tx.connection.execute(query).all():
        if not _told_since(tx, row.evidence, began):
            cases.close_case(tx.connection, row.kind, row.subject, why="a whole sweep found none", now=tx.now)


def _told_since(tx: Tx, evidence: str, began: datetime) -> bool:
    """Whether the reply that told of it came in this sweep; the same bytes may have come before too."""
    query = sa.text("SELECT max(received_at) >= :began FROM trueup.documents WHERE digest = :digest")
    return bool(tx.connection.execute(query, {"began": began, "digest": evidence}).scalar())


def _subject(programme: str, kind: str) -> str:
    return f"{programme} {kind}s"
