"""Orders of the shop as sales: what was sold, how Supercycle gives it away, with what it was paid, what was given back.

What changed is asked of a search that lags, so windows overlap; an order that does not fit on its page is read by its id.
Supercycle's word about a line is its property `_cycle`, JSON with a `method_type`; its form may change, so what cannot be read
of it is a method nobody knows, and still circular.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from trueup.base.clock import Clock, read_instant, write_instant
from trueup.base.errors import NotFound, Rejected
from trueup.base.money import Money
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import Operation
from trueup.connectors.shopify.sale_operations import (
    LITTLE,
    PARCEL_LINES,
    SALE_LINES,
    WHOLE,
    WITH_CUSTOMERS,
    WITHOUT_CUSTOMERS,
    Room,
)
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.domain.shop_sales import PaidBy, Parcel, PutBack, RefundedLine, SaleLine, SalePayment, ShopSale
from trueup.remote.budget import Budget
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed
from trueup.remote.sales import ChangedSales

_CYCLE = "_cycle"
UNKNOWN_METHOD = "unknown"
_BY = {"gift_card": PaidBy.GIFT_CARD, "shopify_store_credit": PaidBy.STORE_CREDIT}
_CAME, _WENT = ("SALE", "CAPTURE"), ("REFUND",)


class ShopifySales:
    """SaleSource. `http` goes to `settings.base_url`. Safe to share between threads.

    `customers`: whether to ask whose order it is, which not every app may see.
    """

    def __init__(
        self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock, customers: bool = True
    ) -> None:
        self._settings = settings
        self._client = ShopifyClient(settings, http, budget, clock)
        self._reading = WITH_CUSTOMERS if customers else WITHOUT_CUSTOMERS

    @property
    def name(self) -> str:
        """The name the shop has in the settings."""
        return self._settings.name

    def fetch_changed(self, since: datetime, page: str | None) -> Observed[ChangedSales]:
        """Orders that changed since, the longest ago first."""
        operation = self._reading.changed
        answer = self._client.run(operation, query=f"updated_at:>='{write_instant(since)}'", after=page)
        with expecting(self._client, operation):
            info = answer.root["pageInfo"]
            nodes = answer.root["nodes"]
            found = ChangedSales(
                tuple(_read_sale(self._settings, node) for node in nodes if not _overflows(node, LITTLE)),
                tuple(node["id"] for node in nodes if _overflows(node, LITTLE)),
                info["endCursor"] if info["hasNextPage"] else None,
            )
            return Observed(found, answer.evidence)

    def fetch_sale(self, sale_id: str) -> Observed[ShopSale]:
        """An order whole, page by page. Raises NotFound, RemoteError; Rejected when it is longer than that."""
        operation = self._reading.one
        answer = self._client.run(operation, id=sale_id)
        if answer.root is None:
            raise NotFound(f"Shop {self.name}: no order {sale_id} (any more), or it is older than the app may see.")
        trail, node = [answer.evidence], answer.root
        with expecting(self._client, operation):
            self._complete(trail, SALE_LINES, node["id"], node["lineItems"])
            for parcel in node["fulfillments"]:
                self._complete(trail, PARCEL_LINES, parcel["id"], parcel["fulfillmentLineItems"])
            if _overflows(node, WHOLE):
                raise Rejected(
                    f"Shop {self.name}: order {node['name']} has more than {WHOLE.payments - 1} payments, "
                    f"{WHOLE.parcels - 1} parcels, {WHOLE.refunds - 1} refunds or {WHOLE.lines_a_refund} lines in one: it is "
                    f"not read in part. Enter it by hand."
                )
            return Observed(_read_sale(self._settings, node), b"\n".join(trail))

    def _complete(self, trail: list[bytes], operation: Operation, owner: str, page: dict[str, Any]) -> None:
        while page["pageInfo"]["hasNextPage"]:
            answer = self._client.run(operation, id=owner, after=page["pageInfo"]["endCursor"])
            trail.append(answer.evidence)
            following = next(iter(answer.root.values()))
            page["nodes"] += following["nodes"]
            page["pageInfo"] = following["pageInfo"]


def _overflows(node: Mapping[str, Any], room: Room) -> bool:
    """Whether an order may have more than was asked for. Lists do not say; one that is full may be longer."""
    pages = [node["lineItems"]]
    pages += [each["fulfillmentLineItems"] for each in node["fulfillments"]]
    pages += [each["refundLineItems"] for each in node["refunds"]]
    lists = (("transactions", room.payments), ("fulfillments", room.parcels), ("refunds", room.refunds))
    return any(page["pageInfo"]["hasNextPage"] for page in pages) or any(
        len(node[name]) == most for name, most in lists
    )


def _read_money(bag: Mapping[str, Any]) -> Money:
    return Money.of(str(bag["shopMoney"]["amount"]), bag["shopMoney"]["currencyCode"])


def _read_sale(settings: ShopifySettings, node: Mapping[str, Any]) -> ShopSale:
    parcels = tuple(each for found in node["fulfillments"] if (each := _read_parcel(settings, found)) is not None)
    refunded = [(refund, line) for refund in node["refunds"] for line in refund["refundLineItems"]["nodes"]]
    return ShopSale(
        id=node["id"],
        name=node["name"],
        placed_at=read_instant(node["createdAt"]),
        updated_at=read_instant(node["updatedAt"]),
        total=_read_money(node["totalPriceSet"]),
        lines=tuple(_read_line(line, parcels, refunded) for line in node["lineItems"]["nodes"]),
        payments=tuple(
            _read_payment(paid)
            for paid in node["transactions"]
            if paid["status"] == "SUCCESS" and paid["kind"] in (*_CAME, *_WENT)
        ),
        refunds=tuple(
            RefundedLine(line["lineItem"]["id"], read_instant(refund["processedAt"]), _read_money(line["subtotalSet"]))
            for refund, line in refunded
        ),
        customer=(node.get("customer") or {}).get("id", ""),
        tags=tuple(node["tags"]),
        cancelled=node["cancelledAt"] is not None,
        ours=(node["key"] or {}).get("value", ""),
        parcels=parcels,
        put_back=tuple(
            _read_put_back(settings, refund, line) for refund, line in refunded if _is_put_on_the_shelf(line)
        ),
        cancelled_at=read_instant(node["cancelledAt"]) if node["cancelledAt"] else None,
    )


def _read_parcel(settings: ShopifySettings, node: Mapping[str, Any]) -> Parcel | None:
    """A fulfilment whose goods left. Shopify says so of SUCCESS; of CANCELLED that they had, and lie there again, since about its
    last change: it has no other time. ERROR and FAILURE left nothing. Of OPEN and PENDING, which it no longer makes, it does not
    say whether they moved the count: nothing is told until they are one of the others."""
    if node["status"] not in ("SUCCESS", "CANCELLED"):
        return None
    return Parcel(
        id=node["id"],
        at=read_instant(node["createdAt"]),
        location=_read_place(settings, node["location"]),
        eaches={
            each["id"]: (each["lineItem"]["id"], each["quantity"] or 0)
            for each in node["fulfillmentLineItems"]["nodes"]
        },
        cancelled_at=read_instant(node["updatedAt"]) if node["status"] == "CANCELLED" else None,
    )


def _is_put_on_the_shelf(line: Mapping[str, Any]) -> bool:
    """Whether a refunded line raised what is on hand. CANCEL frees goods that had never left; NO_RESTOCK touches no stock. Source:
    shopify.dev, refund line items."""
    return bool(line["restocked"]) and line["restockType"] in ("RETURN", "LEGACY_RESTOCK")


def _read_put_back(settings: ShopifySettings, refund: Mapping[str, Any], line: Mapping[str, Any]) -> PutBack:
    return PutBack(
        id=line["id"] or f"{refund['id']}/{line['lineItem']['id']}",
        line=line["lineItem"]["id"],
        eaches=line["quantity"],
        location=_read_place(settings, line["location"]),
        at=read_instant(refund["processedAt"]),
    )


def _read_place(settings: ShopifySettings, node: Mapping[str, Any] | None) -> str:
    return settings.location_word(node["id"]) if node else ""


def _read_line(
    node: Mapping[str, Any], parcels: Iterable[Parcel], refunded: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> SaleLine:
    properties = {each["key"]: each["value"] for each in node["customAttributes"]}
    left = sum(
        count for each in parcels if not each.cancelled_at for line, count in each.eaches.values() if line == node["id"]
    )
    freed = sum(
        line["quantity"]
        for _, line in refunded
        if line["lineItem"]["id"] == node["id"] and line["restockType"] == "CANCEL" and line["restocked"]
    )
    return SaleLine(
        id=node["id"],
        product=(node["product"] or {}).get("id"),
        sku=node["sku"] or "",
        quantity=node["quantity"],
        amount=_read_money(node["discountedTotalSet"]),
        method=_read_method(properties[_CYCLE]) if _CYCLE in properties else "",
        gift_card=node["isGiftCard"],
        item=node["variant"]["inventoryItem"]["id"] if node["variant"] else "",
        unsaid=max(0, node["quantity"] - left - node["unfulfilledQuantity"] - freed),
    )


def _read_method(text: str | None) -> str:
    try:
        found = json.loads(text or "")
        return str(found["method_type"]) or UNKNOWN_METHOD
    except (ValueError, KeyError, TypeError):
        return UNKNOWN_METHOD


def _read_payment(node: Mapping[str, Any]) -> SalePayment:
    amount = _read_money(node["amountSet"])
    signed = -amount if node["kind"] in _WENT else amount
    return SalePayment(
        node["id"], read_instant(node["processedAt"]), signed, _BY.get(node["gateway"] or "", PaidBy.MONEY)
    )
