"""Sage 50 Accounting (US): the general journal import, a distribution a row, 2 to 560 of them in an entry.

The number of distributions stands on each row and tells where an entry ends. Positive is debit. Base currency only.
Source: Sage 50 US help, "General journal fields": reference 20, account 15, description 160 characters.
"""

from __future__ import annotations

from collections.abc import Iterator

from trueup.formats.journal_export import Books, JournalExport
from trueup.formats.journal_parts import Part
from trueup.formats.journal_sheet import (
    Amounts,
    Row,
    Sheet,
    account_code,
    amount,
    day_in_digits,
    remark,
    words,
)

_HEADER = ("Date", "Reference", "Number of Distributions", "G/L Account", "Description", "Amount", "Job ID")
_TAKES = Amounts(digits=12)


def _rows(part: Part, books: Books) -> Iterator[Row]:
    day = day_in_digits(part.entry.day, day_first=False)
    count = str(len(part.lines))
    for line in part.lines:
        code = account_code(books.account(line.account), 15, "Sage 50 (US)")
        sign = "-" if line.amount.minor < 0 else ""
        about = words(" - ".join(text for text in (remark(line), part.narration) if text), 160)
        yield (day, part.reference, count, code, about, sign + amount(line, _TAKES, "Sage 50 (US)"), "")


_SHEET = Sheet("Sage 50 (US)", _HEADER, _rows, lines_a_part=560, base_only=True, encoding="cp1252")
EXPORT = JournalExport(
    "sage-us",
    "Sage 50 Accounting (US) general journal",
    "csv",
    _SHEET.write,
    (
        "Back up first; then File, Select Import/Export, General Ledger, General Journal, with the first row as headings.",
    ),
)
