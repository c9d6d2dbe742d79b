"""An order as the shop shows it: its lines, who they belong to in the purchase order, and where each will ship from.

A line made by us carries our sequence as a property. A line that was added by order editing cannot carry one (Shopify's API
has no way), so it takes the sequence that the `exact_costs` metafield keeps for its product and that no other standing line
has. A line whose units are to ship from several locations is shown once for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trueup.base.clock import read_instant
from trueup.base.money import Money, UnitPrice
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import (
    ORDER,
    ORDER_LINES,
    ORDER_PLACES,
    PLACE_LINES,
    Operation,
)
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.domain.sales_orders import SalesLine, SalesOrder, ShownLine, ShownOrder

SEQUENCE_PROPERTY = "_trueup_line"
"""Line property with our sequence; the underscore keeps it from customers. (Never `_cycle`: Supercycle acts on that one.)"""

OPEN_PLACES = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE"})
"""States of fulfillment orders whose units are still to ship."""


@dataclass(slots=True)
class WholeOrder:
    """An order with all pages of it, as Shopify's JSON, and the replies it was put together from."""

    node: Mapping[str, Any]
    lines: list[Mapping[str, Any]]
    places: list[Mapping[str, Any]]
    trail: list[bytes] = field(default_factory=list)

    @property
    def evidence(self) -> bytes:
        """The raw replies, one a line."""
        return b"\n".join(self.trail)


def fetch_whole(client: ShopifyClient, order_id: str) -> WholeOrder | None:
    """The order by its id, None when the shop does not show it. Raises RemoteError."""
    answer = client.run(ORDER, id=order_id)
    return complete(client, ORDER, answer.root, answer.evidence) if answer.root is not None else None


def complete(client: ShopifyClient, operation: Operation, node: Mapping[str, Any], evidence: bytes) -> WholeOrder:
    """Fetch what did not fit on the order's first pages."""
    trail = [evidence]
    with expecting(client, operation):
        lines = _all_pages(client, trail, ORDER_LINES, node["id"], node["lineItems"])
        places = _all_pages(client, trail, ORDER_PLACES, node["id"], node["fulfillmentOrders"])
        for place in places:
            place["lineItems"]["nodes"] = _all_pages(client, trail, PLACE_LINES, place["id"], place["lineItems"])
    return WholeOrder(node, lines, places, trail)


def _all_pages(
    client: ShopifyClient, trail: list[bytes], operation: Operation, owner: str, first: Mapping[str, Any]
) -> list[Any]:
    nodes, info = list(first["nodes"]), first["pageInfo"]
    while info["hasNextPage"]:
        answer = client.run(operation, id=owner, after=info["endCursor"])
        trail.append(answer.evidence)
        page = next(iter(answer.root[name] for name in ("lineItems", "fulfillmentOrders") if name in answer.root))
        nodes += page["nodes"]
        info = page["pageInfo"]
    return nodes


def read_order(settings: ShopifySettings, order: WholeOrder) -> ShownOrder:
    """The order in our words."""
    node = order.node
    sequences = line_sequences(order)
    lines = [
        shown for line in order.lines for shown in _read_line(settings, line, sequences.get(line["id"]), order.places)
    ]
    return ShownOrder(
        id=node["id"],
        name=node["name"],
        key=node["key"]["value"] if node["key"] else None,
        cancelled=node["cancelledAt"] is not None,
        lines=tuple(lines),
        updated_at=read_instant(node["updatedAt"]),
    )


def _read_line(
    settings: ShopifySettings, line: Mapping[str, Any], sequence: int | None, places: Iterable[Mapping[str, Any]]
) -> Iterable[ShownLine]:
    left: int = line["currentQuantity"]
    parts: list[tuple[str | None, int]] = []
    for place in places:
        location = place["assignedLocation"]["location"]
        if place["status"] not in OPEN_PLACES or location is None:
            continue
        there = sum(
            each["remainingQuantity"] for each in place["lineItems"]["nodes"] if each["lineItem"]["id"] == line["id"]
        )
        if min(there, left) > 0:
            parts.append((settings.location_word(location["id"]), min(there, left)))
            left -= min(there, left)
    if left or not parts:  # shipped already, or not yet given to a location
        parts.append((None, left))
    variant = line["variant"]["id"] if line["variant"] else ""
    price = read_price(line["discountedUnitPriceSet"])
    for where, eaches in parts:
        yield ShownLine(line["id"], line["sku"] or "", variant, eaches, price, where, sequence)


def read_price(bag: Mapping[str, Any]) -> Money:
    """A unit price in the shop's currency. A percentage taken off by hand may have more digits than money has: rounded."""
    money = bag["shopMoney"]
    return UnitPrice.of(Decimal(money["amount"]), money["currencyCode"]).rounded()


def line_sequences(order: WholeOrder) -> dict[str, int]:
    """The sequence of each line by its id, as far as it can be told. Of standing lines no two have the same."""
    found = {line["id"]: own for line in order.lines if (own := _own_sequence(line)) is not None}
    standing = [line for line in order.lines if line["currentQuantity"]]
    taken = {found[line["id"]] for line in standing if line["id"] in found}
    free = {sequence: variant for sequence, variant in read_costs(order.node["costs"]).items() if sequence not in taken}
    for line in standing:
        if line["id"] in found or not line["variant"]:
            continue
        match = next((sequence for sequence, variant in free.items() if variant == line["variant"]["id"]), None)
        if match is not None:
            found[line["id"]] = match
            del free[match]
    return found


def _own_sequence(line: Mapping[str, Any]) -> int | None:
    """Our sequence on the line itself."""
    for attribute in line["customAttributes"]:
        if attribute["key"] == SEQUENCE_PROPERTY and (attribute["value"] or "").isdecimal():
            return int(attribute["value"])
    return None


def read_costs(metafield: Mapping[str, Any] | None) -> dict[int, str]:
    """Sequence -> variant from the `exact_costs` metafield; what is not ours there is ignored."""
    try:
        lines = json.loads(metafield["value"])["lines"] if metafield else []
        return {int(line["sequence"]): str(line["variant"]) for line in lines}
    except (ValueError, KeyError, TypeError):
        return {}


def write_costs(order: SalesOrder) -> str:
    """The `exact_costs` metafield: what each line's price stands for, to the last digit."""
    lines: Iterable[SalesLine] = (line for line in order.lines if line.eaches)
    return json.dumps(
        {
            "currency": order.currency,
            "lines": [
                {
                    "sequence": line.sequence,
                    "sku": line.sku,
                    "variant": line.variant,
                    "price": str(line.price.amount),
                    "exact_cost": line.exact_cost,
                }
                for line in lines
            ],
        },
        ensure_ascii=False,
    )
