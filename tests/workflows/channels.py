"""A shop that takes our counts and calls us: goods whose count is ours, webhooks over HTTP, and the words to speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.workflows.installation import LOCATION, SHOP, Goods, Installation, install
from trueup.api.server import build_api
from trueup.base.clock import ManualClock
from trueup.domain.cases import Role
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.simulators.serving import serve
from trueup.storage.database import Database
from trueup.workflows.check_stock import ensure_sweeps
from trueup.workflows.declare_stock import declare_stock
from trueup.workflows.import_products import archive_upload
from trueup.workflows.poll_sales import ensure_sales
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Pace

VASE = Goods("VASE-1", "B000000011", stock=5, declared_source="warehouse")
BOWL = Goods("BOWL-1", "B000000012", stock=5, declared_source="warehouse")
LAMP = Goods("LAMP-1", "B000000001")
KEEPER = Person("Ines", frozenset({Role.OPERATIONS, Role.ADMIN}))
QUIET = Pace(
    poll=timedelta(days=9),
    back_fill=timedelta(hours=3),
    products=timedelta(days=9),
    watch=timedelta(days=9),
    sales=timedelta(days=9),
)
"""What goes round does so rarely, so that what is seen is the path of stock."""


@dataclass
class Channel:
    """An installation seen from its stock."""

    here: Installation
    url: str = ""

    def count(self, **on_hand: int) -> None:
        """The warehouse counts: `VASE_1=12`."""
        rows = [Count(sku.replace("_", "-"), LOCATION, eaches) for sku, eaches in on_hand.items()]
        self.count_all(rows)

    def count_all(self, rows: list[Count]) -> None:
        """A file of counts arrives."""
        content = write_stock_counts(rows)

        def take(tx: Any) -> Any:
            archive_upload(tx, content, "stock-counts", "counts.csv", KEEPER)
            return declare_stock(tx, content, KEEPER)

        assert self.here.engine.act(take).taken

    def pass_time(self, seconds: float) -> None:
        """Let everything happen; webhooks are delivered as they fall due."""
        until = self.here.clock.now() + timedelta(seconds=seconds)
        while True:
            self.here.engine.settle()
            if self.here.shopify.deliver_due():
                continue
            due = min((at for at in (self.here.engine.next_due(), self.here.shopify.next_event()) if at), default=until)
            if due > until:
                break
            self.here.clock.move_to(max(due, self.here.clock.now()))
        self.here.clock.move_to(until)
        self.here.engine.settle()

    def writes(self) -> int:
        """How many writes of stock reached the shop."""
        state = self.here.shopify.state()
        names = ("inventorySetQuantities", "inventoryMoveQuantities")
        return sum(1 for each in state["requests"] if set(each["operations"]) & set(names))

    def reads(self) -> int:
        """How many reads of stock reached the shop."""
        return sum(1 for each in self.here.shopify.state()["requests"] if "nodes" in each["operations"])

    def on_hand(self, sku: str) -> int:
        """What the shop holds."""
        return self.here.level(sku)["on_hand"]

    def rows(self, query: str, **given: Any) -> list[Any]:
        """Of our own database."""
        with self.here.database.transaction() as connection:
            return list(connection.execute(sa.text(query), given))


@contextmanager
def selling(database: Database, clock: ManualClock, *goods: Goods, **choices: Any) -> Iterator[Channel]:
    """The shop and our intake serving, products known, every webhook of stock and orders subscribed to."""
    pace = choices.pop("pace", QUIET)
    sweeps = choices.pop("sweeps", False)
    with (
        install(database, clock, *(goods or (VASE, BOWL, LAMP)), pace=pace, **choices) as here,
        serve(build_api(here.world, here.engine.act)) as api,
    ):
        channel = Channel(here, api.url)
        for topic in ("INVENTORY_LEVELS_UPDATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED"):
            here.shopify.subscribe("app", topic, f"{api.url}/webhooks/shopify/{SHOP}")
        here.engine.act(ensure_sales)
        if sweeps:
            here.engine.act(ensure_sweeps)
        channel.pass_time(5)
        yield channel
