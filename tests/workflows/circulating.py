"""A circular programme in a scenario: Supercycle's simulator serving beside the others, and the words to speak of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.workflows.installation import SHOP, Goods, Installation, install
from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.supercycle import SupercycleSettings, SupercycleV1
from trueup.remote.budget import Unlimited
from trueup.remote.circular import CircularConnection
from trueup.remote.http import HttpClient
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.storage.circular_units import units_of_skus
from trueup.storage.database import Database
from trueup.storage.views import circular as views
from trueup.workflows.poll_circular import ensure_circular
from trueup.workflows.world import Pace, Programme

PROGRAMME, KEY = "supercycle", "sc_live_hidden"
BIKE = Goods(
    "BIKE-1", "B000000007", case_size=1, cost="400.00", tracked=False, circular=True, declared_source="supercycle"
)


@dataclass
class Circulation:
    """The programme of one scenario."""

    installed: Installation
    supercycle: SupercycleSimulator
    variant: int

    def items(self, count: int, **given: Any) -> list[int]:
        """Staff enter items; returns their ids."""
        return [item.id for item in self.supercycle.add_items(self.variant, count, **given)]

    def rent(self, first: int, last: int) -> int:
        """A customer books one, from so many days on to so many; returns the cycle's id."""
        today = self.installed.clock.now()
        start, end = ((today + timedelta(days=days)).date() for days in (first, last))
        return self.supercycle.place_rental(self.variant, start, end).id

    def holder(self, cycle: int) -> int | None:
        """Which item a cycle has by Supercycle's own books."""
        item = self.supercycle.rental(cycle).item
        return item.id if item is not None else None

    def visibilities(self) -> dict[int, str]:
        """Of each item, by Supercycle's own books."""
        return {number: item.visibility for number, item in self.supercycle.world.items.items()}

    def look(self) -> None:
        """Sweep and poll now."""
        self.installed.engine.act(ensure_circular)
        self.installed.pass_time(timedelta(minutes=1))

    def lanes(self) -> dict[str, int]:
        """How many items are in each lane that has some, as our views show it."""
        with self.installed.database.transaction() as connection:
            counts = views.count_lanes(connection, self.installed.clock.now())
        return {lane.value: count for lane, count in counts.items() if count}

    def known(self) -> int:
        """How many items of the product we know."""
        with self.installed.database.transaction() as connection:
            return len(units_of_skus(connection, [BIKE.sku])[BIKE.sku])

    def story(self, item: int) -> dict[str, Any]:
        """The story of one unit."""
        with self.installed.database.transaction() as connection:
            return views.show_item(connection, f"{PROGRAMME}/{item}", self.installed.clock.now())


@contextmanager
def circulate(
    database: Database,
    clock: ManualClock,
    *goods: Goods,
    supercycle_rules: Mapping[str, Any] | None = None,
    **choices: Any,
) -> Iterator[Circulation]:
    """An installation with a programme whose one product is BIKE, imported and without items, polled and swept."""
    rules = {"rate_limit": False, **(supercycle_rules or {})}
    supercycle = SupercycleSimulator(7, now=clock.now, deliver_in_background=False, **rules)
    supercycle.add_key("trueup", KEY)
    numbers: list[int] = []
    with serve(supercycle.app) as server:
        closers: list[Callable[[], None]] = []

        def programmes(on_effect: Callable[[str], None], shopify: ShopifySimulator) -> dict[str, Programme]:
            numbers.append(_import(supercycle, shopify))
            settings = SupercycleSettings(PROGRAMME, Secret(KEY), "USD", "America/New_York", endpoint=server.url)
            http = HttpClient(PROGRAMME, server.url, on_effect=on_effect)
            closers.append(http.close)
            system = SupercycleV1(settings, http, Unlimited(), clock)
            return {PROGRAMME: Programme(PROGRAMME, SHOP, "USD", CircularConnection.of_one(system))}

        hour = timedelta(hours=1)
        pace = Pace(poll=hour, back_fill=timedelta(days=2), circular=hour, sweep=6 * hour, watch=hour)
        chosen = {"pace": pace, **choices}
        with install(database, clock, *(goods or (BIKE,)), programmes=programmes, **chosen) as installed:
            installed.pass_time(timedelta(minutes=1))
            yield Circulation(installed, supercycle, numbers[0])
        for close in closers:
            close()


def _import(supercycle: SupercycleSimulator, shopify: ShopifySimulator) -> int:
    """Supercycle takes over what the shop has of BIKE; returns its variant's bare number."""
    [number] = [int(each.id.rpartition("/")[2]) for each in shopify.world.variants if each.sku == BIKE.sku]
    supercycle.import_now([{"id": 7001, "title": "Cargo bike", "variants": [{"id": number, "sku": BIKE.sku}]}])
    return number
