"""Limits of coding: what many lines in suspense are is said by one person up to a limit, and by two above it.

To say what a line is posts it, often as a loss; whoever may not give up a claim of so much alone may not say so by another word.
Above the limit nothing is booked: what was said is proposed as a whole, and whoever approves it books exactly that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from trueup.base.errors import NotAllowed, Refused, TrueupError
from trueup.base.ids import digest_of_json
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.domain.settlement import Suspended
from trueup.storage import acts, suspense
from trueup.workflows.answer_suspense import Answered, booked_as, classify_case, open_for
from trueup.workflows.authority import demand_role
from trueup.workflows.code_lines import Coded, Coding, code_lines, keep_refusals
from trueup.workflows.match_lines import MAY
from trueup.workflows.resolve_case import Person, is_above, may_resolve_kind
from trueup.workflows.world import Tx

ACT = "lines.code"
_TYPES_TOLD = 3


def classify_within(
    tx: Tx, case_id: int, said: tuple[str, str, str], person: Person, two_persons_above: Money | None
) -> Answered:
    """What the lines of a case are: `said` is type, account ("": the type's) and note. Above the limit it is only proposed.

    Raises as `answer_suspense.classify_case`.
    """
    type_, account, note = said
    case = open_for(tx, case_id, Resolution.CLASSIFY, person)
    waiting = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    if not _is_above([line for _, line in waiting], two_persons_above):
        return classify_case(tx, case_id, type_, person, account=account, note=note)
    booked_as(tx, type_, account, f"Case {case_id}")
    codings = [Coding(number, line.line, type_, account, note) for number, line in waiting]
    proposal = _propose(tx, codings, waiting, f"case {case_id}", person)
    total = Money(sum(line.minor for _, line in waiting), waiting[0][1].currency)
    return Answered(case_id, len(waiting), len({number for number, _ in waiting}), total, proposal=proposal)


def code_within(
    tx: Tx, codings: Sequence[Coding], person: Person, two_persons_above: Money | None
) -> tuple[list[Coded], int | None]:
    """What came of each coding, and the number of the proposal when all of them together are above the limit.

    Then nothing is booked; each that could be is what is proposed. Raises as `code_lines`.
    """
    if not takes_two(tx, codings, two_persons_above):
        return code_lines(tx, codings, person), None
    return propose_codings(tx, codings, person)


def takes_two(tx: Tx, codings: Sequence[Coding], two_persons_above: Money | None) -> bool:
    """Whether what is said of these lines is above the limit, all of them together."""
    return _is_above([line for _, line in _waiting(tx, codings)], two_persons_above)


def propose_codings(tx: Tx, codings: Sequence[Coding], person: Person) -> tuple[list[Coded], int | None]:
    """Propose as a whole what could be booked of these, for a second person. Raises Refused without the role."""
    demand_role(person, MAY)
    outcomes = _tried(tx, codings, person)
    keep_refusals(tx, outcomes, person)
    good = [each.coding for each in outcomes if not each.refused]
    if not good:
        return outcomes, None
    kept = _waiting(tx, good)
    return outcomes, _propose(tx, good, kept, "", person)


def approve_coding(tx: Tx, proposal_id: int, person: Person) -> list[Coded]:
    """The second person: the lines are booked as they were proposed. Raises Refused for who proposed it, or when a line changed."""
    codings, who = approved_codings(tx, proposal_id, person)
    outcomes = code_lines(tx, codings, who)
    refused = next((each for each in outcomes if each.refused), None)
    if refused is not None:
        kind = NotAllowed if refused.not_allowed else Refused
        raise kind(f"Proposal {proposal_id}: {refused.refused} Propose it anew.")
    return outcomes


def approved_codings(tx: Tx, proposal_id: int, person: Person) -> tuple[list[Coding], Person]:
    """What a second person approved, and who said it: they decided, with the roles of whoever approves, whom the proposal names.

    Raises Refused for who proposed it, or when a line does not wait as it was proposed.
    """
    demand_role(person, MAY)
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    said = row["arguments"]["lines"]
    codings = [
        Coding(**{name: each[name] for name in ("remittance", "line", "type", "account", "note")}) for each in said
    ]
    now = {(number, line.line): line.minor for number, line in _waiting(tx, codings)}
    changed = [each for each in said if now.get((each["remittance"], each["line"])) != each["minor"]]
    if changed:
        first = f"payment {changed[0]['remittance']} line {changed[0]['line']}"
        raise Refused(f"Proposal {proposal_id}: {first} does not wait as it was proposed; propose it anew.")
    return codings, replace(person, name=row["proposed_by"])


def _waiting(tx: Tx, codings: Sequence[Coding]) -> list[tuple[int, Suspended]]:
    wanted = {(each.remittance, each.line) for each in codings}
    found = suspense.suspended_of(tx.connection, {number for number, _ in wanted})
    return [(number, line) for number, lines in found.items() for line in lines if (number, line.line) in wanted]


def _is_above(lines: Sequence[Suspended], limit: Money | None) -> bool:
    """By what each of them is without its sign: two that cancel each other are no less."""
    return any(is_above(each, limit) for each in _worth(lines))


def _worth(lines: Sequence[Suspended]) -> list[Money]:
    """What they come to in each currency, each without its sign."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + abs(line.minor)
    return [Money(sums[currency], currency) for currency in sorted(sums)]


def _tried(tx: Tx, codings: Sequence[Coding], person: Person) -> list[Coded]:
    waiting = {(number, line.line): line for number, line in _waiting(tx, codings)}
    outcomes = []
    for each in codings:
        about, waits = f"Payment {each.remittance} line {each.line}", waiting.pop((each.remittance, each.line), None)
        try:
            if waits is None:
                raise Refused(f"{about} does not wait in suspense, or stands in the sheet twice.")
            if not may_resolve_kind(person, waits.kind):
                raise NotAllowed(f"{about}: {person.name} may not resolve a {waits.kind} case.")
            booked_as(tx, each.type, each.account, about)
        except TrueupError as error:
            outcomes.append(Coded(each, refused=str(error), not_allowed=isinstance(error, NotAllowed)))
            continue
        outcomes.append(Coded(each, Money(waits.minor, waits.currency)))
    return outcomes


def _propose(
    tx: Tx, codings: Sequence[Coding], waiting: Sequence[tuple[int, Suspended]], subject: str, person: Person
) -> int:
    """`subject`: the case that asks; "": it is a sheet, which is named by the hash of what it says. Another sheet of as many lines
    waits beside it, and the same one again is the one that waits."""
    minors = {(number, line.line): line.minor for number, line in waiting}
    said = sorted(codings, key=lambda each: (each.remittance, each.line))
    lines = [{**asdict(each), "minor": minors[each.remittance, each.line]} for each in said]
    count = "1 line" if len(lines) == 1 else f"{len(lines):,} lines"
    types = sorted({f"{each.type} on {each.account}" if each.account else each.type for each in said})
    words = (
        f"{count} in suspense as {', '.join(types[:_TYPES_TOLD])}{' and others' if len(types) > _TYPES_TOLD else ''}"
    )
    value = " and ".join(str(each) for each in _worth([line for _, line in waiting]))
    told = {"lines": lines, "words": words, "value": value}
    reason = next((each.note for each in codings if each.note), "")
    wanted = acts.Proposal(
        ACT, subject or f"{count} in suspense, sheet {digest_of_json(lines)[:12]}", told, reason, person.name
    )
    return acts.propose(tx.connection, wanted, tx.now)
