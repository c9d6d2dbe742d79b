"""Our invoices as CSV: what we billed, so that a new customer starts with history. Credit notes have negative totals.

One row is one invoice, or one line of it: several rows of one number make one invoice. Its first row states it whole; further
rows repeat that or leave it empty. An invoice is taken in whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import Money, UnitPrice, check_currency
from trueup.domain.identifiers import Asin
from trueup.domain.invoices import Invoice, InvoiceLine, normal_reference
from trueup.formats.document import Format, Reading, Severity
from trueup.formats.regional import (
    UNDECLARED,
    Convention,
    convention_of,
    exact_money,
    read_day,
    read_number,
    tell_contradictions,
)
from trueup.formats.tabular import Column, Findings, Layout, Row, has_columns, read_table, text, whole

_STATED = ("partner", "payee", "issued", "due", "currency", "total", "tax", "purchase_order", "credits")
_MUST = ("partner", "issued", "currency", "total")
_OF_LINE = ("line", "sku", "asin", "quantity", "price", "amount")
COLUMNS = ("number", *_STATED, *_OF_LINE)
_MOST_LINES = 100_000
_MOST_UNITS = 1_000_000_000
_NUMBERS = ("total", "tax", "price", "amount")
_DAYS = ("issued", "due")
_YEARS = (2000, 2199)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A cell that could not be read, kept so that its row still says which invoice it spoils."""

    why: str


@dataclass(slots=True)
class _Draft:
    """An invoice while its rows are read: what its first row states, its lines, and whether it can still be taken in."""

    first: Row
    stated: dict[str, Any]
    lines: list[InvoiceLine] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    spoiled: bool = False


def read_invoices(content: bytes, declared: Convention = UNDECLARED) -> Reading[Invoice]:
    """Invoices in the order of the file, and a finding for everything that keeps one out or looks wrong in one.

    `total` is with tax, `amount` of a line without; an empty `amount` is quantity times price. How numbers and days are
    written is taken from the file unless `declared`. Raises Unreadable when it is no such table.
    """
    table = read_table(content, _LAYOUT)
    findings = Findings(list(table.findings))
    drafts: dict[str, _Draft] = {}
    cells = [row.values for row in table.rows]
    convention = convention_of(
        (cell for values in cells for name in _NUMBERS if isinstance(cell := values.get(name), str)),
        (cell for values in cells for name in _DAYS if isinstance(cell := values.get(name), str)),
        declared,
    )
    tell_contradictions(convention, findings)
    for row in table.rows:
        _read_cells(row, convention)
        _take(row, drafts, findings)
    invoices = [invoice for draft in drafts.values() if (invoice := _finish(draft, findings)) is not None]
    _look_for_likes(drafts, findings)
    facts = {"columns": list(table.columns), "delimiter": table.delimiter, "encoding": table.encoding}
    return Reading(digest_of(content), FORMAT.name, tuple(invoices), findings.all(), facts)


def _kept(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def reading(cell: str) -> Any:
        try:
            return read(cell)
        except Invalid as error:
            return _Wrong(str(error).removesuffix("."))

    return reading


_LAYOUT = Layout(
    "Invoices",
    (
        Column("number", text, needed=True, aliases=("invoice_number", "invoice", "invoice_no")),
        Column("partner", _kept(text)),
        Column("payee", _kept(text), aliases=("vendor_code", "payee_code")),
        Column("issued", _kept(text), aliases=("issued_on", "invoice_date", "date")),
        Column("due", _kept(text), aliases=("due_on", "due_date")),
        Column("currency", _kept(check_currency)),
        Column("total", _kept(text), aliases=("gross", "invoice_total", "total_amount")),
        Column("tax", _kept(text), aliases=("vat", "tax_amount")),
        Column("purchase_order", _kept(text), aliases=("po", "po_number", "purchase_order_number")),
        Column("credits", _kept(text), aliases=("credited_invoice", "credit_of")),
        Column("line", _kept(whole(1, _MOST_LINES)), aliases=("line_number",)),
        Column("sku", _kept(text)),
        Column("asin", _kept(Asin.parse)),
        Column("quantity", _kept(whole(-_MOST_UNITS, _MOST_UNITS)), aliases=("qty", "units")),
        Column("price", _kept(text), aliases=("unit_price",)),
        Column("amount", _kept(text), aliases=("line_amount", "net_amount")),
    ),
)


def _read_cells(row: Row, convention: Convention) -> None:
    """Numbers and days of a row, now that the table has shown how it writes them."""
    ways: tuple[tuple[tuple[str, ...], Callable[[str, Convention], Any]], ...]
    ways = ((_NUMBERS, read_number), (_DAYS, _read_day))
    for names, read in ways:
        for name in names:
            cell = row.values.get(name)
            if isinstance(cell, str):
                try:
                    row.values[name] = read(cell, convention)
                except Invalid as error:
                    row.values[name] = _Wrong(str(error))


def _read_day(cell: str, convention: Convention) -> date:
    """A day of an invoice. Raises Invalid also for one of a year in which nobody bills: its digits are a slip."""
    day = read_day(cell, convention)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise Invalid(f"expected a day of the years {_YEARS[0]} to {_YEARS[1]}, found {_written(day)}")
    return day


def _take(row: Row, drafts: dict[str, _Draft], findings: Findings) -> None:
    """Add a row to its invoice. One fault spoils the invoice, not the file."""
    values, number = row.values, row.values["number"]
    draft = drafts.get(number)
    is_first = draft is None
    if draft is None:
        draft = drafts[number] = _Draft(row, {name: values.get(name) for name in _STATED})
    before = len(findings.listed) + findings.left_out
    for name, value in values.items():
        if isinstance(value, _Wrong):
            findings.add("cell", f"invoice {number}: {value.why}; it is not taken in", row.location(name))
    if is_first:
        for name in _MUST:
            if values.get(name) is None:
                words = f"invoice {number}: expected {name} in its first row, found nothing; it is not taken in"
                findings.add("missing", words, row.location(name))
    else:
        _demand_same(row, draft, findings)
    if len(findings.listed) + findings.left_out > before:
        draft.spoiled = True
    if draft.spoiled:
        return
    try:
        _take_line(row, draft, findings, repeats=not is_first)
    except Invalid as error:
        draft.spoiled = True
        words = f"invoice {number}: {str(error).removesuffix('.')}; it is not taken in"
        findings.add("line", words, row.location())


def _demand_same(row: Row, draft: _Draft, findings: Findings) -> None:
    for name in _STATED:
        here, there = row.values.get(name), draft.stated[name]
        if here is not None and here != there and not isinstance(here, _Wrong) and not isinstance(there, _Wrong):
            words = (
                f"invoice {row.values['number']}: {name} {here} here and {'nothing' if there is None else there} in row "
                f"{draft.first.number}; which is it? It is not taken in"
            )
            findings.add("contradiction", words, row.location(name))


def _take_line(row: Row, draft: _Draft, findings: Findings, *, repeats: bool) -> None:
    """The line that a row states, if it states one. Raises Invalid when it states half of one, or a line twice."""
    values = row.values
    if all(values.get(name) is None for name in _OF_LINE):
        if repeats:
            words = f"invoice {values['number']} was already given in row {draft.first.number}; this row is left out"
            findings.add("duplicate", words, row.location("number"), Severity.WARNING)
        return
    lacking = [name for name in ("sku", "quantity", "price") if values.get(name) is None]
    if lacking:
        raise Invalid(f"its line lacks {', '.join(lacking)}; a line has sku, quantity and price, or the row has none")
    number = values.get("line") or len(draft.lines) + 1
    if number in draft.numbers:
        raise Invalid(f"line {number} stands in row {draft.numbers[number]} too; keep one, or number them apart")
    price = UnitPrice(values["price"], draft.stated["currency"])
    computed = price.times(values["quantity"])
    stated = values.get("amount")
    amount = computed if stated is None else _money("amount", stated, price.currency)
    if abs(amount - computed).minor > 1:
        words = (
            f"invoice {values['number']} line {number}: {values['quantity']} at {price} is {computed}, amount {amount}"
        )
        findings.add("amount", f"{words}; the amount is taken as it stands", row.location("amount"), Severity.WARNING)
    draft.numbers[number] = row.number
    draft.lines.append(
        InvoiceLine(number, values["sku"], values["quantity"], price, amount, str(values.get("asin") or ""))
    )


def _finish(draft: _Draft, findings: Findings) -> Invoice | None:
    """The invoice of a draft without faults; what it does not add up to is a warning."""
    if draft.spoiled:
        return None
    number, stated = draft.first.values["number"], draft.stated
    try:
        total = _money("total", stated["total"], stated["currency"])
        tax = _money("tax", stated["tax"] or Decimal(0), stated["currency"])
        invoice = Invoice(
            number=number,
            partner=stated["partner"],
            payee=stated["payee"] or "",
            issued_on=stated["issued"],
            due_on=stated["due"],
            total=total,
            tax=tax,
            purchase_order=stated["purchase_order"] or "",
            credits=stated["credits"] or "",
            lines=tuple(draft.lines),
        )
    except Invalid as error:
        words = f"invoice {number}: {str(error).removesuffix('.')}; it is not taken in"
        findings.add("amount", words, draft.first.location())
        return None
    for words in _doubts(invoice):
        findings.add("doubt", f"invoice {number}: {words}", draft.first.location(), Severity.WARNING)
    return invoice


def _money(name: str, value: Decimal, currency: str) -> Money:
    try:
        return exact_money(value, currency)
    except Invalid as error:
        raise Invalid(f"{name} {error}") from None


def _doubts(invoice: Invoice) -> list[str]:
    words: list[str] = []
    total, tax, due = invoice.total, invoice.tax, invoice.due_on
    if invoice.lines:
        net = sum((line.amount for line in invoice.lines), Money.zero(total.currency))
        if net + tax != total:
            words.append(f"its lines are {net} and its tax {tax}, together {net + tax}, but its total {total}")
    if tax.minor * total.minor < 0 or abs(tax).minor > abs(total).minor:
        words.append(f"tax {tax} in a total of {total}; tax is a part of the total")
    if due is not None and due < invoice.issued_on:
        words.append(f"due on {_written(due)}, before it was issued on {_written(invoice.issued_on)}")
    if invoice.credits and total.minor > 0:
        words.append(f"it credits {invoice.credits}, but its total {total} is positive; a credit note is negative")
    return words


def _written(day: date) -> str:
    return day.isoformat()


def _look_for_likes(drafts: dict[str, _Draft], findings: Findings) -> None:
    """Two numbers that Amazon's remittances would spell alike cannot be told apart there: better to know it now."""
    owners: dict[str, tuple[str, int]] = {}
    for number, draft in drafts.items():
        other, place = owners.setdefault(normal_reference(number), (number, draft.first.number))
        if other != number:
            words = f"invoice {number} reads like {other} in row {place} once spaces and signs are left out"
            where = draft.first.location("number")
            findings.add("ambiguous", f"{words}; lines that name one of them will be cases", where, Severity.WARNING)


FORMAT = Format(
    "invoices",
    "Our invoices (CSV)",
    lambda head: has_columns(head, ("number", "partner", "issued", "total")),
    read_invoices,
)
