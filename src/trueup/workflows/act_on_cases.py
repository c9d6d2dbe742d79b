"""Act on cases, one or many: decide, classify, assign, put aside, take up, merge, take apart. Each by itself says what came of it.

What is refused leaves the others standing. What can be taken back says how: the act that leads back to what was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid, NotAllowed, TrueupError
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.storage import cases
from trueup.storage.case_talk import Snooze
from trueup.workflows.discuss_case import assign_case, snooze_case, wake_case
from trueup.workflows.limit_codings import classify_within
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.preview_case import Decision, resolve_each
from trueup.workflows.refusals import Refusal, note_refusal
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


class Acting(StrEnum):
    """What can be done with many cases at once."""

    RESOLVE = "resolve"
    CLASSIFY = "classify"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAKE = "wake"
    MERGE = "merge"
    UNMERGE = "unmerge"


@dataclass(frozen=True, slots=True)
class CaseAct:
    """One act on one case. `value`: the resolution, the deduction type, who works on it ("" nobody), until when (an instant), or
    the number of the case that is to stand for it.

    `note`: why. `account`: of lines that are classified, one other than their type's.
    """

    case: int
    act: Acting
    value: str = ""
    note: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one act, in sentences, or why it was refused; `undo`: what takes it back, None where nothing does.

    `proposal`: nothing was done yet, a second person must agree first. `not_allowed`: it was refused to this person.
    """

    case: int
    title: str
    effects: tuple[str, ...] = ()
    refused: str = ""
    proposal: int | None = None
    undo: CaseAct | None = None
    not_allowed: bool = False


def act_on_each(tx: Tx, wanted: Sequence[CaseAct], person: Person, limit: Money | None = None) -> list[CaseOutcome]:
    """Carry out each act by itself. `limit`: above so much at risk a binding decision takes two persons.

    Nothing is raised for one of them. What the person was not let do is kept among the acts of each case. To preview, call it where
    it is rolled back.
    """
    outcomes = [_act(tx, each, person, limit) for each in wanted]
    refused = [(each, done) for each, done in zip(wanted, outcomes, strict=True) if done.not_allowed]
    for each, done in sorted(
        refused, key=lambda pair: pair[0].case
    ):  # in one order: each is held until the transaction ends
        note_refusal(
            tx, person, Refusal({"case": each.case}, words_of(each.act, each.value), done.refused), bounded=True
        )
    return outcomes


def _act(tx: Tx, wanted: CaseAct, person: Person, limit: Money | None) -> CaseOutcome:
    if wanted.act is Acting.RESOLVE:
        return _resolve(tx, wanted, person, limit)
    title = ""
    try:
        with tx.connection.begin_nested():
            title = cases.load_case(tx.connection, wanted.case).draft.title
            if wanted.act is Acting.CLASSIFY:
                effect, proposal = _classify(tx, wanted, person, limit)
                return CaseOutcome(wanted.case, title, (effect,), proposal=proposal)
            effect, undo = _DO[wanted.act](tx, wanted, person)
    except TrueupError as error:
        return CaseOutcome(wanted.case, title, refused=str(error), not_allowed=isinstance(error, NotAllowed))
    return CaseOutcome(wanted.case, title, (effect,), undo=undo)


def _resolve(tx: Tx, wanted: CaseAct, person: Person, limit: Money | None) -> CaseOutcome:
    try:
        decision = Decision(wanted.case, Resolution(wanted.value), wanted.note)
    except ValueError:
        return CaseOutcome(wanted.case, "", refused=f"{wanted.value!r} is no resolution.")
    [done] = resolve_each(tx, [decision], person, limit)
    return CaseOutcome(done.case, done.title, done.effects, done.refused, done.proposal, not_allowed=done.not_allowed)


def _classify(tx: Tx, wanted: CaseAct, person: Person, limit: Money | None) -> tuple[str, int | None]:
    done = classify_within(tx, wanted.case, (wanted.value, wanted.account, wanted.note), person, limit)
    lines = "1 line" if done.lines == 1 else f"{done.lines:,} lines"
    on = f" on {wanted.account}" if wanted.account else ""
    if done.proposal is not None:
        return f"{lines} of {done.amount} as {wanted.value}{on}: a second person must approve it.", done.proposal
    return f"{lines} of {done.amount} are booked as {wanted.value}{on}.", None


def _assign(tx: Tx, wanted: CaseAct, person: Person) -> tuple[str, CaseAct | None]:
    to = Person(wanted.value, frozenset()) if wanted.value else None
    before = assign_case(tx, wanted.case, to, person)
    if before == (wanted.value or None):
        return f"{before or 'Nobody'} works on it already.", None
    undo = CaseAct(wanted.case, Acting.ASSIGN, before or "")
    return f"{wanted.value or 'Nobody'} works on it; {before or 'nobody'} did before.", undo


def _snooze(tx: Tx, wanted: CaseAct, person: Person) -> tuple[str, CaseAct | None]:
    until = read_instant(wanted.value)
    before = snooze_case(tx, wanted.case, until, wanted.note, person)
    undo = CaseAct(wanted.case, Acting.WAKE) if before is None else _again(wanted.case, before)
    return f"It is put aside until {write_instant(until)}.", undo


def _wake(tx: Tx, wanted: CaseAct, person: Person) -> tuple[str, CaseAct | None]:
    before = wake_case(tx, wanted.case, person)
    words = f"It is taken up again; it was put aside until {write_instant(before.until)}: {before.reason}."
    return words, _again(wanted.case, before) if before.until > tx.now else None


def _merge(tx: Tx, wanted: CaseAct, person: Person) -> tuple[str, CaseAct | None]:
    if not wanted.value.isdecimal() or len(wanted.value) > _LONGEST_NUMBER:
        raise Invalid(f"{wanted.value!r} is no number of a case.")
    into = int(wanted.value)
    merge_case(tx, wanted.case, into, person, wanted.note)
    return f"Case {into} stands for it.", CaseAct(wanted.case, Acting.UNMERGE)


def _unmerge(tx: Tx, wanted: CaseAct, person: Person) -> tuple[str, CaseAct | None]:
    into = unmerge_case(tx, wanted.case, person)
    return f"It stands for itself again; case {into} did before.", CaseAct(wanted.case, Acting.MERGE, str(into))


def _again(case: int, snooze: Snooze) -> CaseAct:
    return CaseAct(case, Acting.SNOOZE, write_instant(snooze.until), snooze.reason)


_DO: dict[Acting, Callable[[Tx, CaseAct, Person], tuple[str, CaseAct | None]]] = {
    Acting.ASSIGN: _assign,
    Acting.SNOOZE: _snooze,
    Acting.WAKE: _wake,
    Acting.MERGE: _merge,
    Acting.UNMERGE: _unmerge,
}
_LONGEST_NUMBER = 18


def words_of(act: Acting, value: str) -> str:
    """What is done, with its value, as a heading says it: "Assign to Olga". Raises Invalid for a time that is none."""
    match act:
        case Acting.RESOLVE:
            return f"Decide {value}"
        case Acting.CLASSIFY:
            return f"Classify as {value}" if value else "Classify"
        case Acting.ASSIGN:
            return f"Assign to {value or 'nobody'}"
        case Acting.SNOOZE:
            return f"Put aside until {_instant(value)}"
        case Acting.WAKE:
            return "Take up again"
        case Acting.MERGE:
            return f"Merge into case {value}"
        case Acting.UNMERGE:
            return "Take apart again"
        case never:
            assert_never(never)


def _instant(text: str) -> str:
    try:
        return f"{read_instant(text):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        raise Invalid(f"Until {text!r}: expected an instant such as 2026-11-24T08:00:00Z.") from None
