"""The order mutations: create, update, cancel, close, edit, move, fulfil."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from trueup.simulators.shopify import edits, metafields, orders, stock
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.edits import CalculatedLine, CalculatedOrder
from trueup.simulators.shopify.errors import access_denied, check_list_size, user_error
from trueup.simulators.shopify.order_input import LONGEST_TAG, build, problems_of, tidy_tags
from trueup.simulators.shopify.records import (
    FulfillmentOrder,
    FulfillmentOrderLine,
    Location,
    Order,
    Variant,
)
from trueup.simulators.shopify.world import World

Given = dict[str, Any]
NOTHING_TO_UPDATE = "No valid update parameters have been provided"
NOT_EDITABLE = "The order cannot be edited."


def create(call: Call, order: Given, options: Given | None = None) -> Payload:
    """orderCreate: all or nothing. Inventory is bypassed unless the options say otherwise, and Shopify picks the location."""
    if call.token.kind != "offline":
        raise access_denied("orderCreate", "Only accessible to apps authenticated using offline tokens.")
    world = call.world
    problems = problems_of(world, call.token.app, order)
    if problems:
        return {"userErrors": problems}
    behaviour = (options or {}).get("inventoryBehaviour") or "BYPASS"
    made = build(world, call.token.app, order, behaviour)
    wanted = orders.wanted_units(made.line_items)
    if call.faults.strike("claim_race", ["orderCreate"]):
        _snatch(call, wanted)
    avoid_best = call.faults.strike("wrong_location", ["orderCreate"]) is not None
    places = stock.route(world, wanted, avoid_best=avoid_best)
    if behaviour == "DECREMENT_OBEYING_POLICY" and (stock.shortages(wanted, places) or len(places) < len(wanted)):
        return {"userErrors": [_claim_refused(call)]}
    metafields.put_all(world, call.token.app, made, order.get("metafields") or [])
    lost = call.faults.strike("claim_lost", ["orderCreate"]) if behaviour != "BYPASS" else None
    made.inventory_behaviour = "BYPASS" if lost else behaviour
    orders.place(world, made, places)
    made.inventory_behaviour = behaviour
    if lost and lost.seconds:
        world.later(lost.seconds, partial(_claim_after_all, world, made))
    call.order_ids.append(made.id)
    return {"order": made, "userErrors": []}


def _claim_refused(call: Call) -> dict[str, Any]:
    if call.world.settings.claim_refusal == "invalid":
        return user_error(["order", "lineItems"], "Line items Unable to reserve inventory", "INVALID")
    return user_error(["order", "lineItems"], "Line items Unable to claim inventory", "INVENTORY_CLAIM_FAILED")


def _claim_after_all(world: World, order: Order) -> None:
    """The lie claim_lost comes to its end: what is still open commits its stock."""
    for parent in order.fulfillment_orders:
        for part in parent.lines:
            stock.claim(world, part, part.remaining_quantity - part.claimed)


def _snatch(call: Call, wanted: dict[Variant, int]) -> None:
    """The lie claim_race: shoppers buy the first tracked variant out just before."""
    for variant in wanted:
        item = variant.inventory_item
        left = {place.id: stock.available_at(item, place) or 0 for place in call.world.locations}
        if not item.tracked or max(left.values(), default=0) <= 0:
            continue
        for count in left.values():
            if count > 0:
                line = {"variantId": variant.id, "quantity": count, **_DEFAULTS}
                shopper = build(call.world, call.token.app, {"lineItems": [line], "sourceName": "web"}, "SHOPPER")
                shopper.app_id = None
                orders.sell(call.world, [(variant, count)], shopper)
        return


_DEFAULTS = {"taxable": True, "requiresShipping": True, "giftCard": False}


def update(call: Call, input: Given) -> Payload:
    """orderUpdate: what is given overwrites, lists too."""
    order = call.world.find(Order, input["id"])
    if order is None:
        return {"userErrors": [user_error(["id"], "Order does not exist")]}
    given = {name: value for name, value in input.items() if name != "id"}
    if not given:
        return {"order": order, "userErrors": [user_error(["id"], NOTHING_TO_UPDATE)]}
    check_list_size("tags", given.get("tags"))
    problems = _tag_problems(given.get("tags") or [])
    for index, each in enumerate(given.get("metafields") or []):
        problem = metafields.input_problem(call.world, call.token.app, "ORDER", each, order)
        if problem:
            problems.append(user_error(["metafields", index, problem[0]], problem[2]))
    if problems:
        return {"order": order, "userErrors": problems}
    for name, attribute in _UPDATABLE.items():
        if name in given:
            setattr(order, attribute, given[name])
    if given.get("customAttributes") is not None:
        order.custom_attributes = [dict(each) for each in given["customAttributes"]]
    if given.get("tags") is not None:
        order.tags = tidy_tags(given["tags"])
    metafields.put_all(call.world, call.token.app, order, given.get("metafields") or [])
    _updated(call, order)
    return {"order": order, "userErrors": []}


_UPDATABLE = {
    "email": "email",
    "note": "note",
    "phone": "phone",
    "poNumber": "po_number",
    "shippingAddress": "shipping_address",
}


def _tag_problems(tags: list[str]) -> list[dict[str, Any]]:
    long = any(len(tag) > LONGEST_TAG for tag in tags)
    return [user_error(["tags"], f"Tags is too long (maximum is {LONGEST_TAG} characters)")] if long else []


def _updated(call: Call, order: Order) -> None:
    call.world.touch(order)
    call.world.happen("ORDERS_UPDATED", order)


def cancel(call: Call, orderId: str, reason: str, restock: bool, **given: Any) -> Payload:  # noqa: N803
    """orderCancel: answers with a job and cancels after."""
    order = call.world.find(Order, orderId)
    problem = None
    if order is None:
        problem = ("orderId", "Order does not exist", "NOT_FOUND")
    elif order.cancelled_at or order.cancelling:
        problem = ("orderId", "Order has already been canceled", "INVALID")
    elif any(parent.status == "IN_PROGRESS" for parent in order.fulfillment_orders) or orders.has_left(order):
        problem = ("orderId", "Cannot cancel an order that has outstanding fulfillments", "INVALID")
    elif len(given.get("staffNote") or "") > 255:
        problem = ("staffNote", "Staff note is too long (maximum is 255 characters)", "INVALID")
    if order is None or problem is not None:
        assert problem is not None
        errors = [user_error([problem[0]], problem[1], problem[2])]
        return {"orderCancelUserErrors": errors, "userErrors": errors}
    job = orders.cancel_later(call.world, order, reason, restock=restock, staff_note=given.get("staffNote"))
    return {"job": job, "orderCancelUserErrors": [], "userErrors": []}


def close(call: Call, input: Given) -> Payload:
    """orderClose: archive an order."""
    order = call.world.find(Order, input["id"])
    if order is None:
        return {"userErrors": [user_error(["id"], "Order does not exist")]}
    order.closed_at = order.closed_at or call.world.now()
    _updated(call, order)
    return {"order": order, "userErrors": []}


def edit_begin(call: Call, id: str) -> Payload:
    """orderEditBegin."""
    order = call.world.find(Order, id)
    if order is None:
        return {"userErrors": [user_error(["id"], "The order does not exist.")]}
    if not edits.editable(order):
        return {"userErrors": [user_error(["id"], NOT_EDITABLE)]}
    session = edits.begin(call.world, order)
    return {"calculatedOrder": session.calculated_order, "orderEditSession": session, "userErrors": []}


def _session(call: Call, gid: str) -> CalculatedOrder | None:
    """The open session of a calculated order or of its session id."""
    found = call.world.find(CalculatedOrder, gid.replace("/OrderEditSession/", "/CalculatedOrder/"))
    return found if found and not found.committed else None


def _edited(call: Call, calculated: CalculatedOrder, line: CalculatedLine) -> Payload:
    session = call.world.by_id[calculated.id.replace("/CalculatedOrder/", "/OrderEditSession/")]
    return {
        "calculatedOrder": calculated,
        "calculatedLineItem": line,
        "orderEditSession": session,
        "userErrors": [],
    }


def _no(field: str, message: str) -> Payload:
    return {"userErrors": [user_error([field], message)]}


def edit_add_variant(call: Call, id: str, variantId: str, quantity: int, **given: Any) -> Payload:  # noqa: N803
    """orderEditAddVariant: at the variant's own price."""
    calculated, variant = _session(call, id), call.world.find(Variant, variantId)
    if calculated is None:
        return _no("id", "The calculated order does not exist.")
    if variant is None:
        return _no("variantId", "The variant does not exist.")
    if quantity < 1:
        return _no("quantity", "The quantity must be greater than 0.")
    if not given.get("allowDuplicates") and any(line.variant is variant for line in calculated.lines):
        return _no("variantId", "The variant is already on the order.")
    place = call.world.find(Location, given.get("locationId"))
    line = edits.add_variant(call.world, calculated, variant, quantity, place)
    return _edited(call, calculated, line)


def _staged_line(calculated: CalculatedOrder, gid: str) -> CalculatedLine | None:
    wanted = gid.replace("/LineItem/", "/CalculatedLineItem/")
    return next((line for line in calculated.lines if line.id == wanted), None)


def edit_set_quantity(call: Call, id: str, lineItemId: str, quantity: int, **given: Any) -> Payload:  # noqa: N803
    """orderEditSetQuantity: `restock` decides where units that are taken off go, `locationId` where added ones come from.

    What Shopify does with a location where the line is not yet to be fulfilled is not documented. Here the added units are
    taken from it all the same, and the line is then fulfilled from two places.
    """
    calculated = _session(call, id)
    line = _staged_line(calculated, lineItemId) if calculated else None
    if calculated is None or line is None:
        return _no("id" if calculated is None else "lineItemId", "The calculated order or line item does not exist.")
    if quantity < 0:
        return _no("quantity", "The quantity must be greater than or equal to 0.")
    if quantity < line.fulfilled:
        return _no("quantity", "The quantity can't be lower than what has been fulfilled.")
    place = call.world.find(Location, given.get("locationId"))
    if given.get("locationId") and place is None:
        return _no("locationId", "The location does not exist.")
    line.quantity, line.restocking, line.location = quantity, bool(given.get("restock")), place or line.location
    return _edited(call, calculated, line)


def edit_discount(call: Call, id: str, lineItemId: str, discount: Given) -> Payload:  # noqa: N803
    """orderEditAddLineItemDiscount: the only way the API has to lower the price of a line that exists."""
    calculated = _session(call, id)
    line = _staged_line(calculated, lineItemId) if calculated else None
    if calculated is None or line is None:
        return _no("id" if calculated is None else "lineItemId", "The calculated order or line item does not exist.")
    fixed, percent = discount.get("fixedValue"), discount.get("percentValue")
    if (fixed is None) == (percent is None):
        return _no("discount", "Exactly one of fixedValue and percentValue must be given.")
    share = None if percent is None else Decimal(str(percent))
    if share is not None and not 0 < share <= 100:
        return _no("discount", "The percentage must be above 0 and at most 100.")
    currency = calculated.original_order.currency_code
    edits.discount(line, fixed["amount"] if fixed else None, share, currency)
    return _edited(call, calculated, line)


def edit_commit(call: Call, id: str, **_: Any) -> Payload:
    """orderEditCommit: the order changes, and its stock with it."""
    calculated = _session(call, id)
    if calculated is None:
        return _no("id", "The calculated order does not exist.")
    if not edits.editable(calculated.original_order):
        return _no("id", NOT_EDITABLE)
    edits.commit(call.world, calculated)
    return {"order": calculated.original_order, "successMessages": ["Order updated"], "userErrors": []}


def move_fulfillment(call: Call, id: str, newLocationId: str, **given: Any) -> Payload:  # noqa: N803
    """fulfillmentOrderMove: how a caller has the last word on the location."""
    source, target = call.world.find(FulfillmentOrder, id), call.world.find(Location, newLocationId)
    if source is None:
        return _no("id", "Fulfillment order does not exist.")
    if target is None or not target.is_active:
        return _no("newLocationId", "Location not found.")
    if source.status not in ("OPEN", "IN_PROGRESS"):
        return _no("id", f"Cannot move a fulfillment order with status {source.status.lower()}.")
    if source.location is target:
        return _no("newLocationId", "The fulfillment order is already assigned to the location.")
    tracked = [part.line_item.variant for part in source.lines if part.line_item.variant]
    stocked = [
        stock.available_at(each.inventory_item, target) is not None for each in tracked if each.inventory_item.tracked
    ]
    if stocked and not all(stocked):
        return _no("newLocationId", "None of the items are stocked at the new location.")
    chosen = _chosen(source, given.get("fulfillmentOrderLineItems"))
    if chosen is None:
        return _no("fulfillmentOrderLineItems", "Invalid fulfillment order line item quantity requested.")
    moved, remaining = orders.move(call.world, source, target, chosen or None)
    call.world.touch(source.order)
    call.world.happen("ORDERS_UPDATED", source.order)
    return {
        "movedFulfillmentOrder": moved,
        "originalFulfillmentOrder": source,
        "remainingFulfillmentOrder": remaining if remaining and remaining.status != "CLOSED" else None,
        "userErrors": [],
    }


def _chosen(parent: FulfillmentOrder, rows: list[Given] | None) -> dict[FulfillmentOrderLine, int] | None:
    """Units by line; empty when no rows are given, None when a row asks for what is not there."""
    by_id = {part.id: part for part in parent.lines}
    chosen: dict[FulfillmentOrderLine, int] = {}
    for row in rows or []:
        part = by_id.get(row["id"])
        if part is None or part in chosen or not 0 < row["quantity"] <= part.remaining_quantity:
            return None
        chosen[part] = row["quantity"]
    return chosen


def create_fulfillment(call: Call, fulfillment: Given, message: str | None = None) -> Payload:
    """fulfillmentCreate: goods leave one location; more than remains is refused, so a repeat cannot double."""
    wanted = []
    for row in fulfillment["lineItemsByFulfillmentOrder"]:
        parent = call.world.find(FulfillmentOrder, row["fulfillmentOrderId"])
        if parent is None:
            return _no("fulfillment", "Fulfillment order does not exist.")
        if parent.status not in ("OPEN", "IN_PROGRESS"):
            text = (
                f"Fulfillment order {parent.legacy_resource_id} has an unfulfillable status= {parent.status.lower()}."
            )
            return _no("fulfillment", text)
        chosen = _chosen(parent, row.get("fulfillmentOrderLineItems"))
        if chosen is None:
            return _no("fulfillment", "Invalid fulfillment order line item quantity requested.")
        wanted.append(
            (parent, chosen or {part: part.remaining_quantity for part in parent.lines if part.remaining_quantity})
        )
    if len({(parent.location.id, parent.order.id) for parent, _ in wanted}) != 1:
        return _no("fulfillment", "All fulfillment orders must be assigned to the same location and order.")
    if len({parent.id for parent, _ in wanted}) != len(wanted):
        return _no("fulfillment", "Invalid fulfillment order line item quantity requested.")
    tracking = _tracking(fulfillment.get("trackingInfo"))
    made = [orders.fulfil(call.world, parent, units, tracking) for parent, units in wanted]
    return {"fulfillment": made[0], "userErrors": []}


def _tracking(given: Given | None) -> list[dict[str, str | None]]:
    if not given:
        return []
    numbers = given.get("numbers") or [given.get("number")]
    urls = given.get("urls") or [given.get("url")]
    return [
        {"company": given.get("company"), "number": number, "url": urls[index] if index < len(urls) else None}
        for index, number in enumerate(numbers)
    ]
