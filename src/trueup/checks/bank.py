"""Payments against the bank: what remittances announce must have come in, and what came in must be announced."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.bank import (
    BankContest,
    BankDifference,
    BankDiscrepancy,
    BankLine,
    BankMatching,
    BankRules,
    ExpectedPayment,
)
from trueup.domain.bank_matching import match_bank
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.storage.bank import Covered, covered_accounts, load_bank_lines

OWNER = Role.FINANCE.value
CONTEST, BEFORE_HISTORY, BEHIND = "bank.contest", "bank.before-history", "bank.behind"
KINDS = (*(f"bank.{kind.value}" for kind in BankDifference), CONTEST, BEFORE_HISTORY, BEHIND)
_WITHIN = timedelta(days=7)
_BEHIND_AFTER = timedelta(days=40)
"""Statements of a month come within the next: later than that, nobody looks."""
_BEFORE = timedelta(days=31)
"""A credit so long before the first remittance belongs to a history that was never imported."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The bank against the remittances: what is tied and what is not, and which accounts are known from when to when."""

    matching: BankMatching
    accounts: tuple[Covered, ...]
    payments: tuple[ExpectedPayment, ...]
    rules: BankRules


def compare(connection: sa.Connection, rules: BankRules) -> Compared | None:
    """Match all there is, but for what a person tied; None where no bank was ever imported.

    Everything is matched anew each time: a line that arrives late may show that two payments could be it, and only so is the
    order of the files without effect.
    """
    accounts = tuple(covered_accounts(connection))
    if not accounts:
        return None
    lines = load_bank_lines(connection)
    paying = {line.account for line in lines if rules.could_pay(line)}
    concerned = [each for each in accounts if each.account in paying] or list(accounts)
    known = replace(rules, as_of=min(each.until for each in concerned))
    payments = _expected(connection)
    return Compared(match_bank(payments, lines, known), accounts, tuple(payments), known)


def _expected(connection: sa.Connection) -> list[ExpectedPayment]:
    """Payments that stand, but for what a person tied."""
    return [
        ExpectedPayment(row.partner, row.payment, row.paid_on, Money(row.amount_minor, row.currency))
        for row in connection.execute(_EXPECTED)
    ]


_EXPECTED = sa.text(
    "SELECT r.partner, r.payment, r.paid_on, r.amount_minor, r.currency FROM trueup.remittances r WHERE r.state = 'paid'"
    " AND NOT EXISTS (SELECT 1 FROM trueup.bank_ties t WHERE t.rule = 'person'"
    " AND t.payments @> ARRAY[r.partner || '/' || r.payment]) ORDER BY r.partner, r.payment"
)


def find_differences(connection: sa.Connection, ground: Ground) -> list[CaseDraft]:
    """What does not agree now."""
    compared = compare(connection, ground.bank)
    return drafts_of(compared, ground) if compared is not None else []


def drafts_of(compared: Compared, ground: Ground) -> list[CaseDraft]:
    """The cases of a comparison. What lies outside of what either side is known of is no difference."""
    since: dict[str, date] = {}
    for account in compared.accounts:
        since[account.currency] = min(since.get(account.currency, account.since), account.since)
    first = min((payment.paid_on for payment in compared.payments), default=None)
    drafts, early = [], list[BankDiscrepancy]()
    for each in compared.matching.discrepancies:
        if each.kind is BankDifference.NOT_ANNOUNCED and _is_early(each, first):
            early.append(each)
        elif each.kind is not BankDifference.NOT_RECEIVED or _should_show(each.payments[0], since, ground):
            drafts.append(_difference(each, compared.rules, ground))
    drafts += [_contest(each, ground) for each in compared.matching.contests]
    drafts += _history(early, first, ground)
    drafts += _behind(compared, since, ground)
    return drafts


def _should_show(payment: ExpectedPayment, since: Mapping[str, date], ground: Ground) -> bool:
    """Whether an account of its currency is known on a day on which it may have come. A debit balance never comes."""
    first = since.get(payment.amount.currency)
    return (
        payment.amount.minor > 0 and first is not None and payment.paid_on + timedelta(days=ground.bank.days) >= first
    )


def _is_early(each: BankDiscrepancy, first: date | None) -> bool:
    return first is not None and each.lines[0].booked_on < first - _BEFORE


def _difference(each: BankDiscrepancy, rules: BankRules, ground: Ground) -> CaseDraft:
    named = " and ".join(str(payment) for payment in each.payments)
    match each.kind:
        case BankDifference.NOT_RECEIVED:
            expected, found = f"{each.payments[0].amount} in the bank within {rules.days} days", "no bank line is it"
            to_do = "ask Amazon where it is, or import the statement it stands in"
        case BankDifference.NOT_ANNOUNCED:
            expected, found = "a remittance that announces it", _told(each.lines)
            to_do = "import its remittance, or dismiss this if it is no payment for invoices"
        case BankDifference.OTHER_AMOUNT:
            expected, found = named, _told(each.lines)
            to_do = "compare the remittance with the bank's line"
    return CaseDraft(
        kind=f"bank.{each.kind.value}",
        subject=_subject(each.payments, each.lines),
        title=f"{each.words}; {to_do}"[:1000],
        expected=expected,
        found=found,
        money_at_risk=abs(each.money),
        deadline=ground.now + _WITHIN,
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _contest(each: BankContest, ground: Ground) -> CaseDraft:
    total = sum((payment.amount for payment in each.payments[1:]), each.payments[0].amount)
    return CaseDraft(
        kind=CONTEST,
        subject=_subject(each.payments, each.lines),
        title=f"{each.why}: `trueup bank tie PAYMENT LINE`"[:1000],
        expected=" and ".join(str(payment) for payment in each.payments)[:2000],
        found=_told(each.lines),
        money_at_risk=abs(total),
        deadline=ground.now + _WITHIN,
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _history(early: Sequence[BankDiscrepancy], first: date | None, ground: Ground) -> Iterator[CaseDraft]:
    """One case a currency for credits before the first remittance: their remittances were never imported."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for each in early:
        sums[each.money.currency] += each.money.minor
        counts[each.money.currency] += 1
    for currency, minor in sorted(sums.items()):
        total = Money(minor, currency)
        yield CaseDraft(
            kind=BEFORE_HISTORY,
            subject=f"bank {currency}",
            title=f"{counts[currency]} credits of {total} came before the first remittance known ({first}): import older ones",
            expected="remittances that announce them",
            found=f"{counts[currency]} credits of {total}",
            money_at_risk=total,
            deadline=None,
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )


def _behind(compared: Compared, since: Mapping[str, date], ground: Ground) -> Iterator[CaseDraft]:
    """The bank is not known up to now, while payments go on: nothing proves that they came."""
    as_of = compared.rules.as_of
    if ground.now.date() - as_of <= _BEHIND_AFTER:
        return
    tied = {payment for tie in compared.matching.ties for payment in tie.payments}
    later: defaultdict[str, int] = defaultdict(int)
    for payment in compared.payments:
        if payment.paid_on >= as_of and payment not in tied and payment.amount.currency in since:
            later[payment.amount.currency] += payment.amount.minor
    for currency, minor in sorted(later.items()):
        total = Money(minor, currency)
        yield CaseDraft(
            kind=BEHIND,
            subject=f"bank {currency}",
            title=f"The bank is known up to {as_of} alone, and {total} were announced since: import its statements",
            expected="statements up to last month",
            found=f"none after {as_of}",
            money_at_risk=abs(total),
            deadline=ground.now + _WITHIN,
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )


def _subject(payments: Sequence[ExpectedPayment], lines: Sequence[BankLine]) -> str:
    if payments:
        return f"payment {payments[0].partner}/{payments[0].number}"
    return f"bank line {lines[0].key}"


def _told(lines: Iterable[BankLine]) -> str:
    return (
        "; ".join(
            f"{line.amount} on {line.booked_on.isoformat()} from {line.payer or 'nobody named'}"
            f" ({' '.join((*line.references, line.text.replace(chr(10), ' ')))[:120].strip() or 'no text'})"
            for line in lines
        )[:2000]
        or "no bank line"
    )


CHECK = Check(
    name="bank",
    sources=("remittances", "bank statements"),
    protects="from payments that never arrived, arrived otherwise, or arrived without a remittance",
    owner=OWNER,
    tolerance="none: to the cent, within the days a payment may take",
    kinds=KINDS,
    find=find_differences,
)
