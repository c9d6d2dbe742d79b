"""General CSV: a row a line, everything we know of it, for ledgers without a format of their own and for spreadsheets.

UTF-8, ISO dates, points for decimals, RFC 4180. An apostrophe stands before a text that a spreadsheet would run, and before one
that begins with an apostrophe: take one off, and the text is what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.formats.journal_export import Books, JournalExport, Piece, pieces, plain_amount, reference_of
from trueup.formats.journal_parts import Valuation, rate_text, value
from trueup.formats.journal_sheet import inert, table_text

COLUMNS = (
    "entry_ref", "entry_key", "entry_date", "line_no", "account_code", "account_name", "account_type", "narration",
    "reference", "memo", "currency", "debit", "credit", "base_currency", "base_debit", "base_credit", "fx_rate",
    "source_doc", "source_line", "reverses",
)  # fmt: skip


def write_general_csv(entries: Iterable[JournalEntry], books: Books) -> Iterator[Piece]:
    """One file. Base amounts are empty where no rate is known; what rounding them leaves is a row of its own."""
    return pieces(_texts(entries, books))


def _texts(entries: Iterable[JournalEntry], books: Books) -> Iterator[str]:
    yield table_text([COLUMNS])
    for entry in entries:
        yield table_text(_rows(entry, books))


def _rows(entry: JournalEntry, books: Books) -> Iterator[tuple[str, ...]]:
    valued = value(entry, books)
    for number, line in enumerate(entry.lines, start=1):
        debit, credit = _sides(line.amount.minor, line.amount.currency)
        based = _based(line, None if valued is None else valued.minors[number - 1], valued, books)
        yield _row(entry, (number, line), books, (debit, credit, *based))
    if valued is not None and valued.rounding:
        base = books.base_currency
        line = JournalLine(
            books.chart.code(Purpose.ROUNDING), Money(valued.rounding, base), memo="rounding of the exchange"
        )
        amounts = ("", "", base, *_sides(valued.rounding, base), "")
        yield _row(entry, (len(entry.lines) + 1, line), books, amounts)


def _row(
    entry: JournalEntry, numbered: tuple[int, JournalLine], books: Books, amounts: tuple[str, ...]
) -> tuple[str, ...]:
    number, line = numbered
    account = books.account(line.account)
    return (
        reference_of(entry.key),
        inert(entry.key),
        entry.day.isoformat(),
        str(number),
        inert(account.code),
        inert(account.name),
        account.type.value,
        inert(entry.narration),
        inert(line.reference),
        inert(line.memo),
        line.amount.currency,
        *amounts,
        inert(entry.evidence),
        "" if line.source_line is None else str(line.source_line),
        inert(entry.reverses),
    )


def _based(line: JournalLine, minor: int | None, valued: Valuation | None, books: Books) -> tuple[str, str, str, str]:
    """Base currency, debit, credit and rate of a line; debit and credit are empty where no rate is known."""
    if valued is None or minor is None:
        return books.base_currency, "", "", ""
    rate = valued.rates.get(line.amount.currency)
    return (
        books.base_currency,
        *_sides(minor, books.base_currency),
        "1" if rate is None else rate_text(rate),
    )


def _sides(minor: int, currency: str) -> tuple[str, str]:
    shown = plain_amount(abs(minor), currency)
    return (shown, "") if minor >= 0 else ("", shown)


EXPORT = JournalExport("csv", "general CSV", "csv", write_general_csv)
