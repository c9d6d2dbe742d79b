"""Variance reasons: why Amazon matched less of an invoice than we billed, who should look, and where the loss belongs.

The labels are our own words. Amazon's codes are free text in its model: one that is not known here is told as it is, never an
error. Source: Finances Invoices API 2026-06-25 (`defectTypes` of PQV and PPV), for the meaning alone; owner and account are our
judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trueup.domain.amazon_invoices import AmazonInvoice
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Family


class Variance(StrEnum):
    """What differs: the quantity, or the price."""

    QUANTITY = "PQV"
    PRICE = "PPV"


@dataclass(frozen=True, slots=True)
class VarianceCause:
    """A reason of Amazon's in our words. `owner`: whose work it is; `loss`: the account for it, should it be given up.

    `advice`: what to look at, and what proves the contrary.
    """

    variance: Variance
    code: str
    label: str
    owner: Role
    loss: Purpose
    advice: str

    def __str__(self) -> str:
        return f"{self.label} ({self.variance.value} {self.code})"


_OTHER = "OTHER"
_LOST, _BILLED = Purpose.CLAIM_LOSSES, Purpose.REVENUE
_TABLE: Mapping[Variance, tuple[tuple[str, str, Role, Purpose, str], ...]] = {
    Variance.PRICE: (
        (
            "DEALBUY",
            "billed at the usual cost what was ordered at the cost of a deal",
            Role.FINANCE,
            _BILLED,
            "compare the invoice with the cost on the purchase order and the deal that was accepted",
        ),
        (
            "PRODUCT_COST_NOT_ACTIVE",
            "billed at a cost that is not in force with Amazon, waiting or past",
            Role.ECOMMERCE,
            _LOST,
            "show from when the cost was agreed, and have it activated",
        ),
        (
            "PRODUCT_COST_NOT_REGISTERED",
            "billed at a cost that Amazon does not have",
            Role.ECOMMERCE,
            _LOST,
            "show where the cost was agreed, and have it registered",
        ),
        (
            "VENDOR_LOWERING_COST_AT_PO_CONFIRMATION",
            "billed above the cost that our own acknowledgement stated",
            Role.OPERATIONS,
            _BILLED,
            "compare the acknowledgement of the order with the invoice",
        ),
        (
            "CCOGS_PRICE_PROTECTION_AGREEMENT_PPA",
            "an agreed price protection covers the product",
            Role.FINANCE,
            Purpose.PRICE_PROTECTION,
            "compare with the clause of the agreement and its dates",
        ),
        (
            "FALSE_CCOGS_PPA",
            "Amazon adjusted the cost below the confirmed order, after a decrease of the same period",
            Role.FINANCE,
            _LOST,
            "show the confirmed cost of the order; the adjustment came after it",
        ),
        (
            "AMAZON_POC_LOWERING_COST_ON_PO",
            "Amazon lowered the cost after the order was confirmed",
            Role.FINANCE,
            _LOST,
            "show the confirmed cost of the order",
        ),
        (
            "REJECTED_PRICE_INCREASE_ON_PO",
            "billed at an increase that Amazon had refused",
            Role.FINANCE,
            _BILLED,
            "look when the increase was refused, and whether the order was placed before",
        ),
        (
            "LIST_PRICE_DISCOUNT_ISSUES",
            "list price or discount differ between order and invoice",
            Role.FINANCE,
            _BILLED,
            "compare list price and discount code of order and invoice",
        ),
        (
            "ROUNDING_ISSUES",
            "rounding, or an exchange of currencies",
            Role.FINANCE,
            Purpose.ROUNDING,
            "too small to dispute as a rule",
        ),
        (_OTHER, "the price differs, for a reason of no category", Role.FINANCE, _LOST, "ask Amazon for the reason"),
    ),
    Variance.QUANTITY: (
        (
            "UNRECOGNISED_ASIN",
            "Amazon does not know the product that was billed",
            Role.ECOMMERCE,
            _LOST,
            "compare the product numbers of order, shipment and invoice",
        ),
        (
            "OVERBILLING",
            "more was billed than Amazon received or expected",
            Role.FINANCE,
            _BILLED,
            "compare the invoice with the shipment; where all was shipped, its proof of delivery",
        ),
        (
            "DUPLICATE_INVOICE_DEFECT",
            "billed twice",
            Role.FINANCE,
            _BILLED,
            "compare with the other invoice of the order",
        ),
        (
            "DELETED_APPOINTMENT",
            "the appointment of the delivery was deleted",
            Role.OPERATIONS,
            _LOST,
            "show the appointment and the signed delivery",
        ),
        (
            "NO_APPOINTMENT",
            "there was no appointment for the delivery",
            Role.OPERATIONS,
            _LOST,
            "show the appointment and the signed delivery",
        ),
        (
            "SHORTAGES_IN_TRANSIT",
            "fewer arrived than were shipped",
            Role.OPERATIONS,
            _LOST,
            "show bill of lading and proof of delivery; else claim on the carrier",
        ),
        (
            "ASIN_MISMATCH",
            "received as another product than ordered",
            Role.ECOMMERCE,
            _LOST,
            "compare the labels of the goods with the order",
        ),
        (
            "FEED_DEFECTS",
            "our feed of costs was faulty: product numbers or supplier codes",
            Role.ECOMMERCE,
            _LOST,
            "mend the feed, and show what was ordered and shipped",
        ),
        (
            "REJECTED_LINE_ITEM_ON_PO",
            "shipped although our acknowledgement rejected the line or held it",
            Role.OPERATIONS,
            _LOST,
            "compare the acknowledgement of the line with what Amazon received",
        ),
        (
            "FAILED_PO_CONFIRMATION",
            "our acknowledgement of the line failed at Amazon",
            Role.OPERATIONS,
            _LOST,
            "show the acknowledgement and its proof",
        ),
        (
            _OTHER,
            "the quantity differs, for a reason of no category",
            Role.OPERATIONS,
            _LOST,
            "ask Amazon for the reason",
        ),
    ),
}
VARIANCE_CAUSES: Mapping[tuple[Variance, str], VarianceCause] = {
    (variance, row[0]): VarianceCause(variance, *row) for variance, rows in _TABLE.items() for row in rows
}
"""Every reason that Amazon's model names, by variance and code."""
_OF_FAMILY = {Family.SHORTAGE: Variance.QUANTITY, Family.PRICE: Variance.PRICE}


def variance_cause(variance: Variance, code: str) -> VarianceCause:
    """What a code means; one that is not known here belongs to who has the others of no category."""
    text = code.strip().upper()
    known = VARIANCE_CAUSES.get((variance, text))
    if known is not None:
        return known
    other = VARIANCE_CAUSES[variance, _OTHER]
    label = f"a reason of Amazon's that is not known here, {text or 'without a name'}"
    return VarianceCause(variance, text, label, other.owner, other.loss, other.advice)


def causes_of(said: AmazonInvoice, family: Family) -> tuple[VarianceCause, ...]:
    """Why Amazon says that it pays less, where a claim of this family is about that; the costliest lines first, each once."""
    variance = _OF_FAMILY.get(family)
    if variance is None:
        return ()
    weighed = [
        (
            abs(line.price_variance or 0) if variance is Variance.PRICE else abs(line.quantity_variance or 0),
            reason.defects,
        )
        for line in said.lines
        for reason in line.reasons
        if reason.kind.strip().upper() == variance.value
    ]
    ordered = sorted(weighed, key=lambda each: -each[0])
    return _once(variance_cause(variance, code) for _, codes in ordered for code in codes or (_OTHER,))


def _once(causes: Iterable[VarianceCause]) -> tuple[VarianceCause, ...]:
    """Without doubles; what is of no category says less than any other."""
    return tuple(sorted(dict.fromkeys(causes), key=lambda cause: cause.code == _OTHER))
