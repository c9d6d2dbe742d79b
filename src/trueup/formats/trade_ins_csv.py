"""Trade-ins as CSV: one row is one item that a customer trades in, with what was quoted for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import Money, check_currency
from trueup.domain.trade_ins import TradeIn
from trueup.formats.document import Reading
from trueup.formats.tabular import Column, Findings, Layout, decimal, read_table, text, write_table

NAME = "trade-ins"
COLUMNS = ("key", "sku", "serial", "quote", "currency", "customer", "recorded_on")


def read_trade_ins(content: bytes, today: date) -> Reading[TradeIn]:
    """Trade-ins in the order of the file, and a finding for every row that is none. `today`: for rows that do not say when.

    Raises Unreadable when it is no such table.
    """
    table = read_table(content, _LAYOUT)
    findings = Findings(list(table.findings))
    found = []
    for row in table.rows:
        try:
            found.append(_trade_in(row.values, today))
        except Invalid as error:
            findings.add("row", str(error).removesuffix("."), row.location())
    return Reading(digest_of(content), NAME, tuple(found), findings.all())


def write_trade_ins(trade_ins: Iterable[TradeIn]) -> bytes:
    """The same table; `read_trade_ins` gives them back."""
    return write_table(
        COLUMNS,
        (
            (
                each.key,
                each.sku,
                each.serial,
                f"{each.quoted.amount:f}",
                each.quoted.currency,
                each.customer,
                each.recorded_on.isoformat(),
            )
            for each in trade_ins
        ),
    )


def customer_id(cell: str) -> str:
    """A customer of the shop by its id, or by the number at its end."""
    plain = cell.strip()
    if plain.isdecimal():
        return f"gid://shopify/Customer/{plain}"
    if not plain.startswith("gid://shopify/Customer/"):
        raise Invalid(f"customer {plain[:60]!r}: expected the shop's number of a customer, as in its page's address")
    return plain


def _trade_in(values: dict[str, Any], today: date) -> TradeIn:
    return TradeIn(
        key=values["key"],
        sku=values["sku"],
        serial=values["serial"],
        quoted=Money.of(values["quote"], values["currency"]),
        recorded_on=values.get("recorded_on") or today,
        customer=values.get("customer") or "",
    )


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Invalid(f"expected a day such as 2026-10-31, found {cell[:40]!r}") from None


_LAYOUT = Layout(
    "Trade-ins",
    (
        Column("key", text, needed=True, aliases=("reference", "trade_in")),
        Column("sku", text, needed=True),
        Column("serial", text, needed=True, aliases=("serial_number",)),
        Column("quote", decimal("."), needed=True, aliases=("quoted", "value", "amount")),
        Column("currency", check_currency, needed=True),
        Column("customer", customer_id, aliases=("customer_id",)),
        Column("recorded_on", _day, aliases=("day", "date")),
    ),
    unique=("key", "serial"),
)
