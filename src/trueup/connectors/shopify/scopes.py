"""What the app may do in a shop: each access scope, what Trueup needs it for, and where a person grants it."""

from __future__ import annotations

from dataclasses import dataclass

WHERE_TO_GRANT = (
    "In the Dev Dashboard open the app > Versions > Create a version, add the scope, release it; then approve the update in "
    "the shop's admin (Settings > Apps). A custom app made in the admin: Settings > Apps > Develop apps > the app > "
    "Configuration > Admin API integration"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """One access scope. An optional one is needed only for what its purpose says."""

    handle: str
    purpose: str
    optional: bool = False


SCOPES = (
    Scope("read_products", "read products, packs and Supercycle's marker"),
    Scope("read_inventory", "read stock levels"),
    Scope("read_locations", "read locations"),
    Scope("write_orders", "create, find and cancel orders, and define their key"),
    Scope("write_order_edits", "change the quantities of orders"),
    Scope("write_merchant_managed_fulfillment_orders", "see and correct the location an order ships from"),
    Scope("write_inventory", "publish counts that are ours (publishes_stock)", optional=True),
    Scope("write_products", "show Amazon's numbers on products ([[partners.reports]] shop)", optional=True),
    Scope("write_metaobjects", "show Amazon's numbers as objects", optional=True),
    Scope("write_metaobject_definitions", "declare the objects that Amazon's numbers are shown in", optional=True),
    Scope("read_companies", "orders for a B2B company location", optional=True),
    Scope("write_gift_cards", "issue, find and deactivate gift cards for trade-ins", optional=True),
    Scope(
        "write_customers",
        "name the customer that a gift card is for, and whose store credit is asked for",
        optional=True,
    ),
    Scope("read_store_credit_accounts", "read what customers have of store credit", optional=True),
    Scope("write_store_credit_account_transactions", "give store credit for trade-ins", optional=True),
    Scope(
        "read_all_orders",
        "see orders older than 60 days, such as deposits given back late (Shopify must approve it)",
        optional=True,
    ),
)
"""The same scopes stand in app/shopify.app.toml."""


def grants(granted: frozenset[str], needed: str) -> bool:
    """Whether a scope is granted: itself, or for reading the right to write."""
    return needed in granted or (needed.startswith("read_") and f"write_{needed[5:]}" in granted)
