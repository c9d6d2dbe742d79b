"""Dispute a claim: a person submitted it in Amazon's portal, and later says what came of it. What came back is seen by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from trueup.base.errors import NotFound, Refused
from trueup.base.money import Money
from trueup.domain.deduction import Family
from trueup.domain.disputes import Attempt, Outcome, submit
from trueup.storage import claims
from trueup.storage.acts import say_who
from trueup.storage.disputes import Recoverable, SavedDispute, load_recoverables, save_attempt, save_outcome
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.staged_packs import demand_pack
from trueup.workflows.world import Books, Tx


def disputable_types(books: Books) -> list[str]:
    """The codes of deduction types that we may contest, and of what gives back of them, for a chain has one type of either."""
    families = disputable_families(books)
    return sorted(each.code for each in books.types.values() if each.family in families)


def disputable_families(books: Books) -> frozenset[Family]:
    """The families of deductions in which there is a type that we may contest."""
    return frozenset(each.family for each in books.types.values() if each.disputable)


@dataclass(frozen=True, slots=True)
class Submission:
    """That a claim was submitted in Amazon's portal: under which reference, when, and with which pack.

    `pack`: the hash of the staged pack that was looked at, "" for none, None for any. `as_staged`: the staged pack is what was
    submitted, although it is void by now.
    """

    reference: str
    day: date
    pack: str | None = None
    as_staged: bool = False


def submit_claim(tx: Tx, claim_id: int, said: Submission, person: Person) -> Attempt:
    """Note that a claim was submitted, with its staged pack.

    Raises NotFound, Refused: outside its window, one under way, or without a role; Conflict where the pack is void, or another was
    staged since it was looked at.
    """
    demand_role(person, "claims.dispute")
    found = recoverable(tx, claim_id, lock=True)
    if _is_ahead(tx, said.day):
        raise Refused(f"Claim {claim_id}: {said.day} is not here yet; say when it was submitted.")
    last = found.disputes[-1].attempt if found.disputes else None
    if last is not None and last.outcome is None:
        who = say_who(tx.connection, f"claim {claim_id}", "claim.disputed")
        raise Refused(
            f"Claim {claim_id}: a dispute is under way, submitted{who} as {last.reference}; record its outcome first."
        )
    attempt = submit(found.claim, (said.day, said.reference, person.name))
    pack = demand_pack(tx.connection, found, (said.pack, said.as_staged), tx.now.date())
    save_attempt(
        tx.connection, found.balance, SavedDispute(attempt, pack.open_minor, pack.given_minor), tx.now, pack.papers
    )
    after = {
        "attempt": attempt.number,
        "reference": said.reference,
        "day": said.day.isoformat(),
        "minor": pack.open_minor,
        "currency": found.balance.currency,
    }
    deed = Deed("claim.disputed", f"claim {claim_id}", after=after, evidence=pack.digest)
    record_deed(tx.connection, tx.now, person, deed)
    return attempt


def _is_ahead(tx: Tx, day: date) -> bool:
    """Whether a day has begun nowhere: somewhere it is tomorrow already."""
    return day > tx.now.date() + timedelta(days=1)


def note_outcome(tx: Tx, claim_id: int, outcome: Outcome, answer: tuple[date, Money | None], person: Person) -> Attempt:
    """Note what Amazon answered: `answer` is the day, and how much was won, which may be left out but for a part.

    Raises NotFound, Refused when no dispute is under way, for a day before it was submitted or after tomorrow, or where the amount
    does not fit what was disputed.
    """
    demand_role(person, "claims.dispute")
    found = recoverable(tx, claim_id, lock=True)
    last = found.disputes[-1] if found.disputes else None
    if last is None or last.attempt.outcome is not None:
        who = say_who(tx.connection, f"claim {claim_id}", "claim.answered")
        if who:
            raise Refused(f"Claim {claim_id}: no dispute is under way, it was answered{who}; submit it anew first.")
        raise Refused(f"Claim {claim_id}: no dispute is under way; submit it first.")
    day, amount = answer
    if day < last.attempt.submitted_on:
        since = last.attempt.submitted_on
        raise Refused(f"Claim {claim_id}: {day} is before it was submitted, on {since}; say when Amazon answered.")
    if _is_ahead(tx, day):
        raise Refused(f"Claim {claim_id}: {day} is not here yet; say when Amazon answered.")
    won = _won(found, last.open_minor, outcome, amount)
    answered = replace(last.attempt, outcome=outcome, answered_on=day, won=won)
    save_outcome(tx.connection, claim_id, answered, person.name)
    after = {"attempt": answered.number, "outcome": outcome.value, "day": day.isoformat(), "won": won}
    record_deed(tx.connection, tx.now, person, Deed("claim.answered", f"claim {claim_id}", after=after))
    return answered


def recoverable(tx: Tx, claim_id: int, *, lock: bool = False) -> Recoverable:
    """A claim that can be contested. Raises NotFound."""
    claims.load_claim(tx.connection, claim_id, lock=lock)
    found = load_recoverables(tx.connection, disputable_types(tx.resources.books), claim_id=claim_id)
    if not found:
        raise NotFound(f"No claim {claim_id} that can be disputed is known; `trueup recover` lists them.")
    return found[0]


def _won(found: Recoverable, disputed: int, outcome: Outcome, amount: Money | None) -> int:
    currency = found.balance.currency
    if amount is not None and amount.currency != currency:
        raise Refused(f"Claim {found.balance.id} is in {currency}, found {amount}.")
    said = amount.minor if amount is not None else None
    match outcome:
        case Outcome.LOST:
            if said:
                raise Refused(f"Claim {found.balance.id}: {amount} of a dispute that was lost; say partly.")
            return 0
        case Outcome.WON:
            if said not in (None, disputed):
                raise Refused(
                    f"Claim {found.balance.id}: {amount} of {Money(disputed, currency)} disputed is not all of it; say partly."
                )
            return disputed
        case Outcome.PARTLY:
            if said is None or not 0 < said < disputed:
                raise Refused(
                    f"Claim {found.balance.id}: of {Money(disputed, currency)} disputed, say how much was won; found {amount}."
                )
            return said
