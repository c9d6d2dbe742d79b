"""`trueup circular`: the items of circular programmes, their rentals, resales and returns, the story of one unit, and whether
credits, items, the shop and the books agree."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, words
from trueup.domain.circular_units import Lane
from trueup.domain.vendor_returns import Returned
from trueup.storage.views import cases as case_views
from trueup.storage.views import circular as views
from trueup.storage.views import trade_ins as credit_views
from trueup.storage.views.orders import find_order
from trueup.workflows import take_back_goods
from trueup.workflows.prove_books import prove

group = typer.Typer(
    name="circular",
    help="Rental, resale and trade-in: items, cycles, returns, show, take-back, credits, reconcile.",
    no_args_is_help=True,
)
_ITEMS = (
    Column("item", "id", number=True),
    Column("serial", "serial"),
    Column("sku", "sku"),
    Column("title", "title", wrap=True, spare=True),
    Column("lane", "lane"),
    Column("visibility", "visibility", spare=True),
    Column("condition", "condition"),
    Column("cost", "acquisition_cost", number=True),
    Column("seen", "seen_at", spare=True),
)
_CYCLES = (
    Column("cycle", "cycle", wrap=True),
    Column("status", "status"),
    Column("item", "item", number=True),
    Column("serial", "serial", spare=True),
    Column("from", "from"),
    Column("to", "to"),
    Column("days overdue", "overdue_days", number=True),
    Column("value", "value", number=True),
)
_RETURNS = (
    Column("return", "id", number=True),
    Column("status", "status"),
    Column("lines", "lines", number=True),
    Column("awaiting", "awaiting", number=True),
    Column("received", "received", number=True),
    Column("missing", "missing", number=True),
    Column("requested", "requested_at"),
)

PROOFS = ("credits", "deposits")
_CREDITS = (
    Column("trade-in", "trade_in"),
    Column("as", "instrument"),
    Column("amount", "amount", number=True),
    Column("owed", "owed", number=True),
    Column("spent", "spent", number=True),
    Column("shop shows", "shop_shows", number=True),
    Column("state", "state"),
    Column("ends in", "ends_in", spare=True),
    Column("days", "days", number=True),
    Column("expires", "expires_on", spare=True),
)
_DIFFERENCES = (
    Column("case", "id", number=True),
    Column("kind", "kind"),
    Column("title", "title", wrap=True),
    Column("expected", "expected", wrap=True, spare=True),
    Column("found", "found", wrap=True, spare=True),
    Column("at risk", "money_at_risk", number=True),
)


@command(group, "items", example="trueup circular items --lane overdue")
def list_items(
    session: Session,
    lane: Annotated[str | None, typer.Option(help=f"In this lane alone: {', '.join(Lane)}.")] = None,
    sku: Annotated[str | None, typer.Option(help="Of this product alone.")] = None,
    after: Annotated[str, typer.Option(help="From after this item, as programme/id: the next page.")] = "",
    limit: Limit = 50,
) -> Result:
    """List items, each in the lane it is in now: free, booked, out, overdue, withheld ..."""
    programme, _, number = after.rpartition("/")
    place = (programme, int(number)) if number.isascii() and number.isdecimal() and len(number) < 19 else ("", 0)
    with session.look() as connection:
        rows = views.list_items(connection, session.now(), lane=views.lane_named(lane), sku=sku, page=(place, limit))
    return Result(rows, _ITEMS)


@command(group, "cycles", example="trueup circular cycles --overdue")
def list_cycles(
    session: Session,
    overdue: Annotated[bool, typer.Option(help="Those that should be back, the most valuable first.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Limit = 50,
) -> Result:
    """List rentals and resales: who has which item, from when to when. An end that is open is not known."""
    with session.look() as connection:
        rows = views.list_cycles(connection, session.now(), only_open=not every, overdue=overdue, limit=limit)
    return Result(rows, _CYCLES)


@command(group, "returns", example="trueup circular returns")
def list_returns(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Limit = 50,
) -> Result:
    """List returns and what became of their lines."""
    with session.look() as connection:
        rows = views.list_returns(connection, only_open=not every, limit=limit)
    return Result(rows, _RETURNS)


@command(group, "show", example="trueup circular show CB-0001")
def show_item(
    session: Session, item: Annotated[str, typer.Argument(help="Its serial, its id, or programme/id.")]
) -> Result:
    """Show the story of one unit: who has it when, what clashes, which order claimed it, what changed, on what evidence."""
    with session.look() as connection:
        shown = views.show_item(connection, item, session.now())
    return Result(shown, words="\n".join(_story(shown)))


@command(
    group,
    "take-back",
    writes=True,
    example="trueup circular take-back amazon-us/2JK3S9VC --sku TENT-2 --eaches 3 --by 'Ana Admin'",
)
def take_back(
    session: Session,
    order: Annotated[str, typer.Argument(help="The purchase order: PARTNER/NUMBER, or its number.")],
    sku: Annotated[str, typer.Option(help="The product that came back.")],
    eaches: Annotated[int, typer.Option(help="How many.")],
    by: By,
    serial: Annotated[list[str] | None, typer.Option(help="The serial of a unit; again for the next one.")] = None,
    condition: Annotated[int | None, typer.Option(help="Their condition, by the programme's number of it.")] = None,
    programme: Annotated[str, typer.Option(help="The programme that takes them, where a shop has several.")] = "",
    before: Annotated[
        int, typer.Option(help="How many of it came back of the order before: these, without serials, are others.")
    ] = 0,
) -> Result:
    """Take goods that came back from the buyer into the programme: each becomes an item, as the agreement says."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        with session.look() as connection:
            order_id = find_order(connection, order)
        returned = Returned(sku, eaches, tuple(serial or ()), condition, programme, before)
        done = app.act(session.dry_run, take_back_goods.take_back, order_id, returned, person)
    data = {"programme": done.programme, "serials": list(done.serials), "dry_run": session.dry_run}
    kept = " (dry run: nothing was kept)" if session.dry_run else ""
    said = f"{eaches} of {sku} came back; {done.programme} gets them as items{kept}: {', '.join(done.serials)}."
    return Result(data, words=said)


@command(group, "credits", example="trueup circular credits --all")
def list_credits(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Also those on which nothing is owed any more.")] = False,
) -> Result:
    """List credits for trade-ins, the oldest first: what is owed on each, what was spent, what the shop shows."""
    with session.look() as connection:
        rows = credit_views.list_credits(connection, session.now().date(), every=every)
    return Result(rows, _CREDITS, nothing="Nothing is owed on any credit.")


@command(group, "reconcile", writes=True, example="trueup circular reconcile --dry-run")
def reconcile(session: Session, limit: Limit = 100) -> Result:
    """Hold credits, items, deposits, the shop and the books against each other now. Exit code 1 when something differs."""

    def compare(tx: Any) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]]]:
        counted = {name: prove(tx, name) for name in PROOFS}
        found = case_views.list_cases(tx.connection, limit=limit)
        return counted, [row for row in found if row["kind"].partition(".")[0] in ("credit", "trade-in", "deposit")]

    with session.open() as app:
        counted, rows = app.act(session.dry_run, compare)
    data = {"proofs": counted, "differences": rows, "dry_run": session.dry_run}
    return Result(data, _DIFFERENCES, rows=rows, findings=bool(rows), nothing="All agrees.")


def _story(shown: dict[str, Any]) -> list[str]:
    state = f"{shown['visibility']}, {shown['readiness']}, {shown['condition'] or 'no condition'}"
    rows = [
        f"Item {shown['id']} of {shown['programme']}, serial {shown['serial'] or 'none'}: {shown['title']}",
        f"  {shown['lane_words']} ({state}), last told {words(shown['seen_at'] or 'never')}",
        f"  product {shown['sku'] or shown['variant'] or 'unknown'}, cost {shown['acquisition_cost'] or 'not said'}",
    ]
    rows += [f"  CLASH: {clash}" for clash in shown["clashes"]]
    for cycle in shown["cycles"]:
        end = words(cycle["to"]) if cycle["to"] else "open"
        rows.append(f"  {cycle['cycle']}, {cycle['status']}: {words(cycle['from'] or 'never')} to {end}")
    rows += [
        f"  blocked {each['from'] or 'ever'} to {each['to'] or 'open'} {each['description']}"
        for each in shown["blocked"]
    ]
    rows += [f"  order {each['order']} line {each['line']}: {each['state']}, {each['why']}" for each in shown["claims"]]
    if back := shown["came_back"]:
        rows.append(f"  came back from order {back['order']} line {back['line']}, told {words(back['recorded_at'])}")
    for change in shown["changes"]:
        fields = ", ".join(
            f"{name} {change['before'].get(name)!r} -> {value!r}" for name, value in change["after"].items()
        )
        said = fields if change["what"] == "changed" else ""
        rows.append(f"  {words(change['at'])} {change['of']} {change['what']} {said} [{change['evidence'][:16]}]")
    return rows
