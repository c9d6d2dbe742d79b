"""What the auditor is given, indexed: what each side says of itself, as plain data, and the arithmetic of the auditor's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

Row = Mapping[str, Any]
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that must be true: what it protects, the numbers that were compared, and where it is broken."""

    name: str
    title: str
    protects: str
    numbers: dict[str, Any]
    violations: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it. A statement that compared nothing at all holds nothing."""
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "protects": self.protects,
            "holds": self.holds,
            "numbers": self.numbers,
            "violations": list(self.violations),
        }


@dataclass(slots=True)
class Finding:
    """A statement while it is being looked into."""

    name: str
    title: str
    protects: str
    numbers: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def count(self, name: str, by: int = 1) -> None:
        """One more of what was compared."""
        self.numbers[name] = self.numbers.get(name, 0) + by

    def demand(self, holds: bool, words: str) -> None:
        """What must hold; `words` say what was found where it does not."""
        if not holds:
            self.violations.append(words)

    def stated(self, needed: str = "") -> Statement:
        """The statement. Where nothing of the `needed` kind was compared, that itself is a violation."""
        if needed and not self.numbers.get(needed):
            self.violations.append(f"nothing was compared: no {needed}")
        return Statement(self.name, self.title, self.protects, dict(self.numbers), tuple(self.violations))


@dataclass(frozen=True)
class Evidence:
    """The whole of it. Nothing here is computed by what is audited."""

    given: Mapping[str, Any]

    @property
    def plan(self) -> Row:
        """What was seeded."""
        return self.given["plan"]  # type: ignore[no-any-return]

    @cached_property
    def planned(self) -> dict[str, Row]:
        """Orders of the plan by number."""
        return {order["number"]: order for order in self.plan["orders"]}

    @cached_property
    def products(self) -> dict[str, Row]:
        """Products of the plan by SKU."""
        return {product["sku"]: product for product in self.plan["products"]}

    @cached_property
    def sku_of(self) -> dict[str, str]:
        """SKU by ASIN."""
        return {product["asin"]: product["sku"] for product in self.plan["products"]}

    @cached_property
    def amazon(self) -> dict[str, Row]:
        """Amazon's own record by order number."""
        return {order["purchase_order"]: order for order in self.given["amazon"]["orders"]}

    @cached_property
    def ours(self) -> dict[str, Row]:
        """Trueup's orders by number."""
        return {order["number"]: order for order in self.given["trueup"]["orders"]}

    @cached_property
    def cases(self) -> dict[str, list[Row]]:
        """Trueup's cases by order number; those of no order under the empty text."""
        numbers = {order["id"]: order["number"] for order in self.given["trueup"]["orders"]}
        found: dict[str, list[Row]] = defaultdict(list)
        for case in self.given["trueup"]["cases"]:
            found[numbers.get(case["order_id"], "")].append(case)
        return found

    @cached_property
    def shop_orders(self) -> dict[str, list[Row]]:
        """Orders in the shop that an app made, by purchase order number."""
        found: dict[str, list[Row]] = defaultdict(list)
        for order in self.given["shopify"]["orders"]:
            if order["by_app"]:
                found[order["po_number"] or ""].append(order)
        return found

    def has_case(self, number: str, kinds: tuple[str, ...], *, before: datetime | None = None) -> bool:
        """Whether a case about the order, of kinds that begin so, was opened (before an instant)."""
        return any(
            case["kind"].startswith(kinds) and (before is None or instant(case["opened_at"]) < before)
            for case in self.cases.get(number, [])
        )

    def open_case(self, number: str, kinds: tuple[str, ...]) -> bool:
        """Whether such a case is open."""
        return any(case["kind"].startswith(kinds) and case["state"] == "open" for case in self.cases.get(number, []))

    @property
    def answer_within(self) -> timedelta:
        """How long a buyer waits for an answer."""
        return timedelta(hours=self.plan["answer_within_hours"])

    def standing(self, number: str) -> tuple[str, Row | None]:
        """The state of our newest answer to an order that was not replaced, and the order."""
        order = self.ours.get(number)
        if order is None:
            return "unknown", None
        states = [
            row["state"]
            for row in order["deliveries"]
            if row["kind"] == "acknowledgement" and row["state"] != "superseded"
        ]
        return (states[-1] if states else "none"), order

    def amazon_lines(self) -> Iterator[tuple[Row, Row]]:
        """Every line that Amazon holds, with its order."""
        for order in self.amazon.values():
            for line in order["lines"]:
                yield order, line


def instant(text: str) -> datetime:
    """An instant from ISO 8601."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def answered(line: Row) -> dict[str, int]:
    """What Trueup's decision on a line says, summed by answer."""
    sums = {"accepted": 0, "backordered": 0, "rejected": 0}
    for part in (line["decision"] or {"parts": []})["parts"]:
        sums[part["answer"]] += part["amount"]
    return sums


def each_cost(net_cost: str, unit: str, unit_size: int | None, basis: str) -> Fraction:
    """The exact cost of one each."""
    per = (unit_size or 1) if basis == "case" and unit == "Cases" else 1
    return Fraction(Decimal(net_cost)) / per


def money(value: Fraction) -> Decimal:
    """Rounded half-even to cents, by integers alone."""
    scaled = value * 100
    return Decimal(round(scaled)).scaleb(-2).quantize(CENT, ROUND_HALF_EVEN)
