"""Stock kept true: counts of the warehouse published and read back, webhooks taken in, and what no webhook told found by sweeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.api.server import build_api
from trueup.app import Application
from trueup.base.clock import write_instant
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import Cue, Part, Player, Rows, Stage, plain
from trueup.demo.shelf import OnStage
from trueup.simulation import installation
from trueup.simulation.auditor import audit_stock
from trueup.simulation.catalogue import WAREHOUSE
from trueup.simulation.circular.shelf import ORDER_OF_VASES, WEBHOOKS_FROM, make_shelf_plan
from trueup.simulation.season.joined import JoinedSeason, shelf_of
from trueup.simulation.season.plan import SeasonPlan
from trueup.simulation.statements.evidence import Statement
from trueup.simulators.serving import serve
from trueup.storage.views.cases import list_cases
from trueup.storage.views.channels import list_channel_stock, measure_channels

_TOPICS = ("INVENTORY_LEVELS_UPDATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED")
_HALF_DAYS = 10
_READ_WITHIN = timedelta(minutes=30)
"""A sweep's two hundred products are three requests, and simulated time goes in strides of ten minutes."""


@dataclass
class Stock(Player):
    """The shelf's days as they are played."""

    stage: Stage
    plan: SeasonPlan
    address: str = ""
    _platform: OnStage | None = None
    _season: JoinedSeason | None = None

    @property
    def platform(self) -> OnStage:
        """The shop and Trueup."""
        assert self._platform is not None
        return self._platform

    @property
    def season(self) -> JoinedSeason:
        """What happened so far."""
        assert self._season is not None
        return self._season

    def begin(self, app: Application) -> None:
        """What other systems call listens, in this process."""
        self._platform = OnStage(self.stage, app)
        self._season = JoinedSeason(self.plan, self._platform, _READ_WITHIN)
        serving = self.stage.stack.enter_context(serve(build_api(app.world, app.engine.act, app.settings.signals)))
        self.address = f"{serving.url}/webhooks/shopify/{installation.SHOP}"

    def cues(self) -> Iterable[Cue]:
        """The plan; when the shop begins to call; and, after each sweep, when it was."""
        day, hour = WEBHOOKS_FROM
        yield Cue(self.plan.start + timedelta(days=day, hours=hour, minutes=10), self._subscribe)
        for at, act in self.season.cues():
            yield Cue(at, act)
        for number in range(_HALF_DAYS):
            at = self.plan.start + timedelta(hours=12 * number, minutes=10)
            yield Cue(at, self.platform.note_sweep)

    def _subscribe(self) -> None:
        for topic in _TOPICS:
            self.stage.shop.subscribe(installation.SHOP_CLIENT, topic, self.address)

    def progress(self, connection: sa.Connection) -> Rows:
        """What is published, heard, and drifts."""
        measured = next(iter(measure_channels(connection)), None)
        heard = connection.execute(sa.text("SELECT count(*) FROM trueup.hints")).scalar_one()
        words = "nothing published yet"
        if measured is not None:
            words = f"{measured['published']} counts published, {measured['drifting']} drifting, {heard} webhooks"
        return [("stock in the shop", words)]

    def evidence(self) -> dict[str, Any]:
        """What happened to the shelf, what the shop holds, what Trueup wrote, read and heard."""
        shop = plain(self.stage.shop.state())
        skus = [product.sku for product in shelf_of(self.plan)]
        with self.platform.app.database.transaction() as connection:
            listed = list_channel_stock(connection, drifting=False, limit=EVERYTHING)
            channel = {
                "publications": [row for row in listed if row["sku"] in skus],
                "observations": [
                    {"sku": row.sku, "at": write_instant(row.observed_at)}
                    for row in connection.execute(_OBSERVED, {"skus": skus})
                ],
                "hints": [{"delivery": row.delivery} for row in connection.execute(_HEARD)],
                "measured": measure_channels(connection),
                "cases": list_cases(connection, state=None, kind="stock.drift", limit=EVERYTHING),
            }
        of_shop = {name: shop[name] for name in ("webhooks", "requests")}
        levels = [level for level in shop["levels"] if level["sku"] in skus]
        return {
            "season": self.season.evidence(),
            "channel": {
                **channel,
                "shop": {**of_shop, "levels": levels},
                "location": WAREHOUSE,
                "address": self.address,
            },
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Sales, webhooks and drifts, counted, with the delays that were measured."""
        season, channel = evidence["season"], evidence["channel"]
        mine = [each for each in channel["shop"]["webhooks"] if each["uri"] == self.address]
        statuses = [each["status"] for each in mine]
        return {
            "products": len(season["products"]),
            "sold": sum(row["got"] for row in season["demands"]),
            "webhooks": {name: statuses.count(name) for name in sorted(set(statuses))},
            "drifts": [{name: case[name] for name in ("title", "state", "note")} for case in channel["cases"]],
            "measured": channel["measured"],
            "seen": [
                {"title": statement.title, "numbers": statement.numbers}
                for statement in audit_stock(evidence)
                if statement.name == "lost-webhook-found"
            ],
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of stock and of what is said about it."""
        return audit_stock(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        heard = ", ".join(f"{count} {status}" for status, count in summary["webhooks"].items())
        rows = [
            ("shelf", f"{summary['products']} products counted by the warehouse, {summary['sold']} pieces sold"),
            ("webhooks", heard),
        ]
        rows += [("drift", f"{drift['title']} ({drift['state']})") for drift in summary["drifts"]]
        for seen in summary["seen"]:
            numbers = seen["numbers"]
            words = f"found by the sweep after {numbers.get('minutes until the sweep', 0)} minutes"
            rows.append(
                ("lost webhook", f"{words}; the others took {numbers.get('longest seconds by webhook', 0)} s at most")
            )
        return rows

    def commands(self) -> list[str]:
        """The number and its sum, its history, and what the shop was told."""
        sku = shelf_of(self.plan)[0].sku
        return [f"stock show {sku}", f"stock history {sku}", "stock drift --all"]


_OBSERVED = sa.text(
    "SELECT sku, observed_at FROM trueup.stock_observations WHERE counted = 'shop' AND sku = ANY(:skus) ORDER BY id"
)
_HEARD = sa.text("SELECT delivery FROM trueup.hints ORDER BY delivery")


def _join(stage: Stage) -> Stock:
    stage.apart.orders.add(ORDER_OF_VASES)
    return Stock(stage, make_shelf_plan(stage.seed, stage.start, stage.end))


PART = Part("stock", "Stock in the shop, kept true", 40, _join)
