"""Orders of the shop as sales: what was sold, how Supercycle gives it away, with what it was paid, what was given back.

Which orders changed is asked of a search that lags, so windows overlap; each order is then read by its id, which does not.
Supercycle's word about a line is its property `_cycle`, JSON with a `method_type`; its form may change, so what cannot be read
of it is a method nobody knows, and still circular.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trueup.base.clock import Clock, read_instant, write_instant
from trueup.base.errors import NotFound, Rejected
from trueup.base.money import Money
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.sale_operations import (
    CHANGED_SALES,
    LINES_A_REFUND,
    LINES_A_SALE,
    PAYMENTS_A_SALE,
    REFUNDS_A_SALE,
    SALE,
)
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.domain.shop_sales import PaidBy, RefundedLine, SaleLine, SalePayment, ShopSale
from trueup.remote.budget import Budget
from trueup.remote.capability import Observed
from trueup.remote.http import HttpClient

_CYCLE = "_cycle"
UNKNOWN_METHOD = "unknown"
_BY = {"gift_card": PaidBy.GIFT_CARD, "shopify_store_credit": PaidBy.STORE_CREDIT}
_CAME, _WENT = ("SALE", "CAPTURE"), ("REFUND",)


class ShopifySales:
    """SaleSource. `http` goes to `settings.base_url`. Safe to share between threads."""

    def __init__(self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self._settings = settings
        self._client = ShopifyClient(settings, http, budget, clock)

    @property
    def name(self) -> str:
        """The name the shop has in the settings."""
        return self._settings.name

    def find_changed(self, since: datetime, page: str | None) -> Observed[tuple[tuple[str, ...], str | None]]:
        """Ids of orders that changed since, the longest ago first, and the cursor of the next page."""
        query = f"updated_at:>='{write_instant(since)}'"
        answer = self._client.run(CHANGED_SALES, query=query, after=page)
        with expecting(self._client, CHANGED_SALES):
            info = answer.root["pageInfo"]
            ids = tuple(node["id"] for node in answer.root["nodes"])
            return Observed((ids, info["endCursor"] if info["hasNextPage"] else None), answer.evidence)

    def fetch_sale(self, sale_id: str) -> Observed[ShopSale]:
        """An order whole. Raises NotFound, RemoteError; Rejected when it is longer than one reply."""
        answer = self._client.run(SALE, id=sale_id)
        if answer.root is None:
            raise NotFound(f"Shop {self.name}: no order {sale_id} (any more), or it is older than the app may see.")
        with expecting(self._client, SALE):
            self._demand_whole(answer.root)
            return Observed(_read_sale(answer.root), answer.evidence)

    def _demand_whole(self, node: Mapping[str, Any]) -> None:
        long = node["lineItems"]["pageInfo"]["hasNextPage"] or len(node["transactions"]) == PAYMENTS_A_SALE
        refunds = node["refunds"]
        long = long or len(refunds) == REFUNDS_A_SALE
        if long or any(refund["refundLineItems"]["pageInfo"]["hasNextPage"] for refund in refunds):
            raise Rejected(
                f"Shop {self.name}: order {node['name']} has more than {LINES_A_SALE} lines, {PAYMENTS_A_SALE - 1} payments, "
                f"{REFUNDS_A_SALE - 1} refunds or {LINES_A_REFUND} lines in one: it is not read in part. Enter it by hand."
            )


def _read_money(bag: Mapping[str, Any]) -> Money:
    return Money.of(str(bag["shopMoney"]["amount"]), bag["shopMoney"]["currencyCode"])


def _read_sale(node: Mapping[str, Any]) -> ShopSale:
    return ShopSale(
        id=node["id"],
        name=node["name"],
        placed_at=read_instant(node["createdAt"]),
        updated_at=read_instant(node["updatedAt"]),
        total=_read_money(node["totalPriceSet"]),
        lines=tuple(_read_line(line) for line in node["lineItems"]["nodes"]),
        payments=tuple(
            _read_payment(paid)
            for paid in node["transactions"]
            if paid["status"] == "SUCCESS" and paid["kind"] in (*_CAME, *_WENT)
        ),
        refunds=tuple(
            RefundedLine(line["lineItem"]["id"], read_instant(refund["processedAt"]), _read_money(line["subtotalSet"]))
            for refund in node["refunds"]
            for line in refund["refundLineItems"]["nodes"]
        ),
        customer=(node["customer"] or {}).get("id", ""),
        tags=tuple(node["tags"]),
        cancelled=node["cancelledAt"] is not None,
        ours=(node["key"] or {}).get("value", ""),
    )


def _read_line(node: Mapping[str, Any]) -> SaleLine:
    properties = {each["key"]: each["value"] for each in node["customAttributes"]}
    return SaleLine(
        id=node["id"],
        product=(node["product"] or {}).get("id"),
        sku=node["sku"] or "",
        quantity=node["quantity"],
        amount=_read_money(node["discountedTotalSet"]),
        method=_read_method(properties[_CYCLE]) if _CYCLE in properties else "",
        gift_card=node["isGiftCard"],
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
