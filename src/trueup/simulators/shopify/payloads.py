"""Webhook bodies. They are shaped as the REST resources were: numbers for ids, snake_case, money as text."""

from __future__ import annotations

from typing import Any

from trueup.simulators.shopify import orders
from trueup.simulators.shopify.assembly import write_time
from trueup.simulators.shopify.bulk_operations import payload_of_finish
from trueup.simulators.shopify.bulk_records import BulkOperation
from trueup.simulators.shopify.credit_records import Refund
from trueup.simulators.shopify.records import Fulfillment, InventoryItem, InventoryLevel, LineItem, Order
from trueup.simulators.shopify.world import Happening


def payload_of(happening: Happening) -> dict[str, Any]:
    """The body of the webhook of something that happened."""
    match happening.subject:
        case Order() if happening.topic == "ORDERS_EDITED":
            return _edit(happening.subject, happening)
        case Order():
            return _order(happening.subject)
        case InventoryLevel():
            return _level(happening.subject)
        case InventoryItem():
            return _item(happening.subject)
        case BulkOperation():
            return payload_of_finish(happening.subject, write_time)
        case Fulfillment():
            return _fulfillment(happening.subject)
        case Refund():
            return _refund(happening.subject)
        case other:
            raise AssertionError(f"{happening.topic}: nobody wrote a webhook body for {other.type_name}")


def _level(level: InventoryLevel) -> dict[str, Any]:
    """inventory_levels/update: available alone; on_hand and committed must be fetched."""
    return {
        "inventory_item_id": level.item.legacy_resource_id,
        "location_id": level.location.legacy_resource_id,
        "available": level.counts["available"],
        "updated_at": write_time(level.updated_at),
        "admin_graphql_api_id": level.id,
    }


def _item(item: InventoryItem) -> dict[str, Any]:
    """inventory_items/update: whether it is counted, its cost, its SKU."""
    return {
        "id": item.legacy_resource_id,
        "sku": item.sku,
        "created_at": write_time(item.created_at),
        "updated_at": write_time(item.updated_at),
        "requires_shipping": item.requires_shipping,
        "cost": None if item.cost is None else f"{item.cost:f}",
        "tracked": item.tracked,
        "admin_graphql_api_id": item.id,
    }


def _fulfillment(made: Fulfillment) -> dict[str, Any]:
    """fulfillments/create: which units left, from where."""
    return {
        "id": made.legacy_resource_id,
        "admin_graphql_api_id": made.id,
        "order_id": made.order.legacy_resource_id,
        "status": made.status.lower(),
        "created_at": write_time(made.created_at),
        "updated_at": write_time(made.updated_at),
        "location_id": made.location.legacy_resource_id,
        "line_items": [
            {"id": line.line_item.legacy_resource_id, "sku": line.line_item.sku, "quantity": line.quantity}
            for line in made.lines
        ],
    }


def _refund(done: Refund) -> dict[str, Any]:
    """refunds/create: of which order; what was put back must be fetched."""
    return {
        "id": done.legacy_resource_id,
        "admin_graphql_api_id": done.id,
        "order_id": done.order.legacy_resource_id,
        "created_at": write_time(done.created_at),
        "processed_at": write_time(done.created_at),
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.legacy_resource_id,
        "admin_graphql_api_id": order.id,
        "name": order.name,
        "order_number": order.number,
        "number": order.number - 1000,
        "app_id": None if order.app_id is None else int(order.app_id.rsplit("/", 1)[1]),
        "created_at": write_time(order.created_at),
        "updated_at": write_time(order.updated_at),
        "processed_at": write_time(order.processed_at),
        "cancelled_at": write_time(order.cancelled_at) if order.cancelled_at else None,
        "cancel_reason": order.cancel_reason.lower() if order.cancel_reason else None,
        "closed_at": write_time(order.closed_at) if order.closed_at else None,
        "currency": order.currency_code,
        "presentment_currency": order.presentment_currency_code,
        "email": order.email or "",
        "phone": order.phone,
        "note": order.note,
        "note_attributes": [{"name": each["key"], "value": each["value"]} for each in order.custom_attributes],
        "tags": ", ".join(order.tags),
        "po_number": order.po_number,
        "source_identifier": order.source_identifier,
        "source_name": order.source_name,
        "financial_status": order.display_financial_status.lower(),
        "fulfillment_status": _fulfillment_status(order),
        "taxes_included": order.taxes_included,
        "test": order.test,
        "subtotal_price": f"{orders.subtotal(order).shop:f}",
        "total_price": f"{orders.total(order).shop:f}",
        "current_total_price": f"{orders.total(order, current=True).shop:f}",
        "total_tax": f"{orders.tax(order).shop:f}",
        "line_items": [_line(line) for line in order.line_items],
    }


def _fulfillment_status(order: Order) -> str | None:
    return {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(orders.fulfillment_status(order))


def _line(line: LineItem) -> dict[str, Any]:
    variant = line.variant
    return {
        "id": line.legacy_resource_id,
        "admin_graphql_api_id": line.id,
        "variant_id": variant.legacy_resource_id if variant else None,
        "product_id": variant.product.legacy_resource_id if variant else None,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": line.current_quantity - line.fulfilled,
        "price": f"{line.unit_price.shop:f}",
        "properties": [{"name": each["key"], "value": each["value"]} for each in line.custom_attributes],
    }


def _edit(order: Order, happening: Happening) -> dict[str, Any]:
    changes = {"additions": happening.detail["additions"], "removals": happening.detail["removals"]}
    return {
        "order_edit": {
            "id": int(happening.event_id[:12], 16),
            "app_id": None,
            "created_at": write_time(happening.at),
            "notify_customer": False,
            "order_id": order.legacy_resource_id,
            "staff_note": "",
            "user_id": None,
            "line_items": changes,
        }
    }
