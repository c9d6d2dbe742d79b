"""`trueup deliveries`: what went out, and whether the other side is proven to hold it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.tables import Column, amount, words
from trueup.storage.views import deliveries as views

group = typer.Typer(name="deliveries", help="Outgoing documents: list, show, explain.", no_args_is_help=True)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("what", "kind", wrap=True),
    Column("order", "order"),
    Column("rev", "revision", number=True, spare=True),
    Column("channel", "channel", spare=True),
    Column("state", "state"),
    Column("attempt", "attempt", number=True, spare=True),
    Column("worth", "risk", number=True),
    Column("sent", "sent_at", spare=True),
    Column("proved", "proved_at"),
    Column("due", "due_at"),
)
Wanted = Annotated[int, typer.Argument(help="The delivery's id.")]
_MEANING = {
    "prepared": "written and not sent yet",
    "sent": "sent; nothing has shown yet that the other side holds it",
    "received": "the other side read it (syntax); its content is unproven",
    "accepted": "an independent read-back shows that the other side holds it as sent",
    "rejected": "the other side refused it",
    "unanswered": "it should show by now and does not; see its case",
    "superseded": "a newer answer replaced it",
}


@command(group, "list", example="trueup deliveries list --open")
def list_deliveries(
    session: Session,
    state: Annotated[str | None, typer.Option(help=f"In this state alone: {', '.join(views.STATES)}.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Those whose acceptance is still owed.")] = False,
    before: Annotated[int | None, typer.Option(help="Older than this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List deliveries, the newest first."""
    with session.look() as connection:
        rows = views.list_deliveries(connection, state=state, only_open=only_open, before=before, limit=limit)
    return Result(rows, _COLUMNS)


@command(group, "show", example="trueup deliveries show 12 --json")
def show_delivery(session: Session, delivery: Wanted) -> Result:
    """Show one delivery with what it answers, line by line."""
    return Result(_load(session, delivery))


@command(group, "explain", example="trueup deliveries explain 12")
def explain_delivery(session: Session, delivery: Wanted) -> Result:
    """Say in words where a delivery stands and what proves it."""
    shown = _load(session, delivery)
    sent, due = words(shown["sent_at"] or "never"), words(shown["due_at"])
    rows = [
        f"Delivery {shown['id']}, {shown['key']}: {shown['state']}, which means: {_MEANING[shown['state']]}.",
        f"  sent {sent} by {shown['channel']}, attempt {shown['attempt']}; due {due}",
        f"  receipt {shown['receipt'] or 'none'} (a receipt is no proof)",
        f"  proof {shown['proof'] or 'none yet'}",
        f"  bytes {shown['digest']} (trueup documents show)",
    ]
    if shown["unheld_lines"]:
        rows.append(f"  not shown as answered: lines {', '.join(map(str, shown['unheld_lines']))}")
    for line in shown["answer"]:
        parts = ", ".join(f"{amount(part['amount'], part['unit'])} {part['answer']}" for part in line["parts"])
        rows.append(f"  line {line['sequence']}: {parts} ({line['why']})")
    return Result(shown, words="\n".join(rows))


def _load(session: Session, delivery_id: int) -> dict[str, Any]:
    with session.look() as connection:
        shown = views.show_delivery(connection, delivery_id)
    return {**shown, "meaning": _MEANING[shown["state"]]}
