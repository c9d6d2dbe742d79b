"""Webhooks and signals as they come over the wire: late, doubled, out of order, forged, unreadable; none lost, none believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.workflows.channels import LAMP, QUIET, VASE, Channel, selling
from tests.workflows.installation import SHOP, line
from trueup.api.server import build_api
from trueup.base.clock import ManualClock
from trueup.base.ids import Digest
from trueup.base.secret import Secret
from trueup.formats.requests import KeptRequest, read_requests
from trueup.settings.model import SignalSettings
from trueup.simulators.serving import serve
from trueup.storage.database import Database

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEVEL = b'{"inventory_item_id": %d, "location_id": 3, "available": 7}'


@pytest.fixture
def shop(database: Database) -> Iterator[Channel]:
    """A shop that calls us, and goods."""
    with selling(database, ManualClock(START), VASE, LAMP) as channel:
        yield channel


def post(
    shop: Channel, body: bytes, delivery: str, topic: str = "inventory_levels/update", secret: str = "app-secret"
) -> int:
    """A delivery as Shopify makes it; the status of the answer."""
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Topic": topic,
        "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Shop-Domain": "trueup-demo.myshopify.com",
        "X-Forwarded-For": "203.0.113.9",
    }
    return httpx2.post(f"{shop.url}/webhooks/shopify/{SHOP}", content=body, headers=headers, timeout=30).status_code


def item_number(shop: Channel, sku: str) -> int:
    """The number in the id of an inventory item."""
    return int(shop.here.shopify.world.items_by_sku[sku][0].id.rsplit("/", 1)[1])


def test_a_change_in_the_shop_is_read_at_once(shop: Channel) -> None:
    """A sale's webhook only says "look": what we know afterwards was read, not told."""
    shop.here.shopify.sell("LAMP-1", 3)
    shop.pass_time(1)
    [row] = shop.rows("SELECT available, committed, on_hand FROM trueup.publications WHERE sku = 'LAMP-1'")
    assert tuple(row) == (97, 3, 100)
    assert shop.rows("SELECT published FROM trueup.publications WHERE sku = 'LAMP-1'") == [(None,)]


def test_what_a_webhook_says_is_not_believed(shop: Channel) -> None:
    """A number in it that is wrong, or old, changes nothing."""
    assert post(shop, LEVEL % item_number(shop, "LAMP-1"), "w-1") == 200
    shop.pass_time(1)
    assert shop.rows("SELECT available FROM trueup.publications WHERE sku = 'LAMP-1'") == [(100,)]


def test_a_double_is_answered_and_dropped(shop: Channel) -> None:
    """The same delivery again, in one breath or an hour later, is looked at once; both are archived."""
    body = LEVEL % item_number(shop, "LAMP-1")
    reads = shop.reads()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: post(shop, body, "w-1"), range(8)))
    shop.pass_time(3600)
    assert {*statuses, post(shop, body, "w-1")} == {200}
    shop.pass_time(60)
    assert shop.reads() - reads == 1
    assert shop.rows("SELECT count(*) FROM trueup.hints") == [(1,)]
    assert sum(len(each) for each in kept(shop)) == 9


def test_deliveries_are_kept_byte_for_byte_and_without_secrets(shop: Channel) -> None:
    """The archive has the body as it came and what Shopify said of it; not what proxies added."""
    body = b'{"inventory_item_id":   1,\r\n\r\n "available": 7}'
    assert post(shop, body, "w-1") == 200
    [[request]] = kept(shop)
    assert request.body == body
    assert dict(request.headers)["x-shopify-webhook-id"] == "w-1"
    assert not [name for name, _ in request.headers if not name.startswith("x-shopify-")]


def test_a_forged_delivery_leaves_no_trace(shop: Channel) -> None:
    """Refused before anything is kept: neither row nor document, whatever the address."""
    body = LEVEL % item_number(shop, "LAMP-1")
    assert post(shop, body, "w-1", secret="guessed") == 401
    assert httpx2.post(f"{shop.url}/webhooks/shopify/nobody", content=body).status_code == 404
    assert httpx2.post(f"{shop.url}/webhooks/shopify/{SHOP}", content=b"x" * 5_500_000).status_code == 413
    assert kept(shop) == [] and shop.rows("SELECT count(*) FROM trueup.stock_looks") == [(0,)]


def test_a_delivery_that_cannot_be_read_is_kept_and_told(shop: Channel) -> None:
    """Shopify must not send it again for a day; a person hears of it, and those beside it are not lost."""
    assert post(shop, b"[1, 2", "w-1") == 200
    assert post(shop, LEVEL % item_number(shop, "LAMP-1"), "w-2") == 200
    shop.pass_time(5)
    assert shop.here.case_kinds() == ["hint.unreadable"]
    assert shop.rows("SELECT available FROM trueup.publications WHERE sku = 'LAMP-1'") == [(100,)]


def test_order_and_delay_do_not_matter(shop: Channel) -> None:
    """Held back, overtaken and doubled, the webhooks of three sales end in what the shop holds."""
    shop.here.shopify.add_fault("webhook_reorder", count=2)
    shop.here.shopify.add_fault("webhook_duplicate", count=2)
    for eaches in (1, 2, 3):
        shop.here.shopify.sell("LAMP-1", eaches)
        shop.pass_time(1)
    shop.pass_time(120)
    assert shop.rows("SELECT available, committed FROM trueup.publications WHERE sku = 'LAMP-1'") == [(94, 6)]


def test_our_order_changed_by_hand_is_looked_at(database: Database) -> None:
    """Someone cancels our order in the shop's admin: the webhook has it looked at, and a person is told."""
    pace = replace(QUIET, poll=timedelta(minutes=15))
    with selling(database, ManualClock(START), pace=pace) as shop:
        here = shop.here
        number = here.order(line(LAMP, 2))
        here.pass_time(timedelta(hours=1))
        [order] = here.shop_orders(number)
        here.shopify.deliver_due()
        shop.pass_time(60)
        assert here.case_kinds() == []
        here.shopify.cancel_by_hand(order["name"])
        shop.pass_time(5)
        assert "shop.differs" in here.case_kinds()


def test_the_app_that_was_uninstalled_is_told(shop: Channel) -> None:
    """From then on nothing works; `trueup check` says what."""
    assert post(shop, b"{}", "w-1", "app/uninstalled") == 200
    assert shop.here.case_kinds() == ["connection.changed"]


def test_a_signal_brings_the_next_round_forward(database: Database) -> None:
    """Who knows the secret has the connection asked now; often, and it is asked now and then."""
    signals = (SignalSettings.model_construct(name="items", secret=Secret("s3cret"), about=SHOP),)
    with (
        selling(database, ManualClock(START), pace=replace(QUIET, products=timedelta(hours=5))) as shop,
        serve(build_api(shop.here.world, shop.here.engine.act, signals)) as api,
    ):
        url, good = f"{api.url}/webhooks/flow/items", {"authorization": "Bearer s3cret"}
        shop.pass_time(600)
        [before] = shop.rows("SELECT round FROM trueup.sources WHERE query = 'products'")
        assert httpx2.post(url, headers=good, content=b"{}").status_code == 202
        shop.pass_time(1)
        assert httpx2.post(url, headers=good, content=b"{}").status_code == 202
        assert httpx2.post(url, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert httpx2.post(f"{api.url}/webhooks/flow/other", headers=good).status_code == 404
        shop.pass_time(5)
        [after] = shop.rows("SELECT round FROM trueup.sources WHERE query = 'products'")
        assert after[0] >= before[0] + 2
        assert httpx2.get(f"{api.url}/health").json()["status"] == "well"


def kept(shop: Channel) -> list[list[KeptRequest]]:
    """The archived deliveries, document by document."""
    found = []
    with shop.here.database.transaction() as connection:
        for row in shop.rows("SELECT digest FROM trueup.documents WHERE kind = 'hints' ORDER BY id"):
            found.append(list(read_requests(shop.here.world.read(connection, Digest(row[0])))))
    return found
