"""What the books must say in the end of a history, computed from the true causes: for an auditor to compare with what they do say.

Postings are debits where positive, in minor units, by payment, account family and currency. They state what a correct system
does alone: what no grammar knows, what two explanations fit, what does not tie stands in suspense, each with its case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from trueup.simulation.remittances import causes, planting
from trueup.simulation.remittances.records import BankEntry, Line, Payment, Period, Term


@dataclass(frozen=True, slots=True, order=True)
class Posting:
    """What a payment must have posted to a family of accounts in one currency."""

    payment: str
    treatment: str
    currency: str
    minor: int


@dataclass(frozen=True, slots=True, order=True)
class Suspicion:
    """A case that must exist. `line` is 0 for what is about the payment as a whole; `minor` as Amazon pays it, or the difference.

    Kinds: unknown-form, unknown-invoice, ambiguous, untied, hidden-items, sources-differ, overcharge-*, bank-*.
    """

    kind: str
    payment: str
    line: int
    reference: str
    minor: int
    currency: str


@dataclass(frozen=True, slots=True, order=True)
class ChainBalance:
    """A claim chain: `minor` is what Amazon still holds of us, over all its lines that were told."""

    partner: str
    chain: str
    minor: int
    currency: str
    lines: int


@dataclass(frozen=True, slots=True, order=True)
class Comparison:
    """A payment that was told more than once: by whom, and by how much the second differs."""

    payment: str
    first: str
    second: str
    minor: int


@dataclass(frozen=True, slots=True, order=True)
class InvoiceBalance:
    """An invoice with what of it must be open: nothing, or everything, for Amazon pays invoices whole."""

    partner: str
    number: str
    open: int
    currency: str


@dataclass(frozen=True, slots=True, order=True)
class LineTruth:
    """A line and its true cause. `posts`: whether a correct system books it alone; `about`: the invoices it is about."""

    payment: str
    line: int
    reference: str
    settled: int
    cause: str
    treatment: str
    posts: bool
    planted: str
    about: tuple[str, ...]


@dataclass(slots=True)
class Truth:
    """Everything that must be true of the books after a history. `lines` and `invoices` only where they were asked for."""

    seed: int
    payments: int = 0
    told_lines: int = 0
    invoice_count: int = 0
    postings: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    suspicions: list[Suspicion] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    """Payments that must have nothing posted in the end."""
    copies: list[str] = field(default_factory=list)
    """Files that are another file byte for byte."""
    terms: tuple[Term, ...] = ()
    lines: list[LineTruth] = field(default_factory=list)
    keep_lines: bool = True
    _chains: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    _open: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, period: Period) -> None:
        """Account for a period."""
        for invoice in period.invoices:
            self.invoice_count += 1
            if self.keep_lines:
                self._open[invoice.market.partner, invoice.number, invoice.market.currency] = invoice.total
        for payment in period.payments:
            self.payments += 1
            self._account(payment)
        for payment in period.retold:
            shown = "portal-export"
            self.comparisons.append(Comparison(payment.number, shown, f"{shown}, a later one", 0))
        announced = {payment.number: payment for payment in period.payments}
        self.suspicions += _of_the_bank(period.bank, announced)

    def rows(self) -> list[Posting]:
        """The postings that are not zero, in order."""
        return sorted(Posting(*key, minor) for key, minor in self.postings.items() if minor)

    def chains(self) -> list[ChainBalance]:
        """Every claim chain, in order."""
        rows = self._chains.items()
        return sorted(ChainBalance(who, name, -held, currency, count) for (who, name, currency), (held, count) in rows)

    def invoices(self) -> list[InvoiceBalance]:
        """Every invoice with what is open of it, in order."""
        return sorted(InvoiceBalance(who, number, minor, money) for (who, number, money), minor in self._open.items())

    def totals(self) -> dict[tuple[str, str], int]:
        """The balance of each family of accounts in each currency."""
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for (_, treatment, currency), minor in self.postings.items():
            sums[treatment, currency] += minor
        return {key: minor for key, minor in sorted(sums.items()) if minor}

    def _account(self, payment: Payment) -> None:
        self.told_lines += len(payment.shown)
        if len(payment.sources) > 1:
            self.comparisons.append(
                Comparison(payment.number, payment.sources[0], payment.sources[1], payment.misstated)
            )
        if payment.state != "paid" or payment.retold == "voided":
            self.voided.append(payment.number)
            return
        self._post_cash(payment)
        market = payment.market
        for line in payment.shown:
            self._post_line(payment, line)
            for number, minor in line.parts if line.treatment == causes.RECEIVABLE else ():
                if self.keep_lines:
                    self._open[market.partner, number, market.currency] -= minor
            if line.chain:
                held = self._chains.setdefault((market.partner, line.chain, market.currency), [0, 0])
                held[0] += line.settled
                held[1] += 1
        self.suspicions += _of_the_payment(payment)

    def _post_cash(self, payment: Payment) -> None:
        number, currency, paid_in = payment.number, payment.market.currency, payment.market.pays_in
        post = self.postings
        post[number, causes.CASH, paid_in] += payment.amount
        if payment.rate is not None:
            exchanged = round(payment.invoiced * payment.rate)
            post[number, causes.CONVERSION, currency] += payment.invoiced
            post[number, causes.CONVERSION, paid_in] -= exchanged
            post[number, causes.FX, paid_in] -= payment.amount - exchanged
        post[number, causes.SUSPENSE, currency] -= payment.invoiced - sum(line.paid for line in payment.shown)

    def _post_line(self, payment: Payment, line: Line) -> None:
        number, currency = payment.number, payment.market.currency
        treatment = line.treatment if line.posts else causes.SUSPENSE
        self.postings[number, treatment, currency] -= line.settled
        self.postings[number, causes.DISCOUNTS, currency] += line.discount
        self.postings[number, causes.WITHHOLDING, currency] += line.withheld
        if self.keep_lines:
            about = tuple(invoice for invoice, _ in line.parts)
            row = (line.settled, line.cause, line.treatment, line.posts, line.planted, about)
            self.lines.append(LineTruth(number, line.number, line.reference, *row))


def _of_the_payment(payment: Payment) -> Iterable[Suspicion]:
    number, currency = payment.number, payment.market.currency
    hidden = sum(line.paid for line in payment.lines if line.hidden)
    if payment.hides:
        yield Suspicion("hidden-items", number, 0, number, hidden + payment.untied, currency)
    elif payment.untied:
        yield Suspicion("untied", number, 0, number, payment.untied, currency)
    if payment.misstated:
        yield Suspicion("sources-differ", number, 0, number, payment.misstated, currency)
    for line in payment.shown:
        if not line.posts:
            yield Suspicion(line.cause, number, line.number, line.reference, line.settled, currency)
        elif line.planted == planting.LATE_DISCOUNT:
            yield Suspicion(line.planted, number, line.number, line.reference, -line.discount, currency)
        elif line.expected is not None and line.paid < line.expected:
            yield Suspicion(line.planted, number, line.number, line.reference, line.paid - line.expected, currency)


def _of_the_bank(entries: Iterable[BankEntry], announced: dict[str, Payment]) -> Iterable[Suspicion]:
    credited = {entry.payment for entry in entries}
    for entry in entries:
        if entry.planted == planting.BANK_UNANNOUNCED:
            yield Suspicion(entry.planted, "", 0, entry.text, entry.minor, entry.currency)
        elif entry.planted:
            short = entry.minor - announced[entry.payment].amount
            yield Suspicion(entry.planted, entry.payment, 0, entry.text, short, entry.currency)
    for number, payment in announced.items():
        if payment.amount > 0 and payment.state == "paid" and payment.retold != "voided" and number not in credited:
            market = payment.market
            yield Suspicion(planting.BANK_MISSING, number, 0, number, payment.amount, market.pays_in)
