"""Acknowledgements as Amazon takes them: echoed exactly, strict, valid against the published model."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.published import spapi_model, validate_request
from trueup.base.errors import Invalid
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.orders import OrderLine, OrderState, OrderType, Party, PurchaseOrder, Window
from trueup.domain.partners import Route
from trueup.formats.amazon_vendor.acknowledgements import write_acknowledgement

NOW = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
SHIP_ON = datetime(2026, 12, 1, 8, tzinfo=UTC)
WINDOW = Window(NOW, SHIP_ON)
CASES = Quantity(10, Unit.CASE, 12)
LINE = OrderLine(
    sequence=1,
    sequence_text="00001",
    asin="B07DFVDRAB",
    product_ids=(("VN", "0017817748000"),),
    ordered=CASES,
    net_cost=UnitPrice.of("110.00", "USD"),
    list_price=UnitPrice.of("150", "USD"),
    backorder_allowed=True,
)
ORDER = PurchaseOrder(
    partner="acme",
    number="2JK3S9VC",
    vendor_code="999US",
    route=Route.SP_API,
    state=OrderState.NEW,
    type=OrderType.REGULAR,
    ordered_at=NOW,
    changed_at=None,
    ship_to=Party("FTW1"),
    lines=(LINE,),
    ship_window=WINDOW,
)
ACCEPT = Part(Answer.ACCEPTED, replace(CASES, amount=6), SHIP_ON)
BACKORDER = Part(Answer.BACKORDERED, replace(CASES, amount=3), SHIP_ON)
REJECT = Part(Answer.REJECTED, replace(CASES, amount=1), reason=Reason.OBSOLETE_PRODUCT)


def written(*parts: Part, order: PurchaseOrder = ORDER) -> dict[str, Any]:
    """The acknowledgement of the first line, checked against the published model."""
    content = write_acknowledgement(Acknowledgement(order, NOW, (LineDecision(1, parts, "because", "SKU-1"),)))
    body: dict[str, Any] = json.loads(content)
    validate_request(spapi_model("vendorOrders"), "submitAcknowledgement", body)
    (acknowledgement,) = body["acknowledgements"]
    return dict(acknowledgement)


def with_line(**changes: Any) -> PurchaseOrder:
    """The order with its line changed."""
    return replace(ORDER, lines=(replace(LINE, **changes),))


def test_a_split_line_is_written_part_by_part() -> None:
    """Six accepted, three later, one never; everything of the order as it came."""
    quantity = {"unitOfMeasure": "Cases", "unitSize": 12}
    assert written(ACCEPT, BACKORDER, REJECT) == {
        "purchaseOrderNumber": "2JK3S9VC",
        "sellingParty": {"partyId": "999US"},
        "acknowledgementDate": "2026-11-23T10:00:00Z",
        "items": [
            {
                "itemSequenceNumber": "00001",
                "amazonProductIdentifier": "B07DFVDRAB",
                "vendorProductIdentifier": "0017817748000",
                "orderedQuantity": {"amount": 10, **quantity},
                "netCost": {"currencyCode": "USD", "amount": "110.00"},
                "itemAcknowledgements": [
                    {
                        "acknowledgementCode": "Accepted",
                        "acknowledgedQuantity": {"amount": 6, **quantity},
                        "scheduledShipDate": "2026-12-01T08:00:00Z",
                    },
                    {
                        "acknowledgementCode": "Backordered",
                        "acknowledgedQuantity": {"amount": 3, **quantity},
                        "scheduledShipDate": "2026-12-01T08:00:00Z",
                    },
                    {
                        "acknowledgementCode": "Rejected",
                        "acknowledgedQuantity": {"amount": 1, **quantity},
                        "rejectionReason": "ObsoleteProduct",
                    },
                ],
            }
        ],
    }


def test_a_prepaid_order_is_answered_with_a_delivery_date() -> None:
    """It carries a delivery window and no ship window."""
    part = written(ACCEPT, order=replace(ORDER, ship_window=None, delivery_window=WINDOW))["items"][0][
        "itemAcknowledgements"
    ][0]
    assert part["scheduledDeliveryDate"] == "2026-12-01T08:00:00Z"
    assert "scheduledShipDate" not in part


@pytest.mark.parametrize(
    ("cost", "text"), [("0.10", "0.10"), ("1E-7", "0.0000001"), ("1.1E+2", "110"), ("3.1415926535", "3.1415926535")]
)
def test_a_cost_is_echoed_to_its_last_digit(cost: str, text: str) -> None:
    """In plain digits, no more and no fewer."""
    order = with_line(net_cost=UnitPrice.of(cost, "USD"), priced_by="POUNDS")
    assert written(ACCEPT, order=order)["items"][0]["netCost"] == {
        "currencyCode": "USD",
        "amount": text,
        "unitOfMeasure": "POUNDS",
    }


def test_what_the_order_did_not_carry_is_not_invented() -> None:
    """No unit size, no ASIN."""
    each = Quantity(10, Unit.EACH)
    item = written(Part(Answer.ACCEPTED, each), order=with_line(ordered=each, asin=None))["items"][0]
    assert item["orderedQuantity"] == {"amount": 10, "unitOfMeasure": "Eaches"}
    assert "amazonProductIdentifier" not in item


def test_books_are_answered_at_list_price_and_multiplier() -> None:
    """Their orders carry no net cost."""
    item = written(ACCEPT, order=with_line(net_cost=None, discount_multiplier=Decimal("0.90")))["items"][0]
    assert (item["listPrice"]["amount"], item["discountMultiplier"]) == ("150", "0.90")
    assert "netCost" not in item


@pytest.mark.parametrize(
    ("parts", "order"),
    [
        ((ACCEPT,), replace(ORDER, route=Route.EDI)),
        ((ACCEPT,), with_line(net_cost=UnitPrice.of("0", "USD"))),
        ((ACCEPT,), with_line(net_cost=UnitPrice.of("-1", "USD"))),
        ((ACCEPT,), with_line(net_cost=None)),
        ((ACCEPT,), with_line(net_cost=None, list_price=None)),
        ((ACCEPT,), with_line(asin=None, product_ids=())),
        ((), ORDER),
        ((Part(Answer.ACCEPTED, Quantity.eaches(6)),), ORDER),
        ((Part(Answer.ACCEPTED, Quantity(6, Unit.CASE, 6)),), ORDER),
        ((Part(Answer.REJECTED, CASES),), ORDER),
        ((replace(ACCEPT, reason=Reason.OBSOLETE_PRODUCT),), ORDER),
        ((replace(BACKORDER, ship_on=None),), ORDER),
        ((BACKORDER,), with_line(backorder_allowed=False)),
    ],
)
def test_what_amazon_would_refuse_is_not_written(parts: tuple[Part, ...], order: PurchaseOrder) -> None:
    """A sentence that names the order and its line, instead of a transaction that fails hours later."""
    with pytest.raises(Invalid, match="2JK3S9VC"):
        written(*parts, order=order)


def test_an_answer_to_no_line_is_not_written() -> None:
    """Amazon would take every line for rejected."""
    cancelled = with_line(ordered=replace(CASES, amount=0))
    with pytest.raises(Invalid, match="answers no line"):
        write_acknowledgement(Acknowledgement(cancelled, NOW, ()))


def test_every_reason_is_one_of_the_model() -> None:
    """In the exact case that Amazon asks for."""
    parts = [replace(REJECT, reason=reason) for reason in Reason]
    codes = written(ACCEPT, *parts)["items"][0]["itemAcknowledgements"]
    assert [code.get("rejectionReason") for code in codes] == [
        None,
        "TemporarilyUnavailable",
        "InvalidProductIdentifier",
        "ObsoleteProduct",
    ]
