"""Item masters: what is written is read back, and no bytes break the reader."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import DocumentError
from trueup.base.money import UnitPrice
from trueup.domain.catalog import Listing, Product
from trueup.domain.identifiers import Asin, Gtin, check_digit
from trueup.formats.item_master import COLUMNS, FORMAT, Item, read_item_master, write_item_master

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).map(str.strip).filter(bool)
OPTIONAL = st.one_of(st.none(), WORDS)
COSTS = st.builds(
    UnitPrice.of,
    st.decimals(min_value=0, max_value=10**9, places=4).map(lambda value: Decimal(f"{value:f}")),
    st.sampled_from(["USD", "EUR", "JPY"]),
)


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    found: list[Item] = []
    for sku in draw(st.lists(WORDS, max_size=5, unique=True)):
        body = draw(st.from_regex(r"[0-9]{12}", fullmatch=True))
        product = Product(
            sku=sku,
            title=draw(WORDS),
            case_size=draw(st.one_of(st.none(), st.integers(1, 100_000))),
            gtin=draw(st.sampled_from([None, Gtin(body + check_digit(body))])),
            declared_source=draw(OPTIONAL),
            obsolete=draw(st.booleans()),
        )
        codes = draw(st.lists(st.sampled_from(["ABCDE", "FGHIJ", "K1LM2"]), max_size=3, unique=True))
        asin = st.sampled_from([None, Asin("B00EXAMPLE")])
        for code in codes:
            found.append((product, Listing(code, sku, draw(asin), draw(OPTIONAL), draw(st.one_of(st.none(), COSTS)))))
        if not codes:
            found.append((product, None))
    return found


@given(items())
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back(items: list[Item]) -> None:
    """Exporting and importing changes nothing: no product, no listing, no digit of a cost."""
    reading = read_item_master(write_item_master(items))
    assert reading.errors == ()
    assert list(reading.values) == items


@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=200).map(lambda rest: ",".join(COLUMNS).encode() + b"\n" + rest)
    )
)
@settings(max_examples=400, deadline=None)
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """Any bytes are read, told about, or refused as a document; recognition never raises."""
    FORMAT.recognise(content)
    try:
        reading = read_item_master(content)
    except DocumentError:
        return
    assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings)


@given(items(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_never_breaks_the_reader(items: list[Item], data: st.DataObject) -> None:
    """Bytes changed, cut out or doubled: still only values, findings or a refusal."""
    content = bytearray(write_item_master(items))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        reading = read_item_master(bytes(content))
    except DocumentError:
        return
    assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings)
