"""Purchase orders as orders of the shop: found by key, created with their stock claimed, cancelled, moved to a location.

- The key is an order metafield of type `id`, looked up without a search index; the search lags and is never asked.
- Stock is claimed DECREMENT_OBEYING_POLICY: Shopify's default, BYPASS, holds nothing.
- Shopify chooses the location; the order is read back so that the caller can see it and have it moved.
- PENDING: the partner pays by remittance later, so the shop must not show money that has not come.
- Lines are not taxable and no tax is sent: the shop's order holds goods, the invoice is made elsewhere.
- What was written is read back by a second request. If that one fails, the write's own reply is returned: the write is done,
  and an error would say that it is not. Where that reply holds the first page alone, the error says `maybe_applied`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import ConfigurationError, Conflict, Invalid, Rejected, RemoteError
from trueup.base.money import Money
from trueup.connectors.shopify.client import Answer, ShopifyClient, expecting
from trueup.connectors.shopify.operations import (
    CANCEL,
    COSTS_KEY,
    CREATE,
    DEFINE,
    DEFINITIONS,
    JOB,
    MOVE,
    NAMESPACE,
    ORDER_BY_KEY,
    ORDER_KEY,
    SET_METAFIELDS,
    Operation,
)
from trueup.connectors.shopify.refusals import said, user_error
from trueup.connectors.shopify.shown import (
    OPEN_PLACES,
    SEQUENCE_PROPERTY,
    WholeOrder,
    complete,
    fetch_whole,
    read_order,
    write_costs,
)
from trueup.domain.sales_orders import SalesLine, SalesOrder, ShownOrder
from trueup.remote.observed import Observed

KEY_TYPE = "id"
LONGEST_TAG = 40
LONGEST_NOTE = 255
JOB_LOOKS = 6
FIRST_LOOK_SECONDS = 0.25
_UNCLAIMED = "INVENTORY_CLAIM_FAILED"
_UNCLAIMED_WORDS = (
    "reserve inventory"  # "Unable to reserve inventory" has been seen from live shops with the code INVALID
)
_CANCELLED_WORDS = "already been cancel"


def define_key(client: ShopifyClient) -> None:
    """Have the order key defined as an `id` metafield, which Shopify keeps unique. Doing it twice is harmless.

    Raises ConfigurationError when the shop has another definition under that name, RemoteError.
    """
    kind = key_definition(client)
    if kind is None:
        definition = {
            "name": "Purchase order",
            "description": "Trueup's key of the purchase order that this order holds stock for. Do not edit.",
            "namespace": NAMESPACE,
            "key": ORDER_KEY,
            "ownerType": "ORDER",
            "type": KEY_TYPE,
        }
        answer = client.run(DEFINE, definition=definition)
        with expecting(client, DEFINE):
            problems = answer.root["userErrors"]
        if not problems:
            return
        if not any(problem["code"] == "TAKEN" for problem in problems):
            raise user_error(f"Shop {client.settings.name}: {DEFINE.name}", problems)
        kind = key_definition(client)  # someone else was faster; what matters is what there is now
    if kind != KEY_TYPE:
        raise ConfigurationError(
            f"Shop {client.settings.name}: the order metafield {NAMESPACE}.{ORDER_KEY} is defined as {kind!r}, expected "
            f"{KEY_TYPE!r}. Delete that definition in the shop's admin (Settings > Metafields and metaobjects > Orders)."
        )


def key_definition(client: ShopifyClient) -> str | None:
    """The type that the order key is defined as; None when it is not defined."""
    answer = client.run(DEFINITIONS)
    with expecting(client, DEFINITIONS):
        nodes = answer.root["nodes"]
        return str(nodes[0]["type"]["name"]) if nodes else None


def find_order(client: ShopifyClient, key: str) -> Observed[ShownOrder | None]:
    """The order with this key. The key must have been defined."""
    answer = client.run(ORDER_BY_KEY, value=key)
    if answer.root is None:
        return Observed(None, answer.evidence)
    whole = complete(client, ORDER_BY_KEY, answer.root, answer.evidence)
    shown = shown_of(client, ORDER_BY_KEY, whole)
    return Observed(shown.value, shown.evidence)


def send_order(client: ShopifyClient, order: SalesOrder) -> Observed[ShownOrder]:
    """Create the order with its stock claimed, all of it or nothing.

    Raises Conflict when the stock is not there, RemoteError. Should the shop refuse the key as taken, the order that has it
    is returned: it is ours, made by a request whose reply was lost or by another worker.
    """
    options = {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY", "sendReceipt": False, "sendFulfillmentReceipt": False}
    answer = client.run(CREATE, order=_order_input(client, order), options=options)
    with expecting(client, CREATE):
        problems, made = answer.root["userErrors"], answer.root["order"]
        if not problems and made is None:
            raise KeyError("order")
    if not problems:
        return read_back(client, CREATE, made, answer)
    if any(problem["code"] == _UNCLAIMED or _UNCLAIMED_WORDS in problem["message"] for problem in problems):
        lines = ", ".join(f"{line.eaches} of {line.sku}" for line in order.lines)
        raise Conflict(
            f"{_UNCLAIMED}: shop {client.settings.name} could not claim the stock of order {order.order_number} ({lines}); "
            f"nothing was claimed and no order made: {said(problems)}."
        )
    if any("metafields" in (problem["field"] or ()) for problem in problems):
        holder = find_order(client, order.key)
        if holder.value is not None:
            return Observed(holder.value, answer.evidence + b"\n" + holder.evidence)
    raise user_error(f"Shop {client.settings.name}: order {order.order_number}", problems)


def _order_input(client: ShopifyClient, order: SalesOrder) -> dict[str, Any]:
    settings = client.settings
    settings.location_id(order.location)  # a place that is not mapped could not be corrected afterwards
    wanted: dict[str, Any] = {
        "currency": order.currency,
        "financialStatus": "PENDING",
        "lineItems": [_line_input(order, line) for line in order.lines if line.eaches],
        "metafields": [
            {"namespace": NAMESPACE, "key": ORDER_KEY, "type": KEY_TYPE, "value": order.key},
            {"namespace": NAMESPACE, "key": COSTS_KEY, "type": "json", "value": write_costs(order)},
        ],
        "poNumber": order.order_number,
        "processedAt": write_instant(min(order.ordered_at, client.clock.now())),
        "sourceIdentifier": order.key,
        "tags": [_tag(text) for text in ("Trueup", order.partner, order.vendor_code) if text.strip()],
    }
    optional = {
        "companyLocationId": order.company_location,
        "note": order.note or None,
        "sourceName": settings.source_name,
    }
    return wanted | {name: value for name, value in optional.items() if value is not None}


def _line_input(order: SalesOrder, line: SalesLine) -> dict[str, Any]:
    if line.price.currency != order.currency:
        raise Invalid(
            f"Order {order.order_number}, line {line.sequence}: priced in {line.price.currency}, "
            f"but the order is in {order.currency}."
        )
    return {
        "variantId": line.variant,
        "quantity": line.eaches,
        "priceSet": {"shopMoney": money_input(line.price)},
        "requiresShipping": True,
        "taxable": False,
        "properties": [{"name": SEQUENCE_PROPERTY, "value": str(line.sequence)}],
    }


def money_input(money: Money) -> dict[str, str]:
    """An amount as exact text."""
    return {"amount": f"{money.amount:f}", "currencyCode": money.currency}


def _tag(text: str) -> str:
    """Shopify splits tags at commas and takes 40 characters."""
    return " ".join(text.replace(",", " ").split())[:LONGEST_TAG]


def cancel_order(client: ShopifyClient, shown: ShownOrder, reason: str) -> Observed[ShownOrder]:
    """Cancel without a refund (nothing was paid) and give the stock back. Shopify does it after it answered: this looks a
    few times, and returns what is shown then, cancelled or not yet."""
    answer = client.run(CANCEL, id=shown.id, note=reason[:LONGEST_NOTE])
    with expecting(client, CANCEL):
        problems, job = answer.root["orderCancelUserErrors"], answer.root["job"]
    if problems and not all(_CANCELLED_WORDS in problem["message"] for problem in problems):
        raise user_error(f"Shop {client.settings.name}: cancelling {shown.name}", problems)
    if job and not job["done"]:
        _await_job(client, job["id"])
    try:
        whole = fetch_whole(client, shown.id)
    except RemoteError:
        whole = None
    if whole is None:
        return Observed(shown, answer.evidence)
    whole.trail.insert(0, answer.evidence)
    return shown_of(client, CANCEL, whole)


def _await_job(client: ShopifyClient, job_id: str) -> None:
    wait_seconds = FIRST_LOOK_SECONDS
    for _ in range(JOB_LOOKS):
        client.clock.sleep(wait_seconds)
        wait_seconds *= 1.5
        try:
            job = client.run(JOB, id=job_id).root
        except RemoteError:
            return  # the order itself is asked next
        if not isinstance(job, Mapping) or job.get("done"):
            return


def move_order(client: ShopifyClient, shown: ShownOrder, location: str) -> Observed[ShownOrder]:
    """Have everything that is still to ship, ship from this location; what is there already stays.

    Shopify asks whether the location stocks the product, not whether it has enough: the caller checks the level before.
    """
    location_id = client.settings.location_id(location)
    whole = _existing(client, shown)
    moved: Sequence[bytes] = ()
    with expecting(client, MOVE):
        elsewhere = [
            place["id"]
            for place in whole.places
            if place["status"] in OPEN_PLACES
            and any(line["remainingQuantity"] for line in place["lineItems"]["nodes"])
            and (place["assignedLocation"]["location"] or {}).get("id") != location_id
        ]
    for place_id in elsewhere:
        moved = [*moved, client.apply(MOVE, id=place_id, location=location_id).evidence]
    if elsewhere:
        try:
            whole = _existing(client, shown)
        except RemoteError as error:
            # Moving again is harmless, and what is shown here is stale.
            error.maybe_applied = True
            raise
    whole.trail[:0] = moved
    return shown_of(client, MOVE, whole)


def _existing(client: ShopifyClient, shown: ShownOrder) -> WholeOrder:
    whole = fetch_whole(client, shown.id)
    if whole is None:
        raise Rejected(
            f"Shop {client.settings.name}: order {shown.name} ({shown.id}) is not there any more. Was it deleted by hand?",
            code="NOT_FOUND",
        )
    return whole


def release_key(client: ShopifyClient, shown: ShownOrder, key: str) -> None:
    """Take the key off a cancelled order, so that a new one may have it: the old one keeps `<key>~<its number>`."""
    value = f"{key}~{shown.id.rsplit('/', 1)[-1]}"
    metafield = {"ownerId": shown.id, "namespace": NAMESPACE, "key": ORDER_KEY, "type": KEY_TYPE, "value": value}
    client.apply(SET_METAFIELDS, metafields=[metafield])


def read_back(
    client: ShopifyClient, operation: Operation, made: Mapping[str, Any], answer: Answer
) -> Observed[ShownOrder]:
    """The order by a read of its own after a write; the write's reply where that cannot be had."""
    with expecting(client, operation):
        order_id = made["id"]
    try:
        whole = fetch_whole(client, order_id)
    except RemoteError as error:
        with expecting(client, operation):
            partial = made["lineItems"]["pageInfo"]["hasNextPage"]
        if partial:  # the order is made, but the write's reply does not hold all of it
            error.maybe_applied = True
            raise
        whole = None
    if whole is None:
        with expecting(client, operation):
            whole = WholeOrder(made, made["lineItems"]["nodes"], made["fulfillmentOrders"]["nodes"])
    whole.trail.insert(0, answer.evidence)
    return shown_of(client, operation, whole)


def shown_of(client: ShopifyClient, operation: Operation, whole: WholeOrder) -> Observed[ShownOrder]:
    """The order in our words with its evidence."""
    with expecting(client, operation):
        return Observed(read_order(client.settings, whole), whole.evidence)
