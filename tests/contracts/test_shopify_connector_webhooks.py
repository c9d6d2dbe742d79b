"""Webhooks as the connector judges them: who sent it, and what it says to look at again."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.shopify_connector import CLIENT_SECRET, DOMAIN, Bench, open_bench
from trueup.base.errors import Invalid, Unauthorized, Unreadable
from trueup.base.secret import Secret
from trueup.remote.hints import About, Hint, HintSource

BODY = b'{"inventory_item_id": 12, "location_id": 3, "available": 7, "updated_at": "2026-11-23T10:00:00Z"}'


def headers(body: bytes = BODY, secret: str = CLIENT_SECRET, changes: dict[str, str] | None = None) -> dict[str, str]:
    """What Shopify sends beside a body."""
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "x-shopify-hmac-sha256": signature,
        "x-shopify-shop-domain": DOMAIN,
        "x-shopify-topic": "inventory_levels/update",
        "x-shopify-webhook-id": "w-1",
        "x-shopify-event-id": "e-1",
        "x-shopify-triggered-at": "2026-11-23T10:00:00Z",
        **(changes or {}),
    }


@pytest.fixture(scope="module")
def bench() -> Bench:
    return open_bench()


def test_a_signed_delivery_is_recognised(bench: Bench) -> None:
    """By its own id; the event's is shared with other deliveries."""
    assert isinstance(bench.shop, HintSource)
    hint = bench.shop.recognise_hint(headers(), BODY)
    assert (hint.delivery, hint.event, hint.topic) == ("w-1", "e-1", "inventory_levels/update")
    [subject] = bench.shop.read_hint(hint, BODY)
    assert (subject.about, subject.key) == (About.STOCK, "gid://shopify/InventoryItem/12")


@pytest.mark.parametrize(
    "sent",
    [
        headers(secret="another"),
        headers(b"another body"),
        headers(changes={"x-shopify-hmac-sha256": ""}),
        headers(changes={"x-shopify-hmac-sha256": "no base64, and not ASCII: ü"}),
        headers(changes={"x-shopify-shop-domain": "other.myshopify.com"}),
    ],
    ids=["secret", "body", "none", "rubbish", "shop"],
)
def test_a_forged_delivery_is_not_read(bench: Bench, sent: dict[str, str]) -> None:
    """Whoever does not know the secret, or is of another shop, is refused."""
    with pytest.raises(Unauthorized):
        bench.shop.recognise_hint(sent, BODY)


def test_a_custom_apps_secret_is_its_own(bench: Bench) -> None:
    """An app made in the admin has a token and an API secret key; without the key nothing is believed."""
    token = {"client_id": "", "client_secret": None, "access_token": Secret("shpat_x")}
    with pytest.raises(Unauthorized, match="webhook_secret"):
        bench.reconnected(**token).recognise_hint(headers(), BODY)
    shop = bench.reconnected(**token, webhook_secret=Secret("own"))
    assert shop.recognise_hint(headers(secret="own"), BODY).delivery == "w-1"


@pytest.mark.parametrize("name", ["x-shopify-webhook-id", "x-shopify-topic"])
def test_a_delivery_without_id_or_topic_is_none(bench: Bench, name: str) -> None:
    """It could not be told from its double, or would say nothing."""
    with pytest.raises(Invalid):
        bench.shop.recognise_hint(headers(changes={name: ""}), BODY)


@pytest.mark.parametrize(
    ("topic", "body", "about", "key"),
    [
        ("inventory_items/update", b'{"id": 5}', About.STOCK, "gid://shopify/InventoryItem/5"),
        ("orders/updated", b'{"id": 6}', About.SALES_ORDER, "gid://shopify/Order/6"),
        ("orders/edited", b'{"order_edit": {"order_id": 7}}', About.SALES_ORDER, "gid://shopify/Order/7"),
        ("app/uninstalled", b"{}", About.CONNECTION, "the app was uninstalled from the shop"),
    ],
)
def test_each_topic_says_what_to_look_at(bench: Bench, topic: str, body: bytes, about: About, key: str) -> None:
    """The thing itself, never what the body says of it."""
    [subject] = bench.shop.read_hint(Hint("w", "e", topic, None), body)
    assert (subject.about, subject.key) == (about, key)


def test_a_topic_that_is_not_ours_says_nothing(bench: Bench) -> None:
    """Somebody may subscribe to more."""
    assert bench.shop.read_hint(Hint("w", "e", "carts/update", None), b"{}") == ()


@given(
    body=st.binary(max_size=200), topic=st.sampled_from(["inventory_levels/update", "orders/edited", "orders/updated"])
)
def test_no_body_breaks_the_reading(bench: Bench, body: bytes, topic: str) -> None:
    """It is read, or it is Unreadable."""
    with contextlib.suppress(Unreadable):
        bench.shop.read_hint(Hint("w", "e", topic, None), body)
