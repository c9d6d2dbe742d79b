"""Webhooks: signed, at least once, in no sure order, retried 8 times over 4 hours of simulated time, and sometimes lost.

Nothing waits for them: they are sent by a background thread, or by `deliver_due` when that is off. Each delivery has its own
X-Shopify-Webhook-Id, kept by its repeats; X-Shopify-Event-Id is shared by all deliveries of one action.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

import httpx2
import msgspec

from trueup.simulators.serving import LOCAL_ONLY
from trueup.simulators.shopify.assembly import write_time
from trueup.simulators.shopify.faults import Faults
from trueup.simulators.shopify.payloads import payload_of
from trueup.simulators.shopify.records import WebhookSubscription
from trueup.simulators.shopify.world import Happening, World

RETRIES = 8
RETRY_SPAN = timedelta(hours=4)
TIMEOUT = httpx2.Timeout(5.0, connect=1.0)
VERSION = "2026-10"
_HOLD = timedelta(minutes=1)  # how long a delivery waits for one to let pass, when reordering
_KEPT_DELIVERIES = 20_000
_POLL_SECONDS = 0.05


def retry_delay(attempt: int) -> timedelta:
    """The wait after failed attempt number `attempt` (from 1): doubling, all eight together four hours."""
    return RETRY_SPAN * (1 << (attempt - 1)) / ((1 << RETRIES) - 1)


@dataclass(slots=True)
class Delivery:
    """One webhook on its way to one subscription."""

    subscription: WebhookSubscription
    webhook_id: str
    event_id: str
    topic: str
    triggered_at: datetime
    body: bytes
    attempts: int = 0
    status: str = "pending"
    replies: list[int] = field(default_factory=list)
    delivered_at: datetime | None = None


class Postbox:
    """Deliveries of a shop."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self._due: list[tuple[datetime, int, Delivery]] = []
        self._held: list[Delivery] = []
        self._sequence = 0
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._client = httpx2.Client(timeout=TIMEOUT, trust_env=False, verify=LOCAL_ONLY)
        self.deliveries: deque[Delivery] = deque(maxlen=_KEPT_DELIVERIES)

    def post(self, happening: Happening) -> None:
        """Queue what happened for everyone who subscribed."""
        for subscription in self._world.subscriptions:
            if subscription.topic == happening.topic:
                self._post_to(subscription, happening)

    def _post_to(self, subscription: WebhookSubscription, happening: Happening) -> None:
        payload = payload_of(happening)
        if subscription.include_fields:
            payload = {name: payload[name] for name in subscription.include_fields if name in payload}
        webhook_id = f"{self._world.chance.getrandbits(128):032x}"
        body = msgspec.json.encode(payload)
        delivery = Delivery(subscription, webhook_id, happening.event_id, happening.topic, happening.at, body)
        self.deliveries.append(delivery)
        topic = [happening.topic]
        now = self._world.now()
        if self._faults.strike("webhook_lost", topic):
            delivery.status = "lost"
        elif self._faults.strike("webhook_reorder", topic):
            self._held.append(delivery)
            self._queue(delivery, now + _HOLD)
        else:
            self._queue(delivery, now)
            if self._faults.strike("webhook_duplicate", topic):
                self._queue(delivery, now)
            self._let_pass(now)

    def _queue(self, delivery: Delivery, due: datetime) -> None:
        self._sequence += 1
        heappush(self._due, (due, self._sequence, delivery))
        if self._world.settings.deliver_in_background and self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._deliver_forever, name="shopify-webhooks", daemon=True)
            self._thread.start()
        self._wake.set()

    def _let_pass(self, now: datetime) -> None:
        """What was held back follows the one that has just overtaken it."""
        if self._held:
            held, self._held = self._held, []
            self._due = [entry for entry in self._due if entry[2] not in held]
            heapify(self._due)
            for delivery in held:
                self._queue(delivery, now)

    def next_due(self) -> datetime | None:
        """When the next delivery is due."""
        with self._world.lock:
            return self._due[0][0] if self._due else None

    def deliver_due(self) -> int:
        """Send everything that is due by now; returns how many sendings were tried."""
        tried = 0
        with self._sending:
            while (delivery := self._take()) is not None:
                tried += 1
                status = self._send(delivery)
                with self._world.lock:
                    self._settle(delivery, status)
        return tried

    def _take(self) -> Delivery | None:
        with self._world.lock:
            if self._due and self._due[0][0] <= self._world.now():
                return heappop(self._due)[2]
            return None

    def _send(self, delivery: Delivery) -> int:
        """The HTTP status, 0 when there was no answer."""
        try:
            return self._client.post(
                delivery.subscription.uri, content=delivery.body, headers=headers_of(self._world, delivery)
            ).status_code
        except httpx2.HTTPError:
            return 0

    def _settle(self, delivery: Delivery, status: int) -> None:
        delivery.attempts += 1
        delivery.replies.append(status)
        subscription = delivery.subscription
        if 200 <= status < 300:
            delivery.status, delivery.delivered_at = "delivered", self._world.now()
            subscription.failures = 0
            return
        if delivery.status == "delivered":
            return
        subscription.failures += 1
        if delivery.attempts <= RETRIES:
            self._queue(delivery, self._world.now() + retry_delay(delivery.attempts))
            return
        delivery.status = "failed"
        if not subscription.from_config and subscription in self._world.subscriptions:
            self._world.subscriptions.remove(subscription)
            self._world.by_id.pop(subscription.id, None)

    def wake(self) -> None:
        """The clock moved: look again."""
        self._wake.set()

    def close(self) -> None:
        """Stop the background thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)
        self._client.close()

    def _deliver_forever(self) -> None:
        while not self._closed:
            self._wake.clear()
            self.deliver_due()
            self._wake.wait(_POLL_SECONDS if self.next_due() is not None else None)


def headers_of(world: World, delivery: Delivery) -> dict[str, str]:
    """The documented headers. Shopify signs over HTTPS alone; here every delivery is signed."""
    secret = delivery.subscription.app.secret.encode()
    signature = hmac.new(secret, delivery.body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic_path(delivery.topic),
        "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
        "X-Shopify-Shop-Domain": world.shop,
        "X-Shopify-API-Version": VERSION,
        "X-Shopify-Webhook-Id": delivery.webhook_id,
        "X-Shopify-Event-Id": delivery.event_id,
        "X-Shopify-Triggered-At": write_time(delivery.triggered_at),
    }
    if delivery.subscription.name:
        headers["X-Shopify-Name"] = delivery.subscription.name
    return headers


def topic_path(topic: str) -> str:
    """INVENTORY_LEVELS_UPDATE as inventory_levels/update."""
    resource, _, action = topic.lower().rpartition("_")
    return f"{resource}/{action}"


def summary(delivery: Delivery) -> dict[str, Any]:
    """A delivery for the control plane."""
    return {
        "topic": delivery.topic,
        "uri": delivery.subscription.uri,
        "webhook_id": delivery.webhook_id,
        "event_id": delivery.event_id,
        "triggered_at": delivery.triggered_at,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "replies": delivery.replies,
        "delivered_at": delivery.delivered_at,
        "payload": msgspec.Raw(delivery.body),
    }
