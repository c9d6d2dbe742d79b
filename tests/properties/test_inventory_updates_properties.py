"""What is told next to a direct fulfillment warehouse, and how it is written: nothing stale, nothing refused, nothing forgotten."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import ConfigurationError, Invalid, Unreadable
from trueup.domain.direct_fulfillment import DirectFulfillment, Standing, items_to_tell
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.formats.amazon_vendor.inventory_updates import read_inventory_update, write_inventory_update

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SKUS = st.sampled_from(["A", "B", "C", "D", "E"])
NUMBERS = st.integers(0, 50)
FREE = st.dictionaries(SKUS, NUMBERS)
KNOWN = st.dictionaries(SKUS, st.tuples(NUMBERS, st.none() | NUMBERS, st.sampled_from(["", "INVALID_ITEM_ID"])))


def _item(sku: str, eaches: int) -> AdvisedItem:
    return AdvisedItem(f"id {sku}", None, eaches)


@settings(deadline=None)
@given(free=FREE, known=KNOWN, whole=st.booleans())
def test_after_an_update_the_buyer_holds_what_is_free(
    free: dict[str, int], known: dict[str, tuple[int, int | None, str]], whole: bool
) -> None:
    """Applied by the buyer's rules, every product that it does not refuse stands at what is free, and at none without a count."""
    standings = {sku: Standing(_item(sku, told), held, refused) for sku, (told, held, refused) in known.items()}
    told = items_to_tell({sku: _item(sku, eaches) for sku, eaches in free.items()}, standings, whole=whole)
    refused = {sku for sku, standing in standings.items() if standing.refused}
    assert not told.keys() & refused
    held = {} if whole else {sku: held for sku, (_, held, _) in known.items()}
    held |= {sku: item.eaches for sku, item in told.items()}
    for sku in (free.keys() | known.keys()) - refused:
        assert held.get(sku, 0) == free.get(sku, 0)
    if not whole:
        assert all(held_before(known, sku) != item.eaches for sku, item in told.items()), "told what stands already"


def held_before(known: dict[str, tuple[int, int | None, str]], sku: str) -> int | None:
    """What the buyer was known to hold."""
    return known[sku][1] if sku in known else None


def test_a_refused_item_is_told_again_under_other_ids() -> None:
    """What was wrong with it was its id."""
    known = {"A": Standing(AdvisedItem("old", "B1", 3), None, "INVALID_ITEM_ID")}
    assert items_to_tell({"A": AdvisedItem("old", "B1", 3)}, known, whole=True) == {}
    assert items_to_tell({"A": AdvisedItem("new", "B1", 3)}, known, whole=False).keys() == {"A"}


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(
        st.builds(AdvisedItem, st.text(min_size=1, max_size=20), st.none() | st.text("B01", min_size=10), NUMBERS),
        min_size=1,
        max_size=20,
        unique_by=lambda item: item.vendor_product_id,
    ),
    whole=st.booleans(),
)
def test_every_update_reads_as_it_was_written(items: list[AdvisedItem], whole: bool) -> None:
    """Products, numbers, and whether it is everything."""
    content = write_inventory_update(InventoryAdvice("A", "CODE", "WH1", NOW, tuple(items), whole))
    assert read_inventory_update(content) == (whole, tuple(items))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """They read, or are unreadable."""
    with suppress(Unreadable):
        read_inventory_update(content)


def test_an_update_that_would_empty_a_warehouse_or_fail_whole_is_not_written() -> None:
    """Nothing to say, and a product twice."""
    for items, words in (((), "no product"), ((_item("A", 1), _item("A", 2)), "stands there twice")):
        with pytest.raises(Invalid, match=words):
            write_inventory_update(InventoryAdvice("A", "CODE", "WH1", NOW, items, True))


def test_changes_are_told_at_least_as_often_as_everything() -> None:
    """Terms that make no sense are refused."""
    with pytest.raises(ConfigurationError, match="at least as often"):
        DirectFulfillment("p", "CODE", "WH1", "main", every=DirectFulfillment("p", "C", "W", "m").whole_every * 2)
