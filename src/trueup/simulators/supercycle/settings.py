"""What kind of Supercycle is simulated: spelling, delays, buffers, and the choices where its documents are silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Spelling = Literal["camel", "snake", "mixed"]

REQUESTS_A_MINUTE = 120
TIMELINES_A_MINUTE = 10
LARGEST_PAGE = 100
PAGE_SIZE = 50
LARGEST_QUANTITY = 100


@dataclass(frozen=True, slots=True)
class Buffers:
    """Days around a rental in which its item is not free: the reservation is the rental and these. Store time zone.

    Source: the page of logistics buffers. `product_restock_days` of an import overrides `restock_days`.
    """

    preparation_days: int = 1
    delivery_days: int = 2
    reverse_delivery_days: int = 2
    restock_days: int = 1


@dataclass(frozen=True, slots=True)
class SupercycleSettings:
    """One simulated account. Durations are seconds of simulated time.

    `spelling`: "camel" writes every key in camelCase, as the newer pages show; "snake" in snake_case; "mixed" as the older
    pages do: camelCase with location_shopify_id, timeline_events and return_lines. Bodies are read in camelCase, in snake_case
    too unless the spelling is "camel"; a key that is not known is ignored without a word.

    The other fields choose between behaviours that no public page tells; the default is the one that is harder on the caller:
    `commits_at`: when an item counts as committed (activeRentalId, uncommitedInventoryCount, metafields). A merchant was told
    "fulfilment": between order and dispatch it still looks free.
    `resale_sold_at`: when the item of a resale becomes sold; "fulfilment" leaves it looking available after the order.
    `refunded_resale`: whether a cancelled resale leaves its item "sold" or makes it "available" again.
    `unique_serials`: whether a second item with a serial is refused. Off: a repeated POST /items makes a second item.
    `guarded_transitions`: whether an item that is sold or retired can be made available by PUT. Off: it can.
    `writable_cost`: whether PUT /items takes acquisitionCostCents. Off: it is ignored.
    `one_step_returns`: whether POST /return_orders takes "received" at once. Off: a line begins as awaiting, whatever is asked.
    `derived_updates`: whether a status that changes by time alone (overdue, unreceived) moves updatedAt. Off: it does not.
    `occupancy`: what a day of a timeline counts, "occupied" or "available" items.
    `newest_first`: lists begin with the newest; with an `updated` filter, with the last changed. Off: by id from the oldest.
    `throttle_window`: "sliding", or "fixed" minutes; `refusals_count`: whether a refused request counts as well.
    `retry_after`: whether a 429 says how long to wait. `error_body`: "text" instead of {"errors": [...]} outside of returns.
    `import_seconds`: how long an import takes; until then POST /items refuses its variants. `import_seeds_items`: whether
    the units that Shopify counted become items (a merchant saw that); off, they are counted nowhere.
    `metafield_lag_seconds`: how late Supercycle writes its metafields to Shopify.
    `flow_seconds`: how long Shopify Flow takes to run a workflow.
    `extra_fields`: whether objects carry fields that no page names.
    """

    spelling: Spelling = "mixed"
    time_zone: str = "America/New_York"
    buffers: Buffers = Buffers()
    commits_at: Literal["fulfilment", "order"] = "fulfilment"
    resale_sold_at: Literal["fulfilment", "order"] = "fulfilment"
    refunded_resale: Literal["sold", "available"] = "sold"
    unique_serials: bool = False
    guarded_transitions: bool = False
    writable_cost: bool = False
    one_step_returns: bool = False
    derived_updates: bool = False
    occupancy: Literal["occupied", "available"] = "occupied"
    newest_first: bool = True
    throttle_window: Literal["sliding", "fixed"] = "sliding"
    refusals_count: bool = True
    retry_after: bool = False
    error_body: Literal["text", "errors"] = "text"
    import_seconds: float = 60.0
    import_seeds_items: bool = True
    metafield_lag_seconds: float = 300.0
    flow_seconds: float = 5.0
    extra_fields: bool = True
    rate_limit: bool = True
    rate_clock: Literal["simulated", "wall"] = "simulated"
    deliver_in_background: bool = True
    journal_length: int = 20_000
