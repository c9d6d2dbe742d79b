"""Match lines by hand: a person says which open items and which accounts a line that waits settles, and how much of each.

What they leave open of it waits in a case of its own, to check, with the reason they gave. All of it is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.base.money import Money
from trueup.domain.cases import Case, Resolution
from trueup.domain.matcher import Candidate
from trueup.domain.open_items import Items, Lines, ResidueLine
from trueup.domain.reconciliation import propose
from trueup.domain.remittances import RemittanceLine
from trueup.domain.settlement import TO_CHECK, Placement, Suspended, claim_of
from trueup.storage import cases, remittances, suspense
from trueup.storage.acts import hold_subject, say_who
from trueup.storage.remittances import SavedRemittance
from trueup.storage.views.open_items import BookItem, load_items, load_open_items
from trueup.workflows.answer_suspense import Answered, booked_as, note_answer, rebook
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.demand_deciding import demand_deciding
from trueup.workflows.reconcile_remittances import placement_of
from trueup.workflows.resolve_case import Person, is_above
from trueup.workflows.world import Tx

MAY = "matches.decide"


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a line, in minor units as Amazon has them, settles an open item, by its `key`; or is of a deduction type, on its
    account or on another one."""

    minor: int
    key: str = ""
    type: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class HandMatch:
    """What a person says of a line that waits in a case: its shares, and whether what is left of it stays open, to check."""

    case: int
    remittance: int
    line: int
    shares: tuple[Share, ...]
    leave_rest: bool = False
    note: str = ""


def match_by_hand(tx: Tx, wanted: HandMatch, person: Person, two_persons_above: Money | None = None) -> Answered:
    """Book a line as the person says. `Answered.left`: how many lines still wait in the case.

    Raises NotFound, Conflict (the line waits there no longer), Refused: a role, a sum that is not the line's without saying that
    the rest stays open and why, an item that is not open any more, a type or an account that is not there, parts that settle no
    item and are together above the limit.
    """
    demand_role(person, MAY)
    hold_subject(tx.connection, f"case {wanted.case}")
    case = cases.load_case(tx.connection, wanted.case)
    demand_deciding(person, case, MAY)
    saved = remittances.load_remittance(tx.connection, wanted.remittance, lock=True)
    waits = _waiting(tx, wanted, saved, case)
    line = next(each for each in saved.remittance.lines if each.number == wanted.line)
    left = waits.minor - sum(each.minor for each in wanted.shares)
    _demand_explained(wanted, left, waits)
    _demand_second_person(wanted, waits.currency, two_persons_above)
    at = (saved.id, saved.remittance.source.value, line.number)
    before: Sequence[Placement] = ()
    if waits.kind == TO_CHECK:
        before = suspense.load_answers(tx.connection, saved.id, at[1]).matched.get(line.number, ())
    placements = [*before, *_placements(tx, wanted, (saved, line), person)]
    why = wanted.note or f"matched by hand in case {wanted.case}"
    suspense.save_match(tx.connection, at, placements, suspense.Said(why, person.name, tx.now))
    rebook(tx, [saved.id], person)
    after = {"shares": [_said(each, waits.currency) for each in wanted.shares], "note": wanted.note}
    deed = Deed("line.matched", f"payment {saved.partner}/{saved.remittance.payment} line {line.number}", after=after)
    record_deed(tx.connection, tx.now, person, deed)
    still = note_answer(tx, case, Resolution.CHOOSE, person, why)
    return Answered(wanted.case, 1, 1, Money(waits.minor - left, waits.currency), still)


def _demand_second_person(wanted: HandMatch, currency: str, limit: Money | None) -> None:
    """To say that money is something else than an item is to code it: above the limit that takes two."""
    parts = Money(sum(abs(each.minor) for each in wanted.shares if not each.key), currency)
    if parts and is_above(parts, limit):
        raise Refused(
            f"Case {wanted.case}: {parts} of the line are no open item, which is above {limit} and takes two persons. "
            "Match the items, leave the rest open to check, and say in the coding sheet what it is; "
            "a second person approves it there."
        )


def _waiting(tx: Tx, wanted: HandMatch, saved: SavedRemittance, case: Case) -> Suspended:
    found = suspense.suspended_of(tx.connection, [wanted.remittance]).get(wanted.remittance, [])
    waits = next((each for each in found if each.line == wanted.line), None)
    if waits is None or (waits.kind, waits.subject) != (case.draft.kind, case.draft.subject):
        subject = f"payment {saved.partner}/{saved.remittance.payment} line {wanted.line}"
        who = say_who(tx.connection, subject, "line.matched")
        raise Conflict(
            f"Line {wanted.line} waits in case {wanted.case} no longer: {f'it was matched{who}' if who else 'it was explained'}. "
            "Look at it again."
        )
    if wanted.line < 1:
        raise Refused(
            f"Case {wanted.case}: this is no line of a payment, so that it settles no item; say what it is instead."
        )
    return waits


def _demand_explained(wanted: HandMatch, left: int, waits: Suspended) -> None:
    rest, whole = Money(left, waits.currency), Money(waits.minor, waits.currency)
    if not wanted.shares:
        raise Refused(
            f"Case {wanted.case}: nothing is said of the {whole} that wait; choose an item or an account first."
        )
    if any(not each.minor for each in wanted.shares):
        raise Invalid(f"Case {wanted.case}: a share of 0 says nothing; take it away, or say its amount.")
    if left and not (wanted.leave_rest and wanted.note):
        raise Refused(
            f"Case {wanted.case}: {rest} of {whole} are not said to be anything. Say what they are, or leave them open, to check, "
            "and say why."
        )


def _placements(
    tx: Tx, wanted: HandMatch, of: tuple[SavedRemittance, RemittanceLine], person: Person
) -> list[Placement]:
    saved, line = of
    currency, rule = saved.remittance.currency, f"matched by {person.name}"
    named = [each.key for each in wanted.shares if each.key]
    if len(named) != len(set(named)):
        raise Invalid(f"Case {wanted.case}: an item is named twice; say its whole share at once.")
    items = load_items(tx.connection, saved.partner, currency, named, lock=True)
    return [
        _on_item(tx, each, items, line, (currency, rule)) if each.key else _on_account(tx, each, line, (currency, rule))
        for each in wanted.shares
    ]


def _on_item(
    tx: Tx, share: Share, items: dict[str, BookItem], line: RemittanceLine, said: tuple[str, str]
) -> Placement:
    found = items.get(share.key)
    if found is None:
        raise NotFound(f"{share.key.capitalize()} is not open, or is none of this partner's; look at it again.")
    item, currency = found.item, said[0]
    if (share.minor > 0) != (item.open > 0) or abs(share.minor) > abs(item.open):
        raise Refused(
            f"{item.called.capitalize()}: {Money(share.minor, currency)} cannot be settled of it, {Money(item.open, currency)} are "
            "open. Say at most so much; what is more stays open, to check."
        )
    return placement_of(tx, line, found, share.minor, said)


def _on_account(tx: Tx, share: Share, line: RemittanceLine, said: tuple[str, str]) -> Placement:
    currency, rule = said
    type_, code = booked_as(tx, share.type, share.account, f"Line {line.number}")
    claim = claim_of(type_, line.reference)
    placed = Placement(line.number, code, -share.minor, currency, line.reference, type_.code)
    return replace(placed, claim=claim, rule=rule)


def _said(share: Share, currency: str) -> dict[str, str]:
    to = share.key or (f"{share.type} on {share.account}" if share.account else share.type)
    return {"to": to, "amount": str(Money(share.minor, currency))}


def proposals_for(tx: Tx, saved: SavedRemittance, number: int) -> tuple[Candidate, ...]:
    """What the matchers propose for one line alone against all that is open now, the strongest first."""
    told = saved.remittance
    line = next(each for each in told.lines if each.number == number)
    items = [each.item for each in load_open_items(tx.connection, saved.partner, told.currency)]
    residue = ResidueLine.of(line, paid_on=told.paid_on)
    found = propose(Lines([residue]), Items(items), tx.resources.books.matchers)
    return tuple(sorted(found, key=lambda each: (-each.score, each.parts)))
