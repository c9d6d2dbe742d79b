"""Stock of a shop, read and written: counts as `on_hand`, holds as moves between `available` and `reserved`.

Never `available` itself: setting it would sell again what orders have committed. Every row compares with the number it was
decided on (`changeFromQuantity`), so a row that changed meanwhile refuses the whole write, and says which it was. Every write
has its idempotency key. Sources: Shopify's documentation of inventory states, of compare-and-swap, and of @idempotent (a key
is remembered for 24 hours, by a secondary source).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trueup.base.errors import ConfigurationError, Transient
from trueup.connectors.shopify.client import Answer, ShopifyClient, expecting
from trueup.connectors.shopify.operations import Operation
from trueup.connectors.shopify.refusals import user_error
from trueup.connectors.shopify.stock_operations import ITEMS_A_REQUEST, MOVE_HOLDS, SET_COUNTS, STOCK
from trueup.domain.publishing import CountWrite, HoldMove, ShownStock
from trueup.remote.observed import Observed
from trueup.remote.stock import Written

REMEMBERS_SECONDS = 24 * 3600
DOCUMENT = "gid://trueup/Stock/"
"""What Shopify shows in the history of its inventory as the reason: our write's key follows."""
HOLDS = "gid://trueup/Holds/reserved"
"""The ledger of what we hold there; every state but available is kept by a document outside. One for all: a call takes two."""
_NAMES = ("available", "committed", "on_hand", "reserved")
_STATES = ("damaged", "quality_control", "safety_stock", "incoming")
"""What else a shop tells of goods: kept in the history of stock, and promised to nobody."""
_STALE, _IN_PROGRESS = "CHANGE_FROM_QUANTITY_STALE", "IDEMPOTENCY_CONCURRENT_REQUEST"
_TRY_AGAIN = (_IN_PROGRESS, "SERVICE_UNAVAILABLE")


def read_stock(client: ShopifyClient, items: Sequence[str], location: str) -> Observed[tuple[ShownStock, ...]]:
    """As it was when each request left, at the earliest. Raises ConfigurationError when the shop has no such location."""
    location_id = client.settings.location_id(location)
    wanted = list(dict.fromkeys(items))
    shown: list[ShownStock] = []
    trail: list[bytes] = []
    for start in range(0, len(wanted), ITEMS_A_REQUEST):
        observed_at = client.clock.now()
        answer = client.run(STOCK, ids=wanted[start : start + ITEMS_A_REQUEST], location=location_id)
        trail.append(answer.evidence)
        with expecting(client, STOCK):
            if answer.data["location"] is None:
                raise ConfigurationError(
                    f"Shop {client.settings.name}: location {location!r} is {location_id}, which the shop does not have. "
                    f"Correct it in the shop's locations."
                )
            shown += [_read(node, location, observed_at) for node in answer.data["nodes"] if node and node.get("sku")]
    return Observed(tuple(shown), b"\n".join(trail))


def _read(node: Mapping[str, Any], location: str, observed_at: datetime) -> ShownStock:
    there = node["inventoryLevel"]
    found = {each["name"]: each["quantity"] for each in there["quantities"]} if there else dict.fromkeys(_NAMES, 0)
    return ShownStock(
        sku=node["sku"],
        item=node["id"],
        location=location,
        available=found["available"],
        committed=found["committed"],
        on_hand=found["on_hand"],
        reserved=found["reserved"],
        tracked=node["tracked"],
        observed_at=observed_at,
        **{name: found.get(name, 0) for name in _STATES},
    )


def set_counts(client: ShopifyClient, key: str, writes: Sequence[CountWrite]) -> Written:
    """inventorySetQuantities of `on_hand`. Raises RemoteError."""
    rows = [
        {
            "inventoryItemId": each.item,
            "locationId": client.settings.location_id(each.location),
            "quantity": each.eaches,
            "changeFromQuantity": each.expected,
        }
        for each in writes
    ]
    given = {"name": "on_hand", "reason": "correction", "referenceDocumentUri": f"{DOCUMENT}{key}", "quantities": rows}
    return _write(client, SET_COUNTS, key, given)


def move_holds(client: ShopifyClient, key: str, moves: Sequence[HoldMove]) -> Written:
    """inventoryMoveQuantities between `available` and `reserved`; the reserved end is compared. Raises RemoteError."""
    changes = []
    for each in moves:
        location = client.settings.location_id(each.location)
        free = {"locationId": location, "name": "available", "changeFromQuantity": None}
        held = {
            "locationId": location,
            "name": "reserved",
            "changeFromQuantity": each.expected,
            "ledgerDocumentUri": HOLDS,
        }
        start, end = (free, held) if each.eaches > 0 else (held, free)
        changes.append({"inventoryItemId": each.item, "quantity": abs(each.eaches), "from": start, "to": end})
    given = {"reason": "reservation_updated", "referenceDocumentUri": f"{DOCUMENT}{key}", "changes": changes}
    return _write(client, MOVE_HOLDS, key, given)


def _write(client: ShopifyClient, operation: Operation, key: str, given: Mapping[str, Any]) -> Written:
    answer = client.run(operation, input=given, key=key)
    with expecting(client, operation):
        problems = list(answer.root["userErrors"])
        return _judge(client, operation, answer, problems)


def _judge(
    client: ShopifyClient, operation: Operation, answer: Answer, problems: Sequence[Mapping[str, Any]]
) -> Written:
    what = f"Shop {client.settings.name}: {operation.name}"
    if any(problem["code"] in _TRY_AGAIN for problem in problems):
        raise Transient(f"{what}: Shopify is still at it ({problems[0]['message']}); the same key may be tried again.")
    stale: list[int] = []
    refused: dict[int, str] = {}
    for problem in problems:
        row = next((int(part) for part in problem["field"] or () if str(part).isdecimal()), None)
        if row is None:
            raise user_error(what, problems)
        if problem["code"] == _STALE:
            stale.append(row)
        else:
            refused[row] = f"{problem['code']}: {problem['message']}"
    return Written(answer.evidence, tuple(dict.fromkeys(row for row in stale if row not in refused)), refused)
