"""Balances of a ledger's accounts as it exports them: a trial balance as CSV, or what `hledger balance -O csv` writes.

One row an account: its code or its name, and a balance, or debits and credits. A balance may carry its currency (`12.00 USD`), and
several of them with commas between, as hledger's does; otherwise a column says it, or the ledger has one currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money, check_currency
from trueup.domain.read_back import LedgerBalance
from trueup.formats.document import Reading
from trueup.formats.regional import Convention, convention_of, exact_money, read_number
from trueup.formats.tabular import Column, Findings, Layout, Row, read_table, text

NAME = "ledger-balances"
_NUMBERS = ("balance", "debit", "credit")
_LAYOUT = Layout(
    "Balances of a ledger",
    (
        Column("code", text, aliases=("account_code", "account_number", "account_no", "account_id", "nominal_code", "konto")),
        Column("account", text, aliases=("account_name", "name", "gl_account", "description")),
        Column("balance", text, aliases=("amount", "net", "closing_balance", "ending_balance", "total", "saldo")),
        Column("debit", text, aliases=("debits", "dr", "debit_ytd", "debit_-_year_to_date", "debit_year_to_date", "soll")),
        Column("credit", text, aliases=("credits", "cr", "credit_ytd", "credit_-_year_to_date", "credit_year_to_date", "haben")),
        Column("currency", check_currency, aliases=("ccy", "currency_code")),
    ),
)  # fmt: skip
_WITH_CURRENCY = re.compile(
    r"(?:(?P<first>[A-Z]{3}) ?(?P<after>-?[0-9.,' ]+)|(?P<before>-?[0-9.,' ]+?) ?(?P<last>[A-Z]{3}))"
)


def read_ledger_balances(content: bytes, currency: str) -> Reading[LedgerBalance]:
    """The balances, and a finding for each row that is not taken. `currency`: of amounts that say none.

    `facts["currencies"]` is whether the file says them. Raises Unreadable when it is no such table.
    """
    table = read_table(content, _LAYOUT)
    columns = set(table.columns)
    if not columns & {"code", "account"} or ("balance" not in columns and not {"debit", "credit"} <= columns):
        raise Unreadable(
            "Balances of a ledger: expected a column code or account, and balance, or debit and credit, in the first row; found "
            f"{', '.join(table.columns) or 'none of them'}."
        )
    findings = Findings(list(table.findings))
    cells = [cell for row in table.rows for name in _NUMBERS if (cell := row.values.get(name))]
    said = "currency" in columns or any(_WITH_CURRENCY.fullmatch(each) for cell in cells for each in cell.split(", "))
    convention = convention_of((cell for cell in cells if not _WITH_CURRENCY.search(cell)), ())
    found: list[LedgerBalance] = []
    for row in table.rows:
        account = row.values.get("code") or row.values.get("account")
        if not account:
            continue  # a heading, or a line for the eye
        try:
            found += [LedgerBalance(account, amount) for amount in _amounts(row, convention, currency)]
        except Invalid as error:
            findings.add("row", f"{account}: {str(error).removesuffix('.')}", row.location())
    return Reading(digest_of(content), NAME, tuple(found), findings.all(), {"currencies": said})


def _amounts(row: Row, convention: Convention, currency: str) -> Iterator[Money]:
    stated = row.values.get("currency") or currency
    balance = row.values.get("balance")
    if balance is None:
        for side, sign in (("debit", 1), ("credit", -1)):
            if cell := row.values.get(side):
                amount = _amount(cell, convention, stated)
                yield Money(sign * amount.minor, amount.currency)
        return
    for part in balance.split(", ") if _WITH_CURRENCY.search(balance) else (balance,):
        yield _amount(part, convention, stated)


def _amount(cell: str, convention: Convention, currency: str) -> Money:
    if found := _WITH_CURRENCY.fullmatch(cell.strip()):
        number, currency = (found["after"] or found["before"]).strip(), found["first"] or found["last"]
        # Programs that write currencies beside amounts write points, and group nothing.
        return exact_money(read_number(number, Convention(".")), currency)
    return exact_money(read_number(cell, convention), currency)
