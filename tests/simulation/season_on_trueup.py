"""A season of stock on the platform: both simulators over HTTP, a real database, one engine, and time that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.workflows.channels import QUIET, Channel, selling
from tests.workflows.installation import LOCATION, Goods, line
from trueup.base.clock import ManualClock, write_instant
from trueup.base.errors import Conflict
from trueup.durable.in_process import Crashed
from trueup.formats.stock_counts import Count
from trueup.simulation.season.joined import JoinedSeason, shelf_of, told_drift
from trueup.simulation.season.plan import SWEEP_EVERY, SeasonPlan
from trueup.storage.database import Database
from trueup.storage.views.cases import list_cases

_HEARD = "INVENTORY_LEVELS_UPDATE"
_TOLD = {"twice": "webhook_duplicate", "late": "webhook_reorder", "never": "webhook_lost"}
_SWEPT = "SELECT last_success_at FROM trueup.sources WHERE query = 'stock-sweep' AND last_success_at IS NOT NULL"


@dataclass
class OnTrueup:
    """The platform of a season: a shop, Amazon, and Trueup between them."""

    channel: Channel
    goods: Mapping[str, Goods]
    sweeps: set[datetime] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)
    crashes: int = 0

    def until(self, moment: datetime) -> None:
        """Let everything happen up to a moment; who dies meanwhile comes back."""
        while (left := moment - self.channel.here.clock.now()) >= timedelta(0):
            try:
                self.channel.pass_time(left.total_seconds())
            except Crashed:
                self.crashes += 1
                self.channel.here.engine.resume()
            else:
                break
        self.sweeps |= {row[0] for row in self.channel.rows(_SWEPT)}

    def offered(self, sku: str) -> int:
        return self.channel.here.level(sku)["available"]

    def sell(self, sku: str, eaches: int, told: str) -> bool:
        shop = self.channel.here.shopify
        if told in _TOLD and self.offered(sku) >= eaches:
            shop.add_fault(_TOLD[told], operation=_HEARD)
        try:
            shop.sell(sku, eaches)
        except Conflict:
            return False
        return True

    def change_by_hand(self, sku: str, by: int) -> None:
        self.channel.here.shopify.add_fault("webhook_lost", operation=_HEARD)
        self.channel.here.shopify.count_by_hand(sku, LOCATION, by)

    def declare(self, counts: Mapping[str, int]) -> None:
        self.channel.count_all([Count(sku, LOCATION, eaches) for sku, eaches in counts.items()])

    def order(self, number: str, sku: str, eaches: int) -> None:
        self.numbers.append(number)
        self.channel.here.order(line(self.goods[sku], eaches, "Eaches"), number=number)

    def crash(self) -> None:
        self.channel.here.engine.resume(crash_at=self.channel.here.engine.effects + 3 + self.crashes)

    def throttle(self) -> None:
        self.channel.here.shopify.add_fault("throttled", operation="inventorySetQuantities", count=3)

    def accepted(self) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "order": number,
                "sku": row["sku"],
                "at": write_instant(order["created_at"]),
                "accepted": row["current_quantity"],
            }
            for number in self.numbers
            for order in self.channel.here.shop_orders(number)
            for row in order["lines"]
        ]

    def drifts(self) -> Sequence[Mapping[str, Any]]:
        with self.channel.here.database.transaction() as connection:
            cases = list_cases(connection, state=None, limit=1000)
        return [told_drift(case) for case in cases if case["kind"] == "stock.drift"]

    def swept(self) -> Sequence[datetime]:
        return sorted(self.sweeps)


def play_season(database: Database, plan: SeasonPlan) -> tuple[dict[str, Any], OnTrueup]:
    """The evidence of a season, and the platform as it was left."""
    with _opened(database, plan) as platform:
        season = JoinedSeason(plan, platform)
        for at, act in sorted(season.cues(), key=lambda cue: cue[0]):
            platform.until(at)
            act()
        platform.until(plan.end)
        return season.evidence(), platform


@contextmanager
def _opened(database: Database, plan: SeasonPlan) -> Iterator[OnTrueup]:
    goods = {
        product.sku: Goods(product.sku, f"B{number:09d}", case_size=1, stock=product.units, declared_source="warehouse")
        for number, product in enumerate(shelf_of(plan), 1)
    }
    pace = replace(QUIET, poll=timedelta(minutes=30), stock_sweep=SWEEP_EVERY)
    clock = ManualClock(plan.start - timedelta(minutes=5))
    with selling(database, clock, *goods.values(), pace=pace, sweeps=True) as channel:
        yield OnTrueup(channel, goods)
