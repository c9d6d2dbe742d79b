"""How an order under edit is read."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.edits import CalculatedLine, CalculatedOrder
from trueup.simulators.shopify.pages import page
from trueup.simulators.shopify.records import NOTHING, Price
from trueup.simulators.shopify.shapes import bag

Info = GraphQLResolveInfo[Any]


def _staged(calculated: CalculatedOrder, info: Info, **arguments: Any) -> Any:
    return page(
        calculated.lines, {**arguments, "query": None}, lambda line: (calculated.lines.index(line),), ordered=True
    )


def _added(calculated: CalculatedOrder, info: Info, **arguments: Any) -> Any:
    return page([line for line in calculated.lines if line.line_item is None], arguments)


def _staged_total(calculated: CalculatedOrder) -> Price:
    prices = [(line.unit_price - line.unit_discount) * line.quantity for line in calculated.lines]
    return sum(prices, NOTHING)


def _staged_price(line: CalculatedLine, price: Price, info: Info) -> dict[str, Any]:
    currency = line.line_item.order.currency_code if line.line_item else info.context.world.settings.currency
    money = {"amount": price.shop, "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


STAGED: dict[str, dict[str, Resolver]] = {
    "CalculatedOrder": {
        "lineItems": _staged,
        "addedLineItems": _added,
        "subtotalLineItemsQuantity": lambda staged, info: sum(line.quantity for line in staged.lines),
        "subtotalPriceSet": lambda staged, info: bag(_staged_total(staged), staged.original_order),
        "totalPriceSet": lambda staged, info: bag(_staged_total(staged), staged.original_order),
    },
    "CalculatedLineItem": {
        "customAttributes": lambda line, info: line.line_item.custom_attributes if line.line_item else [],
        "editableQuantity": lambda line, info: line.quantity - line.fulfilled,
        "variantTitle": lambda line, info: line.variant.title if line.variant else None,
        "restockable": lambda line, info: line.variant is not None and line.variant.inventory_item.tracked,
        "originalUnitPriceSet": lambda line, info: _staged_price(line, line.unit_price, info),
        "discountedUnitPriceSet": lambda line, info: _staged_price(line, line.unit_price - line.unit_discount, info),
    },
}
