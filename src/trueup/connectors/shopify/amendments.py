"""Bringing an order to other quantities by Shopify's order editing: staged, checked, and only then committed.

| wanted | done |
|---|---|
| fewer or more of a line at its price | orderEditSetQuantity on the line, stock given back or claimed |
| a line that is not there, or at another price | the old one to zero, the variant added anew and discounted to the price |
| nothing at all | the order is cancelled |
| an order that is cancelled | its key is released and the order created anew |

The API has no price for an added variant: it takes the shop's own, and a discount can only lower it. Whether a fixed discount
is meant for each unit or for the line is not documented. So every staged line is compared with what is wanted before the edit
is committed; where the price is not exact, the edit is abandoned (an uncommitted edit changes nothing) and begun once more
with the discount of the whole line. If that is not exact either, or the purchase order's price is above the shop's,
the amendment is refused as PRICE_NOT_EXACT and the order stands as it was. Cancelling and creating anew would give the stock
free for a moment, so that is left to whoever decides on the refusal: cancel_sales_order, then amend_sales_order again.

Shopify does not say that editing obeys the inventory policy: more units may be claimed than there are. The caller looks at
the levels before and after, as for every claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.errors import Rejected, RemoteError
from trueup.base.money import Money, exact_decimal
from trueup.connectors.shopify.client import Answer, ShopifyClient, expecting
from trueup.connectors.shopify.operations import (
    COSTS_KEY,
    EDIT_ADD,
    EDIT_BEGIN,
    EDIT_COMMIT,
    EDIT_DISCOUNT,
    EDIT_LINES,
    EDIT_QUANTITY,
    NAMESPACE,
    SET_METAFIELDS,
    Operation,
)
from trueup.connectors.shopify.orders import (
    cancel_order,
    find_order,
    money_input,
    read_back,
    release_key,
    send_order,
    shown_of,
)
from trueup.connectors.shopify.shown import WholeOrder, fetch_whole, line_sequences, read_price, write_costs
from trueup.domain.sales_orders import SalesLine, SalesOrder, ShownOrder
from trueup.remote.observed import Observed

PRICE_NOT_EXACT = "PRICE_NOT_EXACT"


@dataclass(frozen=True, slots=True)
class StagedLine:
    """A standing line of the order under edit."""

    id: str
    variant: str
    quantity: int
    price: Money
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What to stage: new quantities of standing lines, and lines to add."""

    quantities: tuple[tuple[StagedLine, int], ...]
    additions: tuple[SalesLine, ...]

    def __bool__(self) -> bool:
        return bool(self.quantities or self.additions)


def changes_between(staged: Sequence[StagedLine], wanted: Sequence[SalesLine]) -> Changes:
    """The fewest changes that leave exactly the wanted lines, each at its price. Lines are known by their sequence; one whose
    sequence could not be told serves any line of its product and price."""
    left = list(staged)
    quantities: list[tuple[StagedLine, int]] = []
    additions = [line for line in wanted if line.eaches]
    for by_sequence in (True, False):
        for line in tuple(additions):
            known_as = line.sequence if by_sequence else None
            likeness = (known_as, line.variant, line.price)
            kept = next((held for held in left if (held.sequence, held.variant, held.price) == likeness), None)
            if kept is None:
                continue
            left.remove(kept)
            additions.remove(line)
            if kept.quantity != line.eaches:
                quantities.append((kept, line.eaches))
    return Changes((*((held, 0) for held in left), *quantities), tuple(additions))


def amend_order(client: ShopifyClient, shown: ShownOrder, order: SalesOrder) -> Observed[ShownOrder]:
    """Bring the order to the wanted lines. Safe to repeat after any interruption: it starts from what the shop holds now."""
    if not any(line.eaches for line in order.lines):
        return cancel_order(client, shown, f"Nothing of order {order.order_number} is wanted any more.")
    whole = fetch_whole(client, shown.id)
    if whole is None or whole.node["cancelledAt"] is not None:
        return _renew(client, shown, order)
    try:
        for whole_line in (False, True):
            outcome = _edit(client, whole, order, whole_line_discounts=whole_line)
            if outcome is not None:
                return outcome
    except _Unstaged as unstaged:
        unstaged.error.maybe_applied = False  # nothing of an edit is applied until it is committed
        raise unstaged.error from unstaged.error.__cause__
    raise Rejected(
        f"Shop {client.settings.name}: order {shown.name} was not changed: an added line would not have the purchase order's "
        f"price. Raise the product's price in the shop to the purchase order's at least, or cancel the order and have it "
        f"created anew.",
        code=PRICE_NOT_EXACT,
    )


def _renew(client: ShopifyClient, shown: ShownOrder, order: SalesOrder) -> Observed[ShownOrder]:
    """A cancelled order cannot be edited: release its key and create anew. Interrupted in between, nothing has the key."""
    holder = find_order(client, order.key)
    if holder.value is not None and not holder.value.cancelled:
        return Observed(holder.value, holder.evidence)  # another order took its place meanwhile: compare with that one
    if holder.value is not None:
        release_key(client, holder.value, order.key)
    return send_order(client, order)


class _Unstaged(Exception):
    """A request before the commit failed."""

    def __init__(self, error: RemoteError) -> None:
        super().__init__(str(error))
        self.error = error


def _edit(
    client: ShopifyClient, whole: WholeOrder, order: SalesOrder, *, whole_line_discounts: bool
) -> Observed[ShownOrder] | None:
    """One edit from begin to commit; None when the staged prices are not exact and nothing was committed."""
    try:
        edit_id, staged = _begin(client, whole)
        changes = changes_between(staged, order.lines)
        if not changes:
            return shown_of(client, EDIT_BEGIN, whole)
        if not _stage(client, edit_id, changes, order, whole_line_discounts=whole_line_discounts):
            return None
        # Before the commit: whoever finds the order uncommitted amends it again, and the costs are those it will have.
        costs = {"namespace": NAMESPACE, "key": COSTS_KEY, "type": "json", "value": write_costs(order)}
        client.apply(SET_METAFIELDS, metafields=[{"ownerId": whole.node["id"], **costs}])
    except RemoteError as error:
        raise _Unstaged(error) from error
    answer = client.apply(EDIT_COMMIT, id=edit_id, note=f"Purchase order {order.order_number}")
    with expecting(client, EDIT_COMMIT):
        made = answer.root["order"]
    return read_back(client, EDIT_COMMIT, made, answer)


def _begin(client: ShopifyClient, whole: WholeOrder) -> tuple[str, list[StagedLine]]:
    answer = client.apply(EDIT_BEGIN, id=whole.node["id"])
    with expecting(client, EDIT_BEGIN):
        edit_id = answer.root["calculatedOrder"]["id"]
        page = answer.root["calculatedOrder"]["lineItems"]
        nodes = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        rest = client.run(EDIT_LINES, id=edit_id, after=page["pageInfo"]["endCursor"])
        with expecting(client, EDIT_LINES):
            page = rest.root["lineItems"]
            nodes += page["nodes"]
    with expecting(client, EDIT_BEGIN):
        sequences = {_number(line_id): sequence for line_id, sequence in line_sequences(whole).items()}
        return edit_id, [_read_staged(node, sequences.get(_number(node["id"]))) for node in nodes if node["quantity"]]


def _number(gid: str) -> str:
    """A line under edit bears the number of the line it stands for: LineItem/7 is CalculatedLineItem/7."""
    return gid.rsplit("/", 1)[-1]


def _read_staged(node: Mapping[str, Any], sequence: int | None) -> StagedLine:
    return StagedLine(
        id=node["id"],
        variant=node["variant"]["id"] if node["variant"] else "",
        quantity=node["quantity"],
        price=read_price(node["discountedUnitPriceSet"]),
        sequence=sequence,
    )


def _stage(
    client: ShopifyClient, edit_id: str, changes: Changes, order: SalesOrder, *, whole_line_discounts: bool
) -> bool:
    """Stage every change; whether each staged line is exactly as wanted."""
    for held, quantity in changes.quantities:
        node = _staged(client, EDIT_QUANTITY, client.apply(EDIT_QUANTITY, id=edit_id, line=held.id, quantity=quantity))
        if quantity and not _is_exact(client, EDIT_QUANTITY, node, quantity, held.price):
            return False
    location = client.settings.location_id(order.location)
    for line in changes.additions:
        answer = client.apply(EDIT_ADD, id=edit_id, variant=line.variant, quantity=line.eaches, location=location)
        node = _staged(client, EDIT_ADD, answer)
        with expecting(client, EDIT_ADD):
            off = read_price(node["originalUnitPriceSet"]) - line.price
        if off.minor > 0:
            value = off * line.eaches if whole_line_discounts else off
            discount = {"description": f"Purchase order {order.order_number}", "fixedValue": money_input(value)}
            answer = client.apply(EDIT_DISCOUNT, id=edit_id, line=node["id"], discount=discount)
            node = _staged(client, EDIT_DISCOUNT, answer)
        if not _is_exact(client, EDIT_ADD, node, line.eaches, line.price):
            return False
    return True


def _staged(client: ShopifyClient, operation: Operation, answer: Answer) -> Mapping[str, Any]:
    with expecting(client, operation):
        node: Mapping[str, Any] = answer.root["calculatedLineItem"]
        if node is None:
            raise KeyError("calculatedLineItem")
        return node


def _is_exact(
    client: ShopifyClient, operation: Operation, node: Mapping[str, Any], quantity: int, price: Money
) -> bool:
    with expecting(client, operation):
        money = node["discountedUnitPriceSet"]["shopMoney"]
        exact = exact_decimal(money["amount"]) == price.amount and money["currencyCode"] == price.currency
        return exact and node["quantity"] == quantity
