"""How the fields of records are read that are not simply there: money, pages, metafields, statuses."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from trueup.simulators.shopify import (
    access,
    bulk_operations,
    gift_cards,
    metafields,
    metaobjects,
    orders,
    search,
    shopping,
    stock,
    store_credit,
)
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call
from trueup.simulators.shopify.errors import refusal
from trueup.simulators.shopify.pages import page
from trueup.simulators.shopify.records import (
    NOTHING,
    QUANTITY_NAMES,
    AdjustmentGroup,
    Fulfillment,
    FulfillmentOrder,
    FulfillmentOrderLine,
    InventoryItem,
    InventoryLevel,
    LineItem,
    Location,
    Metafield,
    MetafieldDefinition,
    Order,
    Owner,
    Price,
    Variant,
)
from trueup.simulators.shopify.shapes import bag, version_object
from trueup.simulators.shopify.staged_reads import STAGED

Info = GraphQLResolveInfo[Any]
QUANTITY_ORDER = (
    "available",
    "on_hand",
    "committed",
    "reserved",
    "incoming",
    "safety_stock",
    "damaged",
    "quality_control",
)


def _listed(attribute: str) -> Resolver:
    def read(source: Any, info: Info, **arguments: Any) -> Any:
        return page(getattr(source, attribute), arguments)

    return read


def metafield(owner: Owner, info: Info, key: str, namespace: str | None = None) -> Metafield | None:
    """One metafield of an owner; `namespace.key` may be given as the key."""
    if namespace is None and "." in key:
        namespace, key = key.rsplit(".", 1)
    return owner.metafields.get((metafields.namespace_of(info.context.token.app, namespace), key))


def owned_metafields(owner: Owner, info: Info, **arguments: Any) -> Any:
    """The metafields of an owner, of a namespace or of given keys."""
    app = info.context.token.app
    found = list(owner.metafields.values())
    if arguments.get("namespace") is not None:
        wanted = metafields.namespace_of(app, arguments["namespace"])
        found = [each for each in found if each.namespace == wanted]
    if arguments.get("keys") is not None:
        found = [each for each in found if f"{each.namespace}.{each.key}" in arguments["keys"]]
    return page(found, arguments)


OWNED: dict[str, Resolver] = {"metafield": metafield, "metafields": owned_metafields}


def _levels(item: InventoryItem, info: Info, includeInactive: bool = False, **arguments: Any) -> Any:  # noqa: N803
    """The levels of an item. A `query` is ignored with a warning: live shops do so."""
    call: Call = info.context
    access.demand(call.token, "inventoryLevels", ("read_inventory",))
    if arguments.get("query"):
        parsed = search.parse(arguments["query"])
        call.search_warnings += search.warnings_of(parsed, arguments["query"], lambda field: False, "inventoryLevels")
    found = [level for level in item.levels.values() if level.is_active or includeInactive]
    return page(found, arguments)


def _level(item: InventoryItem, info: Info, locationId: str, includeInactive: bool = False) -> Any:  # noqa: N803
    access.demand(info.context.token, "inventoryLevel", ("read_inventory",))
    level = item.levels.get(locationId)
    return level if level and (level.is_active or includeInactive) else None


def _level_at(place: Location, info: Info, inventoryItemId: str, includeInactive: bool = False) -> Any:  # noqa: N803
    item = info.context.world.find(InventoryItem, inventoryItemId)
    return _level(item, info, place.id, includeInactive) if item else None


def _quantities(level: InventoryLevel, info: Info, names: list[str]) -> list[dict[str, Any]]:
    unknown = [name for name in names if name not in QUANTITY_NAMES]
    if unknown:
        text = f"The specified quantity name '{unknown[0]}' is invalid. Valid values are: {', '.join(QUANTITY_ORDER)}."
        raise refusal(text, "INVALID_FIELD_ARGUMENTS")
    number = level.id.removeprefix("gid://shopify/InventoryLevel/")
    head, _, tail = number.partition("?")
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{head}?{tail}&name={name}",
            "name": name,
            "quantity": level.counts[name],
            "updatedAt": level.updated_at,
        }
        for name in names
    ]


def _unit_cost(item: InventoryItem, info: Info) -> dict[str, Any] | None:
    if item.cost is None:
        return None
    return {"amount": item.cost, "currencyCode": info.context.world.settings.currency}


def _duplicates(item: InventoryItem, info: Info) -> int:
    return len(info.context.world.items_by_sku.get(item.sku, [])) - 1 if item.sku else 0


def _fulfillment_orders(order: Order, info: Info, **arguments: Any) -> Any:
    scopes = access.SCOPES["fulfillmentOrders"]
    access.demand(info.context.token, "fulfillmentOrders", scopes)
    return page(order.fulfillment_orders, arguments)


def _fulfillments(order: Order, info: Info, first: int | None = None, query: str | None = None) -> list[Fulfillment]:
    return order.fulfillments[:first]


def _tax_lines(source: Any, info: Info, first: int | None = None) -> list[dict[str, Any]]:
    order = source if isinstance(source, Order) else source.order
    lines = source.tax_lines
    if isinstance(source, Order) and not lines:
        lines = [each for line in source.line_items for each in line.tax_lines]
    return [
        {
            "title": each["title"],
            "rate": float(each["rate"]),
            "ratePercentage": float(each["rate"] * 100),
            "priceSet": bag(each["price"], order),
            "channelLiable": each["channelLiable"],
            "source": None,
        }
        for each in lines[:first]
    ]


def _address(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    name = " ".join(filter(None, (given.get("firstName"), given.get("lastName"))))
    return {**given, "countryCodeV2": given.get("countryCode"), "name": name or None}


def _purchasing(order: Order) -> dict[str, Any] | None:
    branch = order.company_location
    if branch is None:
        return None
    return {"__typename": "PurchasingCompany", "company": branch.company, "location": branch}


def _ready(source: Any) -> bool:
    return source.cancelled_at is None and any(parent.status == "OPEN" for parent in source.fulfillment_orders)


def _quantity(order: Order, attribute: str) -> int:
    return sum(getattr(line, attribute) for line in order.line_items)


def _discounts(order: Order, attribute: str) -> Price:
    return sum((line.unit_discount * getattr(line, attribute) for line in order.line_items), NOTHING)


ORDER: dict[str, Resolver] = {
    **OWNED,
    **shopping.ORDER,
    "lineItems": _listed("line_items"),
    "fulfillmentOrders": _fulfillment_orders,
    "fulfillments": _fulfillments,
    "taxLines": _tax_lines,
    "cancellation": lambda order, info: {"staffNote": order.staff_note} if order.cancelled_at else None,
    "closed": lambda order, info: order.closed_at is not None,
    "confirmed": lambda order, info: True,
    "fulfillable": lambda order, info: _ready(order),
    "displayFulfillmentStatus": lambda order, info: orders.fulfillment_status(order),
    "purchasingEntity": lambda order, info: _purchasing(order),
    "shippingAddress": lambda order, info: _address(order.shipping_address),
    "billingAddress": lambda order, info: _address(order.billing_address),
    "totalPriceSet": lambda order, info: bag(orders.total(order), order),
    "currentTotalPriceSet": lambda order, info: bag(orders.total(order, current=True), order),
    "originalTotalPriceSet": lambda order, info: bag(order.original_total, order),
    "subtotalPriceSet": lambda order, info: bag(orders.subtotal(order), order),
    "currentSubtotalPriceSet": lambda order, info: bag(orders.subtotal(order, current=True), order),
    "totalTaxSet": lambda order, info: bag(orders.tax(order), order),
    "currentTotalTaxSet": lambda order, info: bag(orders.tax(order), order),
    "totalDiscountsSet": lambda order, info: bag(_discounts(order, "quantity"), order),
    "currentTotalDiscountsSet": lambda order, info: bag(_discounts(order, "current_quantity"), order),
    "totalShippingPriceSet": lambda order, info: bag(order.shipping, order),
    "subtotalLineItemsQuantity": lambda order, info: _quantity(order, "quantity"),
    "currentSubtotalLineItemsQuantity": lambda order, info: _quantity(order, "current_quantity"),
}


def _line_price(line: LineItem, price: Price) -> dict[str, Any]:
    return bag(price, line.order)


LINE: dict[str, Resolver] = {
    "name": lambda line, info: (
        line.title if line.variant_title in (None, "Default Title") else f"{line.title} - {line.variant_title}"
    ),
    "unfulfilledQuantity": lambda line, info: line.current_quantity - line.fulfilled,
    "nonFulfillableQuantity": lambda line, info: line.quantity - line.current_quantity + line.fulfilled,
    "product": lambda line, info: line.variant.product if line.variant else None,
    "restockable": lambda line, info: line.variant is not None and line.variant.inventory_item.tracked,
    "taxLines": _tax_lines,
    "originalUnitPriceSet": lambda line, info: _line_price(line, line.unit_price),
    "discountedUnitPriceSet": lambda line, info: _line_price(line, orders.discounted(line)),
    "discountedUnitPriceAfterAllDiscountsSet": lambda line, info: _line_price(line, orders.discounted(line)),
    "originalTotalSet": lambda line, info: _line_price(line, line.unit_price * line.quantity),
    "discountedTotalSet": lambda line, info, **_: _line_price(line, orders.discounted(line) * line.quantity),
    "totalDiscountSet": lambda line, info: _line_price(line, line.unit_discount * line.quantity),
}


def _supported(parent: FulfillmentOrder, info: Info) -> list[dict[str, Any]]:
    actions = {"OPEN": ("CREATE_FULFILLMENT", "MOVE", "HOLD"), "IN_PROGRESS": ("CREATE_FULFILLMENT", "MOVE")}
    return [{"action": action, "externalUrl": None} for action in actions.get(parent.status, ())]


def _fulfillments_of(parent: FulfillmentOrder, info: Info, **arguments: Any) -> Any:
    return page([each for each in parent.order.fulfillments if each.fulfillment_order is parent], arguments)


def _part_variant(part: FulfillmentOrderLine) -> Variant | None:
    return part.line_item.variant


def _inventory_item_id(part: FulfillmentOrderLine, info: Info) -> str | None:
    variant = _part_variant(part)
    return variant.inventory_item.id if variant else None


FULFILLMENT_ORDER: dict[str, Resolver] = {
    "requestStatus": lambda parent, info: "UNSUBMITTED",
    "assignedLocation": lambda parent, info: {
        "name": parent.location.name,
        "location": parent.location,
        "countryCode": parent.location.country_code,
    },
    "lineItems": _listed("lines"),
    "orderId": lambda parent, info: parent.order.id,
    "orderName": lambda parent, info: parent.order.name,
    "orderProcessedAt": lambda parent, info: parent.order.processed_at,
    "supportedActions": _supported,
    "fulfillments": _fulfillments_of,
}
FULFILLMENT_ORDER_LINE: dict[str, Resolver] = {
    "inventoryItemId": _inventory_item_id,
    "sku": lambda part, info: part.line_item.sku,
    "variant": lambda part, info: _part_variant(part),
    "productTitle": lambda part, info: part.line_item.title,
    "variantTitle": lambda part, info: part.line_item.variant_title,
    "vendor": lambda part, info: part.line_item.vendor,
    "requiresShipping": lambda part, info: part.line_item.requires_shipping,
}


def _available_for_sale(variant: Variant, info: Info) -> bool:
    item = variant.inventory_item
    sellable = not item.tracked or variant.inventory_policy == "CONTINUE" or stock.available_everywhere(item) > 0
    return variant.product.status == "ACTIVE" and sellable


def _display_name(variant: Variant, info: Info) -> str:
    return f"{variant.product.title} - {variant.title}"


PRODUCT: dict[str, Resolver] = {
    **OWNED,
    "variants": _listed("variants"),
    "tracksInventory": lambda product, info: any(each.inventory_item.tracked for each in product.variants),
    "hasVariantsThatRequiresComponents": lambda product, info: any(
        each.requires_components for each in product.variants
    ),
}
VARIANT: dict[str, Resolver] = {
    **OWNED,
    "displayName": _display_name,
    "inventoryQuantity": lambda variant, info: stock.available_everywhere(variant.inventory_item),
    "availableForSale": _available_for_sale,
}
ITEM: dict[str, Resolver] = {
    "inventoryLevel": _level,
    "inventoryLevels": _levels,
    "unitCost": _unit_cost,
    "duplicateSkuCount": _duplicates,
    "variants": lambda item, info, **arguments: page([item.variant] if item.variant else [], arguments),
}
LOCATION: dict[str, Resolver] = {
    "address": lambda place, info: {"countryCode": place.country_code},
    "shipsInventory": lambda place, info: place.fulfills_online_orders,
    "hasActiveInventory": lambda place, info: any(
        level.location is place and any(level.counts.values()) for level in stock.levels_of(info.context.world)
    ),
    "inventoryLevel": _level_at,
}


def _definition(found: Metafield, info: Info) -> MetafieldDefinition | None:
    place = (metafields.OWNER_TYPES[found.owner.type_name], found.namespace, found.key)
    definition: MetafieldDefinition | None = info.context.world.definitions.get(place)
    return definition


def _changes(group: AdjustmentGroup, info: Info, **given: Any) -> list[dict[str, Any]]:
    """The changes of a group, of some items, locations or names when those are given."""
    wanted = (given.get("inventoryItemIds"), given.get("locationIds"), given.get("quantityNames"))
    return [
        change
        for change in group.changes
        if all(
            allowed is None or value in allowed
            for allowed, value in zip(wanted, (change["item"].id, change["location"].id, change["name"]), strict=True)
        )
    ]


OBJECTS: dict[str, dict[str, Resolver]] = {
    "Order": ORDER,
    "LineItem": LINE,
    "FulfillmentOrder": FULFILLMENT_ORDER,
    "FulfillmentOrderLineItem": FULFILLMENT_ORDER_LINE,
    "Fulfillment": {
        "name": lambda done, info: f"{done.order.name}-F{done.order.fulfillments.index(done) + 1}",
        "totalQuantity": lambda done, info: sum(line.quantity for line in done.lines),
        "trackingInfo": lambda done, info, first=None: done.tracking[:first],
        "fulfillmentLineItems": _listed("lines"),
        "requiresShipping": lambda done, info: True,
    },
    "Product": PRODUCT,
    "ProductVariant": VARIANT,
    "InventoryItem": ITEM,
    "InventoryLevel": {"quantities": _quantities},
    "InventoryAdjustmentGroup": {"changes": _changes},
    "Location": LOCATION,
    "Metafield": {
        "jsonValue": lambda found, info: metafields.json_value(found),
        "compareDigest": lambda found, info: metafields.digest_of(found),
        "ownerType": lambda found, info: metafields.OWNER_TYPES[found.owner.type_name],
        "definition": _definition,
        "sizeInBytes": lambda found, info: len(found.value.encode()),
    },
    "MetafieldDefinition": {
        "type": lambda found, info: {"name": found.type, "category": found.type.split("_")[0].upper()},
        "capabilities": lambda found, info: {"uniqueValues": {"eligible": True, "enabled": found.unique}},
        "access": lambda found, info: {"admin": found.admin_access},
    },
    **STAGED,
    **metaobjects.OBJECTS,
    **gift_cards.OBJECTS,
    **store_credit.OBJECTS,
    **shopping.OBJECTS,
    **bulk_operations.OBJECTS,
    "App": {"handle": lambda app, info: app.title.lower(), "apiKey": lambda app, info: app.client_id},
    "WebhookSubscription": {"apiVersion": lambda each, info: version_object("2026-10")},
}
