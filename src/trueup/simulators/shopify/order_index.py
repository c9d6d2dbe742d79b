"""The search index of orders, which lags: what was written shows up some seconds of simulated time later.

`orderByIdentifier` and `order(id:)` do not come through here and never lag.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from trueup.simulators.shopify import orders as order_acts
from trueup.simulators.shopify import search
from trueup.simulators.shopify.faults import Faults
from trueup.simulators.shopify.records import Order
from trueup.simulators.shopify.world import World

FIELDS = frozenset(
    "id name email po_number source_identifier source_name tag status financial_status fulfillment_status "
    "created_at updated_at processed_at cancelled_at sku test channel".split()
)
_EXACT = ("name", "po_number", "source_identifier", "tag", "id", "email")


def known_field(field: str) -> bool:
    """Whether orders can be searched by a field."""
    return field in FIELDS or field.startswith("metafields.")


def document_of(order: Order) -> dict[str, search.Value]:
    """What the index holds of an order."""
    status = "cancelled" if order.cancelled_at else "closed" if order.closed_at else "open"
    fulfilled = order_acts.fulfillment_status(order)
    document: dict[str, search.Value] = {
        "id": order.legacy_resource_id,
        "name": order.name,
        "email": order.email,
        "po_number": order.po_number,
        "source_identifier": order.source_identifier,
        "source_name": order.source_name,
        "channel": order.source_name,
        "tag": tuple(order.tags),
        "status": (status, "any", "not_closed") if status == "open" else (status, "any"),
        "financial_status": (order.display_financial_status.lower(), "any"),
        "fulfillment_status": ("shipped" if fulfilled == "FULFILLED" else fulfilled.lower(), "any"),
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "processed_at": order.processed_at,
        "cancelled_at": order.cancelled_at,
        "sku": tuple(line.sku for line in order.line_items if line.sku),
        "test": order.test,
    }
    for (namespace, key), metafield in order.metafields.items():
        document[f"metafields.{namespace}.{key}"] = (metafield.value,)
    return document


class OrderIndex:
    """Documents of orders as the search sees them now."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self._documents: dict[str, dict[str, search.Value]] = {}
        self._orders: dict[str, Order] = {}
        self._exact: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_update: list[tuple[datetime, str]] = []
        self._waiting: set[str] = set()

    def touched(self, order: Order) -> None:
        """An order was written: it will be indexed as it stands then, once."""
        if order.id in self._waiting:
            return
        self._waiting.add(order.id)
        fault = self._faults.strike("search_lag", ["orders"])
        lag_seconds = self._world.settings.search_lag_seconds + (fault.seconds if fault else 0)
        self._world.later(lag_seconds, lambda: self._index(order))

    def _index(self, order: Order) -> None:
        self._waiting.discard(order.id)
        old = self._documents.get(order.id)
        if old is not None:
            for key in _keys(old):
                self._exact[key].discard(order.id)
            self._by_update.pop(bisect_left(self._by_update, (_time(old), order.id)))
        new = document_of(order)
        self._documents[order.id], self._orders[order.id] = new, order
        for key in _keys(new):
            self._exact[key].add(order.id)
        insort(self._by_update, (order.updated_at, order.id))

    def find(self, query: search.Query) -> list[Order]:
        """The indexed orders that match, in no order."""
        now = self._world.now()
        found = []
        for gid in self._candidates(query, now):
            if search.matches(query, self._documents[gid], known_field, now):
                found.append(self._orders[gid])
        return found

    def _candidates(self, query: search.Query, now: datetime) -> Iterable[str]:
        """The fewest orders that some sure term leaves, else all."""
        found = [self._of_term(term, now) for term in search.sure_terms(query)]
        told = sorted((each for each in found if each is not None), key=len)
        return list(told[0] if told else self._documents)

    def _of_term(self, term: search.Term, now: datetime) -> Collection[str] | None:
        """The orders that one term leaves, if the index can tell."""
        if term.field == "updated_at" and term.comparison in (">", ">="):
            since = search.read_time(term.value, now)
            return (
                None
                if since is None
                else [gid for _, gid in self._by_update[bisect_left(self._by_update, (since, "")) :]]
            )
        if term.comparison or term.value.endswith("*"):
            return None
        if term.field in ("tag", "id") or term.field.startswith("metafields."):
            return self._exact.get((term.field, term.value.casefold()), ())
        words = search.tokens(term.value) if term.field in _EXACT else []
        return min((self._exact.get((term.field, word), set()) for word in words), key=len) if words else None


def _time(document: dict[str, search.Value]) -> datetime:
    moment = document["updated_at"]
    assert isinstance(moment, datetime)
    return moment


def _keys(document: dict[str, search.Value]) -> Iterable[tuple[str, str]]:
    """Where a document stands in the exact index: whole words of a set, tokens of a text."""
    for field, value in document.items():
        if field == "id" or field.startswith("metafields.") or field == "tag":
            values = value if isinstance(value, tuple) else (str(value),)
            yield from ((field, each.casefold()) for each in values)
        elif field in _EXACT and isinstance(value, str):
            yield from ((field, token) for token in search.tokens(value))
