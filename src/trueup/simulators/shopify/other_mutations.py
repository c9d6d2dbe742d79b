"""The other mutations: metafields, tags, variants, webhook subscriptions; and the list of all."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from trueup.simulators.shopify import (
    bulk_operations,
    gift_cards,
    inventory_mutations,
    metafields,
    metaobjects,
    order_mutations,
    store_credit,
)
from trueup.simulators.shopify.access import demand
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call, Mutation, Payload, root_mutation
from trueup.simulators.shopify.errors import access_denied, check_list_size, user_error
from trueup.simulators.shopify.order_input import LONGEST_TAG, tidy_tags
from trueup.simulators.shopify.records import Metafield, Order, Owner, Product, Variant, WebhookSubscription

Given = dict[str, Any]
TOPIC_SCOPES = {
    "ORDERS": "read_orders",
    "ORDER": "read_orders",
    "FULFILLMENTS": "read_orders",
    "REFUNDS": "read_orders",
    "INVENTORY": "read_inventory",
    "PRODUCTS": "read_products",
    "VARIANTS": "read_products",
    "LOCATIONS": "read_locations",
}


def _owner_scope(call: Call, field: str, owner_type: str) -> None:
    scope = metafields.WRITE_SCOPES.get(owner_type)
    if scope is None:
        raise access_denied(field, f"the owner type {owner_type}, which this shop does not simulate.")
    demand(call.token, field, (scope,))


def define(call: Call, definition: Given) -> Payload:
    """metafieldDefinitionCreate: needs the write scope of the owner."""
    _owner_scope(call, "metafieldDefinitionCreate", definition["ownerType"])
    problem = metafields.definition_problem(call.world, call.token.app, definition)
    if problem:
        field, code, message = problem
        return {"userErrors": [user_error(["definition", field], message, code)]}
    return {"createdDefinition": metafields.define(call.world, call.token.app, definition), "userErrors": []}


def set_metafields(call: Call, **given_rows: list[Given]) -> Payload:
    """metafieldsSet: at most 25, all or none, compared by digest where one is given (null: must not exist yet)."""
    rows = given_rows["metafields"]
    if len(rows) > metafields.MOST_AT_ONCE:
        text = f"Exceeded the maximum metafields input limit of {metafields.MOST_AT_ONCE}."
        return {"userErrors": [user_error(["metafields"], text, "LESS_THAN_OR_EQUAL_TO")]}
    problems = []
    owners: list[tuple[Owner, Given]] = []
    for index, given in enumerate(rows):
        owner = call.world.find(Owner, given["ownerId"])
        if owner is None:
            problems.append(user_error(["metafields", index, "ownerId"], "Owner does not exist.", "INVALID"))
            continue
        owner_type = metafields.OWNER_TYPES[owner.type_name]
        _owner_scope(call, "metafieldsSet", owner_type)
        owners.append((owner, given))
        problem = metafields.input_problem(call.world, call.token.app, owner_type, given, owner) or _stale(
            call, owner, given
        )
        if problem:
            problems.append(
                {**user_error(["metafields", index, problem[0]], problem[2], problem[1]), "elementIndex": None}
            )
    if problems:
        return {"userErrors": problems}
    stored: list[Metafield] = []
    for owner, given in owners:
        stored += metafields.put_all(call.world, call.token.app, owner, [given])
        _owner_changed(call, owner)
    return {"metafields": stored, "userErrors": []}


def delete_metafields(call: Call, **given_rows: list[Given]) -> Payload:
    """metafieldsDelete: at most 25; what is not there is answered with null, whatever it held is gone. It compares nothing."""
    rows = given_rows["metafields"]
    if len(rows) > metafields.MOST_AT_ONCE:
        text = f"Exceeded the maximum metafields input limit of {metafields.MOST_AT_ONCE}."
        return {"userErrors": [user_error(["metafields"], text)]}
    deleted: list[Given | None] = []
    for given in rows:
        owner = call.world.find(Owner, given["ownerId"])
        if owner is None:
            deleted.append(None)
            continue
        _owner_scope(call, "metafieldsDelete", metafields.OWNER_TYPES[owner.type_name])
        place = (metafields.namespace_of(call.token.app, given["namespace"]), given["key"])
        gone = owner.metafields.pop(place, None)
        if gone is not None:
            _owner_changed(call, owner)
        deleted.append({"key": place[1], "namespace": place[0], "ownerId": owner.id} if gone is not None else None)
    return {"deletedMetafields": deleted, "userErrors": []}


def _stale(call: Call, owner: Owner, given: Given) -> tuple[str, str, str] | None:
    if "compareDigest" not in given:
        return None
    there = owner.metafields.get((metafields.namespace_of(call.token.app, given.get("namespace")), given["key"]))
    if given["compareDigest"] == (metafields.digest_of(there) if there else None):
        return None
    return (
        "compareDigest",
        "STALE_OBJECT",
        "The resource has been updated since it was loaded. Try again with an updated digest.",
    )


def _owner_changed(call: Call, owner: Owner) -> None:
    if isinstance(owner, Order):
        call.world.touch(owner)
        call.world.happen("ORDERS_UPDATED", owner)
    else:
        owner.updated_at = call.world.now()


def add_tags(call: Call, id: str, tags: list[str]) -> Payload:
    """tagsAdd."""
    return _change_tags(call, "tagsAdd", id, tags, lambda there: [*there, *tags])


def remove_tags(call: Call, id: str, tags: list[str]) -> Payload:
    """tagsRemove."""
    unwanted = {tag.strip().casefold() for tag in tags}
    return _change_tags(
        call, "tagsRemove", id, tags, lambda there: [tag for tag in there if tag.casefold() not in unwanted]
    )


def _change_tags(call: Call, field: str, gid: str, tags: list[str], change: Any) -> Payload:
    check_list_size("tags", tags)
    owner = call.world.by_id.get(gid)
    if not isinstance(owner, Order | Product):
        return {"userErrors": [user_error(["id"], "Resource does not exist")]}
    demand(call.token, field, ("write_orders" if isinstance(owner, Order) else "write_products",))
    if any(len(tag) > LONGEST_TAG for tag in tags):
        return {"userErrors": [user_error(["tags"], f"Tags is too long (maximum is {LONGEST_TAG} characters)")]}
    owner.tags = tidy_tags(change(owner.tags))
    _owner_changed(call, owner)
    return {"node": owner, "userErrors": []}


def update_variants(
    call: Call,
    productId: str,  # noqa: N803
    variants: list[Given],
    allowPartialUpdates: bool = False,  # noqa: N803
) -> Payload:
    """productVariantsBulkUpdate: all or none unless partial updates are allowed."""
    product = call.world.find(Product, productId)
    if product is None:
        return {"userErrors": [user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")]}
    check_list_size("variants", variants)
    problems, good = [], []
    for index, given in enumerate(variants):
        variant = call.world.find(Variant, given.get("id"))
        problem = _variant_problem(call, product, variant, given)
        if problem:
            field, message, code = problem
            problems.append(user_error(["variants", index, field], message, code))
        elif variant is not None:
            good.append((variant, given))
    if problems and not allowPartialUpdates:
        return {"product": product, "productVariants": None, "userErrors": problems}
    for variant, given in good:
        _write_variant(call, variant, given)
    return {"product": product, "productVariants": [variant for variant, _ in good], "userErrors": problems}


def _variant_problem(
    call: Call, product: Product, variant: Variant | None, given: Given
) -> tuple[str, str, str] | None:
    if not given.get("id"):
        return "id", "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING"
    if variant is None or variant.product is not product:
        return "id", "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST"
    if given.get("price") is not None and given["price"] < 0:
        return "price", "Price must be greater than or equal to 0", "GREATER_THAN_OR_EQUAL_TO"
    wrong = inventory_mutations.item_problem(given.get("inventoryItem") or {})
    if wrong:
        return "inventoryItem", wrong[1], "INVALID_INPUT"
    for each in given.get("metafields") or []:
        problem = metafields.input_problem(call.world, call.token.app, "PRODUCTVARIANT", each, variant)
        if problem:
            return "metafields", problem[2], "INVALID_INPUT"
    return None


def _write_variant(call: Call, variant: Variant, given: Given) -> None:
    if given.get("price") is not None:
        variant.price = given["price"]
    if "compareAtPrice" in given:
        variant.compare_at_price = given["compareAtPrice"]
    if "barcode" in given:
        variant.barcode = given["barcode"]
    if given.get("inventoryPolicy"):
        variant.inventory_policy = given["inventoryPolicy"]
    if given.get("taxable") is not None:
        variant.taxable = given["taxable"]
    if given.get("inventoryItem"):
        inventory_mutations.write_item(call, variant.inventory_item, given["inventoryItem"])
    metafields.put_all(call.world, call.token.app, variant, given.get("metafields") or [])
    variant.updated_at = variant.product.updated_at = call.world.now()


def subscribe(call: Call, topic: str, webhookSubscription: Given) -> Payload:  # noqa: N803
    """webhookSubscriptionCreate: https anywhere, http only on this machine."""
    field = ["webhookSubscription", "uri"]
    uri = webhookSubscription.get("uri") or ""
    scope = TOPIC_SCOPES.get(topic.split("_")[0])
    if scope and not call.token.allows(scope):
        text = f"You cannot create a webhook subscription with the specified topic: {scope} is missing"
        return {"userErrors": [user_error(["topic"], text)]}
    if not uri:
        return {"userErrors": [user_error(field, "Address can't be blank")]}
    if not deliverable(uri):
        return {"userErrors": [user_error(field, f"Address protocol {urlsplit(uri).scheme}:// is not supported")]}
    if any(each.topic == topic and each.uri == uri and each.app is call.token.app for each in call.world.subscriptions):
        return {"userErrors": [user_error(field, "Address for this topic has already been taken")]}
    world, now = call.world, call.world.now()
    made = WebhookSubscription(world.new_id("WebhookSubscription"), now, now, call.token.app, topic, uri)
    made.include_fields = webhookSubscription.get("includeFields") or []
    made.name = webhookSubscription.get("name")
    made.format = webhookSubscription.get("format") or "JSON"
    world.subscriptions.append(world.add(made))
    return {"webhookSubscription": made, "userErrors": []}


def deliverable(uri: str) -> bool:
    """Whether webhooks go there: this simulator delivers over HTTP alone."""
    parts = urlsplit(uri)
    local = parts.hostname is not None and re.fullmatch(r"localhost|127\..*|::1", parts.hostname)
    return parts.scheme == "https" or (parts.scheme == "http" and bool(local))


def unsubscribe(call: Call, id: str) -> Payload:
    """webhookSubscriptionDelete."""
    found = call.world.find(WebhookSubscription, id)
    if found is None or found.app is not call.token.app or found.from_config or found not in call.world.subscriptions:
        return {"userErrors": [user_error(["id"], "Webhook subscription does not exist")]}
    call.world.subscriptions.remove(found)
    del call.world.by_id[found.id]
    return {"deletedWebhookSubscriptionId": found.id, "userErrors": []}


_MUTATIONS: dict[str, Mutation] = {
    "orderCreate": order_mutations.create,
    "orderUpdate": order_mutations.update,
    "orderCancel": order_mutations.cancel,
    "orderClose": order_mutations.close,
    "orderEditBegin": order_mutations.edit_begin,
    "orderEditAddVariant": order_mutations.edit_add_variant,
    "orderEditSetQuantity": order_mutations.edit_set_quantity,
    "orderEditAddLineItemDiscount": order_mutations.edit_discount,
    "orderEditCommit": order_mutations.edit_commit,
    "fulfillmentOrderMove": order_mutations.move_fulfillment,
    "fulfillmentCreate": order_mutations.create_fulfillment,
    "metafieldDefinitionCreate": define,
    "metafieldsDelete": delete_metafields,
    "metafieldsSet": set_metafields,
    "metaobjectDefinitionCreate": metaobjects.define,
    "metaobjectUpsert": metaobjects.upsert,
    "tagsAdd": add_tags,
    "tagsRemove": remove_tags,
    "inventorySetQuantities": inventory_mutations.set_quantities,
    "inventoryAdjustQuantities": inventory_mutations.adjust_quantities,
    "inventoryMoveQuantities": inventory_mutations.move_quantities,
    "inventoryActivate": inventory_mutations.activate,
    "inventoryItemUpdate": inventory_mutations.update_item,
    "productVariantsBulkUpdate": update_variants,
    "giftCardCreate": gift_cards.create,
    "giftCardDeactivate": gift_cards.deactivate,
    "storeCreditAccountCredit": store_credit.credit,
    "storeCreditAccountDebit": store_credit.debit,
    "bulkOperationRunQuery": bulk_operations.run_query,
    "bulkOperationCancel": bulk_operations.cancel,
    "webhookSubscriptionCreate": subscribe,
    "webhookSubscriptionDelete": unsubscribe,
}
MUTATIONS: dict[str, Resolver] = {name: root_mutation(name, act) for name, act in _MUTATIONS.items()}
