"""The segments of one sound 850 as a PurchaseOrder: every segment read by its place, every doubt a located finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.money import check_currency
from trueup.base.quantity import Quantity
from trueup.domain.orders import OrderLine, OrderState, OrderType, Party, PurchaseOrder, Window
from trueup.domain.partners import Route
from trueup.formats.document import Severity
from trueup.formats.edi.elements import read_date
from trueup.formats.x12.envelope import returns_to
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.guide import Guide
from trueup.formats.x12.interchanges import Journal
from trueup.formats.x12.order_lines import LineReader, Remembered, whole_number

CANCEL, CHANGES = "01", ("04", "05")
_ZONE_HOURS = {
    **dict.fromkeys(("", "UT", "GM", "Z"), 0),
    "ES": -5,
    "ED": -4,
    "CS": -6,
    "CD": -5,
    "MS": -7,
    "MD": -6,
    "PS": -8,
    "PD": -7,
}
_Sides = dict[tuple[str, str], datetime]


@dataclass(slots=True)
class _Header:
    """What the segments before the lines say."""

    beginning: list[str] = field(default_factory=list)
    currency: str = ""
    references: dict[str, str] = field(default_factory=dict)
    sides: _Sides = field(default_factory=dict)
    backorder: bool = False
    parties: dict[str, Party] = field(default_factory=dict)


class OrderReader:
    """The state of reading one order. `error` is set by the first finding that keeps it from being taken in."""

    def __init__(
        self,
        received: ReceivedSet,
        guide: Guide,
        journal: Journal,
        terms: tuple[str, str | None],
        remembered: Remembered,
    ) -> None:
        """`terms` are our name of the partner (empty: the sender's id) and the currency (None: the guide's)."""
        self.received, self.guide, self.facts = received, guide, journal.facts
        self.lines = LineReader(received, guide, remembered)
        (partner, currency), facts = terms, journal.facts
        self.interchange = len(facts["interchanges"]) - 1
        self.partner = partner or facts["interchanges"][self.interchange]["sender"][1]
        self.currency = currency or guide.currency
        self.error = False
        self.header = _Header()
        self.party = ""

    def read(self) -> tuple[PurchaseOrder, dict[str, Any]] | None:
        """The order and the facts of where it stood; None when something essential is missing or wrong."""
        checked = self.received.checked
        lines = self.lines
        totals: tuple[int, list[str]] | None = None
        index = -1
        for node, elements in zip(checked.nodes, checked.segments, strict=True):
            index += 1
            if node is None:
                continue
            match node.name:
                case "PO1/PO1":
                    lines.lines.append((index, elements))
                case "PO1/PO4":
                    lines.packs.setdefault(lines.lines[-1][0], _at(elements, 1))
                case "PO1/CTP":
                    if _at(elements, 2) in ("RES", "MSR", "SRP", "RTL"):
                        lines.list_prices[lines.lines[-1][0]] = _at(elements, 3)
                case "CTT":
                    totals = (index, elements)
                case name:
                    self._head(name, elements, index)
        self._finish_header()
        lines.currency, lines.backorder_allowed = self.currency, self.header.backorder
        read = lines.read()
        if totals:
            self._check_totals(*totals, read)
        if self.error or lines.refused:
            return None
        return self._order(read), self._order_facts(lines.raws)

    def _head(self, name: str, elements: list[str], index: int) -> None:
        header = self.header
        match name:
            case "BEG":
                header.beginning = header.beginning or elements
            case "CUR":
                self._currency(elements, index)
            case "REF":
                header.references.setdefault(_at(elements, 1), _at(elements, 2) or _at(elements, 3))
            case "CSH":
                self._backorder(_at(elements, 1), index)
            case "DTM":
                self._date(elements, index)
            case "N1/N1":
                self.party = _at(elements, 1)
                code = _at(elements, 4) or _at(elements, 2)
                header.parties[self.party] = Party(code, _at(elements, 2))
            case "N1/N2" | "N1/N3" | "N1/N4":
                self._address(name, elements)

    def _order(self, lines: tuple[OrderLine, ...]) -> PurchaseOrder:
        header, beginning = self.header, self.header.beginning
        purpose = beginning[1]
        sides = header.sides
        if purpose == CANCEL:
            lines = tuple(_cancelled(line) for line in lines)
        return PurchaseOrder(
            partner=self.partner,
            number=beginning[3],
            vendor_code=header.references[self.guide.vendor_code_reference],
            route=Route.EDI,
            state=OrderState.CLOSED if purpose == CANCEL else OrderState.NEW,
            type=self._type(),
            ordered_at=_midnight(beginning[5]) or self._sent_at(),
            changed_at=self._sent_at() if purpose in (CANCEL, *CHANGES) else None,
            ship_to=header.parties["ST"],
            lines=lines,
            buyer=header.parties.get("BY"),
            bill_to=header.parties.get("BT"),
            ship_window=_window(sides, "ship"),
            delivery_window=_window(sides, "delivery"),
            deal_code=header.references.get(self.guide.deal_reference, ""),
        )

    def _order_facts(self, raws: dict[str, str]) -> dict[str, Any]:
        group = len(self.facts["interchanges"][self.interchange]["groups"]) - 1
        return returns_to(self.facts, self.interchange, group) | {
            "number": self.header.beginning[3],
            "purpose": self.header.beginning[1],
            "interchange": self.interchange,
            "interchange_control": self.facts["interchanges"][self.interchange]["control"],
            "group_control": self.received.group["control"],
            "set_control": self.received.facts["control"],
            "lines": raws,
        }

    def _finish_header(self) -> None:
        beginning = self.header.beginning
        reference = self.guide.vendor_code_reference
        where = next(
            (place for place, node in enumerate(self.received.checked.nodes) if node and node.name == "BEG"), 0
        )
        if not self.header.references.get(reference):
            words = f"REF*{reference} with our vendor code is missing, expected after BEG: whose order is this?"
            self._refuse("vendor-code-missing", words, where)
        placed = read_date(_at(beginning, 5))
        if placed and not 1900 <= placed.year <= 9000:
            self._refuse("order-date-impossible", f"BEG05 is {placed:%Y-%m-%d}: nothing was ordered then", where, 5)
        ship_to = self.header.parties.get("ST")
        if ship_to is None or not ship_to.id:
            self._refuse("ship-to-missing", "N1*ST with the place to ship to is missing", where)
        if _at(beginning, 1) in CHANGES:
            words = f"BEG01 {beginning[1]}: read as the whole order anew; a line that is not in it counts as cancelled"
            self.received.find(Severity.WARNING, "order-replaced", words, where, 1)
        if self._type_code() not in self.guide.order_types:
            known = ", ".join(self.guide.order_types)
            words = f"BEG02 is {self._type_code()!r}, expected one of {known}"
            self._refuse("order-type-unknown", words, where, 2)
        sides = self.header.sides
        for window in ("ship", "delivery"):
            start, end = sides.get((window, "start")), sides.get((window, "end"))
            if start and end and start > end:
                words = f"the {window} window ends {end:%Y-%m-%d}, before it starts on {start:%Y-%m-%d}"
                self._warn("window-reversed", words, where)

    def _type_code(self) -> str:
        return _at(self.header.beginning, 2)

    def _type(self) -> OrderType:
        return self.guide.order_types[self._type_code()]

    def _sent_at(self) -> datetime:
        group = self.received.group
        day = _midnight(group["date"])
        if day is None:
            return _midnight(self.header.beginning[5]) or datetime(1970, 1, 1, tzinfo=UTC)
        return day + (_time_of_day(group["time"]) or timedelta())

    def _currency(self, elements: list[str], index: int) -> None:
        text = self.guide.currencies.get(_at(elements, 2), _at(elements, 2))
        try:
            self.currency = check_currency(text)
        except Invalid as error:
            self._refuse("currency-unknown", str(error), index, 2)

    def _backorder(self, code: str, index: int) -> None:
        allowed = self.guide.backorder_codes.get(code)
        if allowed is None:
            words = f"CSH01 is {code!r}, expected one of {', '.join(self.guide.backorder_codes)}; read as not allowed"
            self._warn("backorder-unknown", words, index, 1)
        self.header.backorder = bool(allowed)

    def _date(self, elements: list[str], index: int) -> None:
        side = self.guide.windows.get(_at(elements, 1))
        day = _midnight(_at(elements, 2))
        if side is None or day is None:
            return
        time, zone = _time_of_day(_at(elements, 3)), _at(elements, 4)
        if time is not None and zone not in _ZONE_HOURS:
            self._warn("zone-unknown", f"DTM04 {zone!r} is not one known here; the time is read as UTC", index, 4)
        moment = day + time - timedelta(hours=_ZONE_HOURS.get(zone, 0)) if time is not None else day
        self.header.sides.setdefault(side, moment)

    def _address(self, name: str, elements: list[str]) -> None:
        party = self.header.parties.get(self.party)
        if party is None:
            return
        parts = elements[1:3]
        country = party.country
        if name == "N1/N4":
            parts = [" ".join(part for part in elements[1:4] if part)]
            country = _at(elements, 4)
        added = tuple(part for part in parts if part)
        self.header.parties[self.party] = Party(party.id, party.name, party.address + added, country)

    def _check_totals(self, index: int, totals: list[str], read: tuple[OrderLine, ...]) -> None:
        declared = whole_number(totals[1])
        if declared != len(self.lines.lines):
            words = f"CTT01 says {totals[1][:20]!r} lines, found {len(self.lines.lines)}: lines may be lost"
            self._refuse("line-count-differs", words, index, 1)
        total = sum(line.ordered.amount for line in read)
        if _at(totals, 2) and len(read) == len(self.lines.lines) and whole_number(totals[2]) != total:
            self._warn("hash-total-differs", f"CTT02 is {totals[2][:20]!r}, the quantities add up to {total}", index, 2)

    def _warn(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.received.find(Severity.WARNING, code, words, index, element)

    def _refuse(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.error = True
        self.received.find(Severity.ERROR, code, words, index, element)


def _cancelled(line: OrderLine) -> OrderLine:
    quantity = Quantity(0, line.ordered.unit, line.ordered.unit_size)
    return OrderLine(
        line.sequence, line.sequence_text, line.asin, line.product_ids, quantity, line.net_cost, line.list_price
    )


def _at(elements: list[str], place: int) -> str:
    return elements[place] if place < len(elements) else ""


def _midnight(text: str) -> datetime | None:
    day = read_date(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _time_of_day(text: str) -> timedelta | None:
    if len(text) < 4 or not text.isascii() or not text.isdigit():
        return None
    return timedelta(hours=int(text[:2]), minutes=int(text[2:4]), seconds=int(text[4:6] or 0))


def _window(sides: Mapping[tuple[str, str], datetime], name: str) -> Window | None:
    start, end = sides.get((name, "start")), sides.get((name, "end"))
    return Window(start, end) if start or end else None
