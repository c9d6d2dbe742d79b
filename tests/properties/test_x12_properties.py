"""X12: what is written reads back, and no bytes whatever crash a reader or point outside the file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.x12_text import HEADER, LINES, Marks, order, orders_file
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.orders import OrderLine, PurchaseOrder
from trueup.formats.document import Reading
from trueup.formats.x12.acknowledgement import (
    owed_acknowledgements,
    read_functional_acknowledgements,
    write_functional_acknowledgement,
)
from trueup.formats.x12.sets.acknowledgement_855 import answered, read_acknowledgements, write_acknowledgement
from trueup.formats.x12.sets.order_850 import read_orders

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
VALID = orders_file(order(), order(*HEADER, "CTP**RES*19.99", *LINES, "CTT*2", control="0002"), marks=Marks("~", "\n"))
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=20)
PRICES = st.decimals(Decimal("0.01"), Decimal("99999"), places=4).map(lambda value: f"{value:f}")
DAYS = st.dates(date(2020, 1, 1), date(2039, 12, 31))
LINE = st.tuples(
    st.integers(0, 10**9), st.sampled_from(["EA", "CA"]), PRICES, st.text("ABCDEFGH0123456789", min_size=8, max_size=8), CODES,
    st.integers(1, 999),
)  # fmt: skip


def segments_of(lines: list[tuple[int, str, str, str, str, int]]) -> list[str]:
    written = []
    for number, (amount, unit, price, asin, sku, pack) in enumerate(lines, 1):
        written.append(f"PO1*{number}*{amount}*{unit}*{price}*NE*BP*B0{asin}*VN*{sku}")
        if unit == "CA":
            written.append(f"PO4*{pack}")
    return [*written, f"CTT*{len(lines)}*{sum(line[0] for line in lines)}"]


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(LINE, min_size=1, max_size=12), start=DAYS, end=DAYS)
def test_every_order_reads_as_it_was_written(lines: list[Any], start: date, end: date) -> None:
    """Numbers, units, packs, prices, codes and days arrive unchanged, whatever they are."""
    start, end = min(start, end), max(start, end)
    header = (*HEADER[:3], f"DTM*064*{start:%Y%m%d}", f"DTM*063*{end:%Y%m%d}", HEADER[5])
    reading = read_orders(orders_file(order(*header, *segments_of(lines))))
    (found,) = reading.values
    hash_too_long = len(str(sum(line[0] for line in lines))) > 10
    assert not [finding for finding in reading.findings if not (hash_too_long and finding.code == "723:5")]
    window = found.delivery_window
    assert window and window.start and window.end
    assert (window.start.date(), window.end.date()) == (start, end)
    for (amount, unit, price, asin, sku, pack), line in zip(lines, found.lines, strict=True):
        size = pack if unit == "CA" else 1
        assert line.ordered == Quantity(amount, Unit.CASE if unit == "CA" else Unit.EACH, size)
        assert line.net_cost == UnitPrice(Decimal(price), "USD")
        assert (line.asin, line.product_ids) == (f"B0{asin}", (("VN", sku),))


@st.composite
def acknowledgements(draw: st.DrawFn) -> tuple[Acknowledgement, Reading[PurchaseOrder]]:
    """An order with an answer to every line of it: any split into parts of any kind."""
    lines = draw(st.lists(LINE, min_size=1, max_size=6))
    reading = read_orders(orders_file(order(*HEADER, *segments_of(lines))))
    (found,) = reading.values
    decisions = tuple(
        LineDecision(line.sequence, draw(parts(line)), "", None) for line in found.lines if line.ordered.amount
    )
    return Acknowledgement(found, NOW, decisions), reading


@st.composite
def parts(draw: st.DrawFn, line: OrderLine) -> tuple[Part, ...]:
    made: list[Part] = []
    left = line.ordered.amount
    for answer in draw(st.lists(st.sampled_from(Answer), min_size=1, max_size=3)):
        if not left:
            break
        amount = draw(st.integers(1, left))
        left -= amount
        ship = None if answer is Answer.REJECTED else NOW + timedelta(days=draw(st.integers(0, 60)))
        reason = draw(st.sampled_from([None, *Reason])) if answer is Answer.REJECTED else None
        made.append(Part(answer, Quantity(amount, line.ordered.unit, line.ordered.unit_size), ship, reason))
    return tuple(made)


@settings(max_examples=60, deadline=None)
@given(made=acknowledgements(), number=st.integers(1, 999_999_999))
def test_every_acknowledgement_reads_back(made: tuple[Acknowledgement, Reading[PurchaseOrder]], number: int) -> None:
    """read(write(x)) = x for the 855, days without their hours."""
    acknowledgement, reading = made
    written = write_acknowledgement(acknowledgement, reading.facts["orders"][0], control_number=number, now=NOW)
    again = read_acknowledgements(written)
    assert again.values == (answered(acknowledgement),)
    assert not again.errors


def check(content: bytes) -> Reading[PurchaseOrder]:
    """Read by every reader; every finding inside the file; whatever was received can be acknowledged, and that reads back."""
    for read in (read_acknowledgements, read_functional_acknowledgements):
        assert all(0 <= finding.location.offset <= len(content) for finding in read(content).findings)
    reading = read_orders(content)
    assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings)
    assert "\0" not in repr(reading.facts)
    for interchange in owed_acknowledgements(reading):
        written = write_functional_acknowledgement(reading, control_number=5, now=NOW, interchange=interchange)
        assert read_functional_acknowledgements(written).values
    return reading


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_crash_a_reader(content: bytes) -> None:
    """Bare, and behind a sound header: findings, never a crash, and never silence about what is no order."""
    assert check(content).findings
    check(VALID[:106] + content)
    check(VALID[:160] + content)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_no_mutation_of_a_valid_file_crashes_a_reader(data: st.DataObject) -> None:
    """Bytes overwritten, cut out, put in: read or refused, and every finding inside the file."""
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 30))
        content[place : place + length] = data.draw(
            st.one_of(
                st.binary(max_size=12), st.sampled_from([b"~", b"*", b"~*", b"ISA", b"~SE*1*0001~", b"~GS*PO~", b"\0"])
            )
        )
    check(bytes(content))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(VALID) - 3))
def test_every_truncation_is_found(length: int) -> None:
    """A file that ends early is never taken for a whole one."""
    reading = check(VALID[:length])
    assert reading.errors
    assert all(finding.location.offset <= length for finding in reading.errors)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_lost_segment_is_found(data: st.DataObject) -> None:
    """Whichever segment goes missing, something is said: counts stand around everything."""
    whole = VALID.split(b"~")
    lost = data.draw(st.integers(0, len(whole) - 2))
    reading = check(b"~".join(whole[:lost] + whole[lost + 1 :]))
    assert reading.findings
