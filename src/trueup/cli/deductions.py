"""`trueup deductions`: every claim of which something is open, also what nobody can dispute, and the lines each is made of."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.tables import Column
from trueup.storage.views import deductions as views

group = typer.Typer(
    name="deductions", help="What partners deducted and is still open: list, show.", no_args_is_help=True
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("claim", "claim"),
    Column("partner", "partner", spare=True),
    Column("type", "type"),
    Column("since", "since"),
    Column("taken", "taken", number=True, spare=True),
    Column("given back", "given", number=True, spare=True),
    Column("given up", "lost", number=True, spare=True),
    Column("held", "held", number=True),
)


@command(group, "list", example="trueup deductions list --type shortage-claim --currency EUR")
def list_deductions(
    session: Session,
    partner: Annotated[str, typer.Option(help="Of this partner.", metavar="NAME")] = "",
    type_: Annotated[
        str, typer.Option("--type", help="Of this type; docs/deductions.md lists them.", metavar="TYPE")
    ] = "",
    currency: Annotated[str, typer.Option(help="In this currency.", metavar="CODE")] = "",
    limit: Limit = 50,
) -> Result:
    """List claims of which something is open, by partner, the oldest first.

    Held is what was taken, less what was given back and given up. What can be disputed is in `trueup recover`.
    """
    wanted = views.DeductionFilter(partner, currency.upper(), type_)
    with session.look() as connection:
        rows = views.page_deductions(connection, wanted, "", limit).rows
        sums = views.sum_deductions(connection, wanted)
    more = sum(each["count"] for each in sums) - len(rows)
    remark = "".join(
        f"{each['held']} held by {each['count']:,} {'claim' if each['count'] == 1 else 'claims'}.\n" for each in sums
    )
    remark += f"{more:,} more; --limit shows them.\n" if more > 0 else ""
    return Result(rows, _COLUMNS, remark=remark, nothing="Nothing that was deducted is open.")


@command(group, "show", example="trueup deductions show 17")
def show_deduction(
    session: Session, claim: Annotated[int, typer.Argument(help="Its id, as the list shows it.", metavar="CLAIM")]
) -> Result:
    """Show one claim with each line of a payment and each entry of ours that it is made of."""
    with session.look() as connection:
        shown = views.show_deduction(connection, claim)
    amounts = {name: str(shown[name]) for name in ("taken", "given", "lost", "held")}
    lines = [
        {
            "day": each.paid_on.isoformat(),
            "payment": each.payment,
            "reference": each.reference,
            "amount": str(money),
            "document": each.document,
            "place": each.place,
        }
        for each, money in shown["slices"]
    ]
    given_up = [
        {
            "day": each.day.isoformat(),
            "entry": each.entry,
            "by": each.actor,
            "amount": str(money),
            "undone_by_entry": each.undone_by_entry,
        }
        for each, money in shown["given_up"]
    ]
    told = {name: shown[name] for name in ("id", "partner", "claim", "type")}
    return Result({**told, "since": shown["first_on"].isoformat(), **amounts, "lines": lines, "given_up": given_up})
