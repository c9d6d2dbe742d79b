"""Supercycle as an app of a Shopify shop: it hears the shop's signed webhooks, and writes to the shop over GraphQL.

Heard: orders/create (lines with a `_cycle` property become cycles, one a unit; lines without one are nothing to it),
orders/updated (units that left become fulfilled, units taken off are cancelled), orders/cancelled. Written: the import
(tracking off, supercycle.supercycle_enabled, the product tag), and counts as metafields, late. Sources: the pages of line
item properties, metafields, cycles.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
import msgspec

from trueup.base.errors import Conflict, Invalid
from trueup.simulators.supercycle import allocation, lifecycle
from trueup.simulators.supercycle.catalogue import ShopProduct, ShopVariant, take_in
from trueup.simulators.supercycle.faults import Faults
from trueup.simulators.supercycle.outbox import Outbox
from trueup.simulators.supercycle.records import Customer, Item, OrderLine, Product, Rental, Variant
from trueup.simulators.supercycle.world import Kept, World

VERSION = "2026-10"
TAG = "Supercycle product"
_MOST_METAFIELDS = 25
_TERM_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}

_PRODUCT = """
query Import($id: ID!, $after: String) { product(id: $id) { legacyResourceId title
  variants(first: 25, after: $after) { pageInfo { hasNextPage endCursor } nodes {
    legacyResourceId title sku inventoryItem { id legacyResourceId tracked inventoryLevels(first: 10) { nodes {
      location { legacyResourceId name } quantities(names: ["available"]) { quantity } } } } } } } }"""
_UNTRACK = """
mutation Untrack($id: ID!) { inventoryItemUpdate(id: $id, input: {tracked: false}) { userErrors { message } } }"""
_METAFIELDS = """
mutation Tell($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) { userErrors { message } } }"""
_TAG = "mutation Tag($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { userErrors { message } } }"


@dataclass(frozen=True, slots=True)
class ShopAccess:
    """Where the shop is, and the credentials of Supercycle's own app there."""

    url: str
    client_id: str
    client_secret: str


class ShopLink:
    """The shop's side of an account. Without `access` products come from `offered`, and nothing is written."""

    def __init__(self, world: World, outbox: Outbox, faults: Faults) -> None:
        self._world, self._outbox, self._faults = world, outbox, faults
        self.access: ShopAccess | None = None
        self.offered: dict[int, ShopProduct] = {}
        self._token: str | None = None
        self._pending: set[int] = set()
        self._heard: set[str] = set()
        self._read: dict[int, ShopProduct] = {}

    # What Supercycle writes.

    def start_import(self, shopify_id: int) -> None:
        """Import a product once the time for it has passed; one the shop does not have is passed over in silence."""
        seconds = self._world.settings.import_seconds
        if self.access is None:
            self._world.later(seconds, lambda: self._take_offered(shopify_id))
        else:
            self._outbox.queue("import", str(shopify_id), lambda client: self._import(client, shopify_id), seconds)

    def _take_offered(self, shopify_id: int) -> None:
        if shopify_id in self.offered:
            take_in(self._world, self.offered[shopify_id])

    def _import(self, client: httpx2.Client, shopify_id: int) -> None:
        """Read the product, take it out of the shop's counting, mark it, then take it in: as it was before, if tried again."""
        gid = f"gid://shopify/Product/{shopify_id}"
        facts = self._read.get(shopify_id) or self._facts(client, gid)
        if facts is None:
            return
        self._read[shopify_id] = facts
        for variant in facts.variants:
            self._ask(client, _UNTRACK, id=f"gid://shopify/InventoryItem/{variant.inventory_item_id}")
        enabled = {"ownerId": gid, "namespace": "supercycle", "key": "supercycle_enabled", "type": "boolean"}
        self._ask(client, _METAFIELDS, metafields=[{**enabled, "value": "true"}])
        self._ask(client, _TAG, id=gid, tags=[TAG])
        with self._world.lock:
            take_in(self._world, self._read.pop(shopify_id))

    def _facts(self, client: httpx2.Client, gid: str) -> ShopProduct | None:
        """A product of the shop; the places its stock is at become known here."""
        product = found = self._ask(client, _PRODUCT, id=gid)["product"]
        variants: list[ShopVariant] = []
        while found is not None:
            variants += [self._variant(each) for each in found["variants"]["nodes"]]
            page = found["variants"]["pageInfo"]
            found = (
                self._ask(client, _PRODUCT, id=gid, after=page["endCursor"])["product"] if page["hasNextPage"] else None
            )
        return ShopProduct(int(product["legacyResourceId"]), product["title"], variants) if product else None

    def _variant(self, given: Mapping[str, Any]) -> ShopVariant:
        item, counted = given["inventoryItem"], {}
        for level in item["inventoryLevels"]["nodes"] if item["tracked"] else ():
            with self._world.lock:
                place = self._world.add_location(int(level["location"]["legacyResourceId"]), level["location"]["name"])
            counted[place.shopify_id] = max(0, level["quantities"][0]["quantity"])
        numbers = int(given["legacyResourceId"]), int(item["legacyResourceId"])
        return ShopVariant(*numbers, title=given["title"], sku=given["sku"], counted=counted)

    def _ask(self, client: httpx2.Client, document: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL request. A refusal is raised as an HTTP error, so that it is tried again later."""
        access = self.access
        assert access is not None
        if self._token is None:
            form = {"grant_type": "client_credentials", "client_id": access.client_id}
            form["client_secret"] = access.client_secret
            granted = client.post(f"{access.url}/admin/oauth/access_token", data=form).raise_for_status()
            self._token = str(granted.json()["access_token"])
        reply = client.post(
            f"{access.url}/admin/api/{VERSION}/graphql.json",
            json={"query": document, "variables": variables},
            headers={"x-shopify-access-token": self._token},
        )
        if reply.status_code == 401:
            self._token = None
        answer = reply.raise_for_status().json()
        problems = answer.get("errors") or [
            error for given in answer["data"].values() if given for error in given.get("userErrors") or ()
        ]
        if problems:
            raise httpx2.HTTPError(str(problems))
        data: dict[str, Any] = answer["data"]
        return data

    def hear_change(self, record: Kept) -> None:
        """An item or a cycle changed: its variant's metafields are written, later, and once for many changes."""
        variant = record.variant if isinstance(record, Item) else None
        if isinstance(record, Rental):
            variant = record.item.variant if record.item else record.variant
        if variant is None or self.access is None or variant.shopify_id in self._pending:
            return
        self._pending.add(variant.shopify_id)
        written = variant
        seconds = self._world.settings.metafield_lag_seconds
        self._outbox.queue("metafields", str(variant.shopify_id), lambda client: self._tell(client, written), seconds)

    def _tell(self, client: httpx2.Client, variant: Variant) -> None:
        with self._world.lock:
            self._pending.discard(variant.shopify_id)
            rows = self._rows(variant)
        for start in range(0, len(rows), _MOST_METAFIELDS):
            self._ask(client, _METAFIELDS, metafields=rows[start : start + _MOST_METAFIELDS])

    def _rows(self, variant: Variant) -> list[dict[str, str]]:
        """What is written about a variant and its product; what the fault metafield_lost names is left out."""
        _, future, uncommitted = allocation.counts(self._world, variant)
        rows = []
        if not self._faults.strike("metafield_lost", ["variant"]):
            gid = f"gid://shopify/ProductVariant/{variant.shopify_id}"
            rows += [
                _row(gid, "uncommitted_inventory", "boolean", str(uncommitted > 0).lower()),
                _row(gid, "uncommitted_inventory_count", "number_integer", str(uncommitted)),
                _row(gid, "future_availability_inventory", "boolean", str(future > 0).lower()),
            ]
        if not self._faults.strike("metafield_lost", ["product"]):
            gid = f"gid://shopify/Product/{variant.product.shopify_id}"
            rows.append(_row(gid, "total_uncommitted_inventory", "number_integer", str(self._total(variant.product))))
            methods = [name.title() for name, method in variant.product.methods.items() if method.status == "enabled"]
            listed = msgspec.json.encode(methods).decode()
            rows.append(_row(gid, "methods", "list.single_line_text_field", listed))
        return rows

    def _total(self, product: Product) -> int:
        return sum(allocation.counts(self._world, variant)[2] for variant in product.variants)

    # What the shop tells.

    def signed(self, body: bytes, signature: str | None) -> bool:
        """Whether a webhook is the shop's."""
        if self.access is None:
            return False
        digest = hmac.new(self.access.client_secret.encode(), body, hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest).decode(), signature or "")

    def hear_shop(self, topic: str, webhook_id: str, body: bytes) -> None:
        """A webhook of the shop; its repeats are known by their id."""
        if webhook_id in self._heard:
            return
        self._heard.add(webhook_id)
        order = msgspec.json.decode(body)
        missed = self._faults.strike("order_missed", [topic])
        if missed is None:
            self._hear_order(topic, order)
        elif missed.seconds:
            self._world.later(missed.seconds, lambda: self._hear_order(topic, order))

    def _hear_order(self, topic: str, order: Mapping[str, Any]) -> None:
        for line in order.get("line_items", ()):
            cycles = [each for each in self._world.rentals.values() if each.line.line_id == line["id"]]
            if topic == "orders/create" and not cycles:
                self._place(order, line)
            elif topic == "orders/cancelled" or order.get("cancelled_at"):
                self._cancel(cycles, 0)
            elif topic == "orders/updated":
                self._cancel(cycles, line["current_quantity"])
                self._fulfil(cycles, line["current_quantity"] - line["fulfillable_quantity"])

    def _place(self, order: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        properties = {each["name"]: each["value"] for each in line.get("properties") or ()}
        variant = self._world.variants.get(line.get("variant_id") or 0)
        if "_cycle" not in properties or variant is None:
            return
        customer = self.customer(str(order.get("email") or ""))
        origin = OrderLine(order["id"], line["id"], order["name"])
        try:
            asked = read_cycle(str(properties["_cycle"]), variant, customer, origin)
            for _ in range(line["quantity"]):
                lifecycle.place(self._world, asked)
        except Invalid:
            return  # a property that cannot be read makes no cycle, and nobody is told

    def customer(self, email: str) -> Customer:
        """The customer of an address, made when new."""
        for known in self._world.customers.values():
            if known.email == email:
                return known
        name = email.partition("@")[0].title() or "Guest"
        made = Customer(self._world.new_id("Customer"), self._world.now(), None, email, name, "Example")
        self._world.customers[made.id] = made
        return made

    def _cancel(self, cycles: Sequence[Rental], keep: int) -> None:
        alive = [each for each in cycles if each.cancelled_at is None]
        for rental in sorted(alive, key=lambda each: (each.fulfilled_at is None, each.id))[keep:]:
            lifecycle.cancel(self._world, rental)

    def _fulfil(self, cycles: Sequence[Rental], gone: int) -> None:
        alive = sorted((each for each in cycles if each.cancelled_at is None), key=lambda each: each.id)
        waiting = [each for each in alive if each.fulfilled_at is None]
        for rental in waiting[: max(0, gone - (len(alive) - len(waiting)))]:
            try:
                lifecycle.fulfil(self._world, rental)
            except Conflict:
                self._world.tell(rental, "fulfilled_without_item", "Shopify")
                self._world.touch(rental)


def _row(gid: str, key: str, kind: str, value: str) -> dict[str, str]:
    return {"ownerId": gid, "namespace": "supercycle", "key": key, "type": kind, "value": value}


def read_cycle(text: str, variant: Variant, customer: Customer, line: OrderLine) -> lifecycle.CycleRequest:
    """The `_cycle` property of an order line. Raises Invalid. Source: cycle line item properties; "subject to change"."""
    try:
        given = msgspec.json.decode(text)
        filters = (given.get("item") or {}).get("filters") or {}
        dates = filters.get("availability") or {}
        start = given.get("rental_start") or dates.get("from")
        end = given.get("rental_end") or dates.get("to")
        place = (filters.get("location") or {}).get("shopify_id")
        conditions = (filters.get("condition") or {}).get("ids") or ()
        return lifecycle.CycleRequest(
            variant,
            given["method_type"],
            customer,
            line,
            start=date.fromisoformat(start[:10]) if start else None,
            end=date.fromisoformat(end[:10]) if end else None,
            minimum_days=_days_of(given.get("minimum_term")),
            condition_ids=tuple(int(each) for each in conditions),
            location_id=int(place) if place else None,
        )
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"Property _cycle {text!r}: {error!r}.") from error


def _days_of(term: object) -> int:
    """A term such as 3.month in days."""
    found = re.fullmatch(r"(\d+)\.(day|week|month|year)", str(term or ""))
    return int(found[1]) * _TERM_DAYS[found[2]] if found else 0
