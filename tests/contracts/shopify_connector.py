"""A shop for the connector's tests: the simulator on a real socket, one clock for both sides, a budget that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.domain.sales_orders import SalesLine, SalesOrder
from trueup.remote.http import HttpClient
from trueup.simulators.serving import Receive, Scope, Send, Serving, serve
from trueup.simulators.shopify import ShopifySimulator

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
DOMAIN = "acme.myshopify.com"
CLIENT_ID = "app-1"
CLIENT_SECRET = "shpss_hidden"
SCOPES = "read_products read_inventory read_locations write_orders write_order_edits write_merchant_managed_fulfillment_orders"


class _Stage:
    """One server for all tests; each brings its own simulator."""

    simulator: ShopifySimulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.simulator.app(scope, receive, send)


@cache
def _stage() -> tuple[_Stage, Serving]:
    stage = _Stage()
    return stage, serve(stage)


@dataclass
class Purse:
    """A leaky bucket as Shopify's own, on the test's clock, that remembers what was taken from it and said to it. What is out of
    it is what counts: whoever speaks of a smaller bucket waits until less is out."""

    clock: ManualClock
    out: float = 0.0
    at: datetime = NOW
    taken: list[float] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        now = self.clock.now()
        self.out = max(0.0, self.out - (now - self.at).total_seconds() * rate_per_second) + cost
        self.at = now
        self.taken.append(cost)
        return max(0.0, (self.out - burst) / rate_per_second)

    def observe(self, name: str, available: float, rate_per_second: float, burst: float) -> None:
        self.observed.append(available)
        self.out, self.at = burst - available, self.clock.now()

    def penalize(self, name: str, seconds: float) -> None:
        self.penalties.append(seconds)


@dataclass
class Bench:
    """A shop with two locations, and the connector to it."""

    simulator: ShopifySimulator
    clock: ManualClock
    purse: Purse
    settings: ShopifySettings
    http: HttpClient
    shop: ShopifyShop

    def variant(self, sku: str) -> Any:
        """The simulator's record of a variant."""
        return self.simulator.world.items_by_sku[sku][0].variant

    def level(self, sku: str, location: str = "Main") -> dict[str, int]:
        """The counts at a location as the shop has them."""
        for level in self.simulator.world.items_by_sku[sku][0].levels.values():
            if level.location.name == location:
                return dict(level.counts)
        return {}

    def orders(self) -> list[dict[str, Any]]:
        """Every order in the shop."""
        found: list[dict[str, Any]] = self.simulator.state()["orders"]
        return found

    def operations(self) -> list[str]:
        """The root fields of the requests that reached the shop."""
        return [name for entry in self.simulator.journal for name in entry["operations"]]

    def reconnected(self, **changes: Any) -> ShopifyShop:
        """Another connector to the same shop, with other settings."""
        return ShopifyShop(replace(self.settings, **changes), self.http, self.purse, self.clock)

    def wanted(self, *lines: tuple[str, int] | tuple[str, int, str], key: str = "amzv:ACME1:PO1") -> SalesOrder:
        """An order for (sku, eaches, price), lines numbered from 1."""
        made = []
        for sequence, (sku, eaches, *price) in enumerate(lines, 1):
            money = Money.of(price[0] if price else "4.17", "USD")
            exact = "4.166666666666666666666666667"
            made.append(SalesLine(sku, self.variant(sku).id, eaches, money, exact, sequence))
        return SalesOrder(key, "PO1", "Amazon US", "ACME1", "main", "USD", NOW, tuple(made), note="Ship by Friday")


def variant(sku: str | None, available: int = 50, **details: Any) -> dict[str, Any]:
    """A variant stocked at Main."""
    return {"sku": sku, "price": "20.00", "levels": {"Main": available}, **details}


def product(title: str, *variants: dict[str, Any], **details: Any) -> dict[str, Any]:
    """A product to seed."""
    return {"title": title, "variants": list(variants), **details}


def metafield(name: str, kind: str, value: str) -> dict[str, str]:
    """A metafield to seed."""
    namespace, key = name.split(".")
    return {"namespace": namespace, "key": key, "type": kind, "value": value}


CATALOGUE = (
    product("Anvil", variant("AN-1")),
    product("Bellows", variant("BE-1")),
    product("Chisel", variant("CH-1", 5)),
)


def open_bench(products: Sequence[dict[str, Any]] = CATALOGUE, scopes: str = SCOPES, **choices: Any) -> Bench:
    """A fresh shop behind the server."""
    clock = ManualClock(NOW)
    simulator = ShopifySimulator(1, DOMAIN, clock.now, deliver_in_background=False, **choices)
    simulator.add_app(CLIENT_ID, CLIENT_SECRET, scopes)
    locations = {name.lower(): simulator.add_location(name).id for name in ("Main", "Annex")}
    simulator.add_products(products)
    stage, serving = _stage()
    stage.simulator = simulator
    settings = ShopifySettings(
        "acme",
        DOMAIN,
        client_id=CLIENT_ID,
        client_secret=Secret(CLIENT_SECRET),
        endpoint=serving.url,
        locations=locations,
    )
    purse = Purse(clock)
    http = HttpClient("acme", settings.base_url, timeout_seconds=20.0)
    return Bench(simulator, clock, purse, settings, http, ShopifyShop(settings, http, purse, clock))
