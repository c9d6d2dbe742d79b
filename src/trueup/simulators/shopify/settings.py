"""What kind of shop is simulated: plan, currency, delays, and the choices where Shopify's behaviour is not documented."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Plan = Literal["dev", "standard", "advanced", "plus"]

RESTORE_POINTS_A_SECOND: dict[Plan, int] = {"dev": 100, "standard": 100, "advanced": 200, "plus": 1000}
"""Query-cost points restored each second, by plan (Shopify's rate-limit page; a dev store answers as standard)."""

BUCKET_SECONDS = 20  # the bucket holds 20 seconds of restoring: 2000 points at 100 a second, as live answers say
DEV_STORE_ORDERS_A_MINUTE = 5

ALL_SCOPES = (
    "read_products write_products read_inventory write_inventory read_locations read_orders write_orders "
    "write_order_edits read_order_edits read_merchant_managed_fulfillment_orders "
    "write_merchant_managed_fulfillment_orders read_companies write_companies "
    "read_customers write_customers read_gift_cards write_gift_cards read_store_credit_accounts "
    "write_metaobjects write_metaobject_definitions "
    "read_store_credit_account_transactions write_store_credit_account_transactions"
)


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """One simulated shop. Durations are seconds of simulated time.

    Four fields are choices between behaviours that Shopify's documents leave open; each says which is the unkind one:
    `duplicate_custom_id`: does orderCreate take a second order with the same value in a unique `id` metafield?
    "accepts" is unkind: it leaves the whole duty of not doubling an order to the caller.
    `claim_refusal`: how an order that cannot claim its stock is refused. "claim_failed" answers with the published code
    INVENTORY_CLAIM_FAILED; "invalid" answers INVALID at order.lineItems, "Line items Unable to reserve inventory", which
    has been reported from live shops.
    `nodes_priced`: what `nodes(ids:)` costs. "each" is unkind: every id as much as one; "once" is what a live shop answered.
    `b2b`: companies need a shop with B2B; None means the plus plan has it and the others have not.
    `bulk_seconds`, `bulk_seconds_a_thousand`: how long a bulk operation takes at least, and for each thousand objects; nothing is
    published, and minutes are usual.
    `gift_card_limit`, `store_credit_limit`: the most a card may be worth and an account may hold; that there is such a limit is
    published (by its error codes), what it is depends on the shop.
    """

    currency: str = "USD"
    search_lag_seconds: float = 5.0
    total_inventory_lag_seconds: float = 10.0
    job_delay_seconds: float = 1.0
    bulk_seconds: float = 5.0
    bulk_seconds_a_thousand: float = 1.0
    duplicate_custom_id: Literal["accepts", "rejects"] = "accepts"
    claim_refusal: Literal["claim_failed", "invalid"] = "claim_failed"
    nodes_priced: Literal["each", "once"] = "each"
    b2b: bool | None = None
    gift_card_limit: Decimal = Decimal(2000)
    store_credit_limit: Decimal = Decimal(100_000)
    rate_limit: bool = True
    rate_clock: Literal["simulated", "wall"] = "simulated"
    deliver_in_background: bool = True
    journal_length: int = 20_000
