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
from trueup.formats.journal_sheet import Row, table_text
from trueup.formats.tabular import inert

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
    accounts: dict[str, Row] = {}
    for entry in entries:
        yield table_text(_rows(entry, books, accounts))


def _rows(entry: JournalEntry, books: Books, accounts: dict[str, Row]) -> Iterator[Row]:
    """The rows of an entry; what it says of itself, and what the chart says of an account, is written down once."""
    valued = value(entry, books)
    head: Row = (reference_of(entry.key), inert(entry.key), entry.day.isoformat())
    tail: Row = (inert(entry.evidence), inert(entry.reverses))
    narration = inert(entry.narration)

    def row(number: int, line: JournalLine, amounts: Row) -> Row:
        account = accounts.get(line.account)
        if account is None:
            found = books.account(line.account)
            account = accounts[line.account] = (inert(found.code), inert(found.name), found.type.value)
        about = (narration, inert(line.reference), inert(line.memo), line.amount.currency)
        source = "" if line.source_line is None else str(line.source_line)
        return (*head, str(number), *account, *about, *amounts, tail[0], source, tail[1])

    for number, line in enumerate(entry.lines, start=1):
        debit, credit = _sides(line.amount.minor, line.amount.currency)
        based = _based(line, None if valued is None else valued.minors[number - 1], valued, books)
        yield row(number, line, (debit, credit, *based))
    if valued is not None and valued.rounding:
        base = books.base_currency
        rounding = Money(valued.rounding, base)
        line = JournalLine(books.chart.code(Purpose.ROUNDING), rounding, memo="rounding of the exchange")
        yield row(len(entry.lines) + 1, line, ("", "", base, *_sides(valued.rounding, base), ""))


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
