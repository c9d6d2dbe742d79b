"""Answer a case of the books: say what its lines are, post what came late, or give a claim up; and what that closes besides.

The one way for everybody who answers: the console, programs, and many at once. Tried where it is rolled back, it is a preview.
"""

from __future__ import annotations

from dataclasses import dataclass

from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.storage import cases, remittances, suspense
from trueup.storage.views.case_queue import closed_since
from trueup.workflows.answer_suspense import Answered, post_now
from trueup.workflows.draft_rules import rule_of_case
from trueup.workflows.keep_rules import propose_rule
from trueup.workflows.limit_codings import classify_within
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

ANSWERS = (Resolution.CLASSIFY, Resolution.POST_NOW, Resolution.WRITE_OFF)
"""The resolutions that are answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says of a case. `type` and `account`: of lines that are classified; the account where it is not the type's.

    `as_rule`: the rule that would have said so is proposed as well.
    """

    case: int
    resolution: Resolution
    type: str = ""
    account: str = ""
    note: str = ""
    as_rule: bool = False


@dataclass(frozen=True, slots=True)
class AnsweredCase:
    """What came of it. `closed`: every case that it closed, this one first, as number and title; `rule`: the one proposed."""

    answered: Answered
    closed: tuple[tuple[int, str], ...]
    rule: str = ""


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A line that waits in a case: of which payment, its number there, what it says, why it waits, and its money."""

    remittance: int
    payment: str
    line: int
    reference: str
    why: str
    amount: Money


def answer_case(tx: Tx, answer: Answer, person: Person, two_persons_above: Money | None = None) -> AnsweredCase:
    """Above the limit it is only proposed what lines are, or that a claim is given up.

    Raises NotFound, Conflict (resolved already), Refused: a role, another kind of case, a type or account that is not there."""
    before = closed_since(tx.connection, tx.now)
    wanted = None
    if answer.as_rule and answer.resolution is Resolution.CLASSIFY:
        wanted = rule_of_case(tx, answer.case, answer.type, answer.account, answer.note)
    match answer.resolution:
        case Resolution.CLASSIFY:
            said = (answer.type, answer.account, answer.note)
            done = classify_within(tx, answer.case, said, person, two_persons_above)
        case Resolution.POST_NOW:
            done = post_now(tx, answer.case, person, note=answer.note)
        case Resolution.WRITE_OFF:
            done = write_off_claim(tx, answer.case, person, note=answer.note, two_persons_above=two_persons_above)
        case other:
            raise Refused(f"Case {answer.case}: {other.value} is no answer; resolve it, or do it where it is done.")
    rule = propose_rule(tx, wanted, person).rule.id if wanted is not None else ""
    closed = {number: title for number, title in closed_since(tx.connection, tx.now).items() if number not in before}
    return AnsweredCase(done, tuple(sorted(closed.items(), key=lambda each: each[0] != answer.case)), rule)


def waiting_of(tx: Tx, case_id: int) -> list[WaitingLine]:
    """The lines that wait in a case. Raises NotFound."""
    case = cases.load_case(tx.connection, case_id)
    found = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    names = {number: remittances.load_remittance(tx.connection, number) for number in {each for each, _ in found}}
    return [
        WaitingLine(
            number,
            names[number].remittance.payment,
            each.line,
            each.reference,
            each.why,
            Money(each.minor, each.currency),
        )
        for number, each in found
    ]
