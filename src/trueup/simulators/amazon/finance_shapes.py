"""The JSON shapes of the two finance APIs as typed structs: remittances as paid, invoices as Amazon matched them.

Sources: the published model of the Finances Invoices API 2026-06-25; of the Finance Remittance API 2026-03-17 there is none, its
names are those of Amazon's official client. Amounts are exact decimals, written as JSON numbers of two digits.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from trueup.simulators.amazon.shapes import instant

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_CENT = Decimal("0.01")


class _Shape(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Camel case outside, snake case inside, nothing unknown, nothing absent written."""


class Currency(_Shape):
    """An amount of a currency, to the cent."""

    currency_code: Annotated[str, msgspec.Meta(min_length=3, max_length=3)]
    currency_amount: Decimal

    def __post_init__(self) -> None:
        exact = self.currency_amount.quantize(_CENT)
        if exact != self.currency_amount:
            raise ValueError(f"currencyAmount {self.currency_amount} has more than two digits")
        self.currency_amount = exact


class Breakdown(_Shape):
    """A named part of an amount."""

    breakdown_type: str
    breakdown_amount: Currency
    breakdowns: list[Breakdown] = []


class Related(_Shape):
    """A name and what it names."""

    related_identifier_name: str
    related_identifier_value: list[str]


class RemittanceHeader(_Shape):
    """A payment without its lines."""

    payment_date: str
    unique_payment_id: Name
    payment_amount: Currency
    remittance_status: Literal["IN_PROGRESS", "SUCCESSFUL", "FAILED"]
    payment_number: str | None = None
    exchange_rate: Decimal | None = None
    payment_amount_in_invoice_currency: Currency | None = None
    payment_method: str | None = None
    line_item_count: int | None = None
    related_identifiers: list[Related] = []
    country_code: str | None = None


class RemittanceItem(_Shape):
    """A line of a payment."""

    invoice_number: str | None = None
    invoice_issue_date: str | None = None
    withholding_amount: Currency | None = None
    total_amount: Currency | None = None
    total_amount_breakdown: list[Breakdown] = []
    net_amount_paid: Currency | None = None
    net_amount_paid_breakdown: list[Breakdown] = []
    description: str | None = None
    payment_terms: str | None = None
    invoice_type: str | None = None
    related_item_identifiers: list[Related] = []


class RemittanceDocument(_Shape):
    """A payment of a marketplace with all its lines. `visible_at`: from when it is seen so; its payment date when absent."""

    marketplace_id: Name
    remittance_header: RemittanceHeader
    remittance_items: list[RemittanceItem]
    visible_at: str | None = None

    @property
    def key(self) -> str:
        """What asks for it."""
        return self.remittance_header.unique_payment_id

    @property
    def related(self) -> list[Related]:
        """Whose it is."""
        return self.remittance_header.related_identifiers

    @property
    def dated_at(self) -> datetime:
        """When it was paid."""
        return instant(self.remittance_header.payment_date)

    @property
    def seen_from(self) -> datetime:
        """From when it is seen as it is here."""
        return instant(self.visible_at) if self.visible_at else self.dated_at

    def __post_init__(self) -> None:
        _ = self.dated_at, self.seen_from
        self.remittance_header.line_item_count = len(self.remittance_items)


class InvoiceHeader(_Shape):
    """An invoice without its lines, as the published model has it."""

    invoice_number: Name
    invoice_identifier: Name
    invoice_status: Literal["IN_PROGRESS", "REJECTED", "PARTIALLY_PAID", "PARTIALLY_DEDUCTED", "PAID", "DEDUCTED"]
    invoice_type: Literal["AP_INVENTORY", "OTHER"]
    payer: dict[str, Any]
    payee: dict[str, Any]
    issue_date: str
    invoice_amount: Currency
    creation_date: str
    last_updated_date: str
    due_date: str | None = None
    payment_terms: str | None = None
    billing_period: dict[str, Any] | None = None
    invoice_amount_breakdowns: list[Breakdown] = []
    invoice_settlement_breakdowns: list[Breakdown] = []
    related_identifiers: list[Related] = []


class VarianceReason(_Shape):
    """Why Amazon pays less: PQV quantity, PPV price, with its reasons."""

    variance_type: Literal["PQV", "PPV", "OTHER"]
    defect_types: list[str] = []


class MatchingContext(_Shape):
    """What Amazon found of a line."""

    matched_quantity: int
    matched_amount: Currency
    quantity_variance: int | None = None
    price_variance: Currency | None = None
    paid_quantity: int | None = None
    paid_amount: Currency | None = None
    variance_reasons: list[VarianceReason] = []


class LineItemContext(_Shape):
    """What a line is of."""

    line_item_type: Literal["GOODS", "SERVICES", "OTHERS"]
    item_identifiers: list[dict[str, str]] = []
    item_description: str | None = None
    service_charge_type: str | None = None
    service_charge_period: dict[str, str] | None = None
    matching_context: MatchingContext | None = None


class InvoiceItem(_Shape):
    """A line of an invoice."""

    line_item_id: str
    total_amount: Currency
    line_item_context: LineItemContext
    unit_cost: Currency | None = None
    quantity: int | None = None
    tax_rate_codes: list[str] = []
    total_amount_breakdown: list[Breakdown] = []
    related_item_identifiers: list[Related] = []


class InvoiceDocument(_Shape):
    """An invoice of a marketplace with all its lines, as it is from its `lastUpdatedDate` on."""

    marketplace_id: Name
    invoice_header: InvoiceHeader
    invoice_items: list[InvoiceItem]

    @property
    def key(self) -> str:
        """What asks for it: `InvoiceNumber~PayeeCode`."""
        return self.invoice_header.invoice_identifier

    @property
    def related(self) -> list[Related]:
        """Whose it is."""
        return self.invoice_header.related_identifiers

    @property
    def dated_at(self) -> datetime:
        """When it was issued."""
        return instant(self.invoice_header.issue_date)

    @property
    def seen_from(self) -> datetime:
        """From when it is seen as it is here."""
        return instant(self.invoice_header.last_updated_date)

    def __post_init__(self) -> None:
        _ = self.dated_at, self.seen_from
