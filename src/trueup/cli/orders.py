"""`trueup orders`: the orders, one order whole, and the story of its lines from bytes to acceptance."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.app import Application
from trueup.base.errors import Conflict, NotFound
from trueup.cli.frame import Result, Session, command
from trueup.cli.tables import Column
from trueup.storage.orders import find_order, find_order_by_number
from trueup.storage.views import orders as views

group = typer.Typer(name="orders", help="Purchase orders: list, show, explain.", no_args_is_help=True)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("partner", "partner"),
    Column("number", "number"),
    Column("vendor", "vendor_code"),
    Column("rev", "revision", number=True),
    Column("at Amazon", "state"),
    Column("our answer", "standing"),
    Column("cases", "open_cases", number=True),
    Column("ordered", "ordered_at"),
    Column("answer due", "answer_due_at"),
)
Wanted = Annotated[str, typer.Argument(help="The order's number, PARTNER/NUMBER, or its id here.")]


@command(group, "list")
def list_orders(
    session: Session,
    partner: Annotated[str | None, typer.Option(help="Of this partner alone.")] = None,
    standing: Annotated[
        str | None, typer.Option(help="history, unanswered-yet, or a delivery's state such as accepted or unanswered.")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Older than this id: the next page.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
) -> Result:
    """List orders, the newest first, with where each one's answer stands."""
    with session.open() as app, app.database.transaction() as connection:
        rows = views.list_orders(connection, partner=partner, standing=standing, before=before, limit=limit)
    return Result(rows, _COLUMNS)


@command(group, "show")
def show_order(session: Session, order: Wanted) -> Result:
    """Show one order whole: lines, decisions, reservations, the shop's order, deliveries, cases."""
    with session.open() as app, app.database.transaction() as connection:
        return Result(views.show_order(connection, find(app, connection, order)))


@command(group, "explain")
def explain_order(session: Session, order: Wanted) -> Result:
    """Tell the order's story: what happened, when, by whom, and the hash of the bytes that prove it."""
    with session.open() as app, app.database.transaction() as connection:
        order_id = find(app, connection, order)
        shown = views.show_order(connection, order_id)
        story = views.explain_order(connection, order_id)
    return Result(
        {"order": f"{shown['partner']}/{shown['number']}", "lines": shown["lines"], "story": story},
        words=_tell(shown, story),
    )


def find(app: Application, connection: Any, wanted: str) -> int:
    """The id of an order by number, PARTNER/NUMBER or id. Raises NotFound, Conflict when a number is several partners'."""
    if "/" in wanted:
        partner, _, number = wanted.partition("/")
        found = find_order(connection, partner, number)
        ids = [found] if found is not None else []
    else:
        ids = find_order_by_number(connection, wanted) or ([int(wanted)] if wanted.isdecimal() else [])
    if not ids:
        raise NotFound(f"Order {wanted!r}: no such order; `trueup orders list` shows them.")
    if len(ids) > 1:
        raise Conflict(f"Order {wanted!r} is {len(ids)} partners' number; say PARTNER/NUMBER.")
    return ids[0]


def _tell(shown: dict[str, Any], story: list[dict[str, Any]]) -> str:
    rows = [
        f"Order {shown['partner']}/{shown['number']}, vendor code {shown['vendor_code']}, revision {shown['revision']}",
        "",
    ]
    for line in shown["lines"]:
        rows.append(
            f"Line {line['sequence']}: {line['ordered']} of {line['asin'] or ', '.join(line['codes'])} at {line['net_cost'] or 'no cost'}"
        )
        decision = line["decision"]
        if decision is None:
            rows.append("  not decided" if line["amount"] else "  cancelled by Amazon")
        else:
            parts = ", ".join(f"{part['amount']} {part['unit']} {part['answer']}" for part in decision["parts"])
            rows.append(f"  {parts}: {decision['why']}")
            claimed = "claimed in the shop" if line["claimed"] else "not claimed in the shop"
            if line["reserved_eaches"]:
                rows.append(f"  {line['reserved_eaches']} eaches of {line['sku']} reserved, {claimed}")
        rows.append(f"  decided on evidence {line['evidence'][:16]}" if line["evidence"] else "  no evidence yet")
    rows.append("")
    for event in story:
        evidence = f"  [{event['evidence'][:16]}]" if event["evidence"] else ""
        details = event["details"] or {}
        words = "; ".join(f"{key}: {value}" for key, value in details.items() if value not in ("", None, []))
        rows.append(f"{event['at'][:19].replace('T', ' ')}  {event['who']:<12} {event['what']:<28} {words}{evidence}")
    return "\n".join(rows)
