"""Check charges: what Amazon took is held against what the terms in force say it should have taken; what is above is a case.

The rules by which a charge is judged:

- *Which charges*: lines booked as co-op, allowance, chargeback or discount, and the discount and tax columns of invoices' lines.
- *Which term*: that of the payee before that of the partner before that of all; in force in the period that the line names;
  where it names none, or no rate is documented for it, on the day that Amazon dates the charge, or else that of the payment
  (columns: always that). Where the rate changes within the period, none is.
- *Net receipts*: our invoices without tax, credit notes deducted, to the payee, issued in the period that the line names.
- *Purchase order*: our invoices without tax of the orders that the line names. *Invoice*: those that the line settles.
- *Tolerance*: one minor unit for each invoice in what the rate is taken of, for each may have been rounded.

Where a rate, a period, an order or our invoices are missing, a charge is *unrated*: it is listed, and no case is made of a guess.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deduction import DeductionType, Direction, Family
from trueup.domain.periods import period_in
from trueup.domain.terms import Basis, Term, Verdict, compare, expect, in_force
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import case_batches, charges
from trueup.storage.charges import BASE, RATE, Billed, Judged, Taken
from trueup.storage.terms import SavedTerm, load_terms
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.books_cases import OWNER
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Flowing, Tx, World

OVERCHARGED = "charge.overcharged"
COLUMNS = ("quick-pay", "withholding")
"""Charges that stand in columns of an invoice's line."""
_FAMILIES = (Family.CO_OP, Family.ALLOWANCE, Family.CHARGEBACK, Family.DISCOUNT)
_AT_ONCE = 500
_WITHIN = timedelta(days=30)
_ORDER = re.compile(r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{6,12}\b")
_MOST_SHOWN = 3


def rateable(types: Mapping[str, DeductionType]) -> frozenset[str]:
    """The kinds of charges that a term can be for: codes of types that take by agreement, and columns."""
    taking = (each.code for each in types.values() if each.family in _FAMILIES and each.direction is Direction.TAKES)
    return frozenset((*taking, *COLUMNS))


def check_charges(c: Flowing, partner: str, whole: bool) -> None:
    """All charges of a partner, or those of payments that were booked or could not be judged since they were looked at."""
    after: int | None = 0
    while after is not None:
        after = c.commit(check_batch, partner, after, whole)


def ask_check(tx: Tx, partner: str, whole: bool = False, due: datetime | None = None) -> None:
    """Have what is new (or all) checked by a worker, now or on a day."""
    # A run of its own for each transaction that asks: one that has ended would not be started again.
    number = tx.connection.execute(sa.text("SELECT pg_current_xact_id()::text")).scalar_one()
    when = max(due, tx.now) if due else tx.now
    tx.at(when, "check_charges", f"charges:{partner}:{number}:{when:%Y%m%d}", partner, whole)


def begin_check(tx: Tx, person: Person) -> None:
    """A person has all charges checked: noted, and refused without a role that may."""
    demand_role(person, "charges.check")
    record_deed(tx.connection, tx.now, person, Deed("charges.checked", "charges"))


def check_batch(tx: Tx, partner: str, after: int, whole: bool) -> int | None:
    """Judge the charges of the next payments; returns the id of the last one, None when there are no more."""
    # One at a time for a partner: two would write one payment's charges at once.
    tx.connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 7))"), {"name": f"charges {partner}"}
    )
    ids = charges.payments_to_check(tx.connection, partner, after, _AT_ONCE, whole=whole)
    if not ids:
        return None
    taken = load_charges(tx, ids)
    bench = bench_for(tx, taken, load_terms(tx.connection), tx.now.date())
    judged = [bench.judge(each) for each in taken]
    before = charges.overcharged_before(tx.connection, ids)
    charges.replace_charges(tx.connection, ids, judged, tx.now)
    _note(tx, judged, before)
    _count(tx, len(taken), judged)
    return ids[-1]


def _count(tx: Tx, came: int, judged: Sequence[Judged]) -> None:
    became = Counter(each.verdict.replace("-", " ") for each in judged)
    above = {"above what was agreed": became.pop(Verdict.OVERCHARGE.value, 0)}
    keys = {(OVERCHARGED, _subject_of(each)) for each in judged if each.verdict == Verdict.OVERCHARGE.value}
    tx.count(Tally("charges", came, became, above, case_batches.ids_of_open(tx.connection, keys)))


def load_charges(tx: Tx, ids: Sequence[int]) -> list[Taken]:
    """What these payments took that a rate may say."""
    kinds = rateable(tx.resources.books.grammars.now(tx.connection).types) - {"withholding"}
    return charges.load_taken(tx.connection, ids, kinds)


def bench_for(tx: Tx, taken: Sequence[Taken], saved: Sequence[SavedTerm], known_on: date) -> Bench:
    """What these charges are judged by, with these terms as they are known on a day."""
    return Bench(tx, saved, charges.bill_of_invoices(tx.connection, _invoices(taken)), known_on)


@dataclass
class Bench:
    """What charges of a batch are judged by: the terms as they are known on a day, and our invoices, each asked for once."""

    tx: Tx
    saved: Sequence[SavedTerm]
    invoices: Mapping[int, tuple[Billed, date]]
    known_on: date
    _of_period: dict[tuple[str, str, str, date, date], Billed | None] = field(default_factory=dict)

    def judge(self, taken: Taken) -> Judged:
        """A charge against its term, in words."""
        period = None if taken.column else period_in(taken.said)
        marketplace, term, lack = self._term(taken, period)
        if term is None or not term.rated:
            said = lack or f"no rate of {taken.kind} is documented for {marketplace} on {taken.paid_on}"
            return Judged(taken, marketplace, None, Verdict.UNRATED.value, RATE, said)
        billed, of = self._base(taken, term, period)
        number = next((each.id for each in self.saved if each.term == term), None)
        if billed is None:
            return Judged(taken, marketplace, None, Verdict.UNRATED.value, BASE, f"{term}, but {of}", number)
        expected = self._expected(taken, term, billed)
        if expected is None:
            said = f"{term}, but the units of {of} are not known: import those invoices with their lines"
            return Judged(taken, marketplace, None, Verdict.UNRATED.value, BASE, said, number)
        found = compare(Money(taken.minor, taken.currency), expected, Money(max(1, billed.count), taken.currency))
        base = f"{Money(billed.minor, taken.currency)} of {of}"
        why = f"{found.why}; {term}, {base}"
        return Judged(taken, marketplace, expected.minor, found.verdict.value, "", why, number, f"{term}; {base}")

    def _term(self, taken: Taken, period: tuple[date, date] | None) -> tuple[str, Term | None, str]:
        terms = [each.term for each in self.saved if each.term.kind == taken.kind]
        scopes = [scope for scope in (taken.payee, taken.partner) if scope]
        marketplace = taken.partner

        def on(day: date) -> Term | None:
            nonlocal marketplace
            for scope in scopes:  # the vendor code's own before its partner's, and that before all marketplaces'
                found = in_force(
                    (each for each in terms if each.marketplace == scope), taken.kind, day, self.known_on, scope
                )
                if found is not None:
                    marketplace = scope
                    return found
            return in_force(terms, taken.kind, day, self.known_on)

        if period is not None:
            named = {term for term in (on(period[0]), on(period[1])) if term is not None}
            if len(named) > 1:
                return marketplace, None, f"the rate of {taken.kind} changes between {period[0]} and {period[1]}"
            if named:
                return marketplace, named.pop(), ""
        return marketplace, on(taken.day) or on(taken.paid_on), ""

    def _base(self, taken: Taken, term: Term, period: tuple[date, date] | None) -> tuple[Billed | None, str]:
        """What the rate is taken of, and its name; or None, and what is missing."""
        match term.basis:
            case Basis.INVOICE:
                found = [self.invoices[number][0] for number in taken.invoices if number in self.invoices]
                whole = _together(found) if found else None
                return whole, _named(whole) if whole else "it is booked about no invoice of ours"
            case Basis.ORDER:
                return self._of_orders(taken)
            case Basis.NET_RECEIPTS:
                return self._of_days(taken, period)
            case Basis.UNITS:
                return self._of_days(taken, period) if period else self._of_orders(taken)

    def _of_days(self, taken: Taken, period: tuple[date, date] | None) -> tuple[Billed | None, str]:
        if period is None:
            return None, "the line does not say for which days"
        key = (taken.partner, taken.payee, taken.currency, *period)
        if key not in self._of_period:
            self._of_period[key] = charges.bill_of_period(self.tx.connection, taken, period)
        billed, days = self._of_period[key], f"{period[0]} to {period[1]}"
        return billed, f"{_named(billed)} issued {days}" if billed else f"no invoice of ours issued {days} is known"

    def _of_orders(self, taken: Taken) -> tuple[Billed | None, str]:
        names = sorted(set(_ORDER.findall(taken.said.upper())))
        billed = charges.bill_of_orders(self.tx.connection, taken, names) if names else None
        if billed is None:
            return None, "the line names no purchase order that we have invoices of"
        return billed, f"{_named(billed)} of the order it names"

    def _expected(self, taken: Taken, term: Term, billed: Billed) -> Money | None:
        if term.within_days is not None and taken.invoices:
            days = [taken.paid_on - self.invoices[each][1] for each in taken.invoices if each in self.invoices]
            if days and min(days) > timedelta(days=term.within_days):
                return Money.zero(taken.currency)
        if term.per_unit is not None and term.per_unit.currency != taken.currency:
            return None
        return expect(term, amount=Money(billed.minor, taken.currency), units=billed.units)


def _invoices(taken: Iterable[Taken]) -> set[int]:
    return {number for each in taken for number in each.invoices}


def _together(found: Sequence[Billed]) -> Billed:
    units = [each.units for each in found]
    known = [each for each in units if each is not None]
    return Billed(sum(each.minor for each in found), len(found), sum(known) if len(known) == len(units) else None)


def _named(billed: Billed) -> str:
    return "1 invoice" if billed.count == 1 else f"{billed.count} invoices"


def _note(tx: Tx, judged: Iterable[Judged], before: Iterable[tuple[int, int, str]]) -> None:
    """A case for each charge that is too high, those in columns of one payment together; cases whose cause is gone close."""
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        if each.verdict == Verdict.OVERCHARGE.value:
            groups[_subject_of(each)].append(each)
    drafts = [_draft(tx, subject, group) for subject, group in sorted(groups.items())]
    dismissed = case_batches.dismissed_cases(tx.connection, OVERCHARGED, list(groups))
    wanted = [draft for draft in drafts if dismissed.get(draft.subject) != (draft.expected, draft.found)]
    case_batches.open_cases(tx.connection, wanted, tx.now)
    told = charges.payments_named(tx.connection, {number for number, _, _ in before})
    ended = {_subject(told[number], line, kind) for number, line, kind in before} - set(groups)
    case_batches.close_cases_of(
        tx.connection, [(OVERCHARGED, subject) for subject in ended], why="it is charged as agreed", now=tx.now
    )


def _subject_of(each: Judged) -> str:
    taken = each.taken
    return _subject(f"{taken.partner}/{taken.payment}", taken.line, taken.kind)


def _subject(payment: str, line: int, kind: str) -> str:
    return f"charge {payment} {kind}" if kind in COLUMNS else f"charge {payment} line {line}"


def _draft(tx: Tx, subject: str, group: Sequence[Judged]) -> CaseDraft:
    first = group[0].taken
    charged = Money(sum(each.taken.minor for each in group), first.currency)
    expected = Money(sum(each.expected or 0 for each in group), first.currency)
    shown = ", ".join(each.taken.reference or f"line {each.taken.line}" for each in group[:_MOST_SHOWN])
    more = f" and {len(group) - _MOST_SHOWN} more" if len(group) > _MOST_SHOWN else ""
    return CaseDraft(
        kind=OVERCHARGED,
        subject=subject,
        title=f"Amazon took {charged} of {first.kind} ({shown}{more}) in payment {first.payment}: {charged - expected} more "
        f"than agreed",
        expected=f"{expected}: {group[0].base}"[:4000],
        found=f"{charged} ({shown}{more})"[:4000],
        money_at_risk=charged - expected,
        deadline=tx.now + _WITHIN,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


FLOWS = (Flow[World]("check_charges", check_charges, "books"),)
