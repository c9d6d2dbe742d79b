"""Everything an auditor needs to know of a shop, as plain values. Never a token or a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.simulators.shopify import orders, stock
from trueup.simulators.shopify.records import InventoryLevel, LineItem, Order
from trueup.simulators.shopify.webhooks import summary
from trueup.simulators.shopify.world import World

if TYPE_CHECKING:
    from trueup.simulators.shopify.simulator import ShopifySimulator


def state_of(simulator: ShopifySimulator) -> dict[str, Any]:
    """The whole shop; the caller holds the world's lock."""
    world = simulator.world
    return {
        "now": world.now(),
        "shop": world.shop,
        "plan": world.plan,
        "currency": world.settings.currency,
        "locations": [{"id": each.id, "name": each.name, "active": each.is_active} for each in world.locations],
        "orders": [order_state(order) for order in world.orders],
        "levels": [level_state(level) for level in stock.levels_of(world)],
        "requests": list(simulator.journal),
        "requests_seen": simulator.requests_seen,
        "totals": dict(simulator.totals),
        "gift_cards": _gift_cards(world),
        "store_credit": _store_credit(world),
        "subscriptions": [
            {
                "id": each.id,
                "topic": each.topic,
                "uri": each.uri,
                "from_config": each.from_config,
                "failures": each.failures,
            }
            for each in world.subscriptions
        ],
        "webhooks": [summary(delivery) for delivery in simulator.postbox.deliveries],
        "faults": {"active": simulator.faults.listing(), "struck": dict(simulator.faults.struck)},
    }


def _gift_cards(world: World) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "last_characters": each.last_characters,
            "initial": str(each.initial),
            "balance": str(each.left),
            "enabled": each.enabled,
            "note": each.note,
            "customer": each.customer.id if each.customer else None,
            "expires_on": each.expires_on,
        }
        for each in world.till.cards
    ]


def _store_credit(world: World) -> list[dict[str, Any]]:
    return [
        {
            "customer": owner.id,
            "account": account.id,
            "currency": account.currency,
            "balance": str(account.amount),
            "movements": [(entry.kind, str(entry.moved), entry.event) for entry in account.entries],
        }
        for owner in world.till.customers
        for account in owner.accounts.values()
    ]


def order_state(order: Order) -> dict[str, Any]:
    """One order: lines, prices, where it is to be fulfilled, what became of it."""
    return {
        "id": order.id,
        "name": order.name,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "cancelled_at": order.cancelled_at,
        "cancel_reason": order.cancel_reason,
        "edited": order.edited,
        "by_app": order.app_id,
        "inventory_behaviour": order.inventory_behaviour,
        "po_number": order.po_number,
        "source_identifier": order.source_identifier,
        "source_name": order.source_name,
        "tags": order.tags,
        "note": order.note,
        "currency": order.currency_code,
        "company_location": order.company_location.id if order.company_location else None,
        "financial_status": order.display_financial_status,
        "fulfillment_status": orders.fulfillment_status(order),
        "total": str(orders.total(order).shop),
        "current_total": str(orders.total(order, current=True).shop),
        "metafields": {f"{each.namespace}.{each.key}": each.value for each in order.metafields.values()},
        "lines": [line_state(line) for line in order.line_items],
    }


def line_state(line: LineItem) -> dict[str, Any]:
    """One line, with the units that each location is to fulfil and has committed for it."""
    return {
        "id": line.id,
        "sku": line.sku,
        "variant_id": line.variant.id if line.variant else None,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "fulfilled": line.fulfilled,
        "unit_price": str(line.unit_price.shop),
        "unit_discount": str(line.unit_discount.shop),
        "locations": [
            {
                "name": parent.location.name,
                "fulfillment_order": parent.id,
                "status": parent.status,
                "total": part.total_quantity,
                "remaining": part.remaining_quantity,
                "committed": part.claimed,
            }
            for parent in line.order.fulfillment_orders
            for part in parent.lines
            if part.line_item is line
        ],
    }


def level_state(level: InventoryLevel) -> dict[str, Any]:
    """One level, with the least that was ever available: below zero it was oversold."""
    variant = level.item.variant
    return {
        "sku": level.item.sku,
        "item_id": level.item.id,
        "variant_id": variant.id if variant else None,
        "location": level.location.name,
        "location_id": level.location.id,
        "tracked": level.item.tracked,
        "inventory_policy": variant.inventory_policy if variant else None,
        "active": level.is_active,
        **level.counts,
        "lowest_available": level.lowest_available,
    }
