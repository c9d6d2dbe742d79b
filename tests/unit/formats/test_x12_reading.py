"""850s become orders, whatever their separators and envelopes; what is wrong is said with its place, and costs only itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.x12_text import HEADER, LINES, Marks, group, interchange, order, orders_file, transaction
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.orders import OrderState, OrderType, Window
from trueup.domain.partners import Route
from trueup.formats.amazon_vendor.orders import read_orders as read_api_orders
from trueup.formats.document import Severity
from trueup.formats.x12.sets.order_850 import read_orders


def day(number: int, month: int = 11) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


def codes(content: bytes) -> list[str]:
    """The codes of every finding, in the order found."""
    return [finding.code for finding in read_orders(content, partner="amazon-us").findings]


def test_an_order_is_read_whole() -> None:
    """Number, vendor code, windows, place, lines with their unit, pack, cost and product: each where the guide puts it."""
    reading = read_orders(orders_file(), partner="amazon-us")
    (found,) = reading.values
    assert not reading.findings
    assert (found.partner, found.number, found.vendor_code) == ("amazon-us", "4TJ8X1QA", "VEND1")
    assert (found.route, found.state, found.type) == (Route.EDI, OrderState.NEW, OrderType.REGULAR)
    assert found.ordered_at == day(20)
    assert found.delivery_window == Window(day(25), day(1, 12))
    assert found.ship_window is None
    assert found.ship_to.id == "ABE2"
    first, second = found.lines
    assert (first.sequence, first.asin, first.product_ids) == (1, "B0TRUEUP01", (("VN", "SKU-1"),))
    assert first.ordered == Quantity.eaches(10)
    assert second.ordered == Quantity(4, Unit.CASE, 12)
    assert second.net_cost == UnitPrice(Decimal("24.00"), "USD")
    assert first.backorder_allowed


def test_the_same_order_by_either_route_has_equal_terms() -> None:
    """What is agreed to does not depend on how it travelled: an 850 and Amazon's JSON of one order are one revision."""
    money = {"currencyCode": "USD", "amount": "9.50"}
    items = [
        {
            "itemSequenceNumber": "1",
            "amazonProductIdentifier": "B0TRUEUP01",
            "vendorProductIdentifier": "SKU-1",
            "orderedQuantity": {"amount": 10, "unitOfMeasure": "Eaches", "unitSize": 1},
            "isBackOrderAllowed": True,
            "netCost": money,
        },
        {
            "itemSequenceNumber": "2",
            "amazonProductIdentifier": "B0TRUEUP02",
            "vendorProductIdentifier": "SKU-2",
            "orderedQuantity": {"amount": 4, "unitOfMeasure": "Cases", "unitSize": 12},
            "isBackOrderAllowed": True,
            "netCost": money | {"amount": "24.0"},
        },
    ]
    details = {
        "purchaseOrderDate": "2026-11-20T09:30:00Z",
        "purchaseOrderStateChangedDate": "2026-11-20T09:30:00Z",
        "purchaseOrderType": "RegularOrder",
        "sellingParty": {"partyId": "VEND1"},
        "shipToParty": {"partyId": "ABE2"},
        "deliveryWindow": "2026-11-25T00:00:00Z--2026-12-01T00:00:00Z",
        "items": items,
    }
    payload = {"purchaseOrderNumber": "4TJ8X1QA", "purchaseOrderState": "New", "orderDetails": details}
    (by_api,) = read_api_orders(json.dumps({"payload": {"orders": [payload]}}).encode(), partner="amazon-us").values
    (by_edi,) = read_orders(orders_file(), partner="amazon-us").values
    assert by_edi.terms() == by_api.terms()


@pytest.mark.parametrize(
    "marks",
    [
        Marks("~", "\r\n"),
        Marks("\n", "", "|", ">"),
        Marks("'", "", "+", ":"),
        Marks("\r", "\n"),
        Marks("\x1c", "", "\x1d", "\x1f"),
    ],
    ids=["crlf", "newline", "edifact-like", "carriage-return", "control-characters"],
)
def test_separators_are_read_from_their_places(marks: Marks) -> None:
    """Whatever the ISA declares separates; line ends between segments are nothing."""
    reading = read_orders(orders_file(marks=marks), partner="amazon-us")
    assert reading.values == read_orders(orders_file(), partner="amazon-us").values
    assert not reading.findings


@pytest.mark.parametrize("version", ["00400", "00401", "00200", "00410"])
def test_the_release_is_that_of_the_group(version: str) -> None:
    """GS08 counts. What ISA12 says in the wild does not follow it, and is never asked."""
    content = interchange(group("PO", 1, order()), version=version).encode()
    assert len(read_orders(content).values) == 1


def test_another_release_is_refused_with_its_place() -> None:
    """A release without a grammar here is not guessed at."""
    reading = read_orders(interchange(group("PO", 1, order(), release="005010")).encode())
    assert [(finding.code, finding.location.path) for finding in reading.errors] == [
        ("716:2", "group 1, GS, element 8")
    ]
    assert not reading.values


def test_every_set_of_every_group_and_interchange_is_read() -> None:
    """Several of each in one file are all taken in, each with the envelope it came in."""
    one = interchange(group("PO", 1, order(), order(control="0002")), group("PO", 2, order()), control=7)
    two = interchange(group("PO", 3, order(control="0009")), control=8)
    reading = read_orders((one + "\r\n" + two).encode())
    assert len(reading.values) == 4
    assert not reading.findings
    stood = [(facts["interchange"], facts["group_control"], facts["set_control"]) for facts in reading.facts["orders"]]
    assert stood == [(0, "1", "0001"), (0, "1", "0002"), (0, "2", "0001"), (1, "3", "0009")]


def test_a_set_with_errors_does_not_stop_the_others() -> None:
    """The broken one is found at its place; its neighbours are taken in."""
    broken = order(*HEADER, "PO1*1*ten*EA*9.50*NE*BP*B0TRUEUP01", "CTT*1", control="0002")
    reading = read_orders(orders_file(order(), broken, order(control="0003")))
    (error,) = reading.errors
    assert len(reading.values) == 2
    assert error.code == "723:6"
    assert error.location.path == "group 1, set 850 0002, segment 8 PO1, element 2"
    assert orders_file(order(), broken)[error.location.offset :].startswith(b"ten*EA")


@pytest.mark.parametrize(
    ("line", "code", "element"),
    [
        ("PO1*1*10*XX*9.50*NE*VN*SKU", "unit-unknown", 3),
        ("PO1*1*1.5*EA*9.50*NE*VN*SKU", "quantity-not-whole", 2),
        ("PO1*1*9999999999999*EA*9.50*NE*VN*SKU", "quantity-absurd", 2),
        (f"PO1*1*{'9' * 5000}*EA*9.50*NE*VN*SKU", "quantity-not-whole", 2),
        (f"PO1*1*10*EA*0.{'1' * 60}*NE*VN*SKU", "price-unreadable", 4),
        ("PO1*1*10*EA*1E99*NE*VN*SKU", "price-unreadable", 4),
        ("PO1*1*10*EA*nine*NE*VN*SKU", "723:6", 4),
        ("PO1*1**EA*9.50*NE*VN*SKU", "723:1", 2),
        ("PO1*1*10*EA*9.50*NE*VN", "723:2", 7),
    ],
)
def test_a_line_that_cannot_be_had_is_refused_at_its_element(line: str, code: str, element: int) -> None:
    """An order is taken in whole or not at all: a line left out would be a line rejected."""
    content = orders_file(order(*HEADER, line, "CTT*1"))
    reading = read_orders(content)
    assert not reading.values
    assert (code, f"segment 8 PO1, element {element}") in [
        (finding.code, finding.location.path.partition("0001, ")[2]) for finding in reading.errors
    ]


def test_a_line_of_a_billion_units_is_read() -> None:
    """Absurd is for the hold rule to say; the reader reads what stands there."""
    (found,) = read_orders(orders_file(order(*HEADER, "PO1*1*1000000000*EA*9.50*NE*VN*SKU", "CTT*1*1000000000"))).values
    assert found.lines[0].ordered.amount == 10**9


@pytest.mark.parametrize(
    ("wrong", "right", "code", "kept"),
    [
        ("SE*13*0001", "SE*12*0001", "718:4", 0),
        ("SE*12*0009", "SE*12*0001", "718:3", 0),
        ("GE*2*1", "GE*1*1", "716:5", 1),
        ("GE*1*9", "GE*1*1", "716:4", 1),
        ("IEA*3*000000001", "IEA*1*000000001", "I18:021", 1),
        ("IEA*1*000000009", "IEA*1*000000001", "I18:001", 1),
        ("CTT*3*14", "CTT*2*14", "line-count-differs", 0),
        ("CTT*2*15", "CTT*2*14", "hash-total-differs", 1),
    ],
)
def test_control_counts_and_numbers_are_checked(wrong: str, right: str, code: str, kept: int) -> None:
    """A count that is wrong inside a set keeps the set out, for lines may be lost; one around sound sets is a warning."""
    content = orders_file()
    assert right.encode() in content
    reading = read_orders(content.replace(right.encode(), wrong.encode()))
    assert [finding.code for finding in reading.findings] == [code]
    assert len(reading.values) == kept


def test_a_truncated_file_gives_its_whole_sets_and_says_where_it_ends() -> None:
    """Cut anywhere in the second set, the first is taken in, and an error lies at the end of what arrived."""
    content = orders_file(order(), order(control="0002"))
    for length in range(content.index(b"ST*850*0002") + 12, content.index(b"SE*12*0002") + 10, 7):
        reading = read_orders(content[:length])
        assert len(reading.values) == 1
        assert {"718:2", "716:3", "I18:023"} <= {finding.code for finding in reading.errors}
        assert max(finding.location.offset for finding in reading.errors) == length


def test_repeated_control_numbers_are_said() -> None:
    """The same ISA13, GS06 or ST02 twice is a warning: the order's own number and content tell a repeat."""
    assert codes(orders_file(order(), order())) == ["718:23"]
    assert codes(interchange(group("PO", 1, order()), group("PO", 1, order())).encode()) == ["716:6"]
    assert codes(orders_file() + orders_file()) == ["I18:025"]


def test_bytes_outside_any_interchange_are_said() -> None:
    """What follows the IEA is not read, and not passed over in silence."""
    content = orders_file()
    reading = read_orders(content + b"-- end of transmission --" + content.replace(b"000000001", b"000000002"))
    assert len(reading.values) == 2
    assert [(finding.code, finding.location.offset) for finding in reading.findings] == [("outside", len(content))]
    assert not read_orders(content + b"\r\n\x1a\x00").findings


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (orders_file().decode().encode("utf-16"), "UTF-16"),
        (orders_file().decode().encode("utf-16-le"), "UTF-16"),
        (orders_file().decode().encode("cp037"), "EBCDIC"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"hello", "no X12 interchange"),
        (b"ISA*00*   ", "cut off"),
        (orders_file()[:90], "cut off"),
    ],
)
def test_what_is_no_interchange_is_named(content: bytes, words: str) -> None:
    """The finding says what the bytes are, so that a person knows what to do."""
    reading = read_orders(content)
    assert not reading.values
    assert words in str(reading.errors[0])


def test_byte_order_mark_and_other_alphabets_are_read() -> None:
    """UTF-8 with or without a mark, and Latin-1: names keep their letters, and what was assumed is said."""
    content = orders_file(order(*HEADER[:-1], "N1*ST*Café Ünïon*92*ABE2", *LINES, "CTT*2*14")).decode()
    for encoding, said in (("utf-8", []), ("utf-8-sig", ["byte-order-mark"]), ("latin-1", ["encoding"])):
        reading = read_orders(content.encode(encoding))
        assert reading.values[0].ship_to.name == "Café Ünïon"
        assert [finding.code for finding in reading.findings] == said


def test_a_header_that_lost_its_padding_is_read_by_its_separators() -> None:
    """Only when a GS stands where the separators say: that is no guess. Otherwise the interchange is refused."""
    content = orders_file().replace(b"*VENDOR         *", b"*VENDOR*", 1)
    assert codes(content) == ["header-width"]
    assert len(read_orders(content).values) == 1
    (error,) = read_orders(content.replace(b"GS*PO", b"XX*PO", 1)).errors
    assert (error.code, error.location.path) == ("I18:026", "ISA, element 8")


@pytest.mark.parametrize(
    ("purpose", "state", "amounts", "changed"),
    [
        ("00", OrderState.NEW, [10, 4], None),
        ("01", OrderState.CLOSED, [0, 0], datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
        ("05", OrderState.NEW, [10, 4], datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
    ],
)
def test_the_purpose_tells_original_from_cancelled_and_replaced(
    purpose: str, state: OrderState, amounts: list[int], changed: datetime | None
) -> None:
    """A cancellation is every line at zero, a replacement the whole order anew, changed when it was sent."""
    (found,) = read_orders(orders_file().replace(b"BEG*00", b"BEG*" + purpose.encode())).values
    assert found.state is state
    assert [line.ordered.amount for line in found.lines] == amounts
    assert found.changed_at == changed


def test_currency_is_the_documents_then_the_callers_then_the_guides() -> None:
    """Amazon writes USA for USD; an order without CUR takes the agreement's currency."""
    named = order(HEADER[0], "CUR*BY*CAN", *HEADER[1:], *LINES, "CTT*2*14")
    prices = [
        read_orders(orders_file(named), currency="MXN").values[0].lines[0].net_cost,
        read_orders(orders_file(), currency="MXN").values[0].lines[0].net_cost,
        read_orders(orders_file()).values[0].lines[0].net_cost,
    ]
    assert [price.currency for price in prices if price] == ["CAD", "MXN", "USD"]


@pytest.mark.parametrize(
    ("pairs", "asin", "others"),
    [
        ("BP*B0TRUEUP01*VN*SKU", "B0TRUEUP01", (("VN", "SKU"),)),
        ("UP*012345678905*ZZ*B0TRUEUP01", "B0TRUEUP01", (("UP", "012345678905"),)),
        ("BP*OURNUMBER*VN*BLUEWIDGET", None, (("BP", "OURNUMBER"), ("VN", "BLUEWIDGET"))),
        ("IB*0306406152", "0306406152", ()),
    ],
)
def test_an_asin_is_known_by_qualifier_and_shape(
    pairs: str, asin: str | None, others: tuple[tuple[str, str], ...]
) -> None:
    """A buyer's qualifier and the shape of an ASIN together; a vendor's own code that looks like one is not taken for it."""
    (found,) = read_orders(orders_file(order(*HEADER, f"PO1*1*10*EA*9.50*NE*{pairs}", "CTT*1"))).values
    assert (found.lines[0].asin, found.lines[0].product_ids) == (asin, others)


@pytest.mark.parametrize(
    ("dropped", "code"),
    [
        ("REF*CR*VEND1", "vendor-code-missing"),
        ("N1*ST**92*ABE2", "ship-to-missing"),
        ("BEG*00*NE*4TJ8X1QA**20261120", "720:3"),
    ],
)
def test_what_an_order_cannot_do_without_is_demanded(dropped: str, code: str) -> None:
    """Without a vendor code no agreement is known, without a place no shipment: refused, in words."""
    header = [segment for segment in HEADER if segment != dropped]
    reading = read_orders(orders_file(order(*header, *LINES, "CTT*2*14")))
    assert code in [finding.code for finding in reading.errors]
    assert not reading.values


def test_segments_out_of_place_are_understood_where_that_is_safe() -> None:
    """A date after the address is still the order's date; a reference inside a line is never taken for the order's."""
    late = order(HEADER[0], HEADER[1], HEADER[5], *HEADER[2:5], LINES[0], "REF*CR*OTHER", "CTT*1*10")
    reading = read_orders(orders_file(late))
    assert reading.values[0].vendor_code == "VEND1"
    assert reading.values[0].delivery_window == Window(day(25), day(1, 12))
    assert {finding.code for finding in reading.findings} == {"720:7", "segment-not-read"}
    assert {finding.severity for finding in reading.findings} == {Severity.WARNING}


def test_a_hostile_file_does_not_fill_the_memory_with_findings() -> None:
    """Faults are counted, not kept, beyond what anyone reads; a set of that many is never taken in."""
    bad = order(*HEADER, *(f"PO1*{number}*x*EA" for number in range(5000)), "CTT*5000")
    reading = read_orders(orders_file(*(bad for _ in range(30))))
    assert not reading.values
    assert len(reading.findings) <= 2001
    assert reading.findings[-1].code == "findings-cut"


def test_sets_of_other_kinds_in_the_file_are_left_to_their_formats() -> None:
    """A 997 beside orders is no error of the orders; a set nobody reads is."""
    said = transaction("997", "0001", "AK1*PR*1", "AK9*A*1*1*1")
    content = interchange(
        group("PO", 1, order()), group("FA", 2, said), group("IN", 3, transaction("810", "0001"))
    ).encode()
    reading = read_orders(content)
    assert len(reading.values) == 1
    assert [finding.code for finding in reading.findings] == ["other-set", "718:1"]


def test_facts_are_json() -> None:
    """They are kept beside the order until its answer is written, in another process on another day."""
    facts = read_orders(orders_file(order(), order(*HEADER, "PO1*1*x*EA", control="0002"))).facts
    assert json.loads(json.dumps(facts)) == facts
