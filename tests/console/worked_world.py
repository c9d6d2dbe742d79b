"""A console in front of a whole world: Amazon, a shop and a programme as real servers, and a worker whose time is turned by hand.

What a person does in the browser is done there, so that a test reads what came of it in the state of those systems themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from tests.console.conftest import NOW
from tests.console.installed import PEOPLE, Console, served
from tests.workflows.installation import AGREEMENT, CHAIR, LAMP, Goods, Installation, fill_master, seed_sides
from trueup.app import Opening, open_application
from trueup.base.clock import ManualClock
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.remote.budget import Unlimited
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.storage.database import Database
from trueup.workflows.flows import FLOWS
from trueup.workflows.watch import ensure_watch

VASE = Goods("VASE-1", "B000000011", cost="10.00", stock=5, declared_source="warehouse")
TENT = Goods(
    "TENT-2", "B000000012", case_size=1, cost="200.00", tracked=False, circular=True, declared_source="supercycle"
)
SETTINGS = """
[installation]
name = "Riverside"
data = "data"
database = "env:DATABASE_URL"
two_persons_above = "120.00 USD"

[[partners]]
name = "amazon-us"
kind = "amazon-vendor"
region = "na"
routes = ["sp-api"]
vendor_codes = ["NORDA"]
client_id = "client"
client_secret = "env:CLIENT_SECRET"
refresh_token = "env:REFRESH_TOKEN"

[[partners.agreements]]
vendor_code = "NORDA"
currency = "USD"
cost_basis = "each"
shop = "shop"
ship_from = "main"

[[shops]]
name = "shop"
kind = "shopify"
domain = "trueup-demo.myshopify.com"
client_id = "app"
client_secret = "env:APP_SECRET"
locations = {{ main = "{location}" }}
publishes_stock = true

[[circular]]
name = "supercycle"
kind = "supercycle"
shop = "shop"
api_key = "env:SUPERCYCLE_KEY"
currency = "USD"
time_zone = "America/New_York"

[trade_ins]
programme = "supercycle"
shop = "shop"
grades = {{ good = {{ percent = 100 }}, broken = {{ percent = 0 }} }}
{people}
[simulation]
amazon_url = "{amazon}"
shopify_url = "{shopify}"
supercycle_url = "{supercycle}"
"""


@dataclass(frozen=True)
class Worked:
    """The console, and what is behind it."""

    console: Console
    here: Installation
    supercycle: SupercycleSimulator
    customer: str

    def work(self, minutes: int = 10) -> None:
        """The worker does all that is due until then."""
        self.here.pass_time(timedelta(minutes=minutes))


@contextmanager
def worked(database: Database, folder: Path) -> Iterator[Worked]:
    """Lamps, chairs and vases in the shop, tents in the programme, nothing ordered; everything that goes round goes round."""
    clock, goods = ManualClock(NOW), (LAMP, CHAIR, VASE, TENT)
    with ExitStack() as stack:
        amazon = AmazonSimulator(now=clock.now, rate_limit=False)
        shopify = ShopifySimulator(now=clock.now, rate_limit=False, deliver_in_background=False)
        supercycle = SupercycleSimulator(7, now=clock.now, deliver_in_background=False, rate_limit=False)
        location = seed_sides(amazon, shopify, goods)
        customer = shopify.add_customer("Cara Nunes").id.rpartition("/")[2]
        supercycle.add_key("trueup", "sc_hidden")
        [number] = [int(each.id.rpartition("/")[2]) for each in shopify.world.variants if each.sku == TENT.sku]
        supercycle.import_now([{"id": 7001, "title": "Tent", "variants": [{"id": number, "sku": TENT.sku}]}])
        urls = [stack.enter_context(serve(each.app)).url for each in (amazon, shopify, supercycle)]
        app = _opened(folder, database, (location, *urls), clock)
        stack.enter_context(app)
        here = Installation(app.database, clock, amazon, shopify, app.world, cast(Any, app.engine))
        fill_master(here, goods, AGREEMENT)
        app.engine.act(ensure_watch)
        here.pass_time(timedelta(minutes=5))
        yield Worked(stack.enter_context(served(app)), here, supercycle, customer)


def _opened(folder: Path, database: Database, places: tuple[str, ...], clock: ManualClock) -> Any:
    """The installation, with an engine that works when it is told."""
    names = dict(zip(("location", "amazon", "shopify", "supercycle"), places, strict=True))
    (folder / "trueup.toml").write_text(SETTINGS.format(people=PEOPLE, **names))
    environ = {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "CLIENT_SECRET": "client-secret",
        "REFRESH_TOKEN": "refresh-token",
        "APP_SECRET": "app-secret",
        "SUPERCYCLE_KEY": "sc_hidden",
        "TRUEUP_MASTER_KEY": base64.b64encode(b"k" * 32).decode(),
    }
    opening = Opening(clock=clock, environ=environ, budget=lambda _engine, _clock: Unlimited())
    app = open_application(folder / "trueup.toml", opening)
    return replace(app, engine=cast(Any, InProcessEngine(app.database.engine, Program(app.world, FLOWS, clock))))
