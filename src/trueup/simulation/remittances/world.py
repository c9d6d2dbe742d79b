"""The history of a vendor with Amazon, made from a seed: period after period, so that years of it never stand in memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from trueup.simulation.remittances import planting
from trueup.simulation.remittances.causes import MARKETS
from trueup.simulation.remittances.desk import FULL, Desk, Profile
from trueup.simulation.remittances.invoicing import LONGEST_DAYS, MEAN_SIZE
from trueup.simulation.remittances.records import API, EXPORT, BankEntry, Payment, Period

END = date(2026, 10, 31)
"""The last day of every history."""
PAYMENTS_A_DAY = Fraction(7, 2)
_LEAST_ORDERS = 8
"""Nobody is paid before so many orders are due; a smaller market lets the largest go first."""
_PAYER = "AMAZON.COM SERVICES"


@dataclass(slots=True)
class History:
    """A history as it is being made. `scale` multiplies the payments of a day.

    `answering`: the markets whose finance API answers; of what the portal alone would tell, it tells the half, some with it.
    """

    seed: int
    months: int = 1
    scale: Fraction = Fraction(1)
    profile: Profile = FULL
    answering: frozenset[str] = frozenset()
    chance: Random = field(init=False)
    desks: list[Desk] = field(init=False)
    _planting: planting.Planting = field(init=False)
    _owed_orders: dict[str, Fraction] = field(default_factory=dict)
    _owed_payments: Fraction = Fraction(0)
    _payments: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(f"remittances {self.seed}")
        self.desks = [Desk(market, self.chance, self.profile) for market in MARKETS]
        self._planting = planting.Planting(self.chance)

    def periods(self) -> Iterator[Period]:
        """The half months in order. The first brings the invoices that were issued before it."""
        spans = _half_months(self.months)
        for desk in self.desks:
            desk.issuer.opens_on = spans[0][0]
        for day in _working_days(spans[0][0] - timedelta(days=LONGEST_DAYS + 3), spans[0][0] - timedelta(days=1)):
            self._issue(day)
        before: list[Payment] = []
        for place, (start, end) in enumerate(spans):
            period = Period(f"{start:%Y-%m}-{'a' if start.day == 1 else 'b'}", start, end)
            for day in _working_days(start, end):
                self._issue(day)
                self._pay(period, day, place == len(spans) - 1)
            period.invoices = [invoice for desk in self.desks for invoice in desk.issuer.take()]
            period.retold = [_told_again(each) for each in before if each.retold]
            before = period.payments
            yield period

    def _issue(self, day: date) -> None:
        for desk, weight in zip(self.desks, self.profile.market_weights, strict=True):
            mean = Fraction(sum(self.profile.invoices), 2) / Fraction(MEAN_SIZE)
            rate = PAYMENTS_A_DAY * self.scale * Fraction(weight, 100) * mean
            owed = self._owed_orders.get(desk.market.name, Fraction(0)) + rate
            for _ in range(int(owed)):
                desk.issuer.issue(day, self._kind(desk))
            self._owed_orders[desk.market.name] = owed - int(owed)

    def _kind(self, desk: Desk) -> str:
        """What an order is issued for: two of a hundred are never paid, one has awkward numbers, some are twins."""
        if not self.profile.anomalies:
            return "ordinary"
        drawn = self.chance.randrange(100)
        if drawn < 3:
            return "orphan" if drawn < 2 else "awkward"
        return "twins" if drawn < 6 and len(desk.issuer.twins) < 3 else "ordinary"

    def _pay(self, period: Period, day: date, last: bool) -> None:
        self._owed_payments += PAYMENTS_A_DAY * self.scale
        while self._owed_payments >= 1:
            desk = self.chance.choices(self.desks, self.profile.market_weights)[0]
            if not desk.issuer.ready(day, _LEAST_ORDERS):
                desk = self.desks[0]
                if not desk.issuer.ready(day, _LEAST_ORDERS):
                    break
            self._owed_payments -= 1
            self._payments += 1
            twins = desk.issuer.twins
            old = bool(twins) and (day - twins[0].invoices[0].issued_on).days > 10
            scene = planting.Scene(desk.market, old, last)
            planted = self._planting.next(scene) if self.profile.anomalies else ""
            payment = desk.payment(str(510_000_000 + self._payments * 37), day, planted)
            if planted == planting.SOURCES_DIFFER:
                payment.misstated = self.chance.choice((-1, 1)) * self.chance.randint(50, 5_000)
            elif planted == planting.RETOLD:
                payment.retold = "again"
            if desk.market.name in self.answering:
                payment.sources = _with_api(payment, self._payments)
            period.payments.append(payment)
            period.bank += self._banked(payment)

    def _banked(self, payment: Payment) -> Iterator[BankEntry]:
        """What the bank says of a payment, and now and then of one that nobody announced."""
        chance, planted = self.chance, payment.planted
        minor, wrong = payment.amount, ""
        if minor <= 0 or planted in (*planting.UNPAID, planting.BANK_MISSING):
            return
        booked = payment.paid_on + timedelta(days=chance.randint(0, 2))
        currency, account = payment.market.pays_in, f"RIVERSIDE-{payment.market.pays_in}"
        if planted == planting.BANK_OTHER:
            minor, wrong = minor - chance.choice((1_500, 2_500)), planted
        text = f"AMAZON PAYMENT {payment.number}"
        yield BankEntry(account, currency, booked, minor, _PAYER, text, payment.number, wrong)
        if planted == planting.BANK_UNANNOUNCED:
            text = f"AMAZON PAYMENT {int(payment.number) + 5}"
            yield BankEntry(account, currency, booked, chance.randint(20_000, 900_000), _PAYER, text, "", planted)


def _with_api(payment: Payment, turn: int) -> tuple[str, ...]:
    """Who tells of a payment where the finance API answers. What the portal tells otherwise than all others stays its own."""
    if payment.sources != (EXPORT,) or payment.planted in planting.OF_THE_PORTAL:
        return payment.sources
    return ((EXPORT,), (API,), (EXPORT, API), (API,))[turn % 4]


def _told_again(payment: Payment) -> Payment:
    """A payment as a later export has it: as it was, its lines in another order, or voided meanwhile."""
    if payment.retold == "voided":
        return replace(payment, state="voided", voided_reason="Payment reissued")
    return replace(payment, lines=payment.lines[::-1])


def _half_months(months: int) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    first = END.replace(day=1)
    for _ in range(months):
        following = (first + timedelta(days=32)).replace(day=1)
        spans[:0] = [(first, first.replace(day=15)), (first.replace(day=16), following - timedelta(days=1))]
        first = (first - timedelta(days=1)).replace(day=1)
    return spans


def _working_days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)
