"""Acknowledgement to the body of submitAcknowledgement: strict, for what Amazon cannot read it takes for a rejection.

Sources: the published model vendorOrders.json and the guide "Submit Order Acknowledgement": every identifier, unit and cost
as the order carried it, no price of zero or below, every quantity above zero, words in their exact case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

import msgspec

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.orders import OrderLine, PurchaseOrder
from trueup.domain.partners import Route
from trueup.formats.amazon_vendor.orders import VENDOR_PRODUCT

NAME = "amazon-vendor"
"""The name by which a connection asks for this format."""
MEDIA_TYPE = "application/json"


def write_acknowledgement(acknowledgement: Acknowledgement) -> bytes:
    """One order's acknowledgement as UTF-8 JSON. Raises Invalid, naming the line, for what Amazon would refuse."""
    order = acknowledgement.order
    if order.route is not Route.SP_API:
        raise Invalid(
            f"Acknowledgement of {order.key}: the order came by {order.route.value}, its answer must go there."
        )
    if not acknowledgement.lines:
        raise Invalid(f"Acknowledgement of {order.key}: it answers no line; Amazon would take every line for rejected.")
    items = [_item(order, decision) for decision in acknowledgement.lines]
    body = {
        "purchaseOrderNumber": order.number,
        "sellingParty": {"partyId": order.vendor_code},
        "acknowledgementDate": _instant(acknowledgement.decided_at),
        "items": items,
    }
    return msgspec.json.encode({"acknowledgements": [body]})


def _item(order: PurchaseOrder, decision: LineDecision) -> dict[str, Any]:
    line = order.line(decision.sequence)
    where = f"Acknowledgement of {order.key} line {decision.sequence}"
    if line is None or not decision.parts:
        raise Invalid(f"{where}: there is no such line, or no answer to it; answer every line of the order.")
    item: dict[str, Any] = {"itemSequenceNumber": line.sequence_text}
    if line.asin:
        item["amazonProductIdentifier"] = line.asin
    for qualifier, code in line.product_ids:
        if qualifier == VENDOR_PRODUCT:
            item["vendorProductIdentifier"] = code
    if "amazonProductIdentifier" not in item and "vendorProductIdentifier" not in item:
        raise Invalid(f"{where}: the order names no product that Amazon knows it by (neither ASIN nor vendor product).")
    item["orderedQuantity"] = _quantity(line.ordered)
    item |= _prices(line, where)
    item["itemAcknowledgements"] = [_part(order, line, part, where) for part in decision.parts]
    return item


def _prices(line: OrderLine, where: str) -> dict[str, Any]:
    """The net cost; for books sold at list price the list price and its multiplier, as the order has no net cost then."""
    if line.net_cost is not None:
        return {"netCost": _money(line.net_cost, line.priced_by, f"{where}: netCost")}
    if line.list_price is None:
        raise Invalid(
            f"{where}: the order carries neither netCost nor listPrice; Amazon takes no acknowledgement without one."
        )
    if line.discount_multiplier is None or not 0 < line.discount_multiplier <= 1:
        raise Invalid(
            f"{where}: sold at list price with discount multiplier {line.discount_multiplier}; expected one above 0, up to 1."
        )
    price = _money(line.list_price, line.priced_by, f"{where}: listPrice")
    return {"listPrice": price, "discountMultiplier": f"{line.discount_multiplier:f}"}


def _money(price: UnitPrice, priced_by: str, where: str) -> dict[str, str]:
    if price.value <= 0:
        raise Invalid(f"{where} is {price}; Amazon refuses an acknowledgement with a price of zero or below.")
    money = {"currencyCode": price.currency, "amount": f"{price.value:f}"}
    return money | ({"unitOfMeasure": priced_by} if priced_by else {})


def _part(order: PurchaseOrder, line: OrderLine, part: Part, where: str) -> dict[str, Any]:
    if part.quantity.unit is not line.ordered.unit or part.quantity.unit_size != line.ordered.unit_size:
        raise Invalid(f"{where}: answered {part.quantity}, ordered {line.ordered}; expected the unit of the order.")
    if (part.reason is None) is (part.answer is Answer.REJECTED):
        raise Invalid(
            f"{where}: {part.answer.value} with reason {part.reason}; expected a reason for a rejection alone."
        )
    if part.answer is Answer.BACKORDERED and (part.ship_on is None or not line.backorder_allowed):
        raise Invalid(f"{where}: backordered; expected a date, and an order that allows backorders on this line.")
    written: dict[str, Any] = {
        "acknowledgementCode": _code(part.answer),
        "acknowledgedQuantity": _quantity(part.quantity),
    }
    if part.ship_on is not None and part.answer is not Answer.REJECTED:
        written[_date_field(order)] = _instant(part.ship_on)
    if part.reason is not None:
        written["rejectionReason"] = _reason(part.reason)
    return written


def _date_field(order: PurchaseOrder) -> str:
    """Collect orders carry a ship window, prepaid ones a delivery window; the answer speaks of the same day."""
    prepaid = order.delivery_window is not None and order.ship_window is None
    return "scheduledDeliveryDate" if prepaid else "scheduledShipDate"


def _quantity(quantity: Quantity) -> dict[str, Any]:
    written: dict[str, Any] = {"amount": quantity.amount, "unitOfMeasure": _unit(quantity.unit)}
    return written | ({"unitSize": quantity.unit_size} if quantity.unit_size is not None else {})


def _instant(moment: datetime) -> str:
    return write_instant(moment.replace(microsecond=0))


def _unit(unit: Unit) -> str:
    match unit:
        case Unit.EACH:
            return "Eaches"
        case Unit.CASE:
            return "Cases"
    assert_never(unit)


def _code(answer: Answer) -> str:
    match answer:
        case Answer.ACCEPTED:
            return "Accepted"
        case Answer.BACKORDERED:
            return "Backordered"
        case Answer.REJECTED:
            return "Rejected"
    assert_never(answer)


def _reason(reason: Reason) -> str:
    match reason:
        case Reason.TEMPORARILY_UNAVAILABLE:
            return "TemporarilyUnavailable"
        case Reason.INVALID_PRODUCT_IDENTIFIER:
            return "InvalidProductIdentifier"
        case Reason.OBSOLETE_PRODUCT:
            return "ObsoleteProduct"
    assert_never(reason)
