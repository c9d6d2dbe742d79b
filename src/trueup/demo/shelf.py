"""The stage as a season meets it: shoppers and staff of the shop, Amazon's orders, the warehouse's counts, and Trueup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.base.errors import Conflict
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import Stage, person
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.simulation import installation
from trueup.simulation.catalogue import WAREHOUSE
from trueup.simulation.circular.goods import GOODS, TERMS
from trueup.simulation.happenings import Line, Order, amazon_order, instant
from trueup.simulation.season.joined import told_drift
from trueup.storage.views.cases import list_cases
from trueup.workflows.declare_stock import declare_stock
from trueup.workflows.import_products import archive_upload
from trueup.workflows.world import Tx

_HEARD = "INVENTORY_LEVELS_UPDATE"
_TOLD = {"twice": "webhook_duplicate", "late": "webhook_reorder", "never": "webhook_lost"}
_SWEPT = sa.text("SELECT covered_until FROM trueup.sources WHERE query = 'stock-sweep' AND covered_until IS NOT NULL")


@dataclass
class OnStage:
    """The Platform of the demonstration's shelf."""

    stage: Stage
    app: Application
    numbers: list[str] = field(default_factory=list)
    _swept: set[datetime] = field(default_factory=set)

    def level(self, sku: str) -> dict[str, Any]:
        """The shop's own numbers of a product at the warehouse."""
        levels = self.stage.shop.state()["levels"]
        return next(row for row in levels if row["sku"] == sku and row["location"] == WAREHOUSE)

    def offered(self, sku: str) -> int:
        """What the shop would sell of a product now."""
        return int(self.level(sku)["available"])

    def sell(self, sku: str, eaches: int, told: str) -> bool:
        """A shopper tries to buy; the shop tells of it once, twice, late or never."""
        if told in _TOLD and self.offered(sku) >= eaches:
            self.stage.shop.add_fault(_TOLD[told], operation=_HEARD)
        try:
            self.stage.shop.sell(sku, eaches)
        except Conflict:
            return False
        return True

    def change_by_hand(self, sku: str, by: int) -> None:
        """Somebody changes the number in the shop, and no word of it gets out."""
        self.stage.shop.add_fault("webhook_lost", operation=_HEARD)
        self.stage.shop.count_by_hand(sku, WAREHOUSE, by)

    def declare(self, counts: Mapping[str, int]) -> None:
        """A file of the warehouse is archived and read."""
        by = person(self.app, installation.DECIDER)
        content = write_stock_counts([Count(sku, installation.PLACE, eaches) for sku, eaches in counts.items()])

        def take_in(tx: Tx) -> bool:
            archive_upload(tx, content, "stock-counts", "counts.csv", by)
            return declare_stock(tx, content, by).taken

        assert self.app.engine.act(take_in), "the warehouse's own counts are read whole"

    def order(self, number: str, sku: str, eaches: int) -> None:
        """Amazon orders under the vendor code of these goods."""
        now, of = self.stage.clock.now(), next(each for each in GOODS if each.sku == sku)
        opens = (now + timedelta(days=1)).replace(hour=0, minute=0)
        window = (opens, opens + timedelta(days=8))
        order = Order(number, TERMS.partner, TERMS.vendor_code, TERMS.currency, TERMS.route, now, "shelf", window)
        order.lines.append(Line(1, of.asin, sku, eaches, "Eaches", 1, Decimal(of.cost)))
        self.stage.amazon.add_orders(amazon_order(order))
        self.numbers.append(number)

    def crash(self) -> None:
        """The demonstration's one process does not die: that is for the tests."""

    def throttle(self) -> None:
        """The shop refuses the next write of stock."""
        self.stage.shop.add_fault("throttled", operation="inventorySetQuantities")

    def accepted(self) -> Sequence[Mapping[str, Any]]:
        """What the shop committed for these purchase orders."""
        return [
            {
                "order": order["po_number"],
                "sku": line["sku"],
                "at": instant(order["created_at"]),
                "accepted": line["current_quantity"],
            }
            for order in self.stage.shop.state()["orders"]
            if order["po_number"] in self.numbers and order["cancelled_at"] is None
            for line in order["lines"]
        ]

    def drifts(self) -> Sequence[Mapping[str, Any]]:
        """The drifts that were told."""
        with self.app.database.transaction() as connection:
            cases = list_cases(connection, state=None, kind="stock.drift", limit=EVERYTHING)
        return [told_drift(case) for case in cases]

    def note_sweep(self) -> None:
        """Remember when the newest sweep was."""
        with self.app.database.transaction() as connection:
            self._swept |= set(connection.execute(_SWEPT).scalars())

    def swept(self) -> Sequence[datetime]:
        """When sweeps were."""
        self.note_sweep()
        return sorted(self._swept)
