"""Xero: the manual journal import, 300 rows a file, in the organisation's base currency.

Rows that share narration and date become one journal, so a narration begins with our reference. Positive is debit. There is no
currency column: foreign entries come in base currency at their own or a stated rate, or not at all. What is imported is a draft.
Source: Xero help, "Import manual journals"; the header as published exporters have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from trueup.formats.journal_export import Books, JournalExport
from trueup.formats.journal_parts import Part
from trueup.formats.journal_sheet import Amounts, Row, Sheet, account_code, amount, day_in_words, remark, words

_HEADER = (
    "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
)  # fmt: skip
_TAKES = Amounts(digits=12)
_ROWS = 300
_LONGEST_CODE = 10
_NO_TAX = {
    "USD": "Tax Exempt",
    "GBP": "No VAT",
    "ZAR": "No VAT",
    "AUD": "BAS Excluded",
    "NZD": "No GST",
    "SGD": "No Tax",
}


def _rows(part: Part, books: Books) -> Iterator[Row]:
    narration = f"{part.reference} {words(part.narration, 200)}".rstrip()
    day = day_in_words(part.entry.day)
    no_tax = books.no_tax or _NO_TAX.get(books.base_currency, "Tax Exempt")
    for line in part.lines:
        sign = "-" if line.amount.minor < 0 else ""
        shown = sign + amount(line, _TAKES, "Xero")
        code = account_code(books.account(line.account), _LONGEST_CODE, "Xero")
        yield (narration, day, words(remark(line), 400), code, no_tax, shown, "", "", "", "")


_SHEET = Sheet("Xero", _HEADER, _rows, lines_a_part=_ROWS - 1, base_only=True, rows_a_file=_ROWS)
EXPORT = JournalExport(
    "xero",
    "Xero manual journals",
    "csv",
    _SHEET.write,
    (
        "Xero imports manual journals as drafts, for users with the Adviser role; publish them there.",
        "Every line names the tax rate that means no tax by its display name, which differs by country; see that yours has it.",
    ),
)
