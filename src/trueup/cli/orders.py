"""`trueup orders`: the orders, one order whole, and the story of its lines from bytes to acceptance."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.tables import Column, amount, details, words
from trueup.domain.order_course import STAGES
from trueup.storage.views import orders as views
from trueup.storage.views.order_looks import LOOK

group = typer.Typer(name="orders", help="Purchase orders: list, show, explain.", no_args_is_help=True)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("partner", "partner"),
    Column("number", "number"),
    Column("vendor", "vendor_code", spare=True),
    Column("rev", "revision", number=True, spare=True),
    Column("at Amazon", "state"),
    Column("our answer", "standing"),
    Column("cases", "open_cases", number=True),
    Column("ordered", "ordered_at", spare=True),
    Column("answer due", "answer_due_at"),
)
Wanted = Annotated[str, typer.Argument(help="The order's number, PARTNER/NUMBER, or its id here.")]


@command(group, "list", example="trueup orders list --standing unanswered --json")
def list_orders(
    session: Session,
    partner: Annotated[str | None, typer.Option(help="Of this partner alone.")] = None,
    standing: Annotated[
        str | None, typer.Option(help="history, unanswered-yet, or a delivery's state such as accepted or unanswered.")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Older than this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List orders, the newest first, with where each one's answer stands."""
    with session.look() as connection:
        rows = views.list_orders(connection, partner=partner, standing=standing, before=before, limit=limit)
    return Result(rows, _COLUMNS)


@command(group, "show", example="trueup orders show amazon-us/2JK3S9VC")
def show_order(session: Session, order: Wanted) -> Result:
    """Show one order whole: lines, decisions, reservations, the shop's order, deliveries, cases."""
    with session.look() as connection:
        return Result(views.show_order(connection, views.find_order(connection, order)))


@command(group, "explain", example="trueup orders explain 2JK3S9VC")
def explain_order(session: Session, order: Wanted) -> Result:
    """Tell the order's story: what happened, when, by whom, and the hash of the bytes that prove it."""
    with session.look() as connection:
        order_id = views.find_order(connection, order)
        shown = views.show_order(connection, order_id)
        story = views.explain_order(connection, order_id)
    return Result(
        {"order": f"{shown['partner']}/{shown['number']}", "lines": shown["lines"], "story": story},
        words=_tell(shown, story),
    )


def _tell(shown: dict[str, Any], story: list[dict[str, Any]]) -> str:
    rows = [
        f"Order {shown['partner']}/{shown['number']}, vendor code {shown['vendor_code']}, revision {shown['revision']}",
        "",
    ]
    for line in shown["lines"]:
        name = line["asin"] or ", ".join(line["codes"])
        rows.append(f"Line {line['sequence']}: {line['ordered']} of {name} at {line['net_cost'] or 'no cost'}")
        decision = line["decision"]
        if decision is None:
            rows.append("  not decided" if line["amount"] else "  cancelled by Amazon")
        else:
            parts = ", ".join(f"{amount(part['amount'], part['unit'])} {part['answer']}" for part in decision["parts"])
            rows.append(f"  {parts}: {decision['why']}")
            claimed = "claimed in the shop" if line["claimed"] else "not claimed in the shop"
            if line["reserved_eaches"]:
                rows.append(f"  {amount(line['reserved_eaches'], 'each')} of {line['sku']} reserved, {claimed}")
        rows.append(f"  decided on evidence {line['evidence'][:16]}" if line["evidence"] else "  no evidence yet")
        rows += _course(line["course"])
    rows.append("")
    for event in story:
        if event["what"] == LOOK and event["details"]["unchanged"]:
            continue
        evidence = f"  [{event['evidence'][:16]}]" if event["evidence"] else ""
        said = details(event["details"])
        rows.append(f"{words(event['at'])}  {event['who']:<12} {event['what']:<28} {said}{evidence}")
    return "\n".join(rows)


def _course(course: dict[str, Any]) -> list[str]:
    """What became of a line after it was answered, as far as anybody tells it; and who tells otherwise."""
    known = [(stage, course[stage]) for stage in STAGES[2:] if course[stage]["eaches"] is not None]
    told = [
        f"{amount(count['eaches'], 'each')} {stage}" + (f" ({count['word']})" if count["word"] else "")
        for stage, count in known
    ]
    return [f"  {', '.join(told)}"] * bool(told) + [f"  {count['against']}" for _, count in known if count["against"]]
