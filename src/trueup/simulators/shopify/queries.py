"""The root queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from trueup.simulators.shopify import access, bulk_operations, gift_cards, metafields, metaobjects, search
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call, root_query
from trueup.simulators.shopify.credit_records import Customer, GiftCard, StoreCreditAccount
from trueup.simulators.shopify.errors import access_denied, refusal
from trueup.simulators.shopify.order_index import known_field
from trueup.simulators.shopify.pages import Key, by_number, page
from trueup.simulators.shopify.records import (
    QUANTITY_NAMES,
    CompanyLocation,
    Fulfillment,
    FulfillmentOrder,
    InventoryItem,
    InventoryLevel,
    Job,
    Location,
    Order,
    Product,
    Record,
    Variant,
)
from trueup.simulators.shopify.shapes import version_object

ORDER_HISTORY = timedelta(days=60)  # older orders need the scope read_all_orders

_BELONGS = {name: ["on_hand"] for name in QUANTITY_NAMES if name not in ("incoming", "on_hand")}


def shop(call: Call) -> dict[str, Any]:
    """The shop itself."""
    world = call.world
    return {
        "id": "gid://shopify/Shop/1",
        "name": world.shop.split(".")[0],
        "email": f"owner@{world.shop}",
        "myshopifyDomain": world.shop,
        "url": f"https://{world.shop}",
        "currencyCode": world.settings.currency,
        "ianaTimezone": "Etc/UTC",
        "taxesIncluded": False,
        "createdAt": world.created_at,
        "plan": {
            "partnerDevelopment": world.plan == "dev",
            "publicDisplayName": {"dev": "Development", "plus": "Shopify Plus"}.get(world.plan, world.plan.title()),
            "shopifyPlus": world.plan == "plus",
        },
    }


def installation(call: Call) -> dict[str, Any]:
    """The app as installed: what its token may do."""
    app = call.token.app
    scopes = [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(call.token.scopes)]
    gid = app.id.replace("/App/", "/AppInstallation/")
    return {"__typename": "AppInstallation", "id": gid, "accessScopes": scopes, "app": app}


def inventory_properties(call: Call) -> dict[str, Any]:
    """The states of inventory and how they add up."""
    parts = sorted(_BELONGS)
    names = [
        {
            "name": name,
            "displayName": name.replace("_", " ").capitalize(),
            "belongsTo": _BELONGS.get(name, []),
            "comprises": parts if name == "on_hand" else [],
            "isInUse": True,
        }
        for name in QUANTITY_NAMES
    ]
    return {"quantityNames": names}


def _visible(call: Call, order: Order | None) -> Order | None:
    """An order the token may see: at most 60 days old, unless it has read_all_orders."""
    if order is None or call.token.allows("read_all_orders"):
        return order
    return order if order.created_at >= call.world.now() - ORDER_HISTORY else None


def orders(call: Call, **arguments: Any) -> Any:
    """Search of orders, which lags."""
    query = _parse(call, arguments, known_field, "orders")
    found = [order for order in call.index.find(query) if _visible(call, order)]
    return page(found, arguments, _order_key(arguments.get("sortKey")))


def _order_key(sort_key: str | None) -> Callable[[Any], Key]:
    match sort_key:
        case "UPDATED_AT":
            return lambda order: (order.updated_at, order.legacy_resource_id)
        case "CREATED_AT":
            return lambda order: (order.created_at, order.legacy_resource_id)
        case "PROCESSED_AT":
            return lambda order: (order.processed_at, order.legacy_resource_id)
        case "ORDER_NUMBER":
            return lambda order: (order.number, order.legacy_resource_id)
        case "PO_NUMBER":
            return lambda order: (order.po_number or "", order.legacy_resource_id)
        case _:
            return by_number


def order_by_identifier(call: Call, identifier: dict[str, Any]) -> Order | None:
    """An order by id or by custom id, at once. Of several with one custom id the first made is given."""
    if identifier.get("id"):
        return _visible(call, call.world.find(Order, identifier["id"]))
    found = _by_custom_id(call, "ORDER", identifier["customId"])
    return _visible(call, found if isinstance(found, Order) else None)


def variant_by_identifier(call: Call, identifier: dict[str, Any]) -> Variant | None:
    """A variant by id or by custom id."""
    if identifier.get("id"):
        return call.world.find(Variant, identifier["id"])
    found = _by_custom_id(call, "PRODUCTVARIANT", identifier["customId"])
    return found if isinstance(found, Variant) else None


def _by_custom_id(call: Call, owner_type: str, given: dict[str, Any]) -> Record | None:
    place = (metafields.namespace_of(call.token.app, given.get("namespace")), given["key"])
    definition = call.world.definitions.get((owner_type, *place))
    if definition is None or definition.type != "id":
        raise refusal("Metafield definition of type 'id' is required when using custom ids.", "NOT_FOUND")
    return next(iter(metafields.holders(call.world, owner_type, place, given["value"])), None)


def _parse(call: Call, arguments: dict[str, Any], known: Callable[[str], bool], path: str) -> search.Query:
    text = arguments.get("query") or ""
    query = search.parse(text)
    call.search_warnings += search.warnings_of(query, text, known, path)
    return query


def _search(
    call: Call,
    path: str,
    records: Iterable[Record],
    document: Callable[[Any], search.Document],
    arguments: dict[str, Any],
) -> Any:
    """A page of the records whose documents match. The fields that can be searched are those of the document."""
    listed = list(records)
    known = document(listed[0]).keys() if listed else ()
    query = _parse(call, arguments, lambda field: not listed or field in known, path)
    now = call.world.now()
    found = listed
    if arguments.get("query"):
        found = [each for each in listed if search.matches(query, document(each), lambda field: field in known, now)]
    return page(found, arguments)


def variant_document(variant: Variant) -> search.Document:
    """What a variant is searched by."""
    return {
        "id": variant.legacy_resource_id,
        "sku": variant.sku or "",
        "barcode": variant.barcode or "",
        "title": f"{variant.product.title} {variant.title}",
        "product_id": variant.product.legacy_resource_id,
        "vendor": variant.product.vendor,
        "product_status": (variant.product.status.lower(),),
        "updated_at": variant.updated_at,
    }


def product_document(product: Product) -> search.Document:
    """What a product is searched by."""
    return {
        "id": product.legacy_resource_id,
        "title": product.title,
        "handle": product.handle,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "status": (product.status.lower(),),
        "tag": tuple(product.tags),
        "sku": " ".join(variant.sku or "" for variant in product.variants),
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }


def item_document(item: InventoryItem) -> search.Document:
    """What an inventory item is searched by."""
    return {
        "id": item.legacy_resource_id,
        "sku": item.sku or "",
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }


def _variants(call: Call, **arguments: Any) -> Any:
    return _search(call, "productVariants", _by_sku(call, arguments), variant_document, arguments)


def _by_sku(call: Call, arguments: dict[str, Any]) -> list[Variant]:
    """Start from the token index when the search is sure to want a SKU."""
    for term in search.sure_terms(search.parse(arguments.get("query"))):
        words = search.tokens(term.value)
        if term.field == "sku" and words and not term.value.endswith("*"):
            return call.world.variants_with_token(words[0])
    return call.world.variants


def _fulfillment_orders(call: Call, includeClosed: bool = False, **arguments: Any) -> Any:  # noqa: N803
    found = [parent for order in call.world.orders for parent in order.fulfillment_orders]
    found = [parent for parent in found if includeClosed or parent.status != "CLOSED"]

    def document(parent: FulfillmentOrder) -> search.Document:
        return {
            "id": parent.legacy_resource_id,
            "assigned_location_id": parent.location.legacy_resource_id,
            "status": (parent.status.lower(),),
            "updated_at": parent.updated_at,
        }

    return _search(call, "fulfillmentOrders", found, document, arguments)


def _locations(call: Call, includeInactive: bool = False, **arguments: Any) -> Any:  # noqa: N803
    found = [place for place in call.world.locations if place.is_active or includeInactive]
    return _search(
        call, "locations", found, lambda place: {"name": place.name, "id": place.legacy_resource_id}, arguments
    )


def _definitions(call: Call, ownerType: str, **arguments: Any) -> Any:  # noqa: N803
    namespace = arguments.get("namespace")
    wanted = metafields.namespace_of(call.token.app, namespace) if namespace else None
    found = [
        each
        for each in call.world.definitions.values()
        if each.owner_type == ownerType
        and (wanted is None or each.namespace == wanted)
        and arguments.get("key") in (None, each.key)
    ]
    return page(found, arguments)


def _subscriptions(call: Call, **arguments: Any) -> Any:
    """The app's own subscriptions made by mutation: those of its configuration are not listed."""
    found = [
        each
        for each in call.world.subscriptions
        if each.app is call.token.app
        and not each.from_config
        and (arguments.get("topics") is None or each.topic in arguments["topics"])
        and arguments.get("uri") in (None, each.uri)
    ]
    return page(found, arguments)


def _node(call: Call, id: str) -> Record | None:
    record = call.world.by_id.get(id)
    scope = access.NODE_SCOPES.get(record.type_name) if record else None
    if scope and not call.token.allows(scope):
        raise access_denied("node", f"`{scope}` access scope.")
    return _visible(call, record) if isinstance(record, Order) else record


def _company_location(call: Call, id: str) -> CompanyLocation | None:
    if not call.world.has_b2b():
        raise access_denied("companyLocation", "The shop must have access to B2B.")
    return call.world.find(CompanyLocation, id)


def _found(kind: type[Record]) -> Callable[..., Record | None]:
    return lambda call, id: call.world.find(kind, id)


_QUERIES: dict[str, Callable[..., Any]] = {
    "shop": shop,
    "publicApiVersions": lambda call: [
        version_object(handle) for handle in (*access.SUPPORTED_VERSIONS, *access.UNSTABLE_VERSIONS)
    ],
    "currentAppInstallation": installation,
    "locations": _locations,
    "location": lambda call, id=None: call.world.find(Location, id) if id else next(iter(call.world.locations), None),
    "productVariants": _variants,
    "productVariant": _found(Variant),
    "productVariantByIdentifier": variant_by_identifier,
    "products": lambda call, **given: _search(call, "products", call.world.products, product_document, given),
    "product": _found(Product),
    "inventoryItems": lambda call, **given: _search(
        call, "inventoryItems", [variant.inventory_item for variant in _by_sku(call, given)], item_document, given
    ),
    "inventoryItem": _found(InventoryItem),
    "inventoryLevel": _found(InventoryLevel),
    "inventoryProperties": inventory_properties,
    "orders": orders,
    "order": lambda call, id: _visible(call, call.world.find(Order, id)),
    "orderByIdentifier": order_by_identifier,
    "metafieldDefinitions": _definitions,
    "metaobjectDefinitionByType": metaobjects.by_type,
    "metaobjectByHandle": metaobjects.by_handle,
    "companyLocation": _company_location,
    "customer": _found(Customer),
    "giftCard": _found(GiftCard),
    "giftCards": gift_cards.list_cards,
    "storeCreditAccount": _found(StoreCreditAccount),
    "webhookSubscriptions": _subscriptions,
    "fulfillmentOrders": _fulfillment_orders,
    "fulfillment": _found(Fulfillment),
    "fulfillmentOrder": _found(FulfillmentOrder),
    "job": _found(Job),
    "bulkOperation": bulk_operations.find_operation,
    "bulkOperations": bulk_operations.list_operations,
    "node": _node,
    "nodes": lambda call, ids: [_node(call, gid) for gid in ids],
}
QUERIES: dict[str, Resolver] = {name: root_query(name, resolve) for name, resolve in _QUERIES.items()}
