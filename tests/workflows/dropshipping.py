"""Direct fulfillment for scenarios: a vendor code of the programme, its warehouse at Amazon, and our connection to both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from tests.workflows.installation import CHAIR, LAMP, LOCATION, NO_EVIDENCE, PARTNER, SHOP, Installation, install
from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor.direct_fulfillment import AmazonDirectFulfillment, direct_fulfillment_name
from trueup.connectors.amazon_vendor.vendor import AmazonVendor
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.domain.buffers import BufferRule
from trueup.domain.catalog import Listing, Product
from trueup.domain.direct_fulfillment import DirectFulfillment
from trueup.domain.partners import Partner
from trueup.remote.budget import Unlimited
from trueup.simulators.amazon.access import DIRECT_SHIPPING
from trueup.simulators.amazon.warehouses import warehouses_state
from trueup.storage.database import Database
from trueup.storage.products import save_master
from trueup.workflows.tell_inventory import ensure_inventory
from trueup.workflows.wake_stock import look_now
from trueup.workflows.world import Pace, PartnerRoutes

CODE, WAREHOUSE = "DROPA", "WH1"
TERMS = DirectFulfillment(PARTNER, CODE, WAREHOUSE, LOCATION, BufferRule(2))
SINK = direct_fulfillment_name(PARTNER)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = Pace(back_fill=timedelta(days=2), poll=6 * HOUR, products=HOUR, watch=DAY, silence=3 * DAY)
CATALOGUE = [{"asin": each.asin, "vendor_product_id": each.sku} for each in (LAMP, CHAIR)]


class Dropshipping:
    """An installation that tells a warehouse's numbers, and words for what Amazon makes of them."""

    def __init__(self, here: Installation) -> None:
        self.here = here

    def warehouse(self, *items: dict[str, Any]) -> None:
        """Amazon's catalogue of the warehouse from now on."""
        self.here.amazon.add_warehouses(
            [{"vendor_code": CODE, "warehouse": WAREHOUSE, "items": [*(items or CATALOGUE)]}]
        )

    def lie(self, kind: str, **more: Any) -> None:
        """Amazon tells a lie about updates."""
        self.here.amazon.add_fault({"kind": kind, "operation": "submitInventoryUpdate", **more})

    def sell(self, eaches: int, sku: str = LAMP.sku) -> None:
        """The shop sells some, and we hear of it."""
        self.here.shopify.sell(sku, eaches)
        self.here.engine.act(look_now, SHOP, [self.here.shopify.world.items_by_sku[sku][0].id])

    @property
    def held(self) -> dict[str, int]:
        """What Amazon believes lies there, by ASIN."""
        found: dict[str, int] = warehouses_state(self.here.amazon)["warehouses"][WAREHOUSE]["held"]
        return found

    @property
    def updates(self) -> list[tuple[bool, int, str]]:
        """Every update that reached Amazon: whether it was full, how many items, and what came of it."""
        return [(each["full"], each["items"], each["status"]) for each in self.submitted]

    @property
    def submitted(self) -> list[dict[str, Any]]:
        """The same, whole."""
        found: list[dict[str, Any]] = warehouses_state(self.here.amazon)["transactions"]
        return found

    def case(self, kind: str) -> dict[str, Any]:
        """The one open case of a kind."""
        [found] = [each for each in self.here.open_cases() if each["kind"] == kind]
        return found


@contextmanager
def dropship(
    database: Database, clock: ManualClock, terms: DirectFulfillment = TERMS, **choices: Any
) -> Iterator[Dropshipping]:
    """Lamps and chairs that Amazon may sell from our warehouse; the first round is set."""
    with install(database, clock, LAMP, CHAIR, pace=QUIET, **choices) as here:
        here.amazon.add_vendor_group(
            refresh_token="direct",
            client_id="client-direct",
            client_secret="secret-direct",
            vendor_codes=[CODE],
            roles=[DIRECT_SHIPPING],
        )
        rows = [(Product(each.sku, each.sku, each.case_size), _listing(each)) for each in (LAMP, CHAIR)]
        with database.transaction() as connection:
            save_master(connection, rows, NO_EVIDENCE, clock.now())
        vendor = cast(AmazonVendor, here.world.connections.order_sources[PARTNER])
        settings = replace(
            vendor.settings,
            client_id="client-direct",
            client_secret=Secret("secret-direct"),
            refresh_token=Secret("direct"),
        )
        sink = AmazonDirectFulfillment(settings, Unlimited(), clock, wire=Wire(None, here.engine.count_effect))
        here.world.connections.inventory_sinks[SINK] = sink
        partners = cast(dict[str, Partner], here.world.partners)
        partners[PARTNER] = replace(partners[PARTNER], direct_fulfillment=(terms,))
        routes = cast(dict[str, PartnerRoutes], here.world.routes)
        routes[PARTNER] = replace(routes[PARTNER], inventory=SINK)
        found = Dropshipping(here)
        found.warehouse()
        here.pass_time(MINUTE)
        here.engine.act(look_now, SHOP, [here.shopify.world.items_by_sku[each.sku][0].id for each in (LAMP, CHAIR)])
        here.engine.act(ensure_inventory)
        yield found
        sink.close()


def _listing(goods: Any) -> Listing:
    return Listing(CODE, goods.sku, goods.asin, goods.sku, None)
