"""Profit: what is left of what was invoiced, by SKU and by channel, and the lines of the journal that each number is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import AskedDay, Day, Name, Page, Paging, Price, Shape, Told, amount_of
from trueup.base.errors import Invalid
from trueup.base.money import Money, check_currency
from trueup.domain.closing import Month
from trueup.domain.profit import Margin, by_channel, by_sku
from trueup.domain.profit_cells import PARTS, Cell
from trueup.storage.views.closing import hold_still
from trueup.storage.views.profit_cells import load_cell, load_margins, page_cell

PartOfProfit = Literal["gross", "discounts", "returns", "deductions", "other", "net"]
_ROW: dict[str, Any] = {
    "partner": "amazon-us",
    "payee": "NORDA",
    "sku": None,
    "currency": "USD",
    "units": 24,
    "gross": {"amount": "1100.00", "currency": "USD"},
    "discounts": {"amount": "20.00", "currency": "USD"},
    "returns": {"amount": "0.00", "currency": "USD"},
    "deductions": {"amount": "90.00", "currency": "USD"},
    "other": {"amount": "0.00", "currency": "USD"},
    "net": {"amount": "990.00", "currency": "USD"},
    "borne": [{"rule": "lines of its invoice", "amount": {"amount": "110.00", "currency": "USD"}}],
    "lines": "/api/v1/profit/lines?since=2026-10-01&until=2026-10-31&currency=USD&by=channel&partner=amazon-us&payee=NORDA",
}
_LINE: dict[str, Any] = {
    "day": "2026-10-14",
    "part": "deductions",
    "entry": 41,
    "line": 3,
    "account": "5120",
    "narration": "Payment 71650102 of Amazon",
    "reference": "INV-1SC",
    "type": "shortage",
    "invoice": "INV-1",
    "partner": "amazon-us",
    "units": 0,
    "rule": "lines of its invoice",
    "whole": {"amount": "90.00", "currency": "USD"},
    "share": {"amount": "54.00", "currency": "USD"},
}


class Borne(Shape):
    """How much was shared by a rule."""

    rule: str
    amount: Price


class ProfitRow(Shape, json_schema_extra={"examples": [_ROW]}):
    """What is left of a channel, a SKU, or all of a currency: gross less discounts, returns, deductions and other is net.

    `sku` is "" for what belongs to none. `lines` has the lines of any of the six numbers: add `&part=net`, or another of them.
    """

    partner: str | None
    payee: str | None
    sku: str | None
    currency: str
    units: int
    gross: Price
    discounts: Price
    returns: Price
    deductions: Price
    other: Price
    net: Price
    borne: list[Borne]
    lines: str


class Profit(Shape, json_schema_extra={"examples": [{"since": "2026-10-01", "until": "2026-10-31", "rows": [_ROW],
                                                     "totals": []}]}):  # fmt: skip
    """Profit of some days, both included: its rows, and all of each currency together."""

    since: Day
    until: Day
    rows: list[ProfitRow]
    totals: list[ProfitRow]


class Days(Told):
    """Of which days, both included; of the month before this one where they are not said."""

    since: AskedDay | None = Field(None, examples=["2026-10-01"])
    """Of this day or later."""
    until: AskedDay | None = Field(None, examples=["2026-10-31"])
    """Of this day or before."""

    def both(self, today: date) -> tuple[date, date]:
        """Raises Invalid when there is no day between them."""
        before = Month.of(today).before
        since = self.since or before.first
        until = self.until or (Month.of(since).last if self.since else before.last)
        if until < since:
            raise Invalid(f"`until` {until} is before `since` {since}.")
        return since, until


class ProfitQuery(Days):
    """Which rows."""

    by: Literal["channel", "sku"] = "channel"
    """A row a channel, or a row a product."""


class CellQuery(Days, Paging):
    """Which number: of a row as `lines` of it says, and which part."""

    part: PartOfProfit = "net"
    """Which column."""
    currency: str = Field("", pattern="^([A-Z]{3})?$", examples=["USD"])
    """That of the books where none is said."""
    by: Literal["channel", "sku", "all"] = "all"
    """Of a channel's row, of a product's, or of all."""
    partner: Name = ""
    """Of this partner, where the row is a channel's."""
    payee: Name = ""
    """Of this vendor code, where the row is a channel's."""
    sku: Name = ""
    """Of this product, where the row is one."""

    def cell(self, base_currency: str) -> Cell:
        """The rows that are asked for. Raises Invalid for a currency that is none."""
        currency = self.currency or base_currency
        check_currency(currency)
        if self.by == "channel":
            return Cell(currency, (self.partner, self.payee))
        return Cell(currency, sku=self.sku if self.by == "sku" else None)


class ProfitLine(Shape, json_schema_extra={"examples": [_LINE]}):
    """A line of the journal: what it comes to as a `whole`, and the `share` that the number has of it, by a rule.

    `entry` is null for an invoice whose revenue is booked by the shop's own feed.
    """

    day: Day
    part: PartOfProfit
    entry: int | None
    line: int | None
    account: str | None
    narration: str
    reference: str
    type: str
    invoice: str | None
    partner: str | None
    units: int
    rule: str
    whole: Price
    share: Price


class ProfitLines(Page[ProfitLine], json_schema_extra={"examples": [{"amount": {"amount": "54.00", "currency": "USD"},
                                                       "count": 1, "items": [_LINE], "next": None}]}):  # fmt: skip
    """Some of the lines of a number, the latest first; all of their shares together come to `amount`."""

    amount: Price
    count: int


def tell_profit(call: Calling, asked: Annotated[ProfitQuery, Query()]) -> Profit:
    """Tell what is left of what was invoiced, by channel or by SKU; each deduction is borne by a rule that is told."""
    days, of_channel = asked.both(call.now.date()), asked.by == "channel"
    with call.look() as connection:
        hold_still(connection)
        margins = load_margins(connection, *days, call.desk.world.books.chart)
    rows = by_channel(margins) if of_channel else by_sku(margins)
    totals = by_channel(replace(each, partner="", payee="") for each in margins)
    return Profit(
        since=days[0].isoformat(),
        until=days[1].isoformat(),
        rows=[_row(each, days, asked.by) for each in sorted(rows, key=lambda each: (each.currency, -each.net))],
        totals=[_row(each, days, "all") for each in totals],
    )


def list_lines(call: Calling, asked: Annotated[CellQuery, Query()]) -> ProfitLines:
    """List the lines of the journal that a number of profit is made of, with what of each it has and why."""
    with call.look() as connection:
        hold_still(connection)
        days, cell = asked.both(call.now.date()), asked.cell(call.desk.settings.books.base_currency)
        made = load_cell(connection, days, cell, asked.part, call.desk.world.books.chart)
        paged = page_cell(connection, made, asked.at, asked.limit)
    page = call.page(ProfitLine, ({**row, "day": row["day"].isoformat()} for row in paged.rows), paged.after)
    return ProfitLines(items=page.items, next=page.next, amount=amount_of(made.amount), count=len(made.lines))


def _row(each: Margin, days: tuple[date, date], by: str) -> ProfitRow:
    of = {"channel": {"partner": each.partner, "payee": each.payee}, "sku": {"sku": each.sku}}.get(by, {})
    where = {"since": days[0], "until": days[1], "currency": each.currency, "by": by, **of}
    numbers = {part: Money(getattr(each, part), each.currency) for part in PARTS}
    borne = [{"rule": rule.value, "amount": Money(minor, each.currency)} for rule, minor in each.rules]
    return ProfitRow.model_validate(
        {
            "partner": of.get("partner"),
            "payee": of.get("payee"),
            "sku": of.get("sku"),
            "currency": each.currency,
            "units": each.units,
            **numbers,
            "borne": borne,
            "lines": f"/api/v1/profit/lines?{urlencode(where)}",
        }
    )


RESOURCE = Resource("profit", "Profit", (Operation("/profit", tell_profit), Operation("/profit/lines", list_lines)))
