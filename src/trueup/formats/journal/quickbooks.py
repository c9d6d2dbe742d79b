"""QuickBooks Online: the import of journal entries, by account name, an entry in one currency.

The journal number is our reference. It, the date and the description of the entry stand on every row, because accounts of how
rows are grouped differ. Accounts are found by name (`Parent:Child`), and lines on receivables need a customer. No column for an
exchange rate is known: QuickBooks takes its own rate of the day. No row limit is published for journals; 1,000, that of bank
files, is kept. Sources: Intuit help, "Import journal entries"; DocNumber in Intuit's Finance.xsd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trueup.base.errors import ConfigurationError
from trueup.domain.journal import JournalEntry
from trueup.formats.journal_export import Books, JournalExport, Piece
from trueup.formats.journal_parts import Part
from trueup.formats.journal_sheet import Amounts, Row, Sheet, day_in_digits, debit_credit, remark, words

_HEADER = (
    "*JournalNo", "*JournalDate", "*AccountName", "*Debits", "*Credits",
    "Description", "Name", "Currency", "Location", "Class",
)  # fmt: skip
_TAKES = Amounts(digits=12)
_ROWS = 1000


def write_quickbooks(entries: Iterable[JournalEntry], books: Books) -> Iterator[Piece]:
    """Files of at most 1,000 rows. Raises ConfigurationError when a name of the chart belongs to two accounts."""
    names = [account.name.casefold() for account in books.chart.accounts]
    twice = sorted({account.name for account in books.chart.accounts if names.count(account.name.casefold()) > 1})
    if twice:
        raise ConfigurationError(
            f"QuickBooks finds accounts by name, and {', '.join(twice)} is the name of two in the chart of accounts; give "
            f"each the name it has in QuickBooks."
        )
    yield from _SHEET.write(entries, books)


def _rows(part: Part, books: Books) -> Iterator[Row]:
    day = day_in_digits(part.entry.day, day_first=books.day_first)
    currency = "" if part.currency == books.base_currency else part.currency
    for line in part.lines:
        debit, credit = debit_credit(line, _TAKES, "QuickBooks")
        about = words(" - ".join(text for text in (remark(line), part.narration) if text), 1000)
        customer = books.customer if books.is_receivable(line.account) else ""
        name = books.account(line.account).name
        yield (part.reference, day, name, debit, credit, about, customer, currency, "", "")


_SHEET = Sheet("QuickBooks", _HEADER, _rows, lines_a_part=_ROWS - 1, rows_a_file=_ROWS)
EXPORT = JournalExport(
    "quickbooks",
    "QuickBooks Online journal entries",
    "csv",
    write_quickbooks,
    (
        "Turn account numbers off in QuickBooks while importing, and its warning about duplicate journal numbers on.",
        "Entries in a foreign currency get the exchange rate that QuickBooks has for the day; compare it after the import.",
    ),
)
