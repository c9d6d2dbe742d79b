"""What parts bring that is not of the plan of purchase orders: products, orders and cases that its auditor is not told of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
OF_OTHERS = ("circular.", "trade-in.", "credit.", "deposit.", "stock.drift", "report.", "inventory.", "vendor-return.")
"""How the kinds of cases begin that the plan of purchase orders cannot make."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Products by SKU and purchase orders by number that belong to another part."""

    skus: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    def is_case(self, case: Row) -> bool:
        """Whether a case is about them."""
        return case["kind"].startswith(OF_OTHERS) or self._named(case["subject"].replace("/", " ").split())

    def _named(self, words: Iterable[str]) -> bool:
        return any(word in self.skus or word in self.orders for word in words)

    def rest_of_shop(self, state: Row) -> Row:
        """The shop without them: its levels and orders."""
        levels = [level for level in state["levels"] if level["sku"] not in self.skus]
        return {**state, "levels": levels, "orders": [order for order in state["orders"] if not self.is_sale(order)]}

    def is_sale(self, order: Row) -> bool:
        """Whether an order of the shop has such a product."""
        return any(line["sku"] in self.skus for line in order["lines"])

    def rest_of_amazon(self, state: Row) -> Row:
        """Amazon without them: its orders and what was sent for them."""
        orders = [order for order in state["orders"] if order["purchase_order"] not in self.orders]
        sent = [each for each in state["transactions"] if not self.orders & set(each["purchase_orders"])]
        return {**state, "orders": orders, "transactions": sent}
