"""The lines of one 850: each PO1 with its PO4 and CTP as an OrderLine, every doubt a located finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from trueup.base.errors import Invalid
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.identifiers import Asin
from trueup.domain.orders import OrderLine
from trueup.formats.document import Severity
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.guide import Guide

_WHOLE = 15  # digits of a count that are looked at; Quantity refuses absurd ones itself
_MOST_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class _Item:
    """What a PO1 says from its unit on. Orders repeat the same products at the same cost, so it is worked out once."""

    unit: Unit
    price: UnitPrice | None
    asin: str | None
    product_ids: tuple[tuple[str, str], ...]


class Remembered:
    """What is the same from line to line and order to order of a file, by the text that says it. Bounded, and never stale."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, _Item]] = {}
        self.eaches: dict[str, Quantity] = {}
        self.cases: dict[tuple[str, str], Quantity] = {}

    def items_in(self, currency: str) -> dict[str, _Item]:
        """Items by their text, priced in a currency; started anew once a file turns out to repeat little."""
        if sum(map(len, self.items.values())) + len(self.eaches) + len(self.cases) > _MOST_REMEMBERED:
            self.items.clear()
            self.eaches.clear()
            self.cases.clear()
        return self.items.setdefault(currency, {})


@dataclass(slots=True)
class LineReader:
    """The state of reading an order's lines. `refused` turns true with the first finding that keeps the order out."""

    received: ReceivedSet
    guide: Guide
    remembered: Remembered
    currency: str = ""
    backorder_allowed: bool = False
    refused: bool = False
    lines: list[tuple[int, list[str]]] = field(default_factory=list)
    packs: dict[int, str] = field(default_factory=dict)
    list_prices: dict[int, str] = field(default_factory=dict)
    items: dict[str, _Item] = field(default_factory=dict)
    raws: dict[str, str] = field(default_factory=dict)
    """The PO1 segments as they came, by line number."""

    def read(self) -> tuple[OrderLine, ...]:
        """Every line that can be had, in the order of the document."""
        self.items = self.remembered.items_in(self.currency)
        found = [self._line(index, elements, self.packs.get(index, "")) for index, elements in self.lines]
        return tuple(line for line in found if line is not None)

    def _line(self, index: int, elements: list[str], pack: str) -> OrderLine | None:
        """A line, its findings recorded; None when it cannot be had."""
        text = elements[1]
        number = int(text) if text.isdigit() and text.isascii() and len(text) <= _WHOLE else 0
        if not number:
            number = len(self.raws) + 1
            words = f"PO101 is {text!r}, expected the line's number; it is counted as line {number}"
            self._warn("line-number-missing", words, index, 1)
        name = str(number)
        if name in self.raws:
            self._refuse("line-number-repeated", f"PO101 {text} occurs twice in the order", index, 1)
            return None
        self.raws[name] = raw = self.received.raws[index]
        amount = elements[2]
        key = raw[len(text) + len(amount) + 6 :]
        item = self.items.get(key) or self._item(elements, index, key)
        if item is None:
            return None
        if item.unit is Unit.EACH:
            ordered = self.remembered.eaches.get(amount) or self._quantity(amount, item.unit, "", index)
        else:
            ordered = self.remembered.cases.get((amount, pack)) or self._quantity(amount, item.unit, pack, index)
        if ordered is None:
            return None
        list_price = self.list_prices.get(index) if self.list_prices else None
        return OrderLine(
            number,
            text,
            item.asin,
            item.product_ids,
            ordered,
            item.price,
            self._price(list_price, index, 1) if list_price else None,
            backorder_allowed=self.backorder_allowed,
        )

    def _item(self, elements: list[str], index: int, key: str) -> _Item | None:
        """Unit, cost and product of a PO1; None when its unit is unknown. Remembered when there is nothing to find in it."""
        unit = self.guide.units.get(elements[3])
        if unit is None:
            known = ", ".join(self.guide.units)
            self._refuse("unit-unknown", f"PO103 is {elements[3]!r}, expected one of {known}", index, 3)
            return None
        text = elements[4] if len(elements) > 4 else ""
        price = self._price(text, index, 4) if text else None
        asin, product_ids = self._products(elements)
        item = _Item(unit, price, asin, product_ids)
        if asin is None and not product_ids:
            self._warn("product-id-missing", "the line names no product", index)
        elif price is not None or not text:
            self.items[key] = item
        return item

    def _quantity(self, text: str, unit: Unit, pack: str, index: int) -> Quantity | None:
        amount = whole_number(text)
        if amount is None:
            words = f"PO102 is {text[:40]!r}, expected a whole number of at most {_WHOLE} digits"
            self._refuse("quantity-not-whole", words, index, 2)
            return None
        size = (whole_number(pack) or None) if unit is Unit.CASE else 1
        try:
            quantity = Quantity(amount, unit, size)
        except Invalid as error:
            self._refuse("quantity-absurd", f"PO102: {error}", index, 2)
            return None
        if unit is Unit.EACH:
            self.remembered.eaches[text] = quantity
        else:
            self.remembered.cases[text, pack] = quantity
        return quantity

    def _price(self, text: str, index: int, element: int) -> UnitPrice | None:
        """Negative ones are taken: a hold rule judges them."""
        try:
            return UnitPrice(Decimal(text[:100]), self.currency)
        except (Invalid, InvalidOperation):
            words = f"the price {text[:40]!r} is no amount of money, expected such as 12.50"
            self._refuse("price-unreadable", words, index, element)
            return None

    def _products(self, elements: list[str]) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        """The ASIN, by the first qualifier that may carry one and whose value has its shape; and the other pairs."""
        asin: str | None = None
        pairs: list[tuple[str, str]] = []
        for qualifier, code in zip(elements[6:26:2], elements[7:27:2], strict=False):
            if asin is None and qualifier in self.guide.asin_qualifiers:
                asin = _asin(code)
                if asin is not None:
                    continue
            if code:
                pairs.append((qualifier, code))
        return asin, tuple(pairs)

    def _warn(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.received.find(Severity.WARNING, code, words, index, element)

    def _refuse(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.refused = True
        self.received.find(Severity.ERROR, code, words, index, element)


def _asin(code: str) -> str | None:
    if len(code) != 10:
        return None
    try:
        return Asin.parse(code)
    except Invalid:
        return None


def whole_number(text: str) -> int | None:
    """A whole number that may be written with a point (`12.0`), or None."""
    head, _, tail = text.partition(".")
    digits = head.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > _WHOLE or tail.strip("0"):
        return None
    return int(head)
