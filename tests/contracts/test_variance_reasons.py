"""Amazon's variance reasons: every one that its model names has our words, an owner and an account; others are told as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

from tests.contracts.published import spapi_model
from trueup.base.money import Money
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine, AmazonInvoiceStatus, VarianceReason
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Family
from trueup.domain.variance_reasons import VARIANCE_CAUSES, Variance, causes_of, variance_cause

SHORT = AmazonInvoiceLine("1", 100_00, 10, quantity_variance=1, reasons=(VarianceReason("PQV", ("NO_APPOINTMENT",)),))
SAID = AmazonInvoice(
    "INV-1",
    "INV-1~NORDA",
    "NORDA",
    AmazonInvoiceStatus.PARTIALLY_PAID,
    "AP_INVENTORY",
    date(2026, 9, 1),
    Money(100_00, "USD"),
    datetime(2026, 11, 1, tzinfo=UTC),
)


def test_every_published_reason_has_words_owner_and_account() -> None:
    """Twenty-two of them, by quantity and price, and none that Amazon does not name."""
    words = spapi_model("financesInvoices_2026-06-25")["definitions"]["VarianceReason"]["properties"]["defectTypes"]
    price, quantity = words["description"].split("PQV")
    published = {(Variance.PRICE, code) for code in re.findall(r"\* `([A-Z_]+)`", price)}
    published |= {(Variance.QUANTITY, code) for code in re.findall(r"\* `([A-Z_]+)`", quantity)}
    assert len(published) == 22 and VARIANCE_CAUSES.keys() == published
    for cause in VARIANCE_CAUSES.values():
        assert cause.label and cause.advice and cause.owner in Role and cause.loss in Purpose
        assert cause.code not in cause.label


def test_an_unknown_reason_is_told_as_it_is() -> None:
    """Amazon's list is open: it belongs to who has those of no category."""
    cause = variance_cause(Variance.QUANTITY, "eaten_by_dog ")
    assert "EATEN_BY_DOG" in str(cause) and cause.owner is Role.OPERATIONS and cause.loss is Purpose.CLAIM_LOSSES


def test_a_claim_is_given_the_reasons_of_its_own_variance_the_costliest_first() -> None:
    """A shortage claim is about quantities, a price claim about prices, a chargeback about neither."""
    dear = replace(SHORT, id="2", quantity_variance=5, reasons=(VarianceReason("PQV", ("OTHER", "OVERBILLING")),))
    price = replace(SHORT, id="3", price_variance=4, reasons=(VarianceReason("PPV"), VarianceReason("ODD", ("X",))))
    said = replace(SAID, lines=(SHORT, dear, price, SHORT))
    assert [cause.code for cause in causes_of(said, Family.SHORTAGE)] == ["OVERBILLING", "NO_APPOINTMENT", "OTHER"]
    assert [cause.code for cause in causes_of(said, Family.PRICE)] == ["OTHER"]
    assert causes_of(said, Family.CHARGEBACK) == () == causes_of(SAID, Family.SHORTAGE)
