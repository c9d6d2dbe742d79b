"""Amazon's desk for one market: what it puts on a payment of a day, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from trueup.simulation.remittances import charges, planting, stories
from trueup.simulation.remittances.causes import ASN_PERCENT, TREATMENT, percent_of
from trueup.simulation.remittances.invoicing import QUICK_DAYS, Issuer, Order
from trueup.simulation.remittances.records import X12, Invoice, Line, Market, Payment
from trueup.simulation.remittances.unknown_forms import UNKNOWN_CODES, unknown_line

_HIGH_CO_OP = Decimal("1.25")
_MOST_TOLD = 30


@dataclass(frozen=True, slots=True)
class Profile:
    """What a history is made of. Odds are in percent of invoices; the ranges are counts a payment."""

    invoices: tuple[int, int]
    shortage_odds: int
    price_odds: int
    chargebacks: tuple[int, int]
    anomalies: bool
    market_weights: tuple[int, ...]


FULL = Profile((26, 44), 16, 5, (4, 14), True, (60, 16, 8, 8, 8))
PLAIN = Profile((50, 60), 7, 2, (2, 5), False, (100, 0, 0, 0, 0))


@dataclass(slots=True)
class Desk:
    """A market's desk: its invoices, the stories that run, and what it has charged."""

    market: Market
    chance: Random
    profile: Profile
    issuer: Issuer = field(init=False)
    stories: stories.Stories = field(default_factory=stories.Stories)
    _charged_week: date = date.min
    _unknown_tenths: int = 0

    def __post_init__(self) -> None:
        self.issuer = Issuer(self.market, self.chance, self.profile.anomalies)

    def payment(self, number: str, day: date, planted: str) -> Payment:
        """A payment of a day, with what is planted in it."""
        payment = Payment(number, self.market, day, [], planted=planted)
        if self.profile.anomalies:
            payment.sources = planting.sources_of(self.chance, self.market, planted)
        orders = self.issuer.due(day, self.chance.randint(*self.profile.invoices))
        if planted in planting.UNPAID:
            self._leave_unpaid(payment, orders)
        else:
            self._pay(payment, orders)
        self._total(payment)
        return payment

    def _pay(self, payment: Payment, orders: list[Order]) -> None:
        lines = payment.lines
        if payment.planted == planting.SUM:
            orders = self._pay_in_one(payment, orders)
        for order in orders:
            lines += [self._invoice_line(payment, invoice) for invoice in order.invoices]
            if order.kind == "ordinary":
                self._claim(order, payment.paid_on)
        self._charge(payment)
        _PLANT.get(payment.planted, _nothing)(self, payment)
        if self.profile.anomalies:
            self._add_unknown(payment)
            self.chance.shuffle(lines)
        self._keep_above_zero(payment)

    def _leave_unpaid(self, payment: Payment, orders: list[Order]) -> None:
        """Nothing but invoices, which wait again for a payment that comes to something."""
        payment.lines = [self._invoice_line(payment, invoice) for order in orders for invoice in order.invoices]
        later = payment.planted == planting.VOIDED_LATER
        for order in orders:
            for invoice in order.invoices:
                invoice.fate = "open"
            self.issuer.wait(order, payment.paid_on + timedelta(days=18 if later else 3))
        payment.state = {planting.VOIDED: "voided", planting.FAILED: "failed"}.get(payment.planted, "paid")
        payment.voided_reason = "Bank account closed" if payment.state == "voided" else ""
        payment.retold = "voided" if later else ""

    def _invoice_line(self, payment: Payment, invoice: Invoice) -> Line:
        market, invoice.fate = self.market, "paid"
        withheld = percent_of(invoice.net, Decimal(market.withholding)) if market.withholding else 0
        age = (payment.paid_on - invoice.issued_on).days
        quick = market.quick_pay and age <= QUICK_DAYS
        discount = percent_of(invoice.total, Decimal(market.quick_pay)) if quick else 0
        line = Line(invoice.number, invoice.total - withheld - discount, "invoice", TREATMENT["invoice"])
        line.discount, line.withheld, line.gross = discount, withheld, invoice.total
        line.invoice_day, line.purchase_order = invoice.issued_on, invoice.purchase_order
        line.description = f"{invoice.purchase_order}/{invoice.centre}/##NOT_AVAILABLE"
        line.parts = ((invoice.number, invoice.total),)
        line.words = ("Invoice", "Payments")
        return line

    def _pay_in_one(self, payment: Payment, orders: list[Order]) -> list[Order]:
        """One order's invoices in one line that names the order alone; the other orders are left."""
        for place, order in enumerate(orders):
            if len(order.invoices) > 1 and order.kind == "ordinary":
                total, first = sum(each.total for each in order.invoices), order.invoices[0]
                line = Line(
                    order.number, total, "invoice-sum", TREATMENT["invoice-sum"], gross=total, planted=payment.planted
                )
                line.invoice_day, line.purchase_order = first.issued_on, order.number
                line.description = f"{order.number}/{first.centre}/##NOT_AVAILABLE"
                line.parts = tuple((each.number, each.total) for each in order.invoices)
                line.words = ("Others", "Payments")
                for each in order.invoices:
                    each.fate = "paid"
                payment.lines.append(line)
                return orders[:place] + orders[place + 1 :]
        payment.planted = ""
        return orders

    def _claim(self, order: Order, day: date) -> None:
        for invoice in order.invoices:
            drawn = self.chance.randrange(100)
            if drawn < self.profile.shortage_odds:
                self.stories.begin(stories.shortage(self.chance, invoice), day)
            elif drawn < self.profile.shortage_odds + self.profile.price_odds:
                self.stories.begin(stories.price(self.chance, invoice), day)

    def _charge(self, payment: Payment) -> None:
        chance, lines, day = self.chance, payment.lines, payment.paid_on
        if chance.random() < 0.12:
            worth = sum(line.paid for line in lines) * chance.randint(5, 25) // 100
            if worth > 100:
                self.stories.begin(stories.provision(chance, day, worth), day)
        lines += [_told(line, day) for line in self.stories.due(day, _MOST_TOLD)]
        charged = [charges.chargeback(chance, self.issuer) for _ in range(chance.randint(*self.profile.chargebacks))]
        charged += charges.returned_goods(chance, self.issuer)
        spoken = X12 not in payment.sources
        if spoken:  # an 820 has no words, and the number of an agreement does not say what was agreed
            charged += charges.unrated(chance)
        week = day - timedelta(days=day.weekday())
        if spoken and self.profile.anomalies and week != self._charged_week:
            self._charged_week = week
            charged += self._weekly(day)
        if self.market.withholding and chance.random() < 0.3:
            charged += self._tax_notes(lines)
        if payment.sources == (X12,):
            charged += charges.adjustments(chance)
        lines += [_told(line, day) for line in charged]

    def _weekly(self, day: date) -> list[Line]:
        lines = charges.weekly(self.chance, self.issuer, day)
        if lines and self.chance.random() < 0.3:
            lines[0].paid = lines[0].gross = int(lines[0].paid * _HIGH_CO_OP)
            lines[0].planted = planting.HIGH_CO_OP
        return lines

    def _tax_notes(self, lines: list[Line]) -> list[Line]:
        invoice = next((line for line in lines if line.cause == "invoice" and line.reference), None)
        if invoice is None:
            return []
        note = f"{invoice.reference}-TDS-CM-{self.chance.randint(1000, 9999)}"
        line = charges.charge("withholding", note, -max(1, invoice.gross // 1000), "Withholding 194Q")
        line.words = ("GST Credit Note", "Others")
        return [line]

    def _add_unknown(self, payment: Payment) -> None:
        """One unknown form for nine other deductions, so that a tenth of them all is unknown."""
        self._unknown_tenths += sum(line.paid < 0 and line.posts for line in payment.lines)
        while self._unknown_tenths >= 9:
            self._unknown_tenths -= 9
            line = unknown_line(self.chance)
            line.paid = line.gross = self.issuer.foreign(line.paid)
            if payment.sources == (X12,) and self.chance.random() < 0.3:
                line.code, line.standalone = self.chance.choice(UNKNOWN_CODES), True
                line.description = ""
            payment.lines.append(_told(line, payment.paid_on))

    def _keep_above_zero(self, payment: Payment) -> None:
        """Nobody is paid less than nothing: what is missing is carried forward and taken from the next payment."""
        short = -sum(line.paid for line in payment.lines)
        if short <= 0:
            return
        reference = f"DEBIT BALANCE {payment.number}"
        chain = f"debit-balance/{reference}"
        forward = Line(reference, short, "debit-balance", TREATMENT["debit-balance"], gross=short, chain=chain)
        forward.description, forward.words = "Debit balance carried forward", ("Others", "Others")
        taken = replace(forward, paid=-short, gross=-short, description="Debit balance recovered")
        payment.lines.append(_told(forward, payment.paid_on))
        self.stories.begin([(1, taken)], payment.paid_on)

    def _total(self, payment: Payment) -> None:
        payment.lines.sort(key=lambda line: not line.standalone)  # an 820 has them before its loops
        for number, line in enumerate(payment.shown, 1):
            line.number = number
        payment.invoiced = payment.amount = sum(line.paid for line in payment.lines) + payment.untied
        if self.market.currency != self.market.pays_in:
            payment.rate = Decimal(self.chance.randint(71_800, 74_600)) / 100_000
            payment.amount = round(payment.invoiced * payment.rate) + self.chance.choice((0, 0, 0, 1, -1, 2))


def _told(line: Line, day: date) -> Line:
    line.invoice_day = line.invoice_day or day - timedelta(days=3)
    return line


def _nothing(_desk: Desk, _payment: Payment) -> None:
    return None


def _plant_hidden(desk: Desk, payment: Payment) -> None:
    """One to three charges that the portal will not show."""
    free = [line for line in payment.lines if line.cause == "chargeback"]
    for line in desk.chance.sample(free, min(len(free), desk.chance.randint(1, 3))):
        line.hidden, line.planted = True, planting.HIDDEN


def _plant_untied(desk: Desk, payment: Payment) -> None:
    payment.untied = desk.chance.choice((-1, 1)) * desk.chance.choice((1, 3, 4_500, desk.chance.randint(100, 9_000)))


def _plant_ambiguous(desk: Desk, payment: Payment) -> None:
    """The order of two invoices alike, and the amount of one of them."""
    order = desk.issuer.twins.popleft()
    for invoice in order.invoices:
        invoice.fate = "ambiguous"
    total = order.invoices[0].total
    line = Line(
        order.number, total, "ambiguous", TREATMENT["ambiguous"], gross=total, posts=False, planted=planting.AMBIGUOUS
    )
    line.purchase_order, line.parts = order.number, tuple((each.number, total) for each in order.invoices)
    line.description, line.words = f"{order.number}/{order.invoices[0].centre}/##NOT_AVAILABLE", ("Others", "Payments")
    line.invoice_day = order.invoices[0].issued_on
    payment.lines.append(line)


def _plant_unknown_invoice(desk: Desk, payment: Payment) -> None:
    """A payment and a shortage claim of invoices that nobody issued."""
    number = f"{desk.market.prefix}{payment.paid_on:%y}-9{desk.chance.randint(10_000, 99_999)}"
    for suffix, paid in (("", desk.chance.randint(5_000, 90_000)), ("SC", -desk.chance.randint(500, 9_000))):
        line = charges.charge("unknown-invoice", number + suffix, desk.issuer.foreign(paid), "")
        line.posts, line.planted, line.words = False, planting.UNKNOWN_INVOICE, ("Invoice", "Payments")
        payment.lines.append(_told(line, payment.paid_on))


def _plant_high_chargeback(desk: Desk, payment: Payment) -> None:
    order = desk.chance.choice(desk.issuer.recent)
    reference = f"{desk.chance.randint(100_000_000, 9_999_999_999)}VCBSINV"
    line = charges.rated_chargeback(reference, order, "ASN accuracy", ASN_PERCENT)
    line.paid = line.gross = -percent_of(order.value, 2 * ASN_PERCENT)
    line.planted = planting.HIGH_CHARGEBACK
    payment.lines.append(_told(line, payment.paid_on))


def _plant_late_discount(_desk: Desk, payment: Payment) -> None:
    """A quick-pay discount taken although the payment came long after the thirty days."""
    late = [line for line in payment.lines if line.cause == "invoice" and not line.discount]
    if late:
        line = late[0]
        line.discount = percent_of(line.gross, Decimal(payment.market.quick_pay))
        line.paid, line.planted, line.expected = line.paid - line.discount, planting.LATE_DISCOUNT, 0


def _plant_debit_balance(desk: Desk, payment: Payment) -> None:
    """An audit claim above everything else that is paid."""
    amount = sum(line.paid for line in payment.lines if line.paid > 0) + desk.chance.randint(10_000, 90_000)
    reference = f"APAUDIT{desk.chance.randint(10**6, 10**7 - 1)}"
    line = charges.charge("audit-claim", reference, -amount, "Post audit claim")
    line.planted = planting.DEBIT_BALANCE
    payment.lines.append(_told(line, payment.paid_on))


def _plant_respelled(_desk: Desk, payment: Payment) -> None:
    for line in [line for line in payment.lines if line.cause == "invoice"][:3]:
        line.reference, line.planted = line.reference.replace("-", "_"), planting.RESPELLED


def _plant_padded(desk: Desk, payment: Payment) -> None:
    for line in [line for line in payment.lines if line.cause == "invoice"][:3]:
        line.reference, line.planted = line.reference + "*" * desk.chance.randint(2, 8), planting.PADDED


def _plant_slipped(_desk: Desk, payment: Payment) -> None:
    """A number in which somebody wrote the letter for a nought; order and amount are right, so one invoice alone fits."""
    for line in payment.lines:
        if line.cause == "invoice" and "0" in line.reference[-6:] and not line.planted:
            stem, digits = line.reference[:-6], line.reference[-6:]
            line.reference, line.planted = stem + digits.replace("0", "O", 1), planting.SLIPPED
            return


_PLANT = {
    planting.HIDDEN: _plant_hidden,
    planting.UNTIED: _plant_untied,
    planting.AMBIGUOUS: _plant_ambiguous,
    planting.UNKNOWN_INVOICE: _plant_unknown_invoice,
    planting.HIGH_CHARGEBACK: _plant_high_chargeback,
    planting.LATE_DISCOUNT: _plant_late_discount,
    planting.DEBIT_BALANCE: _plant_debit_balance,
    planting.RESPELLED: _plant_respelled,
    planting.PADDED: _plant_padded,
    planting.SLIPPED: _plant_slipped,
}
