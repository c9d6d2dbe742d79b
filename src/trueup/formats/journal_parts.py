"""Entries as narrower ledgers take them: in one currency, in the base currency, or in parts that balance through clearing.

Nothing is lost on the way: the parts of an entry together are the entry, and on the clearing account they come to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from trueup.base.errors import Refused
from trueup.base.money import Money, exponent_of
from trueup.domain.chart import Purpose
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.formats.journal_export import Books, plain_amount, reference_of

_MOST_PARTS = 9999  # a reference has room for four digits
_RATE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """An entry, or a part of one that balances by itself. `number` of `count`, from 1; all lines are of one currency."""

    entry: JournalEntry
    currency: str
    lines: tuple[JournalLine, ...]
    number: int = 1
    count: int = 1

    @property
    def reference(self) -> str:
        """At most 20 characters: the entry's reference, with the number of the part where there are several."""
        base = reference_of(self.entry.key)
        return base if self.count == 1 else f"{base}-{self.number}"

    @property
    def narration(self) -> str:
        """The entry's narration, saying which part this is."""
        return self.entry.narration + ("" if self.count == 1 else f" (part {self.number} of {self.count})")


def parts(entry: JournalEntry, books: Books, most_lines: int) -> tuple[Part, ...]:
    """The entry in parts of one currency and at most `most_lines` lines each, as even as they come.

    Raises Refused when there would be more parts than a reference can number.
    """
    cut = [
        (currency, chunk)
        for currency, lines in _by_currency(entry).items()
        for chunk in _chunks(lines, books.chart.code(Purpose.CLEARING), most_lines)
    ]
    if len(cut) > _MOST_PARTS:
        raise Refused(
            f"Entry {entry.key!r} has {len(entry.lines)} lines: {len(cut)} parts of {most_lines} lines, expected at most "
            f"{_MOST_PARTS}; export it as general CSV."
        )
    return tuple(
        Part(entry, currency, lines, number, len(cut)) for number, (currency, lines) in enumerate(cut, start=1)
    )


def _by_currency(entry: JournalEntry) -> dict[str, list[JournalLine]]:
    found: dict[str, list[JournalLine]] = {}
    for line in entry.lines:
        found.setdefault(line.amount.currency, []).append(line)
    return found


def _chunks(lines: list[JournalLine], clearing: str, most: int) -> Iterator[tuple[JournalLine, ...]]:
    """Lines that sum to zero, in chunks that do: one more line on the clearing account makes up for the others."""
    if len(lines) <= most:
        yield tuple(lines)
        return
    count = -(-len(lines) // (most - 1))
    for index in range(count):
        chunk = lines[len(lines) * index // count : len(lines) * (index + 1) // count]
        rest = sum(line.amount.minor for line in chunk)
        if rest:
            chunk.append(JournalLine(clearing, Money(-rest, lines[0].amount.currency), memo="clearing between parts"))
        yield tuple(chunk)


@dataclass(frozen=True, slots=True)
class Valuation:
    """An entry in base currency: minor units line by line, and what rounding the lines left over, with the other sign.

    Lines and `rounding` sum to zero. `rates`: units of base currency for one of each other currency, exact.
    """

    minors: tuple[int, ...]
    rounding: int
    rates: Mapping[str, Fraction]


def value(entry: JournalEntry, books: Books) -> Valuation | None:
    """The entry in base currency; None where no rate is known.

    An entry that exchanges foreign for base currency through the conversion account says its own rate, and that account then
    comes to exactly nothing. Otherwise the stated rate holds. Each line is rounded half-even.
    """
    base = books.base_currency
    rates: dict[str, Fraction] = {}
    for currency in _by_currency(entry):
        if currency != base:
            rate = rate_of(entry, books, currency)
            if rate is None:
                return None
            rates[currency] = rate
    scales = {
        currency: rate * Fraction(10) ** (exponent_of(base) - exponent_of(currency)) for currency, rate in rates.items()
    }
    minors = tuple(
        line.amount.minor if line.amount.currency == base else round(line.amount.minor * scales[line.amount.currency])
        for line in entry.lines
    )
    return Valuation(minors, -sum(minors), rates)


def rate_of(entry: JournalEntry, books: Books, currency: str) -> Fraction | None:
    """Units of base currency for one of the other: as the entry itself exchanges them, else as stated, else None."""
    own = _own_rate(entry, books, currency)
    if own is not None:
        return own
    stated = books.rates.get(currency)
    return None if stated is None else Fraction(stated)


def _own_rate(entry: JournalEntry, books: Books, currency: str) -> Fraction | None:
    conversion = books.chart.code(Purpose.CONVERSION)
    sums: dict[str, int] = {}
    for line in entry.lines:
        if line.account == conversion:
            sums[line.amount.currency] = sums.get(line.amount.currency, 0) + line.amount.minor
    base, foreign = sums.pop(books.base_currency, 0), sums.pop(currency, 0)
    if sums or base * foreign >= 0:
        return None
    return Fraction(-base, foreign) * Fraction(10) ** (exponent_of(currency) - exponent_of(books.base_currency))


def in_base(entry: JournalEntry, books: Books, target: str) -> JournalEntry:
    """The entry in base currency, each exchanged line saying its amount and rate, and what rounding left on its account.

    Raises Refused when no rate is known, or nothing is left of the entry: a file without currencies would call it base.
    """
    if all(line.amount.currency == books.base_currency for line in entry.lines):
        return entry
    valued = value(entry, books)
    if valued is None:
        foreign = sorted({line.amount.currency for line in entry.lines} - {books.base_currency} - set(books.rates))
        raise Refused(
            f"Entry {entry.key!r} of {entry.day} is in {' and '.join(foreign)}; a file for {target} has no currency column and "
            f"takes {books.base_currency} alone. State how many {books.base_currency} one {foreign[0]} is for this export, or "
            f"leave the entry out."
        )
    lines = [
        replace(line, amount=Money(minor, books.base_currency), memo=_exchanged(line, valued.rates))
        for line, minor in zip(entry.lines, valued.minors, strict=True)
        if minor
    ]
    if valued.rounding:
        rounding = Money(valued.rounding, books.base_currency)
        lines.append(JournalLine(books.chart.code(Purpose.ROUNDING), rounding, memo="rounding of the exchange"))
    if len(lines) < 2:
        raise Refused(
            f"Entry {entry.key!r} of {entry.day} comes to nothing in {books.base_currency} at the stated rate; leave it out."
        )
    return replace(entry, lines=tuple(lines))


def _exchanged(line: JournalLine, rates: Mapping[str, Fraction]) -> str:
    currency = line.amount.currency
    if currency not in rates:
        return line.memo
    stated = f"{plain_amount(abs(line.amount.minor), currency)} {currency} at {rate_text(rates[currency])}"
    return f"{line.memo} ({stated})" if line.memo else stated


def rate_text(rate: Fraction) -> str:
    """A rate in digits: exact where it ends within twelve significant digits, rounded to them otherwise."""
    with localcontext() as context:
        context.prec = _RATE_DIGITS
        return f"{(Decimal(rate.numerator) / Decimal(rate.denominator)).normalize():f}"
