"""What getPurchaseOrdersStatus says of an order: confirmed, refused and received quantities, and their history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.orders import Line, LineAcknowledgement, Outcome, PurchaseOrder, Raw
from trueup.simulators.amazon.shapes import instant


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A line's confirmation as the status shows it."""

    status: str
    accepted: int
    rejected: int


def shown_quantities(acknowledgement: LineAcknowledgement | None) -> tuple[int, int]:
    """(accepted, rejected) that the status shows for an acknowledgement.

    Amazon does not document how backordered pieces appear. The safe side: neither as accepted nor as rejected, so a
    reader cannot take a backorder for an acceptance, nor for a refusal; only the entry in the acknowledgement history
    shows that it landed.
    """
    if acknowledgement is None:
        return 0, 0
    return acknowledgement.accepted, acknowledgement.rejected


def confirmed(line: Line) -> Confirmed:
    """A line's confirmation: ACCEPTED, PARTIALLY_ACCEPTED, REJECTED or UNCONFIRMED against what is ordered now."""
    accepted, rejected = shown_quantities(line.current)
    if accepted > 0:
        status = "ACCEPTED" if accepted >= line.ordered else "PARTIALLY_ACCEPTED"
    elif rejected > 0 and rejected >= line.ordered:
        status = "REJECTED"
    else:
        status = "UNCONFIRMED"
    return Confirmed(status, accepted, rejected)


def receive_status(line: Line, received: int | None = None) -> str:
    """NOT_RECEIVED, PARTIALLY_RECEIVED or RECEIVED, against what was accepted; of so many pieces, or of what was counted in."""
    received = line.received if received is None else received
    if received <= 0:
        return "NOT_RECEIVED"
    accepted, _ = shown_quantities(line.current)
    return "RECEIVED" if received >= max(accepted, 1) else "PARTIALLY_RECEIVED"


def order_is_open(order: PurchaseOrder) -> bool:
    """OPEN in the status; otherwise CLOSED."""
    return order.state != "Closed"


@dataclass(frozen=True, slots=True)
class Telling:
    """How the status is told: truly, or with other accepted quantities than were acknowledged, with what had been received by an
    earlier moment, or with nothing about receipts."""

    contradict: bool = False
    received_until: datetime | None = None
    receipts: bool = True


TRULY = Telling()


def write_status(order: PurchaseOrder, telling: Telling = TRULY) -> Raw:
    """One element of ordersStatus."""
    if telling != TRULY:
        return Raw(msgspec.json.encode(_status(order, telling)))
    if order.status_written is None:
        order.status_written = Raw(msgspec.json.encode(_status(order, telling)))
    return order.status_written


def _status(order: PurchaseOrder, telling: Telling) -> dict[str, Any]:
    details = order.document.order_details
    return {
        "purchaseOrderNumber": order.number,
        "purchaseOrderStatus": "OPEN" if order_is_open(order) else "CLOSED",
        "purchaseOrderDate": write_instant(instant(details.purchase_order_date)),
        "lastUpdatedDate": write_instant(order.updated_at),
        "sellingParty": details.selling_party,
        # The published shape requires it even for an order that never named one.
        "shipToParty": details.ship_to_party or {"partyId": ""},
        "itemStatus": [_item(line, order.irregular, telling) for line in order.lines.values()],
    }


def _item(line: Line, irregular: bool, telling: Telling) -> dict[str, Any]:
    item = line.item
    return _without_nothing(
        {
            "itemSequenceNumber": item.item_sequence_number.zfill(5 if irregular else 0),
            "buyerProductIdentifier": item.amazon_product_identifier,
            "vendorProductIdentifier": item.vendor_product_identifier,
            "netCost": item.net_cost,
            "listPrice": item.list_price,
            "orderedQuantity": {
                "orderedQuantity": item.ordered_quantity,
                "orderedQuantityDetails": _ordered_history(line),
            },
            "acknowledgementStatus": _acknowledgement(line, telling.contradict),
            "receivingStatus": _receipts(line, irregular, telling.received_until) if telling.receipts else None,
        }
    )


def _receipts(line: Line, irregular: bool, until: datetime | None) -> dict[str, Any]:
    """All receipts together, and the day of the latest."""
    received, last_at = line.received_by(until)
    status = receive_status(line, received)
    if irregular and status == "PARTIALLY_RECEIVED":
        status = "PARTIALLY_RECEIVE"  # the other spelling of Amazon's own page
    shown: dict[str, Any] = {"receiveStatus": status, "receivedQuantity": line.quantity(received)}
    if last_at is not None:
        shown["lastReceiveDate"] = write_instant(last_at)
    return shown


def _ordered_history(line: Line) -> list[dict[str, Any]]:
    """Newest first, each entry what was added or cancelled, as in the published samples."""
    return [
        {
            "updatedDate": write_instant(change.at),
            "cancelledQuantity" if change.by < 0 and change is not line.history[0] else "orderedQuantity": (
                line.quantity(change.by if change is line.history[0] else abs(change.by))
            ),
        }
        for change in reversed(line.history)
    ]


def _acknowledgement(line: Line, contradict: bool) -> dict[str, Any]:
    seen = confirmed(line)
    if contradict:
        by = -1 if seen.accepted else 1
        status = "PARTIALLY_ACCEPTED" if seen.accepted + by else "UNCONFIRMED"
        seen = Confirmed(status, seen.accepted + by, seen.rejected)
    content: dict[str, Any] = {
        "confirmationStatus": seen.status,
        "acceptedQuantity": line.quantity(seen.accepted),
        "rejectedQuantity": line.quantity(seen.rejected),
    }
    applied = [each for each in line.acknowledgements if each.outcome is Outcome.APPLIED]
    if applied:
        content["acknowledgementStatusDetails"] = [
            {
                "acknowledgementDate": write_instant(each.arrived_at),
                "acceptedQuantity": line.quantity(shown_quantities(each)[0]),
                "rejectedQuantity": line.quantity(shown_quantities(each)[1]),
            }
            for each in reversed(applied)
        ]
    return content


def _without_nothing(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
