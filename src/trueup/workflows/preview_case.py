"""Preview what resolving cases would do: each is resolved as it would be, what came of it is told, and all is rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.errors import NotAllowed, TrueupError
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.storage import cases
from trueup.storage.views.acts import happened_since, newest
from trueup.workflows.recall_retry import RETRIED, note_retried
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.started_runs import sent_by, witness, words_of_runs
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides about a case, and why."""

    case: int
    resolution: Resolution
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one decision, or why it was refused, and whether that was to this person. `proposal` where a second one must
    agree first.

    `sends`: the documents that are sent with it, by their hashes; `queued`: nothing of it has begun, and it can be called off.
    """

    case: int
    title: str
    resolution: str
    effects: tuple[str, ...] = ()
    refused: str = ""
    proposal: int | None = None
    sends: tuple[str, ...] = ()
    queued: bool = False
    not_allowed: bool = False


def resolve_each(tx: Tx, decisions: Sequence[Decision], person: Person, limit: Money | None = None) -> list[Outcome]:
    """Carry out each decision by itself: what is refused leaves the others standing. Nothing is raised for one of them.

    To preview, call it in a transaction that is rolled back.
    """
    return [_try_one(tx, decision, person, limit) for decision in decisions]


def _try_one(tx: Tx, decision: Decision, person: Person, limit: Money | None) -> Outcome:
    title = ""
    try:
        with tx.connection.begin_nested():
            title = cases.load_case(tx.connection, decision.case).draft.title
            return resolve_one(tx, decision, person, limit)
    except TrueupError as error:
        not_allowed = isinstance(error, NotAllowed)
        return Outcome(decision.case, title, decision.resolution.value, refused=str(error), not_allowed=not_allowed)


def resolve_one(tx: Tx, decision: Decision, person: Person, limit: Money | None = None) -> Outcome:
    """Carry out one decision, and tell what came of it. Raises as `resolve_case`; then nothing of the transaction is to be kept."""
    before, watched, queued = newest(tx.connection), witness(tx), False
    case = cases.load_case(tx.connection, decision.case)
    title = case.draft.title
    decided = resolve_case(watched, decision.case, decision.resolution, person, decision.note, limit)
    if decision.resolution is Resolution.RETRY and decided.proposal is None:
        queued = note_retried(watched, case, person)
    done, _, _ = happened_since(tx.connection, *before)
    effects = tuple(words for words in (_words(act, decision.case) for act in done) if words)
    effects += words_of_runs(tx, watched.started)
    if decided.proposal is not None:
        effects = ("A second person must approve it; until then nothing is done.",)
    sends = sent_by(tx, watched.started)
    return Outcome(decision.case, title, decision.resolution.value, effects, "", decided.proposal, sends, queued)


def _words(act: dict[str, Any], case_id: int) -> str:
    """One thing that happened, as a sentence; "" for the decision itself."""
    if act["subject"] == f"case {case_id}" and act["act"] == "case.resolved":
        return f"Case {case_id} is resolved: {act['after']['resolution']}."
    if act["act"] in ("case.proposed", RETRIED):
        return ""
    if act["act"] == "case.opened":
        return f"A case is opened: {act['after']['title']}."
    return f"{act['subject'].capitalize()}: {act['act'].replace('.', ' ')}."
