"""`trueup profit`: what is left of what was invoiced, by SKU or by channel, each row with the rules it was allocated by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.base.money import Money, UnitPrice
from trueup.base.secret import Secret
from trueup.cli.close import load_books
from trueup.cli.frame import Result, Session, command
from trueup.cli.statements import grouped, read_day
from trueup.cli.tables import Column
from trueup.cli.uploads import read_upload
from trueup.domain.chart import Chart, Purpose
from trueup.domain.closing import Month
from trueup.domain.profit import NO_SKU, Margin, allocate, by_channel, by_sku, parts_of
from trueup.domain.profit_cells import PARTS, Cell

group = typer.Typer(name="profit", help="Net margin by SKU and by channel.")
_MONEY = ("gross", "discounts", "returns", "deductions", "other", "net", "cost", "margin")


@command(group, "profit", example="trueup profit --from 2026-10-01 --to 2026-10-31 --by-channel")
def profit(
    session: Session,
    since: Annotated[
        str | None, typer.Option("--from", help="From this day; else of the month before this one.", metavar="DAY")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="To this day, included.", metavar="DAY")] = None,
    of_sku: Annotated[bool, typer.Option("--by-sku/--by-channel", help="A row a SKU, or a vendor code.")] = True,
    costs: Annotated[
        Path | None, typer.Option(help="What a unit costs us: a CSV of sku, cost, currency.", metavar="FILE")
    ] = None,
    lines: Annotated[
        str | None,
        typer.Option(
            help="The journal's lines of one number: gross, discounts, returns, deductions, other, net.", metavar="PART"
        ),
    ] = None,
    of: Annotated[
        str | None, typer.Option(help="With --lines: of this row, a SKU or PARTNER/CODE; else of all.", metavar="ROW")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="With --lines: in this currency, if not that of the settings.", metavar="CUR")
    ] = None,
) -> Result:
    """Show net margin: invoiced, less discounts, returns and every deduction, less the cost of goods where it is known.

    Deductions are borne by the lines of their invoice, or else by net receipts; each row says by which rule how much.
    With --lines, show every line of the journal that one of the numbers is made of.
    """
    days = _period(session, since, until)
    if lines is not None:
        return _lines_of(session, days, lines, _cell(session, of, of_sku, currency))
    if of is not None or currency is not None:
        raise Invalid("--of and --currency name the number whose lines are shown: say --lines PART too.")
    return _table(session, days, of_sku, _costs(costs) if costs is not None else {})


def _table(session: Session, days: tuple[date, date], of_sku: bool, known: Mapping[str, UnitPrice]) -> Result:
    from trueup.storage.views import profit as views
    from trueup.storage.views.closing import hold_still

    first, last = days
    chart = load_books(session).chart
    waiting_on = [chart.code(purpose) for purpose in (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS, Purpose.SUSPENSE)]
    with session.look() as connection:
        hold_still(connection)
        sold = views.load_sold(connection, first, last)
        taken = views.load_taken(connection, first, last, parts_of(chart))
        waiting = views.load_waiting(connection, last, waiting_on)
        shop = {} if of_sku else views.load_shop_orders(connection, first, last)
    margins = allocate(sold, taken, known)
    merged = by_sku(margins) if of_sku else by_channel(margins)
    ordered = sorted(merged, key=lambda each: (each.currency, -each.net, each.partner, each.payee, each.sku))
    rows = [_row(each, of_sku, shop) for each in ordered]
    totals = [{**_row(each, of_sku, {}), "sku" if of_sku else "channel": "total"} for each in _totals(margins)]
    data = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "rows": rows,
        "totals": totals,
        "not_in_margin": [
            {"account": code, "name": _name(chart, code), "amount": str(Money(minor, currency))}
            for code, currency, minor in waiting
        ],
    }
    nothing = "Nothing was invoiced or deducted."
    return Result(data, _columns(of_sku), rows=[*rows, *totals], remark=_remark(data), nothing=nothing)


def _cell(session: Session, of: str | None, of_sku: bool, currency: str | None) -> Cell:
    """The rows that the words name, as the table calls them."""
    from trueup.settings.load import load_settings

    wanted = currency or load_settings(session.config_path(), session.environ, Secret).books.base_currency
    if of is None:
        return Cell(wanted)
    if of_sku:
        return Cell(wanted, sku=NO_SKU if of == "(no SKU)" else of)
    partner, slash, payee = of.partition("/")
    if not slash:
        raise Invalid(f"--of {of}: expected a partner and its vendor code, such as amazon-us/NORDA; or say --by-sku.")
    return Cell(wanted, (partner, "" if payee == "(no vendor code)" else payee))


def _lines_of(session: Session, days: tuple[date, date], part: str, cell: Cell) -> Result:
    from trueup.storage.views.closing import hold_still
    from trueup.storage.views.profit_cells import load_cell, page_cell

    if part not in PARTS:
        raise Invalid(f"--lines {part}: expected one of {', '.join(PARTS)}.")
    chart = load_books(session).chart
    with session.look() as connection:
        hold_still(connection)
        made = load_cell(connection, days, cell, part, chart)
        rows = page_cell(connection, made, "", len(made.lines) or 1).rows
    told = [
        {**row, "day": row["day"].isoformat(), "whole": str(row["whole"]), "share": str(row["share"])} for row in rows
    ]
    data = {"part": part, "of": cell.name, "amount": str(made.amount), "lines": told}
    remark = f"{part.capitalize()} of {cell.name}, {days[0]} to {days[1]}: {grouped(str(made.amount))}."
    return Result(data, _LINES, rows=told, remark=remark, nothing="No line makes this number: it is nothing.")


_LINES = (
    Column("day", "day"),
    Column("entry", lambda row: row["entry"] or "elsewhere", number=True),
    Column("part", "part", spare=True),
    Column("account", lambda row: row["account"] or "", spare=True),
    Column("what", lambda row: row["invoice"] or row["reference"] or row["narration"], wrap=True),
    Column("line", lambda row: grouped(row["whole"]), number=True),
    Column("why", "rule", wrap=True),
    Column("here", lambda row: grouped(row["share"]), number=True),
)


def _costs(path: Path) -> dict[str, UnitPrice]:
    """Costs by SKU. Raises Invalid for a file with rows that cannot be read: a margin on half the costs would be none."""
    from trueup.formats.product_costs import read_product_costs

    reading = read_product_costs(read_upload(path))
    if reading.findings:
        first = "; ".join(str(finding) for finding in reading.findings[:5])
        raise Invalid(f"{path}: {len(reading.findings)} rows cannot be read: {first}.")
    return dict(reading.values)


def _period(session: Session, since: str | None, until: str | None) -> tuple[date, date]:
    before = Month.of(session.now().date()).before
    first = read_day(since, "--from") or before.first
    last = read_day(until, "--to") or (Month.of(first).last if since else before.last)
    if last < first:
        raise Invalid(f"--to {last} is before --from {first}.")
    return first, last


def _totals(margins: Sequence[Margin]) -> tuple[Margin, ...]:
    """All of it, a row a currency."""
    return by_channel(replace(each, partner="", payee="") for each in margins)


def _row(each: Margin, of_sku: bool, shop: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    channel = f"{each.partner}/{each.payee or '(no vendor code)'}"
    said = {part: getattr(each, part) for part in _MONEY}
    row: dict[str, Any] = {
        "sku" if of_sku else "channel": (each.sku or "(no SKU)") if of_sku else channel,
        "currency": each.currency,
        "units": each.units,
        **{part: str(Money(minor, each.currency)) if minor is not None else None for part, minor in said.items()},
        "rules": [{"rule": rule.value, "amount": str(Money(minor, each.currency))} for rule, minor in each.rules],
    }
    if not of_sku:
        row["shop_orders"] = shop.get((each.partner, each.payee), 0)
    return row


def _columns(of_sku: bool) -> tuple[Column, ...]:
    name = Column("SKU", "sku") if of_sku else Column("channel", "channel")
    money = [Column(part, _shown(part), number=True, spare=part in ("other", "cost")) for part in _MONEY[:-2]]
    goods = [Column("cost", _goods("cost"), number=True), Column("margin", _goods("margin"), number=True)]
    rules = Column("borne by", _borne, wrap=True)
    return (name, Column("units", "units", number=True), *money, *goods, rules)


def _borne(row: Mapping[str, Any]) -> str:
    return "; ".join(f"{grouped(each['amount'])} by {each['rule']}" for each in row["rules"])


def _shown(part: str) -> Any:
    return lambda row: grouped(row[part])


def _goods(part: str) -> Any:
    return lambda row: grouped(row[part]) if row[part] is not None else "no cost"


def _name(chart: Chart, code: str) -> str:
    account = chart.account(code)
    return account.name if account is not None else ""


def _remark(data: Mapping[str, Any]) -> str:
    parts = [f"{grouped(each['amount'])} on {each['account']} {each['name']}" for each in data["not_in_margin"]]
    period = f"Invoiced and deducted from {data['from']} to {data['to']}."
    return f"{period} Not in the margin: {'; '.join(parts)}." if parts else period
