"""Answer suspense: finance says what lines that wait are, or which explanation is right; the books follow at once.

Who decides is recorded; the decision stands above whatever grammar or reconciliation say later. What is decided about lines of
one shape can be proposed as a rule for those to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.domain.cases import Case, Resolution
from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType
from trueup.domain.matcher import Candidate, Part, placed
from trueup.domain.settlement import TO_CHECK, LineDecision, Placement, Suspended, claim_of
from trueup.storage import case_merges, cases, journal, remittances, suspense
from trueup.storage.acts import hold_subject
from trueup.storage.views.open_items import load_open_items
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.booking import Booking, book_again, write
from trueup.workflows.demand_deciding import MAY, demand_deciding
from trueup.workflows.reconcile_remittances import placement_of, together_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

_SCOPES = {Resolution.CHOOSE: "matches.decide"}
"""The permission for a resolution that is not `cases.resolve`: to choose what a line settles is to match it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer: how many lines of how many payments were booked anew, and their sum as Amazon pays.

    `left`: lines that the answer does not explain; they wait in the case still. `proposal`: nothing was done, a second person must
    approve it under that number.
    """

    case: int
    lines: int
    payments: int
    amount: Money
    left: int = 0
    proposal: int | None = None


def classify_case(
    tx: Tx, case_id: int, type_code: str, person: Person, *, account: str = "", note: str = ""
) -> Answered:
    """All lines of a case are of one deduction type, posted to its account or to `account`.

    Raises NotFound, Conflict (resolved already), Refused: a role, another kind of case, a type or account that is not there.
    """
    case = open_for(tx, case_id, Resolution.CLASSIFY, person)
    type_, code = booked_as(tx, type_code, account, f"Case {case_id}")
    waiting = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    why = note or f"{type_.label}, decided in case {case_id}"
    by_payment: defaultdict[int, dict[int, LineDecision]] = defaultdict(dict)
    for number, line in waiting:
        decision = LineDecision(type_.code, code, person.name, claim=claim_of(type_, line.reference))
        decisions = by_payment[number]  # every payment is booked again, whatever its lines wait for
        if line.kind == TO_CHECK:
            explain_rest(tx, number, line, decision, why)
        else:
            decisions[line.line] = decision
    return _answer(tx, case, person, (by_payment, waiting), {"type": type_.code, "account": code, "note": why})


def booked_as(tx: Tx, type_code: str, account: str, about: str) -> tuple[DeductionType, str]:
    """The deduction type that a person says, and the account of it or the one that they say. Raises Refused for what is none."""
    books = tx.resources.books
    types = books.grammars.now(tx.connection).types
    type_ = types.get(type_code)
    if type_ is None:
        known = ", ".join(sorted(types))
        raise Refused(f"{about}: {type_code!r} is no deduction type; expected one of {known}.")
    code = account or books.chart.code_of_type(type_.code, type_.purpose)
    if books.chart.account(code) is None:
        raise Refused(f"{about}: account {code!r} is not in the chart; see `trueup journal accounts`.")
    if code in (books.chart.code(Purpose.SUSPENSE), books.chart.code(Purpose.CASH)):
        raise Refused(f"{about}: account {code} is not where an explained line can go; choose another.")
    return type_, code


def explain_rest(tx: Tx, number: int, rest: Suspended, decision: LineDecision, why: str) -> None:
    """What was left open of a line is what the decision says; what it was matched to before stays."""
    source = remittances.load_remittance(tx.connection, number).remittance.source.value
    before = suspense.load_answers(tx.connection, number, source).matched.get(rest.line, ())
    share = Placement(
        rest.line, decision.account, -rest.minor, rest.currency, rest.reference, decision.type, claim=decision.claim
    )
    said = suspense.Said(why, decision.by, tx.now)
    placements = (*before, replace(share, rule=f"decided by {decision.by}"))
    suspense.save_match(tx.connection, (number, source, rest.line), placements, said)


def choose_rival(tx: Tx, case_id: int, choice: int, person: Person, *, note: str = "") -> Answered:
    """One of the rival explanations that a contested case shows, by its number from 1, is right.

    Lines that it does not explain stay in the case and are matched again at once, with what is left.

    Raises as `classify_case`; Refused when there is no such rival, or what it settles is no longer open.
    """
    case = open_for(tx, case_id, Resolution.CHOOSE, person)
    waiting = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    rivals = rivals_of(tx, waiting)
    if not 1 <= choice <= len(rivals):
        raise Refused(
            f"Case {case_id} has {len(rivals)} explanations, found {choice}; `trueup cases show {case_id}` lists them."
        )
    rival = rivals[choice - 1]
    _match_rival(tx, case_id, rival, person, note)
    touched = sorted({line["remittance"] for line in rival["lines"]})
    rebook(tx, touched, person)
    record_deed(
        tx.connection,
        tx.now,
        person,
        Deed("case.chosen", f"case {case_id}", after={"choice": choice, "why": rival["why"], "note": note}),
    )
    left = note_answer(tx, case, Resolution.CHOOSE, person, note or rival["why"])
    if left:
        partner = remittances.load_remittance(tx.connection, touched[0]).partner
        run_id = f"reconcile:{partner}:chosen {case_id} {write_instant(tx.now)}"
        tx.at(tx.now, "reconcile_remittances", run_id, partner)
    amount = Money(sum(line["minor"] for line in rival["lines"]), waiting[0][1].currency)
    return Answered(case_id, len(rival["lines"]), len(touched), amount, left)


def rivals_of(tx: Tx, waiting: list[tuple[int, Suspended]]) -> list[dict[str, Any]]:
    """The rival explanations of a contested case, which its first line has, the strongest first."""
    for number, line in waiting:
        saved = remittances.load_remittance(tx.connection, number)
        found = suspense.load_rivals(tx.connection, number, saved.remittance.source.value, line.line)
        if found:
            return [dict(each) for each in found]
    return []


def post_now(tx: Tx, case_id: int, person: Person, *, note: str = "") -> Answered:
    """Post a payment of a closed month on the first day that is open, with a reason. Raises as `classify_case`; Refused without."""
    case = open_for(tx, case_id, Resolution.POST_NOW, person)
    if not note.strip():
        raise Refused(
            f"Case {case_id}: say why {case.draft.subject} goes into another month than its own; auditors ask."
        )
    partner, _, payment = case.draft.subject.removeprefix("payment ").partition("/")
    saved = remittances.find_remittance(tx.connection, partner, payment)
    day = journal.first_open_day(tx.connection, saved.remittance.paid_on)
    remittances.set_posting(tx.connection, saved.id, remittances.HELD, day)
    book_again(tx, replace(saved, post_on=day), actor=person.name)
    deed = Deed("remittance.posted-late", case.draft.subject, after={"day": day.isoformat(), "note": note})
    record_deed(tx.connection, tx.now, person, deed)
    cases.resolve_case(tx.connection, case_id, Resolution.POST_NOW.value, by=person.name, note=note, now=tx.now)
    told = saved.remittance
    return Answered(case_id, len(told.lines), 1, told.amount)


def open_for(tx: Tx, case_id: int, resolution: Resolution, person: Person) -> Case:
    """An open case that the person may resolve so; who answers it at the same time waits. Raises NotFound, Conflict (resolved
    already), Refused."""
    # Not by its row: bookings take payments first and then cases, and whoever answers does so afterwards.
    hold_subject(tx.connection, f"case {case_id}")
    case = cases.load_case(tx.connection, case_id)
    if case.resolved_at is not None:
        cases.resolve_case(
            tx.connection, case_id, resolution.value, by=person.name, note="", now=tx.now
        )  # raises Conflict
    case_merges.demand_apart(tx.connection, case_id)
    if resolution not in case.draft.resolutions:
        allowed = ", ".join(each.value for each in case.draft.resolutions)
        raise Refused(
            f"Case {case_id} ({case.draft.kind}) cannot be resolved by {resolution.value}; allowed: {allowed}."
        )
    demand_deciding(person, case, _SCOPES.get(resolution, MAY))
    return case


def _answer(
    tx: Tx,
    case: Case,
    person: Person,
    about: tuple[dict[int, dict[int, LineDecision]], list[tuple[int, Suspended]]],
    after: dict[str, str],
) -> Answered:
    by_payment, waiting = about
    for number, decisions in by_payment.items():
        source = remittances.load_remittance(tx.connection, number).remittance.source.value
        suspense.save_decisions(tx.connection, number, source, decisions, after["note"], tx.now)
    rebook(tx, sorted(by_payment), person)
    record_deed(tx.connection, tx.now, person, Deed("case.classified", f"case {case.id}", after=after))
    note_answer(tx, case, Resolution.CLASSIFY, person, after["note"])
    currency = waiting[0][1].currency if waiting else "USD"
    total = Money(sum(line.minor for _, line in waiting), currency)
    return Answered(case.id, len(waiting), len(by_payment), total)


def rebook(tx: Tx, numbers: Iterable[int], person: Person, because: str = "") -> None:
    """Book payments with what is answered about their lines now, as an act of the person's; `because` is what the entries say."""
    saved = [remittances.load_remittance(tx.connection, number, lock=True) for number in numbers]
    for partner in sorted({each.partner for each in saved}):
        booking = Booking(partner, because)
        for each in saved:
            if each.partner == partner:
                book_again(tx, each, actor=person.name, booking=booking)
        write(tx, booking, fresh=False)


def note_answer(tx: Tx, case: Case, resolution: Resolution, person: Person, note: str) -> int:
    """Booking closes a case in which nothing waits any more; who decided is said of it all the same.

    How many other lines wait in it: it stays open for them.
    """
    left = len(suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject))
    if not left:
        cases.note_resolution(tx.connection, case.id, resolution.value, by=person.name, note=note, now=tx.now)
    return left


def _match_rival(tx: Tx, case_id: int, rival: dict[str, Any], person: Person, note: str) -> None:
    lines = dict(enumerate(rival["lines"], start=1))
    first = remittances.load_remittance(tx.connection, rival["lines"][0]["remittance"])
    currency = first.remittance.currency
    open_items = {each.item.key: each for each in load_open_items(tx.connection, first.partner, currency)}
    for part in rival["parts"]:
        item = open_items.get(part["key"])
        if item is None or abs(item.item.open) < abs(part["minor"]) or (item.item.open > 0) != (part["minor"] > 0):
            raise Refused(
                f"Case {case_id}: {part['key']} has been settled otherwise since; let it be reconciled again (retry)."
            )
    parts = tuple(Part(part["key"], part["minor"]) for part in rival["parts"])
    match = Candidate(tuple(lines), parts, rival["matcher"], rival["score"], rival["why"])
    shares: defaultdict[int, list[Placement]] = defaultdict(list)
    for each in placed(match, [(index, line["minor"]) for index, line in lines.items()]):
        at = lines[each.line]
        saved = remittances.load_remittance(tx.connection, at["remittance"])
        of_line = next(line for line in saved.remittance.lines if line.number == at["line"])
        item = open_items[each.key] if each.key else None
        rule = f"{rival['matcher']}, chosen by {person.name}"
        shares[each.line].append(placement_of(tx, of_line, item, each.minor, (currency, rule)))
    places = {index: (lines[index]["remittance"], lines[index]["source"], lines[index]["line"]) for index in shares}
    said = suspense.Said(note or rival["why"], person.name, tx.now, together_of(list(places.values())))
    for index, placements in shares.items():
        suspense.save_match(tx.connection, places[index], placements, said)
