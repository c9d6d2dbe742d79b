"""Remittances: what Amazon says it paid, for what, line by line; and whether that adds up.

Amounts of lines are whole minor units of the remittance's invoice currency, signed as Amazon has them: what raises the payment
is positive, what it takes away negative. The tie rule of each source is stated at `Remittance.tie`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from trueup.base.errors import Invalid
from trueup.base.money import Money, exponent_of
from trueup.base.unguarded import unguarded


class RemittanceSource(StrEnum):
    """Where a remittance comes from. Two sources of one payment are compared, never added."""

    API = "finance-api"
    X12_820 = "x12-820"
    EXPORT = "portal-export"
    ADVICE = "advice"
    REMADV = "remadv"


class PaymentState(StrEnum):
    """What the source says has become of the payment. Only PAID is posted; VOIDED takes back what was."""

    PAID = "paid"
    IN_PROGRESS = "in-progress"
    VOIDED = "voided"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A reason with an amount inside a line that is already net of it (X12 820: ADX nested in an RMR loop): informational.

    `code` is the source's own (X12 element 426, EDIFACT 4465).
    """

    code: str
    minor: int
    reference: str = ""


@unguarded
@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """One line of a remittance, in minor units of its invoice currency.

    `number`: its place among the payment's lines in its document, from 1. `reference`: Amazon's "invoice number" as written,
    claims included. `paid`: what this line adds to the payment, net of discount and withholding. `discount`, `withheld`: what
    was kept of the gross for terms and for tax, positive on a payment. `gross`: the document's whole amount where stated; it
    repeats on every slice of a claim. `remaining`: what Amazon says is left. `kind`: the source's own word or code for what
    the line is (X12 426, RMR01, `invoiceType`, India's transaction type). `references`: what else the line names, by the
    source's qualifier (`PO`, `OI` original invoice, `VENDOR_CODE` ...). `standalone`: an adjustment beside the lines, not
    inside one (X12 820: ADX directly under ENT). `place`: where it stands in its document, as the format writes locations.
    """

    number: int
    reference: str
    paid: int
    discount: int = 0
    withheld: int = 0
    gross: int | None = None
    remaining: int | None = None
    invoice_day: date | None = None
    description: str = ""
    kind: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    standalone: bool = False
    place: str = ""

    @property
    def carved(self) -> tuple[Adjustment, ...]:
        """The adjustments that were taken out of what the line is about. A line that is nothing but its one adjustment has none."""
        whole = len(self.adjustments) == 1 and not self.gross and self.adjustments[0].minor == self.paid
        return () if whole else self.adjustments

    @property
    def settled(self) -> int:
        """What the line settles of what it is about: paid, kept as discount and withholding, and carved out by adjustments.

        X12 820: RMR05 = RMR04 + RMR06 - sum of the ADX nested in its loop.
        """
        kept = self.paid + self.discount + self.withheld
        return kept - sum(each.minor for each in self.carved) if self.adjustments else kept


@dataclass(frozen=True, slots=True)
class Remittance:
    """One payment of Amazon's, as one source tells it.

    `payment`: the payment number that people search by. `payee`: the payee or vendor code it is made to, "" where not said.
    `amount`: what was paid, in the currency of the payment; `invoiced`: the same in the currency of the invoices, where the
    source says both, with `rate` units of payment currency for one of invoice currency. `hides_items`: the source itself warns
    that it does not show all lines, so it is not expected to tie. `unique_id`: Amazon's `uniquePaymentId`, where known.
    """

    source: RemittanceSource
    payment: str
    payee: str
    paid_on: date
    amount: Money
    lines: tuple[RemittanceLine, ...]
    invoiced: Money | None = None
    rate: Decimal | None = None
    state: PaymentState = PaymentState.PAID
    voided_reason: str = ""
    method: str = ""
    hides_items: bool = False
    unique_id: str = ""
    invoice_currency: str = ""

    def __post_init__(self) -> None:
        if not self.payment.strip():
            raise Invalid(f"A remittance of {self.amount} on {self.paid_on} has no payment number.")
        if self.invoiced is None and self.invoice_currency not in ("", self.amount.currency):
            raise Invalid(
                f"Payment {self.payment}: invoices in {self.invoice_currency}, paid {self.amount}; expected the amount in "
                f"{self.invoice_currency} as well, because nothing is exchanged at a rate that nobody stated."
            )

    @property
    def currency(self) -> str:
        """The currency of the lines: that of the invoices."""
        return self.invoiced.currency if self.invoiced is not None else self.amount.currency

    @property
    def expected(self) -> Money:
        """What the lines should come to, in the currency of the invoices."""
        return self.invoiced if self.invoiced is not None else self.amount

    @property
    def tie(self) -> Money:
        """How much the payment is above the sum of its lines; zero when it ties.

        The rule of every source is `payment = sum of paid`: for the portal's export, the advice and the API `Amount Paid` is net
        of terms discount and withholding; in an X12 820 it is BPR02 = sum of RMR04 + sum of ADX directly under ENT (ADX nested
        in an RMR loop is inside RMR04 already).
        """
        return self.expected - Money(sum(line.paid for line in self.lines), self.currency)

    @property
    def exchange_difference(self) -> Money | None:
        """What the payment is above its exchange at the stated rate, in the payment's currency; None without a rate."""
        if self.invoiced is None or self.rate is None:
            return None
        exact = (self.invoiced.amount * self.rate).scaleb(exponent_of(self.amount.currency))
        return self.amount - Money(int(exact.to_integral_value(rounding=ROUND_HALF_EVEN)), self.amount.currency)
