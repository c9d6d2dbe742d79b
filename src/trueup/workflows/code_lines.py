"""Code lines: what many lines in suspense are, said at once in a sheet; each stands by itself and says what came of it.

What is refused leaves the others standing. What is booked is booked in one entry a payment. Tried where it is rolled back, it is a
preview.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from trueup.base.errors import Invalid, NotAllowed, Refused, TrueupError
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.domain.settlement import TO_CHECK, LineDecision, Suspended, claim_of
from trueup.storage import cases, remittances, suspense
from trueup.storage.acts import say_who
from trueup.workflows.answer_suspense import booked_as, explain_rest, note_answer, rebook
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.match_lines import MAY
from trueup.workflows.refusals import Refusal, note_refusal
from trueup.workflows.resolve_case import Person, may_resolve_kind
from trueup.workflows.world import Tx

MOST = 500
"""So many lines are coded at once: what a person can look through before they book it."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What a person says of a line that waits: its deduction type, on its account or another one, and why."""

    remittance: int
    line: int
    type: str
    account: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Coded:
    """What came of a coding: the money that is booked so, or why it was refused, and whether that was to this person."""

    coding: Coding
    amount: Money | None = None
    refused: str = ""
    not_allowed: bool = False


def code_lines(tx: Tx, codings: Sequence[Coding], person: Person) -> list[Coded]:
    """Book every line that can be booked as it is said; nothing is raised for one of them. What the person was not let say is kept
    among the acts of each payment, once.

    Raises Refused without the role, Invalid for more than MOST.
    """
    demand_role(person, MAY)
    if len(codings) > MOST:
        raise Invalid(f"{len(codings)} lines are coded at once; at most {MOST} are: book them in parts.")
    numbers = sorted({each.remittance for each in codings})
    known = set(remittances.partners_of(tx.connection, numbers))
    for number in sorted(known):
        remittances.load_remittance(tx.connection, number, lock=True)
    waiting = {
        (number, each.line): each
        for number, lines in suspense.suspended_of(tx.connection, known).items()
        for each in lines
    }
    outcomes: list[Coded] = []
    touched: set[int] = set()
    emptied: dict[tuple[str, str], str] = {}
    for coding in codings:
        waits = waiting.pop((coding.remittance, coding.line), None)
        try:
            outcomes.append(_code(tx, coding, waits, person))
        except TrueupError as error:
            outcomes.append(Coded(coding, refused=str(error), not_allowed=isinstance(error, NotAllowed)))
            continue
        assert waits is not None
        touched.add(coding.remittance)
        emptied[waits.kind, waits.subject] = coding.note
    open_cases = {key: cases.find_open(tx.connection, *key) for key in emptied}
    rebook(tx, sorted(touched), person)
    for key, note in emptied.items():
        for number in open_cases[key]:
            note_answer(
                tx, cases.load_case(tx.connection, number), Resolution.CLASSIFY, person, note or "coded in a sheet"
            )
    _record(tx, outcomes, person)
    keep_refusals(tx, outcomes, person)
    return outcomes


def keep_refusals(tx: Tx, outcomes: Sequence[Coded], person: Person) -> None:
    """What was refused to this person is told once of each payment: with the words of its first line, and of how many more."""
    by_payment: defaultdict[int, list[str]] = defaultdict(list)
    for each in outcomes:
        if each.not_allowed:
            by_payment[each.coding.remittance].append(each.refused)
    for number, words in sorted(by_payment.items()):
        more = f" So {len(words) - 1:,} more of its lines." if len(words) > 1 else ""
        note_refusal(
            tx, person, Refusal({"remittance": number}, "Say what lines are", f"{words[0]}{more}"), bounded=True
        )


def _code(tx: Tx, coding: Coding, waits: Suspended | None, person: Person) -> Coded:
    about = f"Payment {coding.remittance} line {coding.line}"
    if waits is None:
        saved = remittances.load_remittance(tx.connection, coding.remittance)
        who = say_who(tx.connection, f"payment {saved.partner}/{saved.remittance.payment}", "lines.coded")
        told = f"; lines of it were coded{who}" if who else ""
        raise Refused(f"{about} does not wait in suspense, or stands in the sheet twice{told}.")
    if not may_resolve_kind(person, waits.kind):
        raise NotAllowed(f"{about}: {person.name} may not resolve a {waits.kind} case.")
    type_, code = booked_as(tx, coding.type, coding.account, about)
    decision = LineDecision(type_.code, code, person.name, claim=claim_of(type_, waits.reference))
    why = coding.note or f"{type_.label}, coded in a sheet"
    if waits.kind == TO_CHECK:
        explain_rest(tx, coding.remittance, waits, decision, why)
    else:
        source = remittances.load_remittance(tx.connection, coding.remittance).remittance.source.value
        suspense.save_decisions(tx.connection, coding.remittance, source, {coding.line: decision}, why, tx.now)
    return Coded(coding, Money(waits.minor, waits.currency))


def _record(tx: Tx, outcomes: Sequence[Coded], person: Person) -> None:
    by_payment: defaultdict[int, list[Coded]] = defaultdict(list)
    for each in outcomes:
        if not each.refused:
            by_payment[each.coding.remittance].append(each)
    for number, done in sorted(by_payment.items()):
        saved = remittances.load_remittance(tx.connection, number)
        after = {
            "lines": [
                {
                    "line": each.coding.line,
                    "type": each.coding.type,
                    "account": each.coding.account,
                    "note": each.coding.note,
                }
                for each in done
            ]
        }
        deed = Deed("lines.coded", f"payment {saved.partner}/{saved.remittance.payment}", after=after)
        record_deed(tx.connection, tx.now, person, deed)
