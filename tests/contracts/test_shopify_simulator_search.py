"""Search that lags, matches by token and pages without loss."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.shopify_shop import NOW, ORDER, SEARCH, VARIANT, Shop
from trueup.simulators.shopify import search


def names(shop: Shop, query: str, **more: Any) -> list[str]:
    """The orders found."""
    return [each["name"] for each in shop.run(SEARCH, query=query, **more)["orders"]["nodes"]]


def test_search_of_orders_lags_and_looking_up_by_id_does_not() -> None:
    """An order, and later its new tag, show up in search some seconds after they were written."""
    shop = Shop(search_lag_seconds=5)
    order = shop.ordered(shop.line("BOOK", 1), poNumber="PO-7", tags=["amazon"])
    assert shop.run(ORDER, id=order["id"])["order"]["name"] == "#1001"
    assert names(shop, "po_number:PO-7") == []
    shop.wait(4)
    assert names(shop, "po_number:PO-7") == []
    shop.wait(1)
    assert names(shop, "po_number:PO-7") == ["#1001"]
    shop.run('mutation Tag($id: ID!) { tagsAdd(id: $id, tags: ["late"]) { userErrors { message } } }', id=order["id"])
    assert names(shop, "tag:late") == []
    shop.wait(5)
    assert names(shop, "tag:late") == ["#1001"]


def seeded() -> Shop:
    """Three indexed orders, a minute apart."""
    shop = Shop()
    for number, tags in enumerate((["amazon", "hold"], ["amazon"], [])):
        shop.ordered(
            shop.line("BOOK", 1),
            poNumber=f"PO-{number}",
            sourceIdentifier=f"amzv:ACME:PO-{number}",
            tags=tags,
            metafields=[{"namespace": "trueup", "key": "po", "type": "single_line_text_field", "value": f"V{number}"}],
        )
        shop.wait(60)
    return shop


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [0, 1, 2]),
        ("tag:amazon", [0, 1]),
        ("tag:amazon -tag:hold", [1]),
        ("tag:hold OR po_number:PO-2", [0, 2]),
        ("NOT (tag:hold OR po_number:PO-2)", [1]),
        ("po_number:PO", [0, 1, 2]),
        ("source_identifier:amzv:ACME:PO-1", [0, 1, 2]),
        ('source_identifier:"amzv:ACME:PO-1"', [1]),
        ("name:#1002", [1]),
        ("metafields.trueup.po:V2", [2]),
        ("created_at:>=2026-11-23T10:01:00Z", [1, 2]),
        ("updated_at:>'2026-11-23T10:01:00Z'", [2]),
        ('updated_at:>="2026-11-23T10:02:00Z"', [2]),
        ("created_at:>2026-11-23T10:00:00Z created_at:<2026-11-23T10:02:00Z", [1]),
        ("status:cancelled", []),
        ("status:open AND financial_status:pending", [0, 1, 2]),
        ("tag:nobody", []),
    ],
)
def test_the_search_language(query: str, expected: list[int]) -> None:
    """Fields, quotes (a value with colons needs them), comparisons, AND, OR, NOT, minus, parentheses."""
    assert names(seeded(), query, sort="CREATED_AT") == [f"#{1001 + number}" for number in expected]


def test_an_unknown_field_is_ignored_with_a_warning() -> None:
    """Everything is found then: a caller must compare what it gets."""
    answer = seeded().send(SEARCH, query="colour:red")
    assert len(answer["data"]["orders"]["nodes"]) == 3
    assert answer["extensions"]["search"][0]["warnings"] == [
        {"field": "colour", "message": "Invalid search field for this query.", "code": "invalid_field"}
    ]


def test_sku_search_finds_more_than_the_sku() -> None:
    """SKUs are searched by token: sku:PAN-1 finds PAN-1-X too."""
    shop = Shop()
    found = shop.run(VARIANT, query='sku:"PAN-1"')["productVariants"]["nodes"]
    assert [each["sku"] for each in found] == ["PAN-1", "PAN-1-X"]
    assert found[0]["metafield"] == {"value": "6", "type": "number_integer", "jsonValue": 6}
    assert found[0]["product"]["metafield"]["jsonValue"] is True
    assert shop.run(VARIANT, query="sku:PAN-2")["productVariants"]["nodes"] == []
    assert [each["sku"] for each in shop.run(VARIANT, query="barcode:0012345678905")["productVariants"]["nodes"]] == [
        "PAN-1"
    ]
    assert [each["sku"] for each in shop.run(VARIANT, query="sku:PO*")["productVariants"]["nodes"]] == ["POT-2"]


@pytest.mark.parametrize("reverse", [False, True])
def test_pages_lose_and_repeat_nothing_while_the_list_grows(reverse: bool) -> None:
    """Following cursors gives every order once, in order, though one more arrives between pages."""
    shop = Shop(search_lag_seconds=0)
    for _ in range(7):
        shop.ordered(shop.line("BOOK", 1))
    seen: list[str] = []
    after = None
    while True:
        page = shop.run(SEARCH, query="", first=3, after=after, sort="CREATED_AT", reverse=reverse)["orders"]
        seen += [each["name"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        if len(seen) == 3:
            shop.wait(1)
            shop.ordered(shop.line("BOOK", 1))
    wanted = [f"#{1001 + number}" for number in range(7)]
    assert seen == ([*wanted, "#1008"] if not reverse else wanted[::-1])


@given(st.text(alphabet="ab:()\"'-*<>= ANDORT\\é0", max_size=30))
def test_no_search_text_breaks_the_reader(text: str) -> None:
    """Whatever is typed is read as some search."""
    query = search.parse(text)
    search.matches(query, {"sku": "a b", "tag": ("a",)}, lambda field: field == "sku", NOW)
