"""The shop's whole state and its clock: records by id, look-ups by key, ids from the seed, and what happened (for webhooks)."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeVar

from trueup.base.clock import SystemClock, aware_utc
from trueup.simulators.shopify.bulk_records import BulkOperation
from trueup.simulators.shopify.credit_records import Till
from trueup.simulators.shopify.object_records import Drawer
from trueup.simulators.shopify.records import (
    App,
    Company,
    CompanyLocation,
    InventoryItem,
    InventoryLevel,
    Location,
    MetafieldDefinition,
    Order,
    Product,
    Record,
    Variant,
    WebhookSubscription,
)
from trueup.simulators.shopify.search import tokens
from trueup.simulators.shopify.settings import Plan, ShopSettings

R = TypeVar("R", bound=Record)


class ShopClock:
    """Follows `source` (the machine's clock when None). Once set it stands still at that instant until set again or released."""

    def __init__(self, source: Callable[[], datetime] | None) -> None:
        self._source = source or SystemClock().now
        self._fixed: datetime | None = None

    def now(self) -> datetime:
        """The shop's time, in UTC."""
        return self._fixed or aware_utc(self._source())

    def set(self, moment: datetime | None) -> None:
        """Stand at `moment`, backwards too: clocks jump. None follows the source again."""
        self._fixed = None if moment is None else aware_utc(moment)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a webhook may tell: a topic, the record it is about, and the one action (event) that it belongs to."""

    topic: str
    subject: Record
    event_id: str
    at: datetime
    detail: dict[str, Any]


class World:
    """One shop. Every access from outside holds `lock`."""

    def __init__(self, seed: int, shop: str, clock: ShopClock, plan: Plan, settings: ShopSettings) -> None:
        self.lock = threading.RLock()
        self.chance = random.Random(seed)
        self.shop, self.clock, self.plan, self.settings = shop, clock, plan, settings
        self.by_id: dict[str, Record] = {}
        self.locations: list[Location] = []
        self.products: list[Product] = []
        self.variants: list[Variant] = []
        self.items: list[InventoryItem] = []
        self.items_by_sku: dict[str, list[InventoryItem]] = defaultdict(list)
        self._variants_by_token: dict[str, list[Variant]] = defaultdict(list)
        self.orders: list[Order] = []
        self.definitions: dict[tuple[str, str, str], MetafieldDefinition] = {}
        self.by_custom_id: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
        self.company_locations: list[CompanyLocation] = []
        self.subscriptions: list[WebhookSubscription] = []
        self.till = Till()
        self.drawer = Drawer()
        self.bulk_operations: list[BulkOperation] = []
        self.origin = ""
        self.apps: dict[str, App] = {}
        self.listeners: list[Callable[[Happening], None]] = []
        self.order_touched: Callable[[Order], None] = lambda order: None
        self.event_id = ""
        self._numbers: dict[str, int] = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._sequence = 0
        self.created_at = self.now()

    def now(self) -> datetime:
        """The shop's time."""
        return self.clock.now()

    def new_id(self, kind: str, suffix: str = "") -> str:
        """A fresh global id. Each kind counts from its own seeded start, so that one kind's id never predicts another's."""
        number = self._numbers.get(kind) or self.chance.randrange(10**9, 9 * 10**9)
        self._numbers[kind] = number + self.chance.randrange(1, 50)
        return f"gid://shopify/{kind}/{number}{suffix}"

    def new_event(self) -> None:
        """Begin one merchant or app action: what happens until the next shares an event id."""
        self.event_id = f"{self.chance.getrandbits(128):032x}"

    def add(self, record: R) -> R:
        """Make a record findable by its id."""
        self.by_id[record.id] = record
        return record

    def find(self, kind: type[R], gid: object) -> R | None:
        """The record of that kind and id, if there is one."""
        record = self.by_id.get(str(gid))
        return record if isinstance(record, kind) else None

    def happen(self, topic: str, subject: Record, **detail: Any) -> None:
        """Tell the listeners."""
        for listener in self.listeners:
            listener(Happening(topic, subject, self.event_id, self.now(), detail))

    def later(self, seconds: float, act: Callable[[], None]) -> datetime:
        """Do `act` once simulated time has moved on by `seconds`; returns when that is."""
        due = self.now() + timedelta(seconds=seconds)
        self._sequence += 1
        heappush(self._due, (due, self._sequence, act))
        return due

    def settle(self) -> None:
        """Do everything that is due by now."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            heappop(self._due)[2]()

    def next_due(self) -> datetime | None:
        """When the next thing is due."""
        return self._due[0][0] if self._due else None

    def touch(self, order: Order) -> None:
        """The order changed now."""
        order.updated_at = self.now()
        self.order_touched(order)

    def level(self, item: InventoryItem, location: Location) -> InventoryLevel:
        """The level of an item at a location, made when it is missing: since 2026-10 any location can hold any item."""
        found = item.levels.get(location.id)
        if found is None:
            now = self.now()
            item_number = item.id.rsplit("/", 1)[1]
            gid = self.new_id("InventoryLevel", f"?inventory_item_id={item_number}")
            found = item.levels[location.id] = self.add(InventoryLevel(gid, now, now, item, location))
        return found

    def set_sku(self, item: InventoryItem, sku: str | None) -> None:
        """Give an item its SKU and make it findable by it. SKUs are not unique."""
        if item.sku:
            self.items_by_sku[item.sku].remove(item)
            if item.variant:
                for token in set(tokens(item.sku)):
                    self._variants_by_token[token].remove(item.variant)
        item.sku = sku
        if sku:
            self.items_by_sku[sku].append(item)
            if item.variant:
                for token in set(tokens(sku)):
                    self._variants_by_token[token].append(item.variant)

    def variants_with_token(self, token: str) -> list[Variant]:
        """Variants whose SKU has the word."""
        return self._variants_by_token.get(token, [])

    def has_b2b(self) -> bool:
        """Whether the shop sells to companies."""
        return self.settings.b2b if self.settings.b2b is not None else self.plan == "plus"

    def add_location(self, name: str, country_code: str = "US", *, fulfills_online_orders: bool = True) -> Location:
        """A new active location, last in the order of routing."""
        now = self.now()
        location = Location(self.new_id("Location"), now, now, name, country_code)
        location.fulfills_online_orders = fulfills_online_orders
        self.locations.append(self.add(location))
        return location

    def add_company_location(self, company: str, location: str, external_id: str | None = None) -> CompanyLocation:
        """A business customer with one branch."""
        now = self.now()
        parent = self.add(Company(self.new_id("Company"), now, now, company))
        gid = self.new_id("CompanyLocation")
        branch = self.add(CompanyLocation(gid, now, now, location, parent, self.settings.currency, external_id))
        self.company_locations.append(branch)
        return branch
