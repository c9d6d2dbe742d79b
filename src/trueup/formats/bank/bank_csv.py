"""Bank movements as CSV, as online banking saves them: one row a movement, with a signed amount or a debit and a credit column.

Columns are declared, with the names that banks use for them; a file without a column for account or currency is told which it is.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import check_currency
from trueup.domain.bank import BankLine, Statement, meant_references
from trueup.formats.bank._drafts import Draft, finish, plain_account
from trueup.formats.document import Format, Location, Reading, Severity
from trueup.formats.regional import (
    UNDECLARED,
    Convention,
    convention_of,
    exact_money,
    read_day,
    read_number,
    tell_contradictions,
)
from trueup.formats.tabular import Column, Findings, Layout, Row, Table, has_columns, read_table, text

_NUMBERS = ("amount", "debit", "credit")
_DAYS = ("booked_on", "value_on")
_DIRECTIONS = {
    **dict.fromkeys(("c", "cr", "crdt", "credit", "h", "haben", "in"), 1),
    **dict.fromkeys(("d", "dr", "dbit", "debit", "s", "soll", "out"), -1),
}


def _direction(cell: str) -> int:
    """1 for money that came in, -1 for money that left."""
    found = _DIRECTIONS.get(cell.casefold())
    if found is None:
        raise Invalid(f"expected credit or debit, found {cell[:40]!r}")
    return found


_BOOKED = (
    "booked_on",
    "booking_date",
    "posting_date",
    "posted_date",
    "transaction_date",
    "date",
    "buchungstag",
    "datum",
)
_AMOUNT = ("amount", "betrag", "transaction_amount", "montant", "importe", "umsatz")
_PAIR = (("debit", "debit_amount", "withdrawal", "soll"), ("credit", "credit_amount", "deposit", "haben"))
_PAYER = ("payer", "counterparty", "counterparty_name", "name", "beguenstigter/zahlungspflichtiger", "auftraggeber")
_TEXT = ("text", "description", "details", "memo", "remittance_information", "verwendungszweck", "narrative")
_LAYOUT = Layout(
    "Bank movements",
    (
        Column("booked_on", text, needed=True, aliases=_BOOKED[1:]),
        Column("value_on", text, aliases=("value_date", "valuta", "wertstellung", "valutadatum")),
        Column("amount", text, aliases=_AMOUNT[1:]),
        Column("debit", text, aliases=_PAIR[0][1:]),
        Column("credit", text, aliases=_PAIR[1][1:]),
        Column("direction", _direction, aliases=("credit_debit", "credit/debit", "cdtdbtind", "soll/haben", "dr/cr")),
        Column("currency", check_currency, aliases=("ccy", "waehrung", "währung")),
        Column("account", text, aliases=("account_number", "iban", "auftragskonto", "kontonummer")),
        Column("payer", text, aliases=_PAYER[1:]),
        Column("text", text, aliases=_TEXT[1:]),
        Column(
            "reference", text, aliases=("end_to_end_id", "end_to_end_reference", "customer_reference", "kundenreferenz")
        ),
        Column("bank_reference", text, aliases=("transaction_id", "bank_ref", "fitid", "id")),
    ),
)


def read_bank_csv(
    content: bytes, account: str = "", currency: str = "", declared: Convention = UNDECLARED
) -> Reading[Statement]:
    """One statement an account and currency, without balances. `account`, `currency`: what rows have that name none.

    How numbers and days are written is taken from the file unless `declared`; a number or day that could be two is a finding.
    Raises Unreadable when it is no such table.
    """
    table = read_table(content, _LAYOUT)
    findings = Findings(list(table.findings))
    drafts: dict[tuple[str, str], Draft] = {}
    if _has_all(table, currency, findings):
        values = [row.values for row in table.rows]
        convention = convention_of(
            (row[name] for row in values for name in _NUMBERS if row.get(name)),
            (row[name] for row in values for name in _DAYS if row.get(name)),
            declared,
        )
        tell_contradictions(convention, findings)
        for row in table.rows:
            try:
                line = _line(row, convention, currency)
            except Invalid as error:
                findings.add("row", f"{str(error).removesuffix('.')}; the row is not taken in", row.location())
                continue
            name = plain_account(row.values.get("account") or account)
            draft = Draft(row.location(), name, currency=line.amount.currency)
            drafts.setdefault((name, line.amount.currency), draft).add(line, row.location(), findings)
    if "account" not in table.columns and not account and drafts:
        words = "no column says which account this is; name it when you import movements of several"
        findings.add("account", words, Location(0, "row 1"), Severity.WARNING)
    statements = tuple(finish(draft, findings) for draft in drafts.values())
    facts = {"columns": list(table.columns), "delimiter": table.delimiter, "encoding": table.encoding}
    return Reading(digest_of(content), FORMAT.name, statements, findings.all(), facts)


def _has_all(table: Table, currency: str, findings: Findings) -> bool:
    """Whether rows can have a meaning; what is missing is told once, not for every row."""
    lacking = []
    if "amount" not in table.columns and not {"debit", "credit"} <= set(table.columns):
        lacking.append("a column amount, or the columns debit and credit")
    if "currency" not in table.columns and not currency:
        lacking.append("a column currency, or the currency of the account given at the import")
    if lacking and "booked_on" in table.columns:
        findings.add("missing-column", f"expected {' and '.join(lacking)}, found none", Location(0, "row 1"))
    return not lacking


def _line(row: Row, convention: Convention, currency: str) -> BankLine:
    values = row.values
    booked = read_day(values["booked_on"], convention)
    stated = values.get("currency") or currency
    if not stated:
        raise Invalid("expected a currency, found none")
    line = BankLine(
        account="",
        booked_on=booked,
        value_on=read_day(values["value_on"], convention) if values.get("value_on") else booked,
        amount=exact_money(_signed(row, convention), stated),
        references=meant_references([values.get("reference") or ""]),
        payer=values.get("payer") or "",
        text=values.get("text") or "",
        place=str(row.location()),
    )
    bank = meant_references([values.get("bank_reference") or ""])
    return replace(line, bank_reference=bank[0]) if bank else line


def _signed(row: Row, convention: Convention) -> Decimal:
    """The amount with its sign. Raises Invalid when the row says none, two, or one against its direction."""
    amount, debit, credit = (
        read_number(cell, convention) if (cell := row.values.get(name)) else None for name in _NUMBERS
    )
    debit, credit = debit or None, credit or None  # banks fill the other side with 0.00
    if debit is not None and credit is not None:
        raise Invalid(f"debit {debit} and credit {credit} in one row; expected one of them")
    paired = -abs(debit) if debit is not None else credit
    if amount is None:
        if paired is None:
            raise Invalid("expected an amount, found none")
        return paired
    if paired is not None and abs(paired) != abs(amount):
        raise Invalid(
            f"amount {amount}, but {'debit' if debit is not None else 'credit'} {abs(paired)}; expected them equal"
        )
    direction = row.values.get("direction") or 0
    if direction > 0 > amount:
        raise Invalid(f"amount {amount} is said to be a credit; expected a positive one")
    return paired if paired is not None else -abs(amount) if direction < 0 else amount


def _recognise(head: bytes) -> bool:
    def named(names: tuple[str, ...]) -> bool:
        return any(has_columns(head, (name,)) for name in names)

    amounts = named(_AMOUNT) or all(named(names) for names in _PAIR)
    others = named(("number", "invoice_number", "payment_number", "entry_ref", "sku", "quantity", "account_code"))
    return named(_BOOKED) and amounts and (named(_PAYER) or named(_TEXT)) and not others


FORMAT = Format("bank-csv", "Bank movements (CSV)", _recognise, read_bank_csv)
