"""Purchase orders from Amazon's JSON: irregular ones are read, meaningless ones are located and take no other with them."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from trueup.base.errors import Unreadable
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.orders import OrderState, OrderType, Party, PurchaseOrder, Window
from trueup.formats.amazon_vendor import FORMATS
from trueup.formats.amazon_vendor.orders import read_orders
from trueup.formats.document import Reading, Severity

ITEM: dict[str, Any] = {
    "itemSequenceNumber": "00001",
    "amazonProductIdentifier": "B07DFVDRAB",
    "vendorProductIdentifier": "0017817748000",
    "orderedQuantity": {"amount": 24, "unitOfMeasure": "Cases", "unitSize": 5},
    "isBackOrderAllowed": True,
    "netCost": {"amount": "110.00", "currencyCode": "USD"},
}
ORDER: dict[str, Any] = {
    "purchaseOrderNumber": "2JK3S9VC",
    "purchaseOrderState": "New",
    "orderDetails": {
        "purchaseOrderDate": "2026-11-20T15:51:00Z",
        "purchaseOrderStateChangedDate": "2026-11-20T15:51:00Z",
        "purchaseOrderType": "RushOrder",
        "sellingParty": {"partyId": "999US"},
        "shipToParty": {
            "partyId": "FTW1",
            "address": {"name": "Amazon", "addressLine1": "1 Road", "city": "Fort Worth", "countryCode": "US"},
        },
        "shipWindow": "2026-11-21T08:00:00Z--2026-11-27T08:00:00Z",
        "items": [ITEM],
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The order with one element set, or taken out where the value is `...`."""
    order = deepcopy(ORDER)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = order
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return order


def page(*orders: Any, **payload: Any) -> bytes:
    """A getPurchaseOrders reply."""
    return json.dumps({"payload": {**payload, "orders": list(orders)}}).encode()


def read(*orders: Any) -> Reading[PurchaseOrder]:
    """Read a page of these orders."""
    return read_orders(page(*orders), partner="acme")


def test_a_regular_order_is_read_whole() -> None:
    """Every field has its meaning, and what must be echoed is as it came."""
    reading = read(ORDER)
    assert reading.findings == ()
    (order,) = reading.values
    assert (order.key, order.vendor_code, order.state, order.type) == (
        "acme/2JK3S9VC",
        "999US",
        OrderState.NEW,
        OrderType.RUSH,
    )
    assert order.ordered_at == datetime(2026, 11, 20, 15, 51, tzinfo=UTC)
    assert order.changed_at is None
    assert order.ship_to == Party("FTW1", "Amazon", ("1 Road", "Fort Worth"), "US")
    assert order.ship_window == Window(datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2026, 11, 27, 8, tzinfo=UTC))
    (line,) = order.lines
    assert (line.sequence, line.sequence_text, line.asin) == (1, "00001", "B07DFVDRAB")
    assert line.product_ids == (("VN", "0017817748000"),)
    assert line.ordered == Quantity(24, Unit.CASE, 5)
    assert line.net_cost is not None and str(line.net_cost.value) == "110.00"
    assert line.backorder_allowed


@pytest.mark.parametrize(
    ("amount", "exact"),
    [
        ('"0.1"', "0.1"),
        ('"1.1e2"', "1.1E+2"),
        ('"-3.50"', "-3.50"),
        ("12.10", "12.10"),
        ("0.1000000000000000055", "0.1000000000000000055"),
        ("7", "7"),
    ],
)
def test_a_cost_is_exact_however_it_is_written(amount: str, exact: str) -> None:
    """Text, exponent, negative or a bare JSON number: no digit is lost to a float."""
    content = page(ORDER).replace(b'"110.00"', amount.encode())
    (order,) = read_orders(content, partner="acme").values
    assert order.lines[0].net_cost == UnitPrice(Decimal(exact), "USD")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("purchaseOrderState", ..., "missing"),
        ("purchaseOrderState", "Parked", "unknown-value"),
        ("orderDetails.purchaseOrderType", "FlashOrder", "unknown-value"),
        ("orderDetails.purchaseOrderDate", "2026-11-20T15:51:00", "no-zone"),
        ("orderDetails.shipWindow", "08/25/2021 - 08/31/2021", "odd-window"),
        ("orderDetails.shipWindow", "2026-11-27T08:00:00Z--2026-11-21T08:00:00Z", "window-backwards"),
        ("orderDetails.shipToParty", ..., "missing"),
        ("orderDetails.items", [], "no-lines"),
        ("orderDetails.items.0.netCost", ..., "no-cost"),
        ("orderDetails.items.0.isBackOrderAllowed", ..., "missing"),
        ("orderDetails.items.0.vendorProductIdentifier", 17817748000, "number-for-text"),
        (
            "orderDetails.items.0.netCost",
            {"amount": "2", "currencyCode": "USD", "unitOfMeasure": "POUNDS"},
            "priced-by-weight",
        ),
    ],
)
def test_what_is_irregular_is_taken_with_one_warning(path: str, value: Any, code: str) -> None:
    """The order comes in, and someone is told what was taken for what."""
    reading = read(changed(path, value))
    assert len(reading.values) == 1
    assert [(finding.severity, finding.code) for finding in reading.findings] == [(Severity.WARNING, code)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("orderDetails.items.0.orderedQuantity.unitOfMeasure", "CASES"),
        ("orderDetails.items.0.orderedQuantity.unitSize", ...),
        ("orderDetails.items.0.orderedQuantity.amount", 0),
        ("orderDetails.items.0.orderedQuantity.amount", -3),
        ("orderDetails.items.0.amazonProductIdentifier", ...),
        ("orderDetails.items.0.brandNewField", {"deep": [1.5]}),
        ("orderDetails.shipWindow", ...),
        ("orderDetails.shipWindow", "--2026-11-27T08:00:00Z"),
        ("orderDetails.purchaseOrderType", ...),
    ],
)
def test_what_means_one_thing_only_is_taken_in_silence(path: str, value: Any) -> None:
    """Case of letters, absent optional fields, cancelled and negative lines, fields of tomorrow."""
    reading = read(changed(path, value))
    assert len(reading.values) == 1
    assert reading.findings == ()


def test_an_unknown_state_holds_the_order_and_a_missing_one_does_not() -> None:
    """Closed orders are held for a person; Amazon's own samples leave the state of new ones out."""
    assert read(changed("purchaseOrderState", "Parked")).values[0].state is OrderState.CLOSED
    assert read(changed("purchaseOrderState", ...)).values[0].state is OrderState.NEW


def test_a_window_in_american_days_covers_its_last_day() -> None:
    """`08/25/2021 - 08/31/2021` ends when the 31st does."""
    (order,) = read(changed("orderDetails.shipWindow", "08/25/2021 - 08/31/2021")).values
    assert order.ship_window == Window(datetime(2021, 8, 25, tzinfo=UTC), datetime(2021, 9, 1, tzinfo=UTC))


def test_a_price_by_weight_is_never_taken_for_one_each() -> None:
    """The unit of weight stays on the line, and the order's terms differ from those of a price by the piece."""
    weighed = changed("orderDetails.items.0.netCost.unitOfMeasure", "POUNDS")
    (order,) = read(weighed).values
    assert order.lines[0].priced_by == "POUNDS"
    assert order.terms_digest() != read(ORDER).values[0].terms_digest()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("purchaseOrderNumber", ...),
        ("purchaseOrderNumber", "../../x"),
        ("orderDetails.purchaseOrderDate", ...),
        ("orderDetails.purchaseOrderDate", "yesterday"),
        ("orderDetails.sellingParty", ...),
        ("orderDetails.shipWindow", "soon"),
        ("orderDetails.shipWindow", "13/45/2021 - 08/31/2021"),
        ("orderDetails.items", {"0": ITEM}),
        ("orderDetails.items", [ITEM, {**ITEM, "itemSequenceNumber": "1"}]),
        ("orderDetails.items.0.itemSequenceNumber", "A1"),
        ("orderDetails.items.0.itemSequenceNumber", "9" * 5000),
        ("orderDetails.items.0.orderedQuantity", ...),
        ("orderDetails.items.0.orderedQuantity.amount", ...),
        ("orderDetails.items.0.orderedQuantity.amount", 1.5),
        ("orderDetails.items.0.orderedQuantity.amount", True),
        ("orderDetails.items.0.orderedQuantity.amount", 10**15),
        ("orderDetails.items.0.orderedQuantity.unitOfMeasure", "Pallets"),
        ("orderDetails.items.0.orderedQuantity.unitOfMeasure", ...),
        ("orderDetails.items.0.orderedQuantity.unitSize", 0),
        ("orderDetails.items.0.netCost.amount", "1e999999999"),
        ("orderDetails.items.0.netCost.amount", "NaN"),
        ("orderDetails.items.0.netCost.currencyCode", ...),
        ("orderDetails.items.0.netCost.currencyCode", "US$"),
    ],
)
def test_an_order_without_a_meaning_is_left_out_alone(path: str, value: Any) -> None:
    """It becomes one error whose place is found in the bytes; its neighbours on the page come in."""
    content = page(ORDER, changed(path, value), ORDER)
    reading = read_orders(content, partner="acme")
    assert [order.number for order in reading.values] == ["2JK3S9VC"] * 2
    (error,) = reading.errors
    assert error.location.path.startswith("$.payload.orders[1]")
    before = len(page(ORDER)) - len("]}}")
    assert before < error.location.offset < len(content) - len(json.dumps(ORDER))


def test_the_place_of_a_finding_is_the_byte_where_the_value_begins() -> None:
    """Whatever the spaces and the characters before it."""
    odd = [
        changed("orderDetails.dealCode", 'Größe "}],\\'),
        changed("orderDetails.items.0.orderedQuantity.unitOfMeasure", "Pallets"),
    ]
    dense = json.dumps({"payload": {"orders": odd}}, ensure_ascii=False, separators=(",", ":")).encode()
    spaced = json.dumps({"payload": {"orders": odd}}, ensure_ascii=False, indent=3).encode()
    for written in (dense, spaced, b"\xef\xbb\xbf" + spaced):
        (error,) = read_orders(written, partner="acme").errors
        assert error.location.path == "$.payload.orders[1].orderDetails.items[0].orderedQuantity.unitOfMeasure"
        assert error.location.offset == written.index(b'"Pallets"')


def test_an_order_of_broken_text_does_not_take_the_page_with_it() -> None:
    """Bytes that are not UTF-8 inside one order are that order's error."""
    content = page(ORDER, changed("orderDetails.dealCode", "@@@"), ORDER).replace(b"@@@", b"\xff\xfe\x00")
    content = content.replace(b"\x00", b"x")
    reading = read_orders(content, partner="acme")
    assert (len(reading.values), len(reading.errors)) == (2, 1)


@pytest.mark.parametrize("cut", [0, 1, 17, 200, -1])
def test_a_reply_cut_off_anywhere_is_unreadable(cut: int) -> None:
    """No order of half a reply is believed."""
    with pytest.raises(Unreadable, match="bytes came"):
        read_orders(page(ORDER, ORDER)[:cut], partner="acme")


@pytest.mark.parametrize(
    "content",
    [
        b"<html>503</html>",
        b"[]",
        b"null",
        b'{"payload": null}',
        b'{"payload": {"orders": 5}}',
        b'{"payload": {"ordersStatus": []}}',
        b'{"errors": [{"code": "InternalFailure", "message": "x"}]}',
        b'{"payload": {"orders": ' + b"[" * 100_000,
        page(ORDER).decode().encode("utf-16"),
    ],
)
def test_what_is_no_such_reply_is_unreadable(content: bytes) -> None:
    """A page of another kind, an error, nesting without end, another encoding."""
    with pytest.raises(Unreadable):
        read_orders(content, partner="acme")


def test_the_next_page_is_among_the_facts() -> None:
    """An empty page may lead on; a page without a token is the last."""
    empty = read_orders(page(pagination={"nextToken": "abc=="}), partner="acme")
    assert (empty.values, empty.facts["next_page"]) == ((), "abc==")
    assert read(ORDER).facts["next_page"] is None
    assert read_orders(page(pagination={"nextToken": 5.5}), partner="acme").errors


def test_orders_listed_without_details_are_named() -> None:
    """With includeDetails=false a page tells numbers alone; they are to be fetched, not taken for orders."""
    reading = read({"purchaseOrderNumber": "2JK3S9XY", "purchaseOrderState": "New"})
    assert (reading.values, reading.errors, reading.facts["without_details"]) == ((), (), ["2JK3S9XY"])


def test_a_reply_is_recognised_as_one_format_alone() -> None:
    """By its opening; what is none of Amazon's replies is none."""
    single = json.dumps({"payload": ORDER}).encode()
    status = b'{"payload": {"pagination": {"nextToken": "x"}, "ordersStatus": []}}'
    transaction = b'{"payload": {"transactionStatus": {"transactionId": "1", "status": "Processing"}}}'
    names = [
        [format_.name for format_ in FORMATS if format_.recognise(content)]
        for content in (page(ORDER), page(), single, status, transaction, b'{"orders": []}', b"ISA*00*", b"")
    ]
    orders = ["amazon-vendor-orders"]
    assert names == [orders, orders, orders, ["amazon-vendor-order-status"], ["amazon-vendor-transaction"], [], [], []]
    assert FORMATS[0].read(single).values[0].number == "2JK3S9VC"
