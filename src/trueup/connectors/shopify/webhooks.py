"""What a shop tells by itself: webhooks, whose sender is proven by their signature, and what each says to look at again.

The signature is base64(HMAC-SHA256(secret, raw body)) and covers the body alone: whatever a header says, its id and its topic
too, is believed only as far as "look again" goes. Source: shopify.dev, "Verify webhook deliveries" and "Webhook delivery
structure": the delivery's key is X-Shopify-Webhook-Id; X-Shopify-Event-Id is shared by the deliveries of one action.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, Unauthorized, Unreadable
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.remote.hints import About, Hint, Subject

LONGEST_ID = 200
TOPICS = (
    "INVENTORY_LEVELS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_DISCONNECT",
    "INVENTORY_ITEMS_UPDATE",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "ORDERS_CANCELLED",
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "REFUNDS_CREATE",
    "BULK_OPERATIONS_FINISH",
    "APP_UNINSTALLED",
    "APP_SCOPES_UPDATE",
)
"""What Trueup wants to hear of; app/shopify.app.toml subscribes to the same."""


class _Level(msgspec.Struct):
    inventory_item_id: int


class _Thing(msgspec.Struct):
    id: int


class _Operation(msgspec.Struct):
    admin_graphql_api_id: str


class _OfOrder(msgspec.Struct):
    order_id: int


class _Edit(msgspec.Struct):
    order_id: int


class _Edited(msgspec.Struct):
    order_edit: _Edit


def recognise(settings: ShopifySettings, headers: Mapping[str, str], body: bytes) -> Hint:
    """Who sent it and what about. Raises Unauthorized, Invalid."""
    where = f"Webhook for shop {settings.name}"
    secret = settings.signing_secret
    if secret is None:
        raise Unauthorized(
            f"{where}: the settings have no secret to check its signature by; give the shop its app's client_secret, or "
            f"webhook_secret for a custom app made in the shop's admin."
        )
    if not _is_signed(headers.get("x-shopify-hmac-sha256", ""), secret.reveal().encode(), body):
        raise Unauthorized(f"{where}: its signature is not that of this shop's app; it is not read.")
    domain = headers.get("x-shopify-shop-domain", settings.shop)
    if domain != settings.shop:
        raise Unauthorized(
            f"{where}: it is of shop {domain!r}, expected {settings.shop}. Correct its address in the app."
        )
    delivery, topic = headers.get("x-shopify-webhook-id", ""), headers.get("x-shopify-topic", "")
    if not 0 < len(delivery) <= LONGEST_ID or not 0 < len(topic) <= LONGEST_ID:
        raise Invalid(f"{where}: id {delivery[:40]!r} and topic {topic[:40]!r}, expected both.")
    event = headers.get("x-shopify-event-id", "")[:LONGEST_ID]
    return Hint(delivery, event, topic, _instant(headers.get("x-shopify-triggered-at", "")))


def read(hint: Hint, body: bytes) -> Sequence[Subject]:
    """What to look at again. Raises Unreadable."""
    try:
        match hint.topic.partition("/"):
            case ("inventory_levels", _, _):
                found = msgspec.json.decode(body, type=_Level)
                return (Subject(About.STOCK, f"gid://shopify/InventoryItem/{found.inventory_item_id}"),)
            case ("inventory_items", _, _):
                item = msgspec.json.decode(body, type=_Thing)
                return (Subject(About.STOCK, f"gid://shopify/InventoryItem/{item.id}"),)
            case ("orders", _, "edited"):
                edited = msgspec.json.decode(body, type=_Edited)
                return (Subject(About.SALES_ORDER, f"gid://shopify/Order/{edited.order_edit.order_id}"),)
            case ("orders", _, _):
                order = msgspec.json.decode(body, type=_Thing)
                return (Subject(About.SALES_ORDER, f"gid://shopify/Order/{order.id}"),)
            case ("fulfillments" | "refunds", _, _):
                part = msgspec.json.decode(body, type=_OfOrder)
                return (Subject(About.SALES_ORDER, f"gid://shopify/Order/{part.order_id}"),)
            case ("bulk_operations", _, _):
                operation = msgspec.json.decode(body, type=_Operation)
                return (Subject(About.EXPORT, operation.admin_graphql_api_id),)
            case ("app", _, "uninstalled"):
                return (Subject(About.CONNECTION, "the app was uninstalled from the shop"),)
            case ("app", _, "scopes_update"):
                return (Subject(About.CONNECTION, "the permissions of the app were changed"),)
            case _:
                return ()
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Unreadable(f"Webhook {hint.delivery} ({hint.topic}): {error}.") from error


def _is_signed(said: str, secret: bytes, body: bytes) -> bool:
    """Compared in constant time, as bytes: text that is not ASCII would stop the comparison."""
    try:
        given = base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, hmac.new(secret, body, hashlib.sha256).digest())


def _instant(text: str) -> datetime | None:
    try:
        return read_instant(text)
    except Invalid:
        return None
