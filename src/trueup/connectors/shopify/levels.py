"""What the shop says about stock at one location, for many products in one request.

A product that the shop does not stock at the location has none there: a level of zero, not an absent one, since an order for
it could not be filled from there. A product that no longer exists, or whose inventory item now bears another SKU, has no
level. Numbers of a product that Shopify does not track mean nothing; its level says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trueup.base.errors import ConfigurationError
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import LEVELS, LEVELS_A_REQUEST
from trueup.domain.inventory import Level
from trueup.remote.capability import Wanted
from trueup.remote.observed import Observed


def fetch_levels(client: ShopifyClient, wanted: Sequence[Wanted], location: str) -> Observed[tuple[Level, ...]]:
    """Levels as they were when each request left, at the earliest: what changed after that instant may be in them or not.

    Raises ConfigurationError when the shop has no such location.
    """
    location_id = client.settings.location_id(location)
    items = list(dict.fromkeys(each.shop_item for each in wanted))
    seen: dict[str, tuple[Mapping[str, Any], datetime]] = {}
    trail: list[bytes] = []
    for start in range(0, len(items), LEVELS_A_REQUEST):
        observed_at = client.clock.now()
        answer = client.run(LEVELS, ids=items[start : start + LEVELS_A_REQUEST], location=location_id)
        trail.append(answer.evidence)
        with expecting(client, LEVELS):
            if answer.data["location"] is None:
                raise ConfigurationError(
                    f"Shop {client.settings.name}: location {location!r} is {location_id}, which the shop does not have. "
                    f"Correct it in the shop's locations."
                )
            seen |= {node["id"]: (node, observed_at) for node in answer.data["nodes"] if node}
    with expecting(client, LEVELS):
        levels = tuple(
            _read_level(each.sku, location, *seen[each.shop_item])
            for each in wanted
            if each.shop_item in seen and seen[each.shop_item][0]["sku"] == each.sku
        )
    return Observed(levels, b"\n".join(trail))


def _read_level(sku: str, location: str, item: Mapping[str, Any], observed_at: datetime) -> Level:
    there = item["inventoryLevel"]
    quantities = {each["name"]: each["quantity"] for each in there["quantities"]} if there else {}
    if there and not quantities.keys() >= {"available", "committed", "on_hand"}:
        raise ValueError(f"{sku}: quantities {sorted(quantities)}, expected available, committed and on_hand")
    return Level(
        sku=sku,
        location=location,
        available=quantities.get("available", 0),
        committed=quantities.get("committed", 0),
        on_hand=quantities.get("on_hand", 0),
        tracked=item["tracked"],
        observed_at=observed_at,
        reserved=quantities.get("reserved", 0),
        damaged=quantities.get("damaged", 0),
        quality_control=quantities.get("quality_control", 0),
        safety_stock=quantities.get("safety_stock", 0),
        incoming=quantities.get("incoming", 0),
    )
