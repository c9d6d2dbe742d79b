"""What Amazon itself says of an invoice: how far it is, what it matched of each line, what it paid, and why not all of it.

A witness, never a booking: it is compared with what we billed and what the remittances say. Amounts are whole minor units of the
invoice's currency, as Amazon has them. Source: Finances Invoices API 2026-06-25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from trueup.base.errors import Invalid
from trueup.base.money import Money, UnitPrice
from trueup.domain.invoices import Invoice


class AmazonInvoiceStatus(StrEnum):
    """How far an invoice is. The deducted ones are claims of Amazon's against us. UNKNOWN: a word of Amazon's not known here."""

    IN_PROGRESS = "in-progress"
    REJECTED = "rejected"
    PARTIALLY_PAID = "partially-paid"
    PAID = "paid"
    PARTIALLY_DEDUCTED = "partially-deducted"
    DEDUCTED = "deducted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VarianceReason:
    """Why a line differs: `kind` is PQV (quantity), PPV (price) or OTHER; `defects` are Amazon's causes, as it spells them."""

    kind: str
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AmazonInvoiceLine:
    """A line as Amazon matched it. None: Amazon says nothing of it, which is not zero.

    `total` with tax. `kind` GOODS, SERVICES or OTHERS; `service` what a service line charges for. `matched`, `paid`: amounts;
    `quantity_variance`, `price_variance`: what Amazon found too much or too little, with `reasons`.
    """

    id: str
    total: int
    quantity: int | None = None
    unit_cost: UnitPrice | None = None
    kind: str = ""
    service: str = ""
    description: str = ""
    product_ids: Mapping[str, str] = field(default_factory=dict)
    matched_quantity: int | None = None
    matched: int | None = None
    quantity_variance: int | None = None
    price_variance: int | None = None
    paid_quantity: int | None = None
    paid: int | None = None
    reasons: tuple[VarianceReason, ...] = ()
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: str = ""

    @property
    def asin(self) -> str:
        """Amazon's product number, "" where not said."""
        return self.product_ids.get("ASIN", "")


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """When an invoice is to be paid: on a `day`, by whose `word`; without a day, `word` says why it is not known."""

    invoice: str
    day: date | None
    word: str


def payment_due(invoice: Invoice, said: AmazonInvoice | None) -> PaymentDue:
    """The day that the invoice states, counted from its issue by the terms that were agreed; or else the day by which Amazon says
    that it pays it. Neither agreement nor order has a day of its own for it.

    Source: the due date and the payment terms of an invoice, Finances Invoices API 2026-06-25; an invoice's own due date.
    """
    if invoice.due_on is not None:
        return PaymentDue(invoice.number, invoice.due_on, f"invoice {invoice.number}")
    if said is not None and said.due_on is not None:
        terms = f", by its terms {said.terms}" if said.terms else ""
        return PaymentDue(invoice.number, said.due_on, f"Amazon's word on invoice {invoice.number}{terms}")
    told = "Amazon told nothing of it" if said is None else "Amazon's books have none either"
    return PaymentDue(invoice.number, None, f"Invoice {invoice.number} states no day on which it is due, and {told}.")


@dataclass(frozen=True, slots=True)
class AmazonInvoice:
    """An invoice in Amazon's books, by its number and the payee code that bills.

    `identifier`: by which Amazon finds it (`number~payee`). `amounts`, `settlement`: Amazon's breakdowns by its own words
    (`TaxAmount`; `AmountPaid`, `QueuedForPayment`, `QuickPayDiscount`, `QuantityVarianceAmount`, `PriceVariance`, `Other`).
    `related`: what it names, by Amazon's words (`PURCHASE_ORDER_IDS`, `UNIQUE_PAYMENT_IDS`, `SHORTAGE_INVOICE_IDS` ...).
    `complete`: whether its lines were asked for and all came. Raises Invalid without a number.
    """

    number: str
    identifier: str
    payee: str
    status: AmazonInvoiceStatus
    type: str
    issued_on: date
    amount: Money
    changed_at: datetime
    due_on: date | None = None
    terms: str = ""
    amounts: Mapping[str, int] = field(default_factory=dict)
    settlement: Mapping[str, int] = field(default_factory=dict)
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[AmazonInvoiceLine, ...] = ()
    complete: bool = False

    def __post_init__(self) -> None:
        if not self.number.strip():
            raise Invalid(f"An invoice of {self.amount} in Amazon's books has no number.")

    @property
    def payments(self) -> tuple[str, ...]:
        """The unique payment ids of the remittances that paid of it."""
        return self.related.get("UNIQUE_PAYMENT_IDS", ())

    @property
    def purchase_orders(self) -> tuple[str, ...]:
        """The purchase orders it bills."""
        return self.related.get("PURCHASE_ORDER_IDS", ())

    @property
    def shortages(self) -> tuple[str, ...]:
        """The shortage claims that Amazon raised on it."""
        return self.related.get("SHORTAGE_INVOICE_IDS", ())
