"""Sage 50 Accounts (UK): audit trail transactions, a journal debit (JD) or credit (JC) a row, in base currency.

By position: type, account (blank for journals), nominal code (8), department, date, reference (30), details (60), net (8 digits
and 2 decimals, unsigned), tax code, tax. T9, by Sage's default outside the VAT return, is written because a blank is T0, which
is inside. Source: Sage UK knowledge base, "Import audit trail transactions". Windows-1252, as the program reads text.
"""

from __future__ import annotations

from collections.abc import Iterator

from trueup.formats.journal_export import Books, JournalExport
from trueup.formats.journal_parts import Part
from trueup.formats.journal_sheet import Amounts, Row, Sheet, account_code, amount, day_in_digits, remark, words

_HEADER = (
    "Type", "Account Reference", "Nominal A/C Ref", "Department Code", "Date", "Reference", "Details",
    "Net Amount", "Tax Code", "Tax Amount",
)  # fmt: skip
_TAKES = Amounts(digits=8)
_LONGEST_CODE = 8
_MOST_LINES = 1000


def _rows(part: Part, books: Books) -> Iterator[Row]:
    day = day_in_digits(part.entry.day, day_first=True)
    for line in part.lines:
        kind = "JD" if line.amount.minor > 0 else "JC"
        code = account_code(books.account(line.account), _LONGEST_CODE, "Sage 50")
        details = words(remark(line) or part.narration, 60)
        shown = amount(line, _TAKES, "Sage 50")
        yield (kind, "", code, "0", day, part.reference, details, shown, books.no_tax or "T9", "0.00")


_SHEET = Sheet("Sage 50", _HEADER, _rows, lines_a_part=_MOST_LINES, base_only=True, encoding="cp1252")
EXPORT = JournalExport(
    "sage",
    "Sage 50 Accounts (UK) audit trail",
    "csv",
    _SHEET.write,
    (
        "Back up first; then File, Import, Audit trail transactions, and say that the first row holds headings.",
        "Tax code T9 is Sage's default for what is outside the VAT return; see that yours still is.",
    ),
)
