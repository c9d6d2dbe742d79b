"""Replies of Supercycle: no bytes break their readers, and what else a record holds changes nothing of what is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import ContractChanged
from trueup.connectors.supercycle.v1.calendar import read_blocked_date, read_timeline
from trueup.connectors.supercycle.v1.cycles import read_cycle, read_return
from trueup.connectors.supercycle.v1.items import read_item
from trueup.connectors.supercycle.v1.record import Record
from trueup.connectors.supercycle.v1.replies import read_list, read_one, read_page
from trueup.domain.circular import Cycle, Item
from trueup.storage.json_values import from_json, to_json

ZONE = ZoneInfo("Europe/Berlin")
READERS: list[Callable[[Record], Any]] = [
    lambda record: read_item(record, "EUR"),
    read_cycle,
    read_return,
    read_blocked_date,
    lambda record: read_timeline(record, "gid://shopify/ProductVariant/1"),
]
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "supercycle").glob("*.json"))
REPLIES = [path.read_bytes() for path in GOLDEN if ".expected." not in path.name]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["id", "status", "visibility", "serial", "rentalEnd", "rental_start", "condition", "location", "returnLines",
     "occupancy", "item", "customer", "resourceId", "from", "tags", "shopifyVariantId", "acquisitionCostCents", "nextPage"]
)  # fmt: skip


def read_all(content: bytes) -> None:
    """Every reader on the bytes: values, findings or ContractChanged, and nothing else."""
    for read in READERS:
        for whole in (read_page, read_list, read_one):
            try:
                whole(content, "a reply", ZONE, read)
            except ContractChanged as error:
                assert error.evidence == content


@given(
    st.binary(max_size=200)
    | st.sampled_from(REPLIES).flatmap(lambda reply: st.integers(0, len(reply)).map(lambda at: reply[:at]))
)
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_a_reader(content: bytes) -> None:
    """Any bytes, and any reply cut off, are read, told about, or refused with the reply as evidence."""
    read_all(content)


@given(st.lists(st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=6), max_size=3))
@settings(max_examples=150, deadline=None)
def test_no_values_break_a_reader(records: list[dict[str, Any]]) -> None:
    """Whatever stands in the fields, what is read can be kept in the database and comes back the same."""
    content = json.dumps({"data": records}).encode()
    read_all(content)
    for kind, read in ((Item, READERS[0]), (Cycle, READERS[1])):
        for value in read_page(content, "a reply", ZONE, read).value.values:
            assert "\0" not in json.dumps(to_json(value), ensure_ascii=False)
            assert from_json(to_json(value), kind) == value


@given(st.dictionaries(st.from_regex(r"new[A-Z][a-z]{1,8}", fullmatch=True), JSON, max_size=3))
@settings(max_examples=80, deadline=None)
def test_fields_that_nobody_documented_are_kept_and_change_nothing(more: dict[str, Any]) -> None:
    """What is known of a record is read as before; what is not stands beside it, as it came."""
    plain = {"id": 1, "visibility": "available", "status": "processed", "serial": "S"}
    [before] = read_page(json.dumps({"data": [plain]}).encode(), "a reply", ZONE, READERS[0]).value.values
    [after] = read_page(json.dumps({"data": [plain | more]}).encode(), "a reply", ZONE, READERS[0]).value.values
    assert dict(after.unread).keys() == more.keys()
    assert {name: json.loads(text) for name, text in after.unread} == more
    assert (after.id, after.visibility, after.serial) == (before.id, before.visibility, before.serial)


@pytest.mark.parametrize("older", [True, False])
def test_both_spellings_mean_the_same(older: bool) -> None:
    """The page's cursor too: a list must not end early because a name changed."""
    names = ("location_shopify_id", "next_page") if older else ("locationShopifyId", "nextPage")
    reply = {"data": [{"id": 1, "visibility": "sold", "status": "processed", names[0]: 5}], names[1]: "more"}
    batch = read_page(json.dumps(reply).encode(), "a reply", ZONE, READERS[0]).value
    assert batch.values[0].location == "gid://shopify/Location/5"
    assert batch.next_page == "more" and batch.findings == ()
