"""The Shopify simulator: one shop's state, what time and people do to it, and the door that every request passes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.simulators.shopify import catalogue, edits, order_input, orders, shopping, stock
from trueup.simulators.shopify.access import Access
from trueup.simulators.shopify.credit_records import Customer, Refund
from trueup.simulators.shopify.engine import Engine, Note, Reply, json_reply
from trueup.simulators.shopify.faults import Fault, Faults
from trueup.simulators.shopify.order_index import OrderIndex
from trueup.simulators.shopify.other_mutations import deliverable
from trueup.simulators.shopify.records import (
    App,
    CompanyLocation,
    Location,
    Order,
    Product,
    WebhookSubscription,
)
from trueup.simulators.shopify.server import ShopServer, unauthorized
from trueup.simulators.shopify.settings import ALL_SCOPES, RESTORE_POINTS_A_SECOND, Plan, ShopSettings
from trueup.simulators.shopify.state import order_state, state_of
from trueup.simulators.shopify.webhooks import Postbox
from trueup.simulators.shopify.world import ShopClock, World

SHOPPER_APP = "online-store"  # the shop's own sales channel, which storefront orders come through


class ShopChoices(TypedDict, total=False):
    """What may be chosen of the ShopSettings when a simulator is made."""

    currency: str
    search_lag_seconds: float
    total_inventory_lag_seconds: float
    job_delay_seconds: float
    bulk_seconds: float
    bulk_seconds_a_thousand: float
    duplicate_custom_id: Literal["accepts", "rejects"]
    claim_refusal: Literal["claim_failed", "invalid"]
    nodes_priced: Literal["each", "once"]
    b2b: bool | None
    rate_limit: bool
    rate_clock: Literal["simulated", "wall"]
    deliver_in_background: bool
    journal_length: int


class ShopifySimulator:
    """State in memory and an ASGI application, `app`, in front of it. Safe to use from any thread.

    `now` gives the time (the machine's by default) until the clock is set; `seed` makes ids and probable faults repeatable;
    further keywords choose the ShopSettings. A shop begins with no app, location or product.
    """

    def __init__(
        self,
        seed: int = 0,
        shop: str = "trueup-demo.myshopify.com",
        now: Callable[[], datetime] | None = None,
        plan: Plan = "standard",
        **choices: Unpack[ShopChoices],
    ) -> None:
        if plan not in RESTORE_POINTS_A_SECOND:
            raise Invalid(f"Plan {plan!r}: expected one of {', '.join(RESTORE_POINTS_A_SECOND)}.")
        settings = replace(ShopSettings(), **choices)
        self._clock = ShopClock(now)
        self.world = World(seed, shop, self._clock, plan, settings)
        self.faults = Faults(self.world.chance)
        self.access = Access(self.world)
        index = OrderIndex(self.world, self.faults)
        self.world.order_touched = index.touched
        self.postbox = Postbox(self.world, self.faults)
        self.world.listeners.append(self.postbox.post)
        self.engine = Engine(self.world, self.faults, index)
        self.engine.after_order = self._after_order
        self.journal: deque[dict[str, Any]] = deque(maxlen=settings.journal_length)
        self.requests_seen = 0
        self.points_asked = 0
        self.totals: Counter[str] = Counter()
        self._shopper = App(
            "gid://shopify/App/580111", self.world.now(), self.world.now(), SHOPPER_APP, "", frozenset()
        )
        self.app = ShopServer(self)

    # What apps do.

    def answer_token(self, content_type: str, body: bytes) -> Reply:
        """The reply of the token endpoint."""
        with self.world.lock:
            if self.faults.strike("token_refused", ["token"]):
                status, answer = 400, {"error": "invalid_client", "error_description": "Client authentication failed."}
                return json_reply(status, answer)
            status, answer_given = self.access.grant(content_type, body)
            self._enter(Note(["token"], result="ok" if status == 200 else str(answer_given["error"])), status)
            return json_reply(status, answer_given)

    def answer_graphql(self, secret: str | None, body: bytes) -> Reply:
        """The reply of the GraphQL endpoint."""
        with self.world.lock:
            self.world.settle()
            token = self.access.token(secret)
            if token is None or self.faults.strike("token_refused", ["graphql"]):
                self._enter(Note(result="unauthorized"), 401)
                return unauthorized()
            reply, note = self.engine.run(token, body)
            self._enter(note, reply.status, lost=reply.lost)
            return reply

    def _enter(self, note: Note, status: int, *, lost: bool = False) -> None:
        self.requests_seen += 1
        self.points_asked += note.cost
        name = ",".join(note.operations) or "none"
        self.totals[f"{name} {note.result}"] += 1
        entry = {
            "at": self.world.now(),
            "operations": note.operations,
            "idempotency_keys": note.idempotency_keys,
            "status": status,
            "result": note.result,
            "order_ids": note.order_ids,
            "cost": note.cost,
            "reply_lost": lost,
        }
        self.journal.append(entry)

    def _after_order(self, ids: Sequence[str]) -> None:
        """The lie edited_by_hand: a merchant changes what an app has just made."""
        for gid in ids:
            fault = self.faults.strike("edited_by_hand", ["orderCreate"])
            order = self.world.find(Order, gid)
            if fault is not None and order is not None:
                self.world.later(fault.seconds, lambda order=order, mode=fault.mode: self._meddle(order, mode))  # type: ignore[misc]

    def _meddle(self, order: Order, mode: str) -> None:
        self.world.new_event()
        match mode:
            case "quantity" if edits.editable(order):
                line = order.line_items[0]
                self._set_quantity(order, line.sku, max(line.fulfilled, line.current_quantity - 1))
            case "tags":
                order.tags = order_input.tidy_tags([*order.tags, "checked by hand"])
                self.world.touch(order)
                self.world.happen("ORDERS_UPDATED", order)
            case _ if order.cancelled_at is None:
                orders.cancel(self.world, order, "STAFF", restock=True)

    # What people and time do.

    def now(self) -> datetime:
        """The shop's time, with everything done that was due by then."""
        with self.world.lock:
            self.world.settle()
            return self.world.now()

    def set_clock(self, moment: datetime | None) -> None:
        """Stand at `moment`, backwards too; None follows the source again. What is due by then is done."""
        with self.world.lock:
            self._clock.set(moment)
            self.world.settle()
        self.postbox.wake()

    def next_event(self) -> datetime | None:
        """When the shop will next do something by itself."""
        with self.world.lock:
            due = [moment for moment in (self.world.next_due(), self.postbox.next_due()) if moment is not None]
            return min(due, default=None)

    def add_app(self, client_id: str, client_secret: str, scopes: str = ALL_SCOPES) -> App:
        """Install an app: its credentials get tokens of these scopes."""
        with self.world.lock:
            return self.access.add_app(client_id, client_secret, scopes)

    def issue_token(
        self, client_id: str, kind: Literal["offline", "online"] = "offline", expires_in_seconds: int = 86399
    ) -> str:
        """A token of an app without asking the token endpoint. Raises NotFound for an unknown app."""
        with self.world.lock:
            app = self._app(client_id)
            return self.access.issue(app, kind, expires_in_seconds)

    def _app(self, client_id: str) -> App:
        found = self.world.apps.get(client_id)
        if found is None:
            raise NotFound(f"App {client_id!r} is not installed: known are {', '.join(self.world.apps) or 'none'}.")
        return found

    def add_location(self, name: str, country_code: str = "US") -> Location:
        """A new location, last in the order of routing."""
        with self.world.lock:
            return self.world.add_location(name, country_code)

    def add_company_location(self, company: str, location: str, external_id: str | None = None) -> CompanyLocation:
        """A business customer with one branch."""
        with self.world.lock:
            return self.world.add_company_location(company, location, external_id)

    def add_products(self, given: Sequence[Any]) -> list[Product]:
        """Seed the catalogue: see catalogue.SeedProduct. Raises Invalid, and adds nothing, for input that does not fit."""
        with self.world.lock:
            return catalogue.add_products(self.world, given)

    def sell(self, sku: str, quantity: int, properties: Mapping[str, str] | None = None) -> Order:
        """A shopper buys now; `properties` are those of the line, as an app's storefront adds them (such as `_cycle`).

        Raises NotFound for an unknown SKU, Conflict when stock and policy forbid the sale.
        """
        with self.world.lock:
            self.world.settle()
            found = self.world.items_by_sku.get(sku)
            variant = found[0].variant if found else None
            if variant is None:
                raise NotFound(f"SKU {sku!r}: the shop does not sell it.")
            if type(quantity) is not int or quantity < 1:
                raise Invalid(f"Sale of {quantity!r} {sku}: expected a whole number above 0.")
            line: dict[str, Any] = {
                "variantId": variant.id,
                "quantity": quantity,
                "taxable": True,
                "requiresShipping": True,
            }
            line["properties"] = [{"name": name, "value": value} for name, value in (properties or {}).items()]
            given = {"lineItems": [{**line, "giftCard": False}], "sourceName": "web", "financialStatus": "PAID"}
            self.world.new_event()
            order = order_input.build(self.world, self._shopper, given, "SHOPPER")
            order.app_id = None
            if orders.sell(self.world, [(variant, quantity)], order):
                raise Conflict(f"Sale of {quantity} {sku}: not enough is available and its policy is DENY.")
            return order

    def add_customer(self, name: str, email: str | None = None) -> Customer:
        """A new customer."""
        with self.world.lock:
            return shopping.add_customer(self.world, name, email)

    def buy(self, basket: shopping.Basket) -> Order:
        """A shopper buys and pays now: see shopping.Basket. Raises NotFound, Invalid, Conflict without stock or money."""
        with self.world.lock:
            self.world.settle()
            return shopping.buy(self.world, self._shopper, basket)

    def refund_by_hand(
        self,
        name: str,
        lines: dict[str, int],
        gateway: str = shopping.CARD,
        restock: str = "NO_RESTOCK",
        location: str | None = None,
    ) -> Refund:
        """The merchant gives money back for lines (id -> units), and says whether the goods are put back: CANCEL those that had not
        left, RETURN those that had, at a location or where they left from. Raises NotFound, Invalid."""
        with self.world.lock:
            place = catalogue.find_location(self.world, location) if location else None
            return shopping.refund(self.world, self._order(name), lines, gateway, (restock, place))

    def _order(self, name: str) -> Order:
        for order in self.world.orders:
            if name in (order.name, str(order.number), order.id, str(order.legacy_resource_id)):
                return order
        raise NotFound(f"Order {name!r}: the shop has no such order.")

    def cancel_by_hand(self, name: str, reason: str = "STAFF", restock: bool = True) -> dict[str, Any]:
        """The merchant cancels an order in the admin, at once."""
        with self.world.lock:
            order = self._order(name)
            if order.cancelled_at is not None or orders.has_left(order):
                raise Conflict(f"Order {order.name} is cancelled or partly fulfilled already: it cannot be cancelled.")
            self.world.new_event()
            orders.cancel(self.world, order, reason, restock=restock)
            return order_state(order)

    def edit_by_hand(self, name: str, sku: str, quantity: int) -> dict[str, Any]:
        """The merchant changes the quantity of a line in the admin."""
        with self.world.lock:
            order = self._order(name)
            if not edits.editable(order):
                raise Conflict(f"Order {order.name} cannot be edited: it is cancelled, voided or refunded.")
            self.world.new_event()
            self._set_quantity(order, sku, quantity)
            return order_state(order)

    def _set_quantity(self, order: Order, sku: str | None, quantity: int) -> None:
        calculated = edits.begin(self.world, order).calculated_order
        line = next((each for each in calculated.lines if each.sku == sku), None)
        if line is None or type(quantity) is not int or quantity < line.fulfilled:
            raise Invalid(f"Order {order.name}: {sku!r} cannot be set to {quantity!r}.")
        line.quantity, line.restocking = quantity, True
        edits.commit(self.world, calculated)

    def fulfil_by_hand(self, name: str, most: int | None = None) -> dict[str, Any]:
        """Everything of an order that is still open leaves the warehouse; of each line `most` units at once."""
        with self.world.lock:
            order = self._order(name)
            self.world.new_event()
            for parent in list(order.fulfillment_orders):
                units = {
                    part: min(part.remaining_quantity, most or part.remaining_quantity)
                    for part in parent.lines
                    if part.remaining_quantity
                }
                if parent.status in ("OPEN", "IN_PROGRESS") and units:
                    orders.fulfil(self.world, parent, units, [])
            return order_state(order)

    def unfulfil_by_hand(self, name: str) -> dict[str, Any]:
        """The merchant cancels the last fulfilment of an order: the goods did not leave. Raises NotFound, Conflict."""
        with self.world.lock:
            order = self._order(name)
            left = next((each for each in reversed(order.fulfillments) if each.status == "SUCCESS"), None)
            if left is None:
                raise Conflict(f"Order {order.name}: nothing of it has left.")
            self.world.new_event()
            orders.cancel_fulfillment(self.world, left)
            return order_state(order)

    def track_by_hand(self, sku: str, tracked: bool) -> None:
        """The merchant (or a CSV import of theirs) turns counting on or off. Raises NotFound for an unknown SKU."""
        with self.world.lock:
            found = self.world.items_by_sku.get(sku)
            if not found:
                raise NotFound(f"SKU {sku!r}: the shop does not sell it.")
            self.world.new_event()
            stock.track(self.world, found[0], tracked=tracked)

    def set_status_by_hand(self, sku: str, status: str) -> None:
        """The merchant archives a product, makes it a draft, or active again. Raises NotFound, Invalid."""
        if status not in ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"):
            raise Invalid(f"Status {status!r}: expected ACTIVE, ARCHIVED, DRAFT or UNLISTED.")
        with self.world.lock:
            product = self._product(sku)
            product.status, product.updated_at = status, self.world.now()

    def delete_by_hand(self, sku: str) -> None:
        """The merchant deletes a product with all its variants. Raises NotFound."""
        with self.world.lock:
            catalogue.delete_product(self.world, self._product(sku))

    def _product(self, sku: str) -> Product:
        found = self.world.items_by_sku.get(sku)
        if not found or found[0].variant is None:
            raise NotFound(f"SKU {sku!r}: the shop does not sell it.")
        return found[0].variant.product

    def count_by_hand(self, sku: str, location: str, by: int, into: str = "") -> None:
        """Staff change what stands at a location, without a reason; `into`: they set so many aside. Raises NotFound, Invalid."""
        with self.world.lock:
            found = self.world.items_by_sku.get(sku)
            if not found:
                raise NotFound(f"SKU {sku!r}: the shop does not sell it.")
            self.world.new_event()
            level = self.world.level(found[0], catalogue.find_location(self.world, location))
            stock.shift(self.world, level, {"available": -by, into: by} if into else {"available": by, "on_hand": by})

    def subscribe(
        self, client_id: str, topic: str, uri: str, include_fields: Sequence[str] = ()
    ) -> WebhookSubscription:
        """A subscription as the app's configuration declares it: never deleted for failing."""
        with self.world.lock:
            if not deliverable(uri):
                raise Invalid(f"Webhook address {uri!r}: expected https, or http on this machine.")
            now, world = self.world.now(), self.world
            gid = world.new_id("WebhookSubscription")
            made = WebhookSubscription(gid, now, now, self._app(client_id), topic, uri, from_config=True)
            made.include_fields = list(include_fields)
            world.subscriptions.append(world.add(made))
            return made

    def deliver_due(self) -> int:
        """Send the webhooks that are due; returns how many sendings were tried."""
        self.now()
        return self.postbox.deliver_due()

    def add_fault(self, kind: str, **given: Any) -> Fault:
        """Set a fault: see faults.Fault. Raises Invalid for an unknown kind, TypeError for an unknown field."""
        with self.world.lock:
            fault = Fault(kind, **given)
            self.faults.add(fault)
            return fault

    def clear_faults(self, kind: str | None = None) -> None:
        """Remove the faults of a kind, or all."""
        with self.world.lock:
            self.faults.clear(kind)

    def state(self) -> dict[str, Any]:
        """Everything an auditor needs: see state.state_of."""
        with self.world.lock:
            self.world.settle()
            return state_of(self)

    def close(self) -> None:
        """Stop the background thread that delivers webhooks."""
        self.postbox.close()
