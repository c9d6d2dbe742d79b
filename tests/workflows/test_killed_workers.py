"""Real worker processes, real time, one SIGKILLed again and again while orders flow: the others end what it began."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.installation import NO_EVIDENCE, VENDOR, Goods, line
from tests.workflows.separate_server import run_separate_server
from trueup.base.clock import write_instant
from trueup.base.money import UnitPrice
from trueup.domain.catalog import Listing, Product
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.control import effects
from trueup.simulators.amazon.control import state as amazon_state
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.storage.database import Database, create_database
from trueup.storage.documents import check_chain
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.products import save_master
from trueup.storage.views.cases import list_cases

CHECKOUT = Path(__file__).parents[2]
GOODS = tuple(
    Goods(f"LAMP-{number}", f"B00000000{number}", cost=f"1{number}.50", stock=2_000) for number in range(1, 6)
)
KILLS, BATCH = 4, 8
SETTINGS = """
[installation]
data = "data"
{database}
[[partners]]
name = "amazon-us"
kind = "amazon-vendor"
region = "na"
routes = ["sp-api"]
vendor_codes = ["{vendor}"]
client_id = "client"
client_secret = "env:APP_SECRET"
refresh_token = "env:REFRESH_TOKEN"
[[partners.agreements]]
vendor_code = "{vendor}"
currency = "USD"
cost_basis = "each"
shop = "shop"
ship_from = "main"
[[shops]]
name = "shop"
kind = "shopify"
domain = "trueup-demo.myshopify.com"
client_id = "client"
client_secret = "env:APP_SECRET"
locations = {{ main = "{location}" }}
[simulation]
amazon_url = "{amazon}"
shopify_url = "{shopify}"
"""


@pytest.fixture
def separate_server(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL that nobody here may start or stop."""
    with run_separate_server(tmp_path) as url:
        yield url


@dataclass
class Company:
    """An installation in a folder, its simulators in this process, its workers in processes of their own."""

    folder: Path
    amazon: AmazonSimulator
    shopify: ShopifySimulator
    environment: dict[str, str]
    stack: ExitStack
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    placed: dict[str, Counter[str]] = field(default_factory=dict)

    def hire(self) -> None:
        """Start a worker process."""
        command = [sys.executable, "-m", "tests.workflows.order_worker", str(self.folder / "trueup.toml")]
        process = subprocess.Popen(command, cwd=CHECKOUT, env=self.environment, stdout=subprocess.PIPE)
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        self.workers.append(process)

    def ready(self) -> None:
        """Return when the newest worker is at work."""
        said = self.workers[-1].stdout
        assert said is not None and said.readline() == b"ready\n", "the worker did not start"

    def kill(self, index: int) -> None:
        """SIGKILL, in the middle of whatever it does."""
        victim = self.workers.pop(index)
        victim.kill()
        victim.wait()

    def order(self, chance: random.Random) -> None:
        """Amazon places an order of one to three lines now."""
        number = f"PO{len(self.placed) + 1:06d}"
        now = datetime.now(UTC)
        amounts = [(goods, chance.randint(1, 4)) for goods in chance.sample(GOODS, chance.randint(1, 3))]
        items = [
            {**line(goods, amount), "itemSequenceNumber": str(index)}
            for index, (goods, amount) in enumerate(amounts, 1)
        ]
        details = {
            "purchaseOrderDate": write_instant(now),
            "purchaseOrderStateChangedDate": write_instant(now),
            "sellingParty": {"partyId": VENDOR},
            "deliveryWindow": f"{write_instant(now + timedelta(days=5))}--{write_instant(now + timedelta(days=12))}",
            "items": items,
        }
        self.amazon.add_orders({"purchaseOrderNumber": number, "purchaseOrderState": "New", "orderDetails": details})
        self.placed[number] = Counter({goods.sku: amount * goods.case_size for goods, amount in amounts})


@contextmanager
def company(folder: Path, database: str = "", **secrets: str) -> Iterator[Company]:
    """Both simulators serving, and the settings of an installation on them. Workers still alive at the end are killed."""
    amazon = AmazonSimulator(acknowledgement_delay=timedelta(0))
    shopify = ShopifySimulator(deliver_in_background=False, plan="plus")
    amazon.add_vendor_group(
        refresh_token="refresh-token", client_id="client", client_secret="app-secret", vendor_codes=[VENDOR]
    )
    shopify.add_app(client_id="client", client_secret="app-secret")
    location = shopify.add_location("main").id
    shopify.add_products(
        [
            {"title": goods.sku, "variants": [{"sku": goods.sku, "price": "20.00", "levels": {"main": goods.stock}}]}
            for goods in GOODS
        ]
    )
    environment = {**os.environ, "APP_SECRET": "app-secret", "REFRESH_TOKEN": "refresh-token", **secrets}
    with serve(amazon.app) as at_amazon, serve(shopify.app) as at_shopify, ExitStack() as stack:
        text = SETTINGS.format(
            database=database, vendor=VENDOR, location=location, amazon=at_amazon.url, shopify=at_shopify.url
        )
        (folder / "trueup.toml").write_text(text)
        yield Company(folder, amazon, shopify, environment, stack)


def eventually(condition: Callable[[], bool], what: str, seconds: float = 75.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def work_and_die(here: Company, database: Database, seed: int) -> None:
    """Orders flow while, at moments that chance chooses, one of two workers is killed and another one hired."""
    chance = random.Random(seed)
    _fill_master(database)
    eventually(lambda: _count(database, "products WHERE shop_variant IS NOT NULL") == len(GOODS), "the shop's products")
    here.hire()
    for _ in range(KILLS):
        here.ready()
        for _ in range(BATCH):
            here.order(chance)
        time.sleep(chance.uniform(0.6, 2.0))
        here.kill(chance.randrange(len(here.workers)))
        here.hire()
    here.ready()
    eventually(
        lambda: _count(database, "deliveries WHERE state = 'accepted'") == len(here.placed),
        f"all {len(here.placed)} orders proven",
    )
    eventually(lambda: _count(database, "cases WHERE state = 'open'") == 0, "no case left")


def agree(here: Company, database: Database) -> None:
    """Every order accepted whole and once, one order each in the shop, and every each accounted for."""
    assert amazon_holds(here) == here.placed
    assert effects(here.amazon)["submitted"] == effects(here.amazon)["applied"] == Counter(list(here.placed))
    assert shop_holds(here) == here.placed
    sold = sum(here.placed.values(), Counter())
    for level in here.shopify.state()["levels"]:
        promised = sold[level["sku"]]
        assert (level["committed"], level["available"]) == (promised, 2_000 - promised), level
        assert level["on_hand"] == 2_000, level
    with database.transaction() as connection:
        assert list_cases(connection, limit=100) == []
        assert check_chain(connection).breaks == ()
        reserved = connection.execute(
            sa.text("SELECT sku, sum(eaches), sum(claimed_eaches) FROM trueup.reservations GROUP BY sku")
        )
        assert {row[0]: (int(row[1]), int(row[2])) for row in reserved} == {
            sku: (eaches, eaches) for sku, eaches in sold.items()
        }
        taken_over, failed = connection.execute(
            sa.text("SELECT count(*) FILTER (WHERE takeovers > 0), count(kind) FROM durable.troubles")
        ).one()
        assert taken_over and not failed, f"{taken_over} runs were taken over, {failed} failed"


def amazon_holds(here: Company) -> dict[str, Counter[str]]:
    """What Amazon holds as accepted, in eaches by SKU; every line whole."""
    found: dict[str, Counter[str]] = {}
    for order in amazon_state(here.amazon)["orders"]:
        accepted: Counter[str] = Counter()
        for row in order["lines"]:
            assert (row["backordered"], row["rejected"]) == (0, 0), row
            accepted[row["vendor_product_identifier"]] += row["accepted"]
        found[order["purchase_order"]] = accepted
    cases = {goods.sku: goods.case_size for goods in GOODS}
    return {number: Counter({sku: count * cases[sku] for sku, count in each.items()}) for number, each in found.items()}


def shop_holds(here: Company) -> dict[str, Counter[str]]:
    """What the shop's orders hold, by purchase order; two for one would add up to too much."""
    found: dict[str, Counter[str]] = {}
    for order in here.shopify.state()["orders"]:
        assert order["cancelled_at"] is None and order["po_number"] not in found, order
        found[order["po_number"]] = Counter({row["sku"]: row["current_quantity"] for row in order["lines"]})
    return found


def _count(database: Database, what: str) -> int:
    with database.transaction() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM trueup.{what}")).scalar_one())


def _fill_master(database: Database) -> None:
    rows: list[tuple[Product, Any]] = []
    for goods in GOODS:
        cost = UnitPrice(Decimal(goods.cost), "USD")
        rows.append(
            (Product(goods.sku, goods.sku, goods.case_size), Listing(VENDOR, goods.sku, goods.asin, goods.sku, cost))
        )
    with database.transaction() as connection:
        save_master(connection, rows, NO_EVIDENCE, datetime.now(UTC))


@pytest.mark.slow
def test_killed_workers_on_the_embedded_database(tmp_path: Path) -> None:
    """SIGKILL again and again, the worker that started the database among them: every order is accepted once and adds up."""
    server = EmbeddedServer(tmp_path / "data")
    with company(tmp_path) as here:
        try:
            here.hire()
            here.ready()
            database = Database(create_database(server.start(), "trueup"))
            work_and_die(here, database, seed=1)
            agree(here, database)
            database.close()
        finally:
            while here.workers:
                here.kill(0)
            server.stop()


@pytest.mark.slow
def test_killed_workers_on_a_separate_postgresql(tmp_path: Path, separate_server: str) -> None:
    """The same on a server known by its URL alone, over TCP with a password: every order is accepted once and adds up."""
    with company(tmp_path, 'database = "env:DATABASE_URL"', DATABASE_URL=separate_server) as here:
        here.hire()
        here.ready()
        database = Database(separate_server)
        work_and_die(here, database, seed=2)
        agree(here, database)
        database.close()
