"""NetSuite: the CSV Import Assistant for journal entries, in one file, with our reference as external id on every row.

The external id is unique there, so a file that is imported twice is refused. At most 200 lines an entry (the lowest figure that
Oracle's help gives), 25,000 entries and 50 MB a job. Accounts are found by number. Source: Oracle's online help for NetSuite,
"Journal Entry Import" and "CSV Import: limits".
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from trueup.formats.journal_export import Books, JournalExport
from trueup.formats.journal_parts import Part, rate_of, rate_text
from trueup.formats.journal_sheet import Amounts, Row, Sheet, day_in_digits, debit_credit, remark, words

_HEADER = (
    "External ID", "Date", "Subsidiary", "Currency", "Exchange Rate", "Memo",
    "Account", "Debit", "Credit", "Line Memo", "Name",
)  # fmt: skip
_TAKES = Amounts(digits=10)


def _rows(part: Part, books: Books) -> Iterator[Row]:
    day = day_in_digits(part.entry.day, day_first=books.day_first)
    memo = words(part.narration, 300)
    found = Fraction(1) if part.currency == books.base_currency else rate_of(part.entry, books, part.currency)
    rate = "" if found is None else rate_text(found)
    for line in part.lines:
        debit, credit = debit_credit(line, _TAKES, "NetSuite")
        customer = books.customer if books.is_receivable(line.account) else ""
        code = books.account(line.account).code
        about = words(remark(line), 300)
        yield (part.reference, day, books.subsidiary, part.currency, rate, memo, code, debit, credit, about, customer)


_SHEET = Sheet("NetSuite", _HEADER, _rows, lines_a_part=200, entries_a_file=25_000, bytes_a_file=50_000_000)
EXPORT = JournalExport(
    "netsuite",
    "NetSuite journal entries",
    "csv",
    _SHEET.write,
    (
        "Import as Transactions, Journal Entry, one file, UTF-8, with Use Account Numbers on; dates in your preferred order.",
        "Where a foreign entry states no exchange rate, NetSuite takes the rate that it has for the day.",
    ),
)
