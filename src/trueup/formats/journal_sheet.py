"""Journals as tables that ledgers import: rows of cells, and as many files as the target's limits make of them.

A cell that came out of a document never becomes a formula: spreadsheets run what begins with = + - or @.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from trueup.base.errors import ConfigurationError, Refused
from trueup.base.money import exponent_of
from trueup.domain.journal import Account, JournalEntry, JournalLine
from trueup.formats.journal_export import Books, Piece, plain_amount
from trueup.formats.journal_parts import Part, in_base, parts
from trueup.formats.tabular import inert

_PIECE_CHARACTERS = 64_000
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Amounts:
    """What amounts a target takes: digits before and after the point."""

    digits: int
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """A target's table. `rows` makes the rows of a part; `header` None for a table without one.

    `base_only`: no currency column, so entries come in base currency. `lines_a_part`: how many lines the target takes in one
    entry. `rows_a_file` (the header counts), `entries_a_file`, `bytes_a_file`: how much it takes at once, None: any.
    """

    title: str
    header: Row | None
    rows: Callable[[Part, Books], Iterable[Row]]
    lines_a_part: int
    base_only: bool = False
    rows_a_file: int | None = None
    entries_a_file: int | None = None
    bytes_a_file: int | None = None
    encoding: str = "utf-8"

    def write(self, entries: Iterable[JournalEntry], books: Books) -> Iterator[Piece]:
        """The files of these entries, in pieces. A file is begun when the next part would not fit into the one at hand."""
        out = _Files(self)
        for entry in entries:
            taken = in_base(entry, books, self.title) if self.base_only else entry
            for part in parts(taken, books, self.lines_a_part):
                yield from out.add(list(self.rows(part, books)))
        yield from out.rest()


class _Files:
    """The files being written: what the one at hand holds so far, and the rows that wait to become a piece."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._head = b"" if sheet.header is None else table_text([sheet.header]).encode(sheet.encoding)
        self._file = 1
        self._begin()

    def _begin(self) -> None:
        self._rows = 0 if self._sheet.header is None else 1
        self._entries = 0
        self._bytes = len(self._head)
        self._waiting = [self._head] if self._head else []
        self._waiting_bytes = len(self._head)

    def add(self, rows: list[Row]) -> Iterator[Piece]:
        content = table_text(rows).encode(self._sheet.encoding, "replace")
        if self._entries and self._is_full(len(rows), len(content)):
            yield from self.rest()
            self._file += 1
            self._begin()
        self._rows += len(rows)
        self._entries += 1
        self._bytes += len(content)
        self._waiting.append(content)
        self._waiting_bytes += len(content)
        if self._waiting_bytes >= _PIECE_CHARACTERS:
            yield from self.rest()

    def _is_full(self, rows: int, size: int) -> bool:
        sheet = self._sheet
        asked = (self._rows + rows, self._entries + 1, self._bytes + size)
        limits = (sheet.rows_a_file, sheet.entries_a_file, sheet.bytes_a_file)
        return any(limit is not None and count > limit for count, limit in zip(asked, limits, strict=True))

    def rest(self) -> Iterator[Piece]:
        if self._waiting:
            yield Piece(self._file, b"".join(self._waiting))
        self._waiting, self._waiting_bytes = [], 0


def table_text(rows: Iterable[Row]) -> str:
    """Rows as RFC 4180 has them."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def words(text: str, most: int | None = None) -> str:
    """Text for an importer: on one line, inert, and cut to what the target takes."""
    seen = text if text.isprintable() else _UNSEEN.sub(" ", text)
    line = inert(" ".join(seen.split()))
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def remark(line: JournalLine) -> str:
    """What a line says of itself: its reference and memo."""
    return " - ".join(text for text in (line.reference, line.memo) if text)


def amount(line: JournalLine, takes: Amounts, target: str) -> str:
    """The line's amount without its sign. Raises Refused when the target cannot hold it: nothing is rounded or cut."""
    minor, currency = abs(line.amount.minor), line.amount.currency
    surplus = exponent_of(currency) - takes.decimals
    if (surplus > 0 and minor % 10**surplus) or minor >= 10 ** (takes.digits + exponent_of(currency)):
        raise Refused(
            f"Line of {line.amount} on account {line.account}: {target} takes amounts of {takes.digits} digits and "
            f"{takes.decimals} decimals; post this entry there by hand, or export it as general CSV."
        )
    text = plain_amount(minor, currency)
    return text[:-surplus] if surplus > 0 else text


def account_code(account: Account, longest: int, target: str) -> str:
    """The account's code. Raises ConfigurationError when the target takes none so long: a cut one would be another account."""
    if len(account.code) > longest:
        raise ConfigurationError(
            f"Account {account.code!r} ({account.name}): codes in {target} have at most {longest} characters, found "
            f"{len(account.code)}; put the code that the account has there into the chart of accounts."
        )
    return account.code


def debit_credit(line: JournalLine, takes: Amounts, target: str) -> tuple[str, str]:
    """The two columns: one filled, the other empty."""
    shown = amount(line, takes, target)
    return (shown, "") if line.amount.minor > 0 else ("", shown)


def day_in_digits(day: date, *, day_first: bool) -> str:
    """31/12/2026, or 12/31/2026."""
    first, second = (day.day, day.month) if day_first else (day.month, day.day)
    return f"{first:02d}/{second:02d}/{day.year:04d}"


def day_in_words(day: date) -> str:
    """31 Dec 2026: no country reads it differently."""
    return f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year:04d}"
