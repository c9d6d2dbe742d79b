"""What the order benchmarks stand on: a PostgreSQL, both simulators in a process of their own, a vendor and its settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import UnitPrice
from trueup.domain.catalog import Listing, Product
from trueup.durable.worker import prepare
from trueup.storage.database import Database, create_database, read_url
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.products import save_master

CHECKOUT = Path(__file__).resolve().parent.parent
PARTNER, VENDOR, SHOP, PLACE = "amazon-us", "NORDA", "shop", "main"
CLIENT, SECRET, TOKEN = "client", "client-secret", "refresh-token"
PRODUCTS, CASE_SIZE, LINES = 200, 6, 3
STOCK_EACHES = 100_000_000
_TEMPLATE = "template"

_SETTINGS = f"""
[installation]
data = "data"
database = "env:BENCH_DATABASE"
[[partners]]
name = "{PARTNER}"
kind = "amazon-vendor"
region = "na"
routes = ["sp-api"]
vendor_codes = ["{VENDOR}"]
client_id = "{CLIENT}"
client_secret = "env:BENCH_CLIENT_SECRET"
refresh_token = "env:BENCH_REFRESH_TOKEN"
[[partners.agreements]]
vendor_code = "{VENDOR}"
currency = "USD"
cost_basis = "each"
shop = "{SHOP}"
ship_from = "{PLACE}"
[[shops]]
name = "{SHOP}"
kind = "shopify"
domain = "trueup-demo.myshopify.com"
client_id = "{CLIENT}"
client_secret = "env:BENCH_CLIENT_SECRET"
locations = {{ {PLACE} = "LOCATION" }}
[worker]
concurrency = CONCURRENCY
[simulation]
amazon_url = "AMAZON"
shopify_url = "SHOPIFY"
"""


def simulators() -> None:
    """The simulators' process: no latency, no rate limits; tells its addresses and serves until its input ends."""
    from trueup.simulators.amazon import AmazonSimulator
    from trueup.simulators.serving import serve
    from trueup.simulators.shopify import ShopifySimulator

    amazon = AmazonSimulator(rate_limit=False, acknowledgement_delay=timedelta(0))
    shopify = ShopifySimulator(rate_limit=False, deliver_in_background=False)
    amazon.add_vendor_group(refresh_token=TOKEN, client_id=CLIENT, client_secret=SECRET, vendor_codes=[VENDOR])
    shopify.add_app(client_id=CLIENT, client_secret=SECRET)
    location = shopify.add_location(PLACE)
    shopify.add_products(
        [
            {"title": sku, "variants": [{"sku": sku, "price": "20.00", "levels": {PLACE: STOCK_EACHES}}]}
            for sku in map(sku_of, range(PRODUCTS))
        ]
    )
    with serve(amazon.app) as at_amazon, serve(shopify.app) as at_shopify:
        print(json.dumps({"amazon": at_amazon.url, "shopify": at_shopify.url, "location": location.id}), flush=True)
        sys.stdin.read()


def sku_of(index: int) -> str:
    """The SKU of a product."""
    return f"SKU-{index:04}"


def asin_of(index: int) -> str:
    """The ASIN of a product."""
    return f"B{index:09}"


def cost_of(index: int) -> str:
    """The agreed cost per each."""
    return f"{5 + index % 40}.{index % 100:02}"


@dataclass
class Stage:
    """A database and simulators, fresh for one measurement, and the processes that were started on them."""

    database: Database
    folder: Path
    addresses: Mapping[str, str]
    control: httpx2.Client
    stack: ExitStack
    chance: Random

    @property
    def environment(self) -> dict[str, str]:
        """What a worker process is told besides its own environment."""
        url = self.database.url.render_as_string(hide_password=False)
        secrets = {"BENCH_DATABASE": url, "BENCH_CLIENT_SECRET": SECRET, "BENCH_REFRESH_TOKEN": TOKEN}
        return {**os.environ, **secrets}

    def start_process(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start `module.function` of this folder in a process of its own and wait until it says that it is ready."""
        process = self.stack.enter_context(running(program, *arguments, environment=self.environment))
        said = process.stdout.readline() if process.stdout else ""
        if said != "ready\n":
            raise SystemExit(f"{program} ended before it was ready; its words are above.")
        return process

    def place_orders(self, count: int) -> list[str]:
        """Amazon places so many orders now; their numbers."""
        numbers: list[str] = []
        for start in range(0, count, 500):
            orders = [self._order() for _ in range(min(500, count - start))]
            reply = self.control.post("/_simulator/orders", json={"orders": orders}).raise_for_status()
            numbers += reply.json()["added"]
        return numbers

    def requests(self) -> dict[str, int]:
        """How many requests each simulator has answered so far, by operation."""
        found: dict[str, int] = {}
        effects = self.control.get("/_simulator/effects").raise_for_status().json()
        for name, replies in effects["totals"].items():
            found[f"amazon {name}"] = sum(replies.values())
        url = f"{self.addresses['shopify']}/_simulator/state"
        for name, number in httpx2.get(url, trust_env=False, timeout=120).raise_for_status().json()["totals"].items():
            found[f"shopify {name}"] = number
        return found

    def scalar(self, statement: str, **parameters: Any) -> Any:
        """The one value of a query."""
        with self.database.engine.connect() as connection:
            return connection.execute(sa.text(statement), parameters).scalar()

    def _order(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        number = f"B{self.chance.getrandbits(60):015X}"
        items = [
            {
                "itemSequenceNumber": str(sequence),
                "amazonProductIdentifier": asin_of(index),
                "vendorProductIdentifier": sku_of(index),
                "orderedQuantity": {
                    "amount": self.chance.randint(1, 4),
                    "unitOfMeasure": "Cases",
                    "unitSize": CASE_SIZE,
                },
                "isBackOrderAllowed": True,
                "netCost": {"amount": cost_of(index), "currencyCode": "USD"},
            }
            for sequence, index in enumerate(self.chance.sample(range(PRODUCTS), LINES), 1)
        ]
        window = f"{write_instant(now + timedelta(days=5))}--{write_instant(now + timedelta(days=12))}"
        details = {
            "purchaseOrderDate": write_instant(now),
            "purchaseOrderStateChangedDate": write_instant(now),
            "purchaseOrderType": "RegularOrder",
            "paymentMethod": "Invoice",
            "buyingParty": {"partyId": "AMAZON"},
            "sellingParty": {"partyId": VENDOR},
            "shipToParty": {"partyId": "PHX3"},
            "billToParty": {"partyId": "AMAZON"},
            "deliveryWindow": window,
            "items": items,
        }
        return {"purchaseOrderNumber": number, "purchaseOrderState": "New", "orderDetails": details}


@contextmanager
def running(program: str, *arguments: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A Python process that calls `module.function(*arguments)`; ended when the block ends."""
    module, _, function = program.rpartition(".")
    code = f"import sys; from {module} import {function}; {function}(*sys.argv[1:])"
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(60)  # its input has ended, and so does it
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL as the product starts it, durable commits included, in a temporary folder; its URL."""
    with tempfile.TemporaryDirectory(prefix="tub-") as folder, EmbeddedServer(Path(folder)) as embedded:
        url = embedded.start()
        template = Database(create_database(url, _TEMPLATE))
        template.migrate()
        prepare(template.engine)
        with template.transaction() as connection:
            save_master(connection, _item_master(), "0" * 64, datetime.now(UTC))
        template.close()
        yield url


@contextmanager
def stage(server_url: str, *, concurrency: int, seed: int, name: str = "bench") -> Iterator[Stage]:
    """A fresh database and fresh simulators; gone when the block ends."""
    with ExitStack() as stack:
        database = stack.enter_context(_fresh_database(server_url, f"{name}_{seed}_{time.monotonic_ns()}"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tub-")))
        process = stack.enter_context(running("bench.stage.simulators", environment=os.environ))
        addresses = json.loads(process.stdout.readline() if process.stdout else "")
        text = _SETTINGS.replace("AMAZON", addresses["amazon"]).replace("SHOPIFY", addresses["shopify"])
        text = text.replace("LOCATION", addresses["location"]).replace("CONCURRENCY", str(concurrency))
        (folder / "trueup.toml").write_text(text)
        control = stack.enter_context(httpx2.Client(base_url=addresses["amazon"], timeout=120, trust_env=False))
        inner = stack.enter_context(ExitStack())
        yield Stage(database, folder, addresses, control, inner, Random(seed))


@contextmanager
def _fresh_database(server_url: str, name: str) -> Iterator[Database]:
    admin = sa.create_engine(read_url(server_url), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
    database = Database(read_url(server_url).set(database=name))
    try:
        yield database
    finally:
        database.close()
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def _item_master() -> Iterator[tuple[Product, Listing]]:
    for index in range(PRODUCTS):
        sku = sku_of(index)
        cost = UnitPrice(Decimal(cost_of(index)), "USD")
        yield Product(sku, sku, CASE_SIZE), Listing(VENDOR, sku, asin_of(index), sku, cost)
