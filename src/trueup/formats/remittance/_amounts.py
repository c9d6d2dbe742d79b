"""Cells of remittance tables as exact minor units, days and words, in the way their file writes them.

How a file writes is found over the whole file (formats/regional); where no cell shows it, the country that its currencies
belong to does, with a warning; where that does not either, a person is asked. Numbers of a workbook come as floats: their
shortest digits are what was meant, and no arithmetic is done on them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.money import LARGEST_MINOR, exact_decimal, exponent_of
from trueup.formats.regional import Convention, read_day, read_number

MOST_REMEMBERED = 50_000
NOTHING = ("", "-", "--", "–", "—", "n/a", "na", "null", "none")
"""What an empty cell is written as."""
_BLANK_BEGINS = " \t\u00a0-–—nN"
_POINT = re.compile(r"(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})\.([0-9]{2})")
_COMMA = re.compile(r"(-?)([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,18}),([0-9]{2})")
_SYMBOL = re.compile(r"[^\W\d_]+\$?\.?|[$€£¥₹₺₽₩฿₪₫₱]")
_SYMBOLS: dict[str, tuple[str, ...]] = {
    **{symbol: (code,) for symbol, code in zip("€£₹₺₽₩฿₪₫₱", "EUR GBP INR TRY RUB KRW THB ILS VND PHP".split(), strict=True)},
    **{symbol: (code,) for symbol, code in zip("R$ zł US$ CA$ C$ A$ AU$ S$ MX$ MEX$ Kč Ft".split(),
        "BRL PLN USD CAD CAD AUD AUD SGD MXN MXN CZK HUF".split(), strict=True)},
    **dict.fromkeys(("Rs", "Rs."), ("INR",)),
    **dict.fromkeys(("kr", "kr."), ("SEK", "NOK", "DKK", "ISK")),
    **dict.fromkeys(("¥", "円", "元"), ("JPY", "CNY")),
    "$": ("USD", "CAD", "MXN", "AUD", "NZD", "SGD", "HKD", "BRL", "CLP", "COP", "ARS", "TWD"),
}  # fmt: skip
_MINUS = str.maketrans({"−": "-", "–": "-", "’": "'", "٬": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_TIME = re.compile(r"[ T][0-9]{1,2}:[0-9]{2}.*$")
_SERIAL = re.compile(r"([2-9][0-9]{4})(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_DIGITS_OF_A_FLOAT = 15
_LONGEST_PLAIN = 18
"""So many characters of an amount are within what is ever paid; longer ones are looked at again."""

# Which order and which decimal mark Amazon's stores of a currency write: used where a file itself shows neither.
_HABITS: dict[str, tuple[bool | None, str]] = {
    **dict.fromkeys(("USD", "CAD"), (False, ".")),
    **dict.fromkeys("GBP INR MXN AUD NZD SGD AED SAR EGP ZAR ILS".split(), (True, ".")),
    **dict.fromkeys("BRL PLN SEK TRY CZK DKK NOK HUF".split(), (True, ",")),
    **dict.fromkeys("JPY CNY KRW TWD".split(), (None, ".")),
    "EUR": (True, ""),
}


@dataclass(frozen=True, slots=True)
class Habit:
    """What the currencies of a file (and other signs of its country) say about how it is written; "" and None: nothing."""

    decimal_mark: str = ""
    day_first: bool | None = None


def habit_of(currencies: Iterable[str], *, day_first: bool | None = None) -> Habit:
    """The habit all currencies share. `day_first` is what other signs say; a contradiction says nothing."""
    known = [_HABITS.get(currency, (None, "")) for currency in sorted(set(currencies))]
    orders = {order for order, _ in known} | ({day_first} if day_first is not None else set())
    marks = {mark for _, mark in known}
    return Habit(
        marks.pop() if len(marks) == 1 else "",
        orders.pop() if len(orders) == 1 else None,
    )


def has_two_numbers(cell: str) -> bool:
    """Whether a cell is one number with a decimal point and another with a comma."""
    text = _plain(cell)
    return _differ(read_number, text, Convention("."), Convention(","))


def has_two_days(cell: str) -> bool:
    """Whether a cell is one day with the day first and another with the month first."""
    text = _TIME.sub("", cell.strip())
    return _differ(read_day, text, Convention("", True), Convention("", False))


def shown_number(cell: str) -> str:
    """An amount without currency and odd signs: what shows how numbers are written."""
    return _plain(cell)


def shown_day(cell: str) -> str:
    """A day without its time."""
    return _TIME.sub("", cell.strip())


@dataclass(slots=True)
class CellReader:
    """Reads the cells of one file by its convention. It remembers what it read: zeros, days and codes repeat."""

    convention: Convention
    days_from_1904: bool = False
    _amounts: defaultdict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    _days: dict[str, date] = field(default_factory=dict)

    def minor(self, cell: Any, currency: str) -> int | None:
        """An amount in minor units of the currency, None for a blank cell.

        Raises Invalid for what is no amount, is in another currency, or has more digits than the currency.
        """
        if type(cell) is str:
            amounts = self._amounts[currency]
            try:
                return amounts[cell]
            except KeyError:
                pass
            known = None if is_blank(cell) else self._from_text(cell, currency)
            if len(amounts) < MOST_REMEMBERED:
                amounts[cell] = known
            return known
        if type(cell) is float or type(cell) is int:
            whole, _, part = repr(cell).partition(".")
            if part == "0":
                part = ""
            if (
                exponent_of(currency) == 2
                and len(part) <= 2
                and whole.lstrip("-").isdigit()
                and (not part or part.isdigit())
            ):
                return int(whole + part.ljust(2, "0"))
            return _scaled(exact_decimal(repr(cell)), currency)
        raise Invalid(f"expected an amount, found {_shown(cell)}")

    def number(self, cell: Any) -> Decimal:
        """An exact number, such as a rate. Raises Invalid."""
        if type(cell) is float or type(cell) is int:
            return exact_decimal(repr(cell))
        if type(cell) is not str:
            raise Invalid(f"expected a number, found {_shown(cell)}")
        try:
            return exact_decimal(read_number(_plain(cell)))  # a rate of four digits says itself what its mark is
        except Invalid:
            return exact_decimal(read_number(_plain(cell), self.convention))

    def day(self, cell: Any) -> date:
        """A day: as text in any known way, as a date of the workbook, or as its serial number. Raises Invalid."""
        if type(cell) is str:
            known = self._days.get(cell)
            if known is None:
                known = self._day_from_text(cell.strip())
                if len(self._days) < MOST_REMEMBERED:
                    self._days[cell] = known
            return known
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        if type(cell) is float and 20_000 <= cell < 100_000:
            return self._serial(repr(cell).partition(".")[0])
        raise Invalid(f"expected a day, found {_shown(cell)}")

    def _day_from_text(self, text: str) -> date:
        if found := _SERIAL.fullmatch(text):
            return self._serial(found[1])
        return read_day(_TIME.sub("", text), self.convention)

    def _serial(self, digits: str) -> date:
        return (_EPOCH_1904 if self.days_from_1904 else _EPOCH_1900) + timedelta(days=int(digits))

    def _from_text(self, cell: str, currency: str) -> int:
        mark = self.convention.decimal_mark
        if exponent_of(currency) == 2 and mark:
            whole, _, part = cell.rpartition(mark)
            plain = len(part) == 2 and len(cell) <= _LONGEST_PLAIN and cell.isascii() and part.isdecimal()
            if plain and whole.removeprefix("-").isdecimal():  # as nearly every amount is written
                return int(whole + part)
            found = (_POINT if mark == "." else _COMMA).fullmatch(cell.strip())
            if found and len(cell) <= _LONGEST_PLAIN:
                return int(found[1] + found[2].replace("," if mark == "." else ".", "") + found[3])
        text, named = _without_symbols(cell.translate(_MINUS).strip())
        for symbol, codes in named:
            if currency not in codes:
                raise Invalid(f"expected an amount in {currency}, found {symbol!r} in {_shown(cell)}")
        return _scaled(exact_decimal(read_number(text, self.convention)), currency)


def reference_text(cell: Any) -> str:
    """A number or word as it was meant: a workbook's 123456.0 is 123456, a truth value is its word."""
    if type(cell) is str:
        return unquoted(cell)
    if type(cell) is float:
        if cell.is_integer():
            return str(int(cell))
        return f"{exact_decimal(repr(cell)):f}" if cell - cell == 0 else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell).upper() if isinstance(cell, bool) else str(cell)


def unquoted(cell: str) -> str:
    """The text without the signs that keep a spreadsheet from taking it for a number: ="00123" and '00123 are 00123."""
    text = cell.strip()
    if text[:2] == '="' and text[-1:] == '"':
        return text[2:-1].strip()
    return text[1:] if text[:1] == "'" else text


def lost_digits(cell: Any) -> str:
    """In words, when a spreadsheet has cut the digits of a long number; "" when it has not."""
    if type(cell) is float and cell.is_integer() and len(str(abs(int(cell)))) > _DIGITS_OF_A_FLOAT:
        return f"{int(cell)} has more than {_DIGITS_OF_A_FLOAT} digits, of which a spreadsheet keeps only the first"
    if type(cell) is str and "E" in cell.upper() and _SCIENTIFIC.fullmatch(cell.strip()):
        return f"{cell.strip()!r} is how a spreadsheet shortens a long number; its last digits are lost"
    return ""


def is_blank(cell: Any) -> bool:
    """Whether a cell says nothing."""
    return type(cell) is str and (not cell or (cell[0] in _BLANK_BEGINS and cell.strip().casefold() in NOTHING))


def currency_code(cell: Any) -> str:
    """A currency by its code, in capitals; "" when there is none."""
    return reference_text(cell).upper()


def _scaled(value: Decimal, currency: str) -> int:
    scaled = value.scaleb(exponent_of(currency))
    if scaled != scaled.to_integral_value():
        digits = exponent_of(currency)
        raise Invalid(f"expected at most {digits} digits after the decimal mark, as {currency} has, found {value:f}")
    if abs(scaled) > LARGEST_MINOR:
        raise Invalid(f"expected an amount of money, found {value:f}, which is more than any is")
    return int(scaled)


def _plain(cell: str) -> str:
    return _without_symbols(cell.translate(_MINUS).strip())[0]


def _without_symbols(text: str) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """The text without the names of currencies in it, and which currencies each may name."""
    named: list[tuple[str, tuple[str, ...]]] = []
    for symbol in _SYMBOL.findall(text):
        if codes := _SYMBOLS.get(symbol):
            named.append((symbol, codes))
        elif len(symbol) == 3 and symbol.isascii() and symbol.isupper():
            named.append((symbol, (symbol,)))
        else:
            return text, []
    return (_SYMBOL.sub("", text).strip(), named) if named else (text, named)


def _differ(read: Any, text: str, one: Convention, other: Convention) -> bool:
    try:
        return bool(read(text, one) != read(text, other))
    except Invalid:
        return False


def _shown(cell: Any) -> str:
    text = cell if isinstance(cell, str) else str(cell)
    return repr(text) if len(text) <= 40 else f"{text[:40]!r}..."
