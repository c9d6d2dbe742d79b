"""An order as an app asks for it: checked by Shopify's rules, then made into a record that is not yet in the shop."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trueup.simulators.shopify import metafields
from trueup.simulators.shopify.errors import access_denied, check_list_size, user_error
from trueup.simulators.shopify.orders import rounded
from trueup.simulators.shopify.records import App, CompanyLocation, LineItem, Order, Price, Variant
from trueup.simulators.shopify.world import World

Given = Mapping[str, Any]
Problem = dict[str, Any]

PROTECTED_SOURCES = frozenset({"web", "pos", "iphone", "android", "shopify_draft_order"})
LONGEST_TAG = 40


def problems_of(world: World, app: App, given: Given) -> list[Problem]:
    """The payload errors of an order, in Shopify's words where they are known. Raises top-level refusals."""
    check_list_size("tags", given.get("tags"))
    lines = given.get("lineItems") or []
    if not lines:
        message = "Line items must have at least one line item"
        return [user_error(["order", "lineItems"], message, "INVALID")]
    problems: list[Problem] = []
    for index, line in enumerate(lines):
        problems += _line_problems(world, index, line)
    problems += _tax_problems(given, lines)
    problems += _header_problems(world, given)
    for index, metafield in enumerate(given.get("metafields") or []):
        problem = metafields.input_problem(world, app, "ORDER", metafield, None)
        if problem:
            problems.append(user_error(["order", "metafields", index, problem[0]], problem[2], "INVALID"))
    return problems


def _line_problems(world: World, index: int, line: Given) -> list[Problem]:
    where: list[str | int] = ["order", "lineItems", index]
    if line["quantity"] < 1:
        return [user_error([*where, "quantity"], "Line items Quantity must be greater than 0", "INVALID")]
    price = line.get("priceSet")
    if price and any(price[side] and price[side]["amount"] < 0 for side in price):
        return [user_error([*where, "priceSet"], "Line items Price must be greater than or equal to 0", "INVALID")]
    if line.get("variantId"):
        unknown = world.find(Variant, line["variantId"]) is None
        return _unknown_line() if unknown else []
    if not (line.get("title") or "").strip():
        return _unknown_line()
    if not price:
        return [user_error([*where, "priceSet"], "Line items Price can't be blank", "INVALID")]
    return []


def _unknown_line() -> list[Problem]:
    """What live shops answer to an unknown variant: it is taken for a custom line without a name."""
    texts = ("Order Line items is invalid", "Line items Name can't be blank", "Line items Title can't be blank")
    return [user_error(["order", "lineItems"], text, "INVALID") for text in texts]


def _tax_problems(given: Given, lines: list[Given]) -> list[Problem]:
    on_lines = any(line.get("taxLines") for line in lines)
    if given.get("taxLines") and on_lines:
        message = "Tax lines can be on the order or on its line items, not on both"
        return [user_error(["order", "taxLines"], message, "INVALID")]
    return []


def _header_problems(world: World, given: Given) -> list[Problem]:
    problems: list[Problem] = []
    if given.get("sourceName") in PROTECTED_SOURCES:
        message = f"Source name {given['sourceName']} is protected and can't be set by an app"
        problems.append(user_error(["order", "sourceName"], message, "INVALID"))
    for index, tag in enumerate(given.get("tags") or []):
        if len(tag) > LONGEST_TAG:
            message = f"Tags is too long (maximum is {LONGEST_TAG} characters)"
            problems.append(user_error(["order", "tags", index], message, "INVALID"))
    currencies = {world.settings.currency, given.get("currency") or world.settings.currency}
    for index, line in enumerate(given["lineItems"]):
        money = (line.get("priceSet") or {}).get("shopMoney")
        if money and money["currencyCode"] not in currencies:
            message = f"Line items Price set shop money must be in {' or '.join(sorted(currencies))}"
            problems.append(user_error(["order", "lineItems", index, "priceSet"], message, "INVALID"))
    if given.get("companyLocationId"):
        if not world.has_b2b():
            raise access_denied("companyLocationId", "The shop must have access to B2B.")
        if world.find(CompanyLocation, given["companyLocationId"]) is None:
            problems.append(user_error(["order", "companyLocationId"], "Company location does not exist", "INVALID"))
    return problems


def build(world: World, app: App, given: Given, behaviour: str) -> Order:
    """The record of a checked order. A future processedAt is clamped to now (since 2026-07)."""
    now = world.now()
    number = 1001 + len(world.orders)
    currency = given.get("currency") or world.settings.currency
    processed_at = min(given.get("processedAt") or now, now)
    order = Order(
        world.new_id("Order"),
        now,
        now,
        number,
        given.get("name") or f"#{number}",
        currency,
        given.get("presentmentCurrency") or currency,
        processed_at,
        tags=tidy_tags(given.get("tags") or []),
        custom_attributes=[dict(each) for each in given.get("customAttributes") or []],
        note=given.get("note"),
        email=given.get("email"),
        phone=given.get("phone"),
        po_number=given.get("poNumber"),
        source_identifier=given.get("sourceIdentifier"),
        source_name=given.get("sourceName") or str(app.legacy_resource_id),
        company_location=world.find(CompanyLocation, given.get("companyLocationId")),
        shipping_address=given.get("shippingAddress"),
        billing_address=given.get("billingAddress"),
        display_financial_status=given.get("financialStatus") or "PENDING",
        inventory_behaviour=behaviour,
        taxes_included=bool(given.get("taxesIncluded")),
        test=bool(given.get("test")),
        closed_at=given.get("closedAt"),
        app_id=app.id,
    )
    order.line_items = [_line(world, order, line) for line in given["lineItems"]]
    order.tax_lines = [_tax_line(order, line, None) for line in given.get("taxLines") or []]
    for shipping in given.get("shippingLines") or []:
        order.shipping = order.shipping + price_of(shipping["priceSet"], currency)
    return order


def tidy_tags(tags: list[str]) -> list[str]:
    """Tags as Shopify keeps them: trimmed, without blanks and doubles (case aside), in alphabetical order."""
    seen: dict[str, str] = {}
    for tag in tags:
        if tag.strip():
            seen.setdefault(tag.strip().casefold(), tag.strip())
    return sorted(seen.values(), key=str.casefold)


def price_of(bag: Given, currency: str) -> Price:
    """A money bag as a price in whole minor units; the customer's side is the shop's unless given."""
    shop = rounded(bag["shopMoney"]["amount"], currency)
    other = bag.get("presentmentMoney")
    return Price(shop, rounded(other["amount"], other["currencyCode"]) if other else shop)


def _line(world: World, order: Order, given: Given) -> LineItem:
    variant = world.find(Variant, given.get("variantId"))
    bag, now = given.get("priceSet"), order.created_at
    own_price = rounded(variant.price, order.currency_code) if variant else Decimal(0)
    line = LineItem(
        world.new_id("LineItem"),
        now,
        now,
        order,
        variant,
        given.get("title") or (variant.product.title if variant else ""),
        given.get("sku") or (variant.sku if variant else None),
        given["quantity"],
        given["quantity"],
        price_of(bag, order.currency_code) if bag else Price(own_price, own_price),
        variant_title=given.get("variantTitle") or (variant.title if variant else None),
        vendor=given.get("vendor") or (variant.product.vendor if variant else None),
        custom_attributes=[{"key": each["name"], "value": each["value"]} for each in given.get("properties") or []],
        taxable=given["taxable"],
        requires_shipping=given["requiresShipping"],
        is_gift_card=given["giftCard"],
    )
    line.tax_lines = [_tax_line(order, each, line) for each in given.get("taxLines") or []]
    return line


def _tax_line(order: Order, given: Given, line: LineItem | None) -> dict[str, Any]:
    """A tax line; without a price it is the rate of what it stands on."""
    if given.get("priceSet"):
        price = price_of(given["priceSet"], order.currency_code)
    else:
        lines = [line] if line else order.line_items
        base = sum((each.unit_price.shop * each.quantity for each in lines), Decimal(0))
        amount = rounded(base * given["rate"], order.currency_code)
        price = Price(amount, amount)
    return {"title": given["title"], "rate": given["rate"], "price": price, "channelLiable": given["channelLiable"]}
