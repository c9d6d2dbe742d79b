"""Numbers and days as countries write them: which reading is meant is found in the table itself, never guessed.

`1,234` is two numbers and `03/04/2026` two days. A cell that allows one reading alone shows how its table is written; where
no cell does, or two contradict each other, a cell with two readings is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from trueup.base.errors import Invalid
from trueup.base.money import Money, check_currency, exact_decimal, exponent_of
from trueup.formats.document import Location, Severity
from trueup.formats.tabular import Findings

T = TypeVar("T")
_PLAIN = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,2})?")
_SYMBOLS = re.compile(r"[$€£¥₹\u00a0\u202f\u2009]")
_SIGNED = re.compile(r"\((?P<inside>[^()+-]+)\)|(?P<front>[+-]?)(?P<body>[^()+-]+)(?P<back>-?)")
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,6})?)?")
_TOGETHER = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_PARTS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_NAMED = re.compile(r"([0-9]{1,2})[ .-]{1,2}([A-Za-z]{3,9})\.?[ ,-]{1,2}([0-9]{4})")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})")
_MONTHS = "january february march april may june july august september october november december".split()


def _shape(mark: str, other: str) -> re.Pattern[str]:
    """What a number with this decimal mark looks like: thousands grouped by one sign; in India, by commas, also hundreds."""
    grouped = rf"[1-9][0-9]{{0,2}}(?P<group>[{other}' ])(?:[0-9]{{3}}(?P=group))*[0-9]{{3}}"
    indian = r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
    whole = f"{grouped}|{indian}|[0-9]{{0,20}}" if other == "," else f"{grouped}|[0-9]{{0,20}}"
    return re.compile(rf"(?P<whole>{whole})(?:[{mark}](?P<part>[0-9]{{1,10}}))?")


_SHAPES = {".": _shape(".", ","), ",": _shape(",", ".")}


@dataclass(frozen=True, slots=True)
class Convention:
    """How a table writes its numbers and days. `decimal_mark`: "" where not known; `day_first` of 03/04: None likewise.

    `contradicts`: what the table writes in two ways, so that it shows nothing about cells with two readings.
    """

    decimal_mark: str = ""
    day_first: bool | None = None
    contradicts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.decimal_mark not in ("", ".", ","):
            raise Invalid(f"Decimal mark {self.decimal_mark!r}: expected a point or a comma.")


UNDECLARED = Convention()


def convention_of(numbers: Iterable[str], days: Iterable[str], declared: Convention = UNDECLARED) -> Convention:
    """What is declared, and for the rest what the cells show. What they do not show, or contradict, stays unknown."""
    mark, day_first = declared.decimal_mark, declared.day_first
    contradicts: tuple[str, ...] = ()
    if not mark:
        marks = {way for cell in numbers if (way := _shown_mark(cell)) is not None}
        mark = marks.pop() if len(marks) == 1 else ""
        contradicts = ("decimals, with a point and with a comma",) if marks else ()
    if day_first is None:
        orders = {order for cell in set(days) if (order := _only_way(_days, cell)) is not None}
        day_first = orders.pop() if len(orders) == 1 else None
        contradicts += ("days, with the day first and with the month first",) if orders else ()
    return Convention(mark, day_first, contradicts)


def tell_contradictions(convention: Convention, findings: Findings) -> None:
    """A warning for what the table writes in two ways: each cell is read for itself, and one of them may be a slip."""
    for what in convention.contradicts:
        words = f"the table writes {what}; cells that can be read in one way alone are read so, look at them"
        findings.add("two-conventions", words, Location(0, "row 1"), Severity.WARNING)


def exact_money(value: str | Decimal, currency: str) -> Money:
    """An amount as a source states it. Raises Invalid when it is no number, or has more digits than its currency."""
    number, digits = exact_decimal(value), exponent_of(check_currency(currency))
    try:
        return Money.of(number, currency)
    except Invalid:
        raise Invalid(f"{number} {currency}: expected at most {digits} digits after the decimal mark") from None


def read_number(cell: str, convention: Convention = UNDECLARED) -> Decimal:
    """An exact number: signed in front or behind, or in parentheses. Raises Invalid when it is none, or two."""
    if convention.decimal_mark != "," and _PLAIN.fullmatch(cell):
        return Decimal(cell)
    ways = _numbers(cell)
    if mark := convention.decimal_mark:
        if mark not in ways:
            raise Invalid(f"expected a number such as 1234{mark}56, as this table writes it, found {cell[:40]!r}")
        return ways[mark]
    values = sorted(set(ways.values()))
    if not values:
        raise Invalid(f"expected a number such as 1234.56, found {cell[:40]!r}")
    if len(values) > 1:
        raise Invalid(
            f"{cell!r} is {values[0]:f} or {values[1]:f}, and the table does not show which; declare its decimal mark"
        )
    return values[0]


@lru_cache(maxsize=4096)
def read_day(cell: str, convention: Convention = UNDECLARED) -> date:
    """A day. ISO 8601 and named months are clear; of 03/04/2026 the table must show its order. Raises Invalid otherwise."""
    ways = _days(cell)
    if convention.day_first is not None:
        if convention.day_first not in ways:
            order = "day/month/year" if convention.day_first else "month/day/year"
            raise Invalid(f"expected a day written {order}, as in this table, or 2026-10-31, found {cell[:40]!r}")
        return ways[convention.day_first]
    values = sorted(set(ways.values()))
    if not values:
        raise Invalid(f"expected a day such as 2026-10-31, found {cell[:40]!r}")
    if len(values) > 1:
        raise Invalid(f"{cell!r} is {values[0]} or {values[1]}, and the table does not show which; write 2026-10-31")
    return values[0]


def _shown_mark(cell: str) -> str | None:
    if _PLAIN.fullmatch(cell):  # nearly every cell there is
        return "." if "." in cell else None
    return _only_way(_numbers, cell)


def _only_way(ways_of: Callable[[str], Mapping[T, object]], cell: str) -> T | None:
    ways = ways_of(cell)
    return next(iter(ways)) if len(ways) == 1 else None


def _numbers(cell: str) -> dict[str, Decimal]:
    """The number by each decimal mark that it may be written with."""
    found = _SIGNED.fullmatch(_SYMBOLS.sub(" ", cell).strip())
    if found is None or (found["front"] and found["back"]):
        return {}
    body = (found["inside"] or found["body"]).strip()
    sign = "-" if found["inside"] or "-" in (found["front"], found["back"]) else ""
    ways: dict[str, Decimal] = {}
    for mark, shape in _SHAPES.items():
        if (fits := shape.fullmatch(body)) and (fits["whole"] or fits["part"]):
            whole = re.sub(r"[^0-9]", "", fits["whole"])
            ways[mark] = Decimal(f"{sign}{whole or 0}" + (f".{fits['part']}" if fits["part"] else ""))
    return ways


def _days(cell: str) -> dict[bool, date]:
    """The day by each order (day first: True) that it may be written in."""
    if found := _ISO.fullmatch(cell) or _TOGETHER.fullmatch(cell):
        year, *_, month, day = found.groups()
        return _both(_day(year, month, day))
    if found := _NAMED.fullmatch(cell):
        return _both(_day(found[3], _month(found[2]), found[1]))
    if found := _NAMED_FIRST.fullmatch(cell):
        return _both(_day(found[3], _month(found[1]), found[2]))
    found = _PARTS.fullmatch(cell)
    if found is None or (len(found[4]) == 2 and found[2] == "-"):  # 26-10-31 may open with its year
        return {}
    one, mark, two, year = found.groups()
    year = year if len(year) == 4 else f"20{year}"
    ways = {True: _day(year, two, one), False: _day(year, one, two) if mark != "." else None}
    if mark == ".":  # points are written where the day comes first
        return _both(ways[True])
    return {order: day for order, day in ways.items() if day is not None}


def _both(day: date | None) -> dict[bool, date]:
    return {} if day is None else {True: day, False: day}


def _month(name: str) -> str:
    fits = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    return str(fits[0]) if len(fits) == 1 else "0"


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
