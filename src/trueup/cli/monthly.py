"""`trueup statement`: a month of all business on one page that adds up."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.cli.frame import Result, Session, command
from trueup.domain.closing import Month
from trueup.domain.shop_sales import HiddenProducts
from trueup.storage.views import monthly as views

group = typer.Typer(name="statement", help="The monthly statement.")


@command(group, "statement", example="trueup statement 2026-10 --pdf statement.pdf")
def statement(
    session: Session,
    month: Annotated[str, typer.Argument(help="The month, such as 2026-10.", metavar="MONTH")],
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it as PDF.", metavar="FILE")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write it as workbook.", metavar="FILE")] = None,
) -> Result:
    """Show wholesale payments, shop orders, trade-in credits and circular revenue of a month, and whether they add up.

    Exit code 1 when they do not.
    """
    from trueup.app import build_books
    from trueup.reports.monthly_statement import tables, write_statement_pages, write_statement_workbook
    from trueup.settings.load import load_settings

    settings = load_settings(session.config_path(), session.environ, Secret)
    hidden = HiddenProducts(
        frozenset(each for shop in settings.shops for each in shop.deposit_products),
        frozenset(each for shop in settings.shops for each in shop.membership_products),
    )
    chart = build_books(settings.books.chart).chart
    now = session.now()
    with session.look() as connection:
        found = views.load_month(connection, Month.read(month), chart, hidden)
    if pdf is not None:
        with session.written(pdf, "wb") as file:
            file.write(write_statement_pages(found, now, settings.installation.name))
    if xlsx is not None:
        out = io.BytesIO()
        write_statement_workbook(out, found, now)
        with session.written(xlsx, "wb") as file:
            file.write(out.getvalue())
    ties = views.ties_of(found)
    data = {
        "month": str(found.month),
        "tables": {
            title: [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
            for title, names, rows in tables(found)
        },
        "ties": [
            {
                "what": tie.what,
                "one": str(Money(tie.one, tie.currency)),
                "other": str(Money(tie.other, tie.currency)),
                "holds": tie.holds,
            }
            for tie in ties
        ],
    }
    remark = "".join(f"{path} written.\n" for path in (pdf, xlsx) if path is not None)
    return Result(data, words="\n".join(_tell(data)), findings=not all(tie.holds for tie in ties), remark=remark)


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, int) else str(cell)


def _tell(data: dict[str, Any]) -> list[str]:
    lines = [f"Statement of {data['month']}"]
    for title, rows in data["tables"].items():
        lines += ["", title]
        lines += [
            "  " + "  ".join(f"{name} {value}" for name, value in row.items() if value not in (None, ""))
            for row in rows
        ] or ["  nothing"]
    lines += ["", "Does it add up?"]
    lines += [
        f"  {'yes' if tie['holds'] else 'NO '}  {tie['what']}: {tie['one']}, {tie['other']}" for tie in data["ties"]
    ]
    return lines
