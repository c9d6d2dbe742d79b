"""What shoppers do with money: they buy with cards, gift cards and store credit, and are given money back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.simulators.shopify import gift_cards, order_input, orders, stock, store_credit
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.credit_records import Customer, Payment, Refund, RefundedLine
from trueup.simulators.shopify.pages import page
from trueup.simulators.shopify.records import App, Fulfillment, LineItem, Location, Order, Price, Variant
from trueup.simulators.shopify.shapes import bag
from trueup.simulators.shopify.world import World

Restock = tuple[str, Location | None]
"""What becomes of refunded goods: CANCEL, RETURN or NO_RESTOCK, and where they are put back (None: where they had left from)."""
NO_RESTOCK: Restock = ("NO_RESTOCK", None)
CARD, GIFT_CARD, STORE_CREDIT = "shopify_payments", "gift_card", "shopify_store_credit"


@dataclass(frozen=True, slots=True)
class Basket:
    """What a shopper buys and pays with: (variant id, quantity, properties); gift cards by code, then so much store credit, and
    the rest by card."""

    lines: Sequence[tuple[str, int, Mapping[str, str]]]
    customer: str | None = None
    gift_cards: Sequence[str] = ()
    store_credit: Decimal = Decimal(0)
    tags: Sequence[str] = field(default_factory=list)


def add_customer(world: World, name: str, email: str | None = None) -> Customer:
    """A new customer."""
    now = world.now()
    made = world.add(Customer(world.new_id("Customer"), now, now, name, email))
    world.till.customers.append(made)
    return made


def buy(world: World, shopper: App, basket: Basket) -> Order:
    """An order of the online store, paid in full. Raises NotFound, Invalid, Conflict when stock or money is not there."""
    order, wanted = _order_of(world, shopper, basket)
    due = orders.total(order).shop
    payments = _plan(world, basket, due)
    if orders.sell(world, wanted, order):
        raise Conflict("Not enough is available, and the policy is DENY.")
    customer = world.find(Customer, basket.customer)
    if customer is not None:
        world.till.buyers[order.id] = customer
    for gateway, amount, code in payments:
        paid = _pay(world, order, "SALE", gateway, amount)
        if gateway == GIFT_CARD:
            gift_cards.move(world, world.till.cards_by_code[code], -amount, f"Order {order.name}")
        elif gateway == STORE_CREDIT and customer is not None:
            store_credit.take(world, customer.accounts[order.currency_code], amount, "ORDER_PAYMENT", paid)
    return order


def _order_of(world: World, shopper: App, basket: Basket) -> tuple[Order, list[tuple[Variant, int]]]:
    lines, wanted = [], []
    for gid, quantity, properties in basket.lines:
        variant = world.find(Variant, gid)
        if variant is None:
            raise NotFound(f"Variant {gid!r}: the shop does not sell it.")
        wanted.append((variant, quantity))
        shown = [{"name": name, "value": value} for name, value in properties.items()]
        line = {"variantId": gid, "quantity": quantity, "properties": shown}
        lines.append({**line, "taxable": True, "requiresShipping": True, "giftCard": False})
    given = {"lineItems": lines, "sourceName": "web", "financialStatus": "PAID", "tags": list(basket.tags)}
    world.new_event()
    order = order_input.build(world, shopper, given, "SHOPPER")
    order.app_id = None
    return order, wanted


def _plan(world: World, basket: Basket, due: Decimal) -> list[tuple[str, Decimal, str]]:
    plan: list[tuple[str, Decimal, str]] = []
    for code in basket.gift_cards:
        card = world.till.cards_by_code.get(code.lower())
        if card is None or not card.enabled or gift_cards.expired(world, card) or not card.left:
            raise Conflict("A gift card cannot be used: it is unknown, deactivated, expired or empty.")
        amount = min(card.left, due)
        plan.append((GIFT_CARD, amount, card.code))
        due -= amount
    if basket.store_credit:
        customer = world.find(Customer, basket.customer)
        account = customer.accounts.get(world.settings.currency) if customer else None
        if account is None or account.amount < basket.store_credit or basket.store_credit > due:
            raise Conflict(f"Store credit of {basket.store_credit} cannot be used for {due}.")
        plan.append((STORE_CREDIT, basket.store_credit, ""))
        due -= basket.store_credit
    if due:
        plan.append((CARD, due, ""))
    return plan


def _pay(world: World, order: Order, kind: str, gateway: str, amount: Decimal) -> Payment:
    now = world.now()
    paid = world.add(Payment(world.new_id("OrderTransaction"), now, now, order, kind, gateway, amount))
    world.till.payments.setdefault(order.id, []).append(paid)
    return paid


def refund(
    world: World, order: Order, lines: Mapping[str, int], gateway: str = CARD, restock: Restock = NO_RESTOCK
) -> Refund:
    """Give back the money for lines (id -> units) through a gateway. Raises Invalid for what the order does not have."""
    now = world.now()
    units: list[tuple[LineItem, int]] = []
    for gid, count in lines.items():
        line = next((each for each in order.line_items if each.id == gid), None)
        if line is None or not 0 < count <= line.quantity:
            raise Invalid(f"Order {order.name}: {count} of line {gid} cannot be refunded.")
        units.append((line, count))
    amount = sum((line.unit_price.shop * count for line, count in units), Decimal(0))
    world.new_event()
    told = [_put_back(world, line, count, restock) for line, count in units]
    paid = _pay(world, order, "REFUND", gateway, amount)
    if gateway == STORE_CREDIT and (buyer := world.till.buyers.get(order.id)) is not None:
        account = store_credit.open_account(world, buyer.id, order.currency_code)
        if account is not None:
            store_credit.add(world, account, amount, "ORDER_REFUND")
    done = world.add(Refund(world.new_id("Refund"), now, now, order, [paid], told))
    world.till.refunds.setdefault(order.id, []).append(done)
    whole = all(count == line.quantity for line, count in units) and len(units) == len(order.line_items)
    order.display_financial_status = "REFUNDED" if whole else "PARTIALLY_REFUNDED"
    world.touch(order)
    world.happen("REFUNDS_CREATE", done)
    world.happen("ORDERS_UPDATED", order)
    return done


def _put_back(world: World, line: LineItem, count: int, restock: Restock) -> RefundedLine:
    """What becomes of the goods. CANCEL: units that had not left are free again. RETURN: units that had left lie at a place again.
    NO_RESTOCK touches no stock, and takes nothing off what is to be fulfilled. Source: shopify.dev, refund line items."""
    kind, place = restock
    if kind == "CANCEL":
        if count > line.current_quantity - line.fulfilled:
            raise Invalid(f"Order {line.order.name}: {count} of {line.sku} are not there to be cancelled.")
        parts = orders.parts_of(line.order, line)
        place = parts[0].fulfillment_order.location if parts else None
        orders.reduce(world, line, count, restock=True)
        return RefundedLine(line, count, kind, place)
    if kind == "RETURN":
        left_from = next((each.location for each in reversed(line.order.fulfillments) if line in _lines_of(each)), None)
        place = place or left_from
        if place is None or line.variant is None or count > line.fulfilled:
            raise Invalid(f"Order {line.order.name}: {count} of {line.sku} cannot come back: they never left.")
        if line.variant.inventory_item.tracked:
            level = world.level(line.variant.inventory_item, place)
            stock.shift(world, level, {"available": count, "on_hand": count})
        return RefundedLine(line, count, kind, place)
    return RefundedLine(line, count)


def _lines_of(left: Fulfillment) -> list[LineItem]:
    return [each.line_item for each in left.lines] if left.status == "SUCCESS" else []


def _of_order(ledger: str) -> Resolver:
    def read(order: Order, info: Any, first: int | None = None, **_: Any) -> Any:
        return getattr(info.context.world.till, ledger).get(order.id, [])[:first]

    return read


def _bag(amount: Decimal, order: Order) -> dict[str, Any]:
    return bag(Price(amount, amount), order)


ORDER: dict[str, Resolver] = {
    "customer": lambda order, info: info.context.world.till.buyers.get(order.id),
    "transactions": _of_order("payments"),
    "refunds": _of_order("refunds"),
}
OBJECTS: dict[str, dict[str, Resolver]] = {
    "OrderTransaction": {
        "amountSet": lambda paid, info: _bag(paid.amount, paid.order),
        "processedAt": lambda paid, info: paid.created_at,
    },
    "Refund": {
        "processedAt": lambda done, info: done.created_at,
        "transactions": lambda done, info, **given: page(done.payments, given),
        "totalRefundedSet": lambda done, info: _bag(
            sum((each.amount for each in done.payments), Decimal(0)), done.order
        ),
        "refundLineItems": lambda done, info, **given: page(
            [_refunded(done, each) for each in done.lines], given, lambda each: (each["id"],)
        ),
    },
}


def _refunded(done: Refund, back: RefundedLine) -> dict[str, Any]:
    line = back.line
    return {
        "id": f"gid://shopify/RefundLineItem/{done.legacy_resource_id}{line.legacy_resource_id}",
        "lineItem": line,
        "location": back.location,
        "quantity": back.count,
        "restockType": back.restock_type,
        "restocked": back.restock_type != "NO_RESTOCK",
        "subtotalSet": _bag(line.unit_price.shop * back.count, done.order),
    }
