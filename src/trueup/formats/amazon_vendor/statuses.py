"""getPurchaseOrdersStatus replies: what Amazon holds of each order line, the independent read-back of an acknowledgement, and what
its docks have counted in.

Here the ASIN is called `buyerProductIdentifier`, and a line partly received is PARTIALLY_RECEIVED in the model's list but
PARTIALLY_RECEIVE on its page; both are read. Amounts are given in the unit of the order, and what was counted in as it is told.
"""

from __future__ import annotations

from datetime import datetime

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.quantity import Quantity, Unit
from trueup.domain.catalog import convert
from trueup.domain.landing import LineStatus, OrderStatus
from trueup.formats.amazon_vendor._elements import (
    Element,
    Note,
    Unfit,
    count_parts,
    findings_of,
    next_page,
    open_reply,
    read_parts,
)
from trueup.formats.amazon_vendor.orders import read_quantity
from trueup.formats.document import Format, Reading, Severity

NAME = "amazon-vendor-order-status"
UNCONFIRMED = "UNCONFIRMED"

_CONFIRMATIONS = {name.lower(): name for name in ("ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED", UNCONFIRMED)}
_NOTHING_YET = "not_received"
_RECEIPTS = {word: word for word in (_NOTHING_YET, "partially_received", "partially_receive", "received")}
_OPENING_BYTES = 4096
_OF_ONE_ORDER = 3
"""So many parts of a path name one order of a reply: `payload`, `ordersStatus` and its place."""


def read_order_statuses(content: bytes) -> Reading[OrderStatus]:
    """Every status of a reply that has a meaning; the others are error findings.

    `facts`: `next_page`, `listed` (how many orders there are in the reply) and `unfit` (how many of them have no meaning).
    Raises Unreadable for what is no whole JSON reply of this operation.
    """
    payload = open_reply(content, "an order status reply")
    if "ordersStatus" not in payload and payload.keys() - {"pagination"}:
        raise Unreadable(f"Not an order status reply: the payload has {', '.join(sorted(payload))[:200]}.")
    notes: list[Note] = []
    values = read_parts(payload, "ordersStatus", notes, _status)
    unfit = len({note.path[:_OF_ONE_ORDER] for note in notes if note.severity is Severity.ERROR})
    facts = {"next_page": next_page(payload, notes), "listed": count_parts(payload, "ordersStatus"), "unfit": unfit}
    return Reading(digest_of(content), NAME, tuple(values), findings_of(content, notes), facts)


def _status(part: Element) -> OrderStatus:
    number = part["purchaseOrderNumber"].needed_text().strip()
    is_open = part["purchaseOrderStatus"].word({"open": True, "closed": False}, missing=True, unknown=True)
    lines = tuple(_line(item) for item in part["itemStatus"].elements())
    if len({line.sequence for line in lines}) != len(lines):
        raise part["itemStatus"].unfit("line-twice", "two lines have the same itemSequenceNumber")
    return OrderStatus(number, is_open, part["lastUpdatedDate"].instant(), lines)


def _line(item: Element) -> LineStatus:
    sequence = item["itemSequenceNumber"].whole()
    if sequence is None or sequence < 0:
        raise item["itemSequenceNumber"].unfit("missing", "expected digits; a status without a line proves nothing")
    ordered = _quantity(item["orderedQuantity"]["orderedQuantity"])
    answer = item["acknowledgementStatus"]
    confirmation = UNCONFIRMED
    if answer["confirmationStatus"]:
        # A word that is not known proves nothing, so it counts as no confirmation.
        confirmation = answer["confirmationStatus"].word(_CONFIRMATIONS, missing=UNCONFIRMED, unknown=UNCONFIRMED)
    received, received_at = _receipt(item["receivingStatus"])
    return LineStatus(
        sequence=sequence,
        ordered=ordered.amount if ordered else None,
        accepted=_amount(answer["acceptedQuantity"], ordered),
        rejected=_amount(answer["rejectedQuantity"], ordered),
        confirmation=confirmation,
        acknowledged_at=_latest(answer["acknowledgementStatusDetails"]),
        received=received.amount if received else None,
        received_at=received_at,
        unit=received.unit if received else None,
        unit_size=received.unit_size if received else None,
    )


def _receipt(receipt: Element) -> tuple[Quantity | None, datetime | None]:
    """What was counted in, and when last; NOT_RECEIVED without a number is none. It proves no answer, so that what is amiss with it
    is a warning: the rest is read."""
    try:
        word = ""
        if receipt["receiveStatus"]:
            word = receipt["receiveStatus"].word(_RECEIPTS, missing="unknown", unknown="unknown")
        counted = _quantity(receipt["receivedQuantity"])
        if counted is None and word == _NOTHING_YET:
            counted = Quantity.eaches(0)
        if counted is not None and counted.unit is Unit.EACH:
            counted = Quantity.eaches(counted.amount)
        if counted is not None and counted.amount < 0:
            receipt["receivedQuantity"].warn("negative", "is less than nothing; it is left out")
            counted = None
        return counted, receipt["lastReceiveDate"].instant()
    except Unfit as error:
        receipt.warn(error.code, f"is left out: {error}")
        return None, None


def _latest(details: Element) -> datetime | None:
    """When the newest answer arrived; the list's order is not relied on."""
    moments = [entry["acknowledgementDate"].instant() for entry in details.elements()]
    return max((moment for moment in moments if moment is not None), default=None)


def _quantity(element: Element) -> Quantity | None:
    return read_quantity(element) if element and element["amount"] else None


def _amount(element: Element, ordered: Quantity | None) -> int | None:
    """The amount in the unit of the order. One in another unit that does not convert exactly is left out with a warning."""
    shown = _quantity(element)
    if shown is None:
        return None
    if ordered is None or shown.unit is ordered.unit or shown.amount == 0:
        return shown.amount
    try:
        return convert(shown, ordered.unit, ordered.unit_size if ordered.unit_size != 1 else None).amount
    except Invalid:
        element.warn("other-unit", f"is {shown}, which is no whole number in the unit of the order ({ordered})")
        return None


def _recognise(content: bytes) -> bool:
    opening = content[:_OPENING_BYTES]
    return b'"payload"' in opening and b'"ordersStatus"' in opening


FORMAT = Format(NAME, "Amazon Vendor purchase order status (SP-API)", _recognise, read_order_statuses)
