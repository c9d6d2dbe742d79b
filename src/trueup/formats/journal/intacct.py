"""Sage Intacct: the import of general ledger journal entries, in base currency.

Facts of the entry stand on its first row alone, and lines are numbered from 1 again in each: that is how Intacct tells entries
apart. A header that it does not know fails the whole file, so only columns that every company has are written; a company whose
lines need a location or a department adds it there. Source: Sage Intacct help, "Journal entry import".
"""

from __future__ import annotations

from collections.abc import Iterator

from trueup.formats.journal_export import Books, JournalExport
from trueup.formats.journal_parts import Part
from trueup.formats.journal_sheet import Amounts, Row, Sheet, day_in_digits, debit_credit, remark, words

_HEADER = (
    "DONOTIMPORT", "JOURNAL", "DATE", "DESCRIPTION", "REFERENCE_NO", "LINE_NO", "ACCT_NO", "LOCATION_ID", "DEPT_ID",
    "MEMO", "DEBIT", "CREDIT",
)  # fmt: skip
_TAKES = Amounts(digits=12)
_LONGEST_DESCRIPTION = 30
_MOST_LINES = 1000


def _rows(part: Part, books: Books) -> Iterator[Row]:
    day = day_in_digits(part.entry.day, day_first=books.day_first)
    facts: Row = (books.journal, day, words(part.narration, _LONGEST_DESCRIPTION), part.reference)
    for number, line in enumerate(part.lines, start=1):
        debit, credit = debit_credit(line, _TAKES, "Intacct")
        memo = words(remark(line) or part.narration, 400)
        yield ("", *facts, str(number), books.account(line.account).code, "", "", memo, debit, credit)
        facts = ("", "", "", "")


_SHEET = Sheet("Intacct", _HEADER, _rows, lines_a_part=_MOST_LINES, base_only=True)
EXPORT = JournalExport(
    "intacct",
    "Sage Intacct journal entries",
    "csv",
    _SHEET.write,
    ("Import under Company, Import data, Journal entries, and choose the date format that the file has.",),
)
