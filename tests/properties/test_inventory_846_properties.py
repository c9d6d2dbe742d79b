"""The 846 as it is written: what it says reads back, whatever it is, and nothing to say is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import Invalid
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.formats.x12.sets.inventory_846 import read_advices, write_advice

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
RETURNS: dict[str, Any] = {
    "sender": ["ZZ", "AMAZON"],
    "receiver": ["ZZ", "VENDOR"],
    "group_sender": "AMAZON",
    "group_receiver": "VENDOR",
    "release": "004010",
    "usage": "P",
    "separators": {"segment": "~", "element": "*", "component": ">", "repetition": ""},
    "encoding": "utf-8",
}
WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=20)
ITEMS = st.builds(
    AdvisedItem, WORDS, st.none() | st.text("B0123456789", min_size=10, max_size=10), st.integers(0, 10**9)
)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(ITEMS, min_size=1, max_size=20), whole=st.booleans(), vendor_code=WORDS)
def test_every_advice_reads_as_it_was_written(items: list[AdvisedItem], whole: bool, vendor_code: str) -> None:
    """Numbers, products, the warehouse and whether it is everything."""
    advice = InventoryAdvice("ADV-000001", vendor_code, "WH1", NOW, tuple(items), whole)
    reading = read_advices(write_advice(advice, RETURNS, control_number=7, now=NOW))
    assert (reading.values, reading.findings) == ((advice,), ())


def test_an_advice_of_nothing_is_refused() -> None:
    """A whole advice without a line would take everything for gone."""
    with pytest.raises(Invalid, match="nothing to say"):
        write_advice(InventoryAdvice("A", "V", "W", NOW, (), True), RETURNS, control_number=7, now=NOW)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """They read, are told of, or are unreadable."""
    from contextlib import suppress

    from trueup.base.errors import Unreadable

    with suppress(Unreadable):
        read_advices(b"ISA" + content)
