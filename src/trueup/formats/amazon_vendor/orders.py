"""getPurchaseOrders and getPurchaseOrder replies to purchase orders: lenient with form, strict with meaning.

Sources: the published model vendorOrders.json and the irregular samples in it ("CASES", "00001", no purchaseOrderState, no
netCost, zone-less times). What is merely irregular is taken with a warning; where a guess could confirm something that
Amazon did not order (unit, quantity, cost, window, seller), the order is left out with an error at its place.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.orders import OrderLine, OrderState, OrderType, Party, PurchaseOrder, Window
from trueup.domain.partners import Route
from trueup.formats.amazon_vendor._elements import (
    Element,
    Note,
    Unfit,
    count_parts,
    findings_of,
    next_page,
    open_reply,
    read_parts,
    read_payload,
)
from trueup.formats.document import Format, Reading, Severity

NAME = "amazon-vendor-orders"
VENDOR_PRODUCT = "VN"
"""The qualifier of `vendorProductIdentifier` among a line's product ids."""

_STATES = {"new": OrderState.NEW, "acknowledged": OrderState.ACKNOWLEDGED, "closed": OrderState.CLOSED}
_TYPES = {
    "regularorder": OrderType.REGULAR,
    "consignedorder": OrderType.CONSIGNED,
    "newproductintroduction": OrderType.NEW_PRODUCT,
    "rushorder": OrderType.RUSH,
}
_UNITS = {"cases": Unit.CASE, "case": Unit.CASE, "eaches": Unit.EACH, "each": Unit.EACH}
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SEQUENCE = re.compile(r"\d{1,9}")
_SLASHED_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ADDRESS = "addressLine1 addressLine2 addressLine3 city county district stateOrRegion postalCode".split()
_OPENING_BYTES = 4096
_OF_ONE_ORDER = 3
"""So many parts of a path name one order of a listing: `payload`, `orders` and its place."""
_OF_ORDERS = re.compile(rb'"orders"\s*:\s*\[|"payload"\s*:\s*\{\s*"(purchaseOrder(Number|State)|orderDetails)"')


def read_orders(content: bytes, *, partner: str) -> Reading[PurchaseOrder]:
    """Every order of a reply that has a meaning, in the order sent; the others are error findings.

    `facts`: `next_page` (the token or None), `without_details` (numbers listed with includeDetails=false), `listed` (how many
    orders there are in the reply) and `unfit` (how many of them have no meaning).
    Raises Unreadable for what is no whole JSON reply of these operations.
    """
    payload = open_reply(content, "a purchase order reply")
    notes: list[Note] = []
    values: list[PurchaseOrder] = []
    bare: list[str] = []
    listed = 1

    def sort(part: Element) -> None:
        order = _order(part, partner)
        if isinstance(order, str):
            bare.append(order)
        else:
            values.append(order)

    if "purchaseOrderNumber" in payload:
        read_payload(payload, notes, sort)
    elif "orders" in payload or not payload.keys() - {"pagination"}:
        read_parts(payload, "orders", notes, sort)
        listed = count_parts(payload, "orders")
    else:
        raise Unreadable(f"Not a purchase order reply: the payload has {', '.join(sorted(payload))[:200]}.")
    unfit = len({note.path[:_OF_ONE_ORDER] for note in notes if note.severity is Severity.ERROR})
    facts = {"next_page": next_page(payload, notes), "without_details": bare, "listed": listed, "unfit": unfit}
    return Reading(digest_of(content), NAME, tuple(values), findings_of(content, notes), facts)


def _order(part: Element, partner: str) -> PurchaseOrder | str:
    """The order, or its number alone where no details came."""
    number = part["purchaseOrderNumber"].needed_text().strip()
    if not _NUMBER.fullmatch(number):
        raise part["purchaseOrderNumber"].unfit("not-a-number", "expected letters and digits")
    details = part["orderDetails"]
    if not details:
        details.warn("no-details", f"of {number} are missing; fetch the order by its number")
        return number
    ordered_at = details["purchaseOrderDate"].instant()
    if ordered_at is None:
        raise details["purchaseOrderDate"].unfit("missing", "is missing; every deadline is counted from it")
    seller = details["sellingParty"]["partyId"].needed_text()
    type_ = details["purchaseOrderType"]
    return PurchaseOrder(
        partner=partner,
        number=number,
        vendor_code=seller,
        route=Route.SP_API,
        # An order whose state has an unknown name is held for a person, as a closed one is.
        state=part["purchaseOrderState"].word(_STATES, missing=OrderState.NEW, unknown=OrderState.CLOSED),
        type=type_.word(_TYPES, missing=OrderType.REGULAR, unknown=OrderType.REGULAR) if type_ else OrderType.REGULAR,
        ordered_at=ordered_at,
        changed_at=details["purchaseOrderChangedDate"].instant(),
        ship_to=_ship_to(details["shipToParty"]),
        lines=_lines(details["items"]),
        buyer=_party(details["buyingParty"]),
        bill_to=_party(details["billToParty"]),
        ship_window=_window(details["shipWindow"]),
        delivery_window=_window(details["deliveryWindow"]),
        payment_method=details["paymentMethod"].text(),
        deal_code=details["dealCode"].text(),
    )


def _lines(items: Element) -> tuple[OrderLine, ...]:
    lines = tuple(_line(item) for item in items.elements())
    if not lines:
        items.warn("no-lines", "are none")
    if len({line.sequence for line in lines}) != len(lines):
        raise items.unfit("line-twice", "two lines have the same itemSequenceNumber")
    return lines


def _line(item: Element) -> OrderLine:
    sequence_text = item["itemSequenceNumber"].needed_text()
    if not _SEQUENCE.fullmatch(sequence_text):
        raise item["itemSequenceNumber"].unfit("not-whole", "expected digits")
    vendor_product = item["vendorProductIdentifier"].text()
    backorder = item["isBackOrderAllowed"].truth()
    if backorder is None:
        item["isBackOrderAllowed"].warn("missing", "is missing; taken for false")
    net, listed = item["netCost"], item["listPrice"]
    net_cost, list_price = _price(net), _price(listed)
    if net_cost is None and list_price is None:
        net.warn("no-cost", "is missing; Amazon takes no acknowledgement without one")
    return OrderLine(
        sequence=int(sequence_text),
        sequence_text=sequence_text,
        asin=item["amazonProductIdentifier"].text() or None,
        product_ids=((VENDOR_PRODUCT, vendor_product),) if vendor_product else (),
        ordered=read_quantity(item["orderedQuantity"]),
        net_cost=net_cost,
        list_price=list_price,
        backorder_allowed=bool(backorder),
        priced_by=_priced_by(net, listed),
    )


def read_quantity(element: Element) -> Quantity:
    """An ItemQuantity. Raises Unfit without an amount or with an unknown unit: a case taken for an each costs real money."""
    amount = element["amount"].whole()
    if amount is None:
        raise element["amount"].unfit("missing", "is missing; nothing can stand for it")
    named = element["unitOfMeasure"].text().strip().lower()
    if named not in _UNITS:
        raise element["unitOfMeasure"].unfit("unknown-unit", "is neither Cases nor Eaches")
    size = element["unitSize"].whole()
    if size is not None and size <= 0:
        if _UNITS[named] is Unit.CASE:
            raise element["unitSize"].unfit("not-a-size", "expected how many eaches a case holds")
        element["unitSize"].warn("not-a-size", "means nothing; an each is one")
        size = None
    try:
        return Quantity(amount, _UNITS[named], size)
    except Invalid as error:
        raise element.unfit("not-a-quantity", str(error)) from None


def _price(element: Element) -> UnitPrice | None:
    """A price of an exact number and a currency; None when there is none. Negative ones are taken: a hold rule judges them."""
    amount = element["amount"]
    if amount.value is None or amount.value == "":
        return None
    if isinstance(amount.value, bool | dict | list):
        raise amount.unfit("not-an-amount", "expected a decimal number")
    currency = element["currencyCode"].needed_text().strip().upper()
    try:
        return UnitPrice.of(amount.value, currency)
    except Invalid as error:
        raise amount.unfit("not-an-amount", str(error)) from None


def _priced_by(net: Element, listed: Element) -> str:
    """The unit of weight that the prices of a line are for, empty when they are for one each."""
    named = [price["unitOfMeasure"].text().strip().upper() for price in (net, listed) if price]
    units = {"" if name in ("EACH", "EACHES") else name for name in named}
    if len(units) > 1:
        raise net.unfit("two-price-units", "netCost and listPrice are for different units")
    unit = next(iter(units), "")
    if unit:
        (net if net else listed).warn("priced-by-weight", f"is a price for {unit}, not for an each")
    return unit


def _ship_to(element: Element) -> Party:
    party = _party(element)
    if party is None:
        element.warn("missing", "is missing; where the goods go is not known")
    return party or Party("")


def _party(element: Element) -> Party | None:
    if not element:
        return None
    address = element["address"]
    lines = (address[name].text().strip() for name in _ADDRESS)
    return Party(
        element["partyId"].text(),
        address["name"].text().strip(),
        tuple(line for line in lines if line),
        address["countryCode"].text().strip(),
    )


def _window(element: Element) -> Window | None:
    """`start--end`. Also seen: `08/25/2021 - 08/31/2021` in American order, taken for whole days in UTC with a warning."""
    text = element.text().strip()
    if not text:
        return None
    try:
        if _SLASHED_DATE.search(text):
            start, end = (_slashed_day(side) for side in text.split(" - "))
            element.warn("odd-window", "is no ISO 8601 interval; taken for whole days, month first, in UTC")
            window = Window(start, end + timedelta(days=1))
        else:
            sides = text.split("--") if "--" in text else text.split("/")
            first, last = (Element(side.strip(), element.notes, element.path).instant() for side in sides)
            window = Window(first, last)
    except (ValueError, OverflowError, Unfit):
        raise element.unfit(
            "not-a-window", "expected start--end, such as 2026-11-23T08:00:00Z--2026-11-30T08:00:00Z"
        ) from None
    if window.start and window.end and window.end < window.start:
        element.warn("window-backwards", "ends before it starts")
    return window


def _slashed_day(text: str) -> datetime:
    found = _SLASHED_DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    month, day, year = (int(part) for part in found.groups())
    return datetime(year, month, day, tzinfo=UTC)


def _recognise(content: bytes) -> bool:
    opening = content[:_OPENING_BYTES]
    return b'"payload"' in opening and b'"ordersStatus"' not in opening and bool(_OF_ORDERS.search(opening))


def _read(content: bytes) -> Reading[PurchaseOrder]:
    """Without a connection no partner is known: the name stays empty."""
    return read_orders(content, partner="")


FORMAT = Format(NAME, "Amazon Vendor purchase orders (SP-API)", _recognise, _read)
