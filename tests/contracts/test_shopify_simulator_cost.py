"""What queries cost, the bucket that pays, and the limits that are not points."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.contracts.shopify_shop import CREATE, NOW, OBEYING, SEARCH, Shop
from trueup.simulators.shopify.settings import RESTORE_POINTS_A_SECOND, Plan

DEAR = "query Dear($n: Int!) { productVariants(first: $n) { nodes { id inventoryItem { id } product { id } } } }"


@pytest.mark.parametrize(
    ("text", "wanted", "actual"),
    [
        ("{ shop { name } }", 1, 1),
        ("{ shop { name plan { shopifyPlus } } }", 2, 2),
        ("{ locations(first: 10) { nodes { id name } } }", 12, 4),
        ("{ locations(first: 10) { edges { node { id } } pageInfo { hasNextPage } } }", 12, 4),
        ("{ productVariants(first: 20) { nodes { product { id } } } }", 42, 12),
        ("query($n: Int = 5) { locations(first: $n) { nodes { id } } }", 7, 4),
        ('{ order(id: "gid://shopify/Order/1") { id lineItems(first: 50) { nodes { id } } } }', 53, 0),
        (
            '{ node(id: "gid://shopify/Order/1") { ... on Order { app: cancellation { staffNote } } ... on Product { id } } }',
            2,
            0,
        ),
        (
            'mutation { orderClose(input: {id: "gid://shopify/Order/1"}) { order { id } userErrors { message } } }',
            12,
            11,
        ),
    ],
)
def test_costs_follow_the_documented_model(text: str, wanted: int, actual: int) -> None:
    """Scalars free, objects 1, connections 2 and their page, a union's dearest branch, mutations 10; actual as answered."""
    shop = Shop()
    cost = shop.send(text)["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (wanted, actual)
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 2000 - actual,
        "restoreRate": 100.0,
    }


def test_fragments_cost_what_they_select() -> None:
    """A document cannot hide its cost in fragments or aliases."""
    shop = Shop()
    text = """query { a: shop { ...Both } b: shop { ...Both } } fragment Both on Shop { name plan { shopifyPlus } }"""
    assert shop.send(text)["extensions"]["cost"]["requestedQueryCost"] == 4


LOOKED_AT = """query Stock($ids: [ID!]!, $place: ID!) {
  nodes(ids: $ids) { ... on InventoryItem { id inventoryLevel(locationId: $place) { quantities(names: ["available", "on_hand"]) {
    name quantity } } } }
}"""


@pytest.mark.parametrize(("priced", "wanted", "actual"), [("each", 12, 7), ("once", 3, 3)])
def test_what_is_asked_for_by_id_is_paid_for_one_by_one(
    priced: Literal["each", "once"], wanted: int, actual: int
) -> None:
    """Every id is an object with all that is selected of it, a missing one too until it is known; or as a live shop answered."""
    shop = Shop(nodes_priced=priced)
    items = [shop.variants[sku].inventory_item.id for sku in ("PAN-1", "BOOK", "PAN-1")] + [
        "gid://shopify/InventoryItem/1"
    ]
    cost = shop.send(LOOKED_AT, ids=items, place=shop.places["East"])["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (wanted, actual)
    listed = ", ".join(f'"{each}"' for each in items)
    shown = shop.send(f"{{ nodes(ids: [{listed}]) {{ id }} }}")["extensions"]["cost"]
    assert shown["requestedQueryCost"] == (4 if priced == "each" else 1)


def test_a_single_query_above_the_limit_is_refused_and_free() -> None:
    """MAX_COST_EXCEEDED, whatever the bucket holds."""
    shop = Shop()
    [error] = shop.send(DEAR.replace("{ id } product", "{ id variants(first: 5) { nodes { id } } } product"), n=250)[
        "errors"
    ]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert shop.send("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1999


def test_the_bucket_empties_throttles_and_refills_by_the_clock() -> None:
    """THROTTLED is HTTP 200 without data, does nothing, and waiting (requested - available) / rate is enough."""
    shop = Shop()
    for name in range(12):
        shop.simulator.add_products(
            [{"title": f"P{name}", "variants": [{"sku": f"S{name}-{each}"} for each in range(20)]}]
        )
    while "errors" not in (answer := shop.send(DEAR, n=240)):
        spent = answer["extensions"]["cost"]
        assert spent["actualQueryCost"] == 2 + 3 * 240
    assert answer["errors"] == [
        {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
    ]
    assert "data" not in answer
    cost = answer["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    short = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
    assert short > 0
    shop.wait(short / 100 - 0.02)
    assert "errors" in shop.send(DEAR, n=240)
    shop.wait(0.03)
    assert "errors" not in shop.send(DEAR, n=240)


@pytest.mark.parametrize("plan", list(RESTORE_POINTS_A_SECOND))
def test_plans_restore_at_their_rate(plan: Plan) -> None:
    """The bucket holds twenty seconds of restoring."""
    status = Shop(plan=plan).send("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]
    assert status["restoreRate"] == RESTORE_POINTS_A_SECOND[plan]
    assert status["maximumAvailable"] == 20 * status["restoreRate"]


def test_a_clock_that_goes_back_restores_nothing() -> None:
    """Time before the last request brings no points, and no loss either."""
    shop = Shop()
    shop.send(DEAR, n=5)
    shop.simulator.set_clock(NOW.replace(hour=1))
    before = shop.send("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    assert before == 2000 - 17 - 1


def test_without_rate_limit_nothing_is_spent() -> None:
    """rate_limit=False: for benchmarks."""
    shop = Shop(rate_limit=False)
    for _ in range(30):
        assert "errors" not in shop.send(DEAR, n=250)


def test_a_dev_store_takes_five_orders_a_minute() -> None:
    """The sixth is HTTP 429 and not made; refused orders do not count; a minute later it goes on."""
    shop = Shop(plan="dev")
    shop.create(shop.line("PAN-1", 1000))
    for _ in range(5):
        shop.ordered(shop.line("BOOK", 1))
    body = b'{"query": "mutation { orderCreate(order: {lineItems: []}) { userErrors { code } } }"}'
    reply = shop.simulator.answer_graphql(shop.token, body)
    assert reply.status == 429
    assert b"Exceeded order API rate limit, please try again in a minute." in reply.body
    assert len(shop.simulator.state()["orders"]) == 5
    shop.wait(60)
    shop.ordered(shop.line("BOOK", 1))


def test_pages_must_be_asked_for() -> None:
    """A connection without first or last, or above 250, is refused."""
    shop = Shop()
    for text in ("{ locations { nodes { id } } }", "{ locations(first: 251) { nodes { id } } }"):
        assert shop.refused(text)["extensions"]["code"] == "BAD_REQUEST"
    assert shop.refused(SEARCH, after="nonsense")["extensions"]["code"] == "BAD_REQUEST"


def test_an_invalid_variable_costs_nothing() -> None:
    """What is refused before it runs gives all its points back."""
    shop = Shop()
    answer = shop.send(CREATE, order={"nonsense": 1}, options=OBEYING)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 2000
