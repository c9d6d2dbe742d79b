"""`trueup stock drift` and `comparisons`: what channels were told and show of each product, how late we are, what was compared."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.tables import Column, amount
from trueup.storage.views import channels as views

_COLUMNS = (
    Column("sku", "sku"),
    Column("location", "location", spare=True),
    Column("channel", "channel"),
    Column("told", "published", number=True),
    Column("on hand there", "on_hand", number=True),
    Column("held for us", "held", number=True),
    Column("reserved there", "reserved", number=True),
    Column("should be", "should_show", number=True, spare=True),
    Column("drift", "drift", number=True),
    Column("moved last", "last_movement", wrap=True),
    Column("taken", "accepted_at", spare=True),
    Column("read", "shown_at"),
    Column("why", "why", wrap=True, spare=True),
)

_COMPARISONS = (
    Column("channel", "channel"),
    Column("state", "state"),
    Column("numbers", "done", number=True),
    Column("of", "total", number=True),
    Column("moved last", "moved_at"),
    Column("what it came to", "words", wrap=True),
    Column("run", "run_id", spare=True),
)


def register(group: typer.Typer) -> None:
    """Add the commands to `trueup stock`."""
    command(group, "drift", example="trueup stock drift --all")(show_drift)
    command(group, "comparisons", example="trueup stock comparisons")(list_comparisons)


def show_drift(
    session: Session,
    channel: Annotated[str | None, typer.Option(help="Of this channel alone.", metavar="NAME")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also products that agree.")] = False,
    after: Annotated[str, typer.Option(help="From after this SKU: the next page.")] = "",
    limit: Limit = 50,
) -> Result:
    """Hold what channels were told, and what their orders moved since, against what they show. Exit code 1 when any drifts."""
    with session.look() as connection:
        rows = views.list_channel_stock(connection, channel=channel, drifting=not everything, after=after, limit=limit)
        measured = [each for each in views.measure_channels(connection) if channel in (None, each["channel"])]
    drifting = any(each["drifting"] for each in measured)
    nothing = (
        "Every channel shows what it was told, less what its orders took."
        if measured
        else "Nothing is published to any channel yet."
    )
    data = {"channels": measured, "products": rows}
    remark = "\n".join(map(_told, measured))
    return Result(data, _COLUMNS, rows=rows, remark=remark, nothing=nothing, findings=drifting)


def list_comparisons(session: Session) -> Result:
    """Say how far the comparison of each channel's stock is, or what the last came to. Exit code 1 when one was stopped."""
    from trueup.workflows.sweep_progress import list_sweeps, sweep_json

    with session.open() as app, app.database.transaction() as connection:
        rows = [sweep_json(each) for each in list_sweeps(connection, app.world)]
    stopped = any(row["state"] == "stopped" for row in rows)
    return Result(rows, _COMPARISONS, findings=stopped, nothing="No channel's stock was compared with ours yet.")


def _told(each: dict[str, Any]) -> str:
    words = [f"{each['channel']}: {amount(each['products'], 'product')}, {each['published']} published"]
    words += [f"{each['waiting']} waiting to be told", f"{each['to_be_read']} to be read"]
    for name, title in (("taken_after", "taken there"), ("read_after", "read here")):
        if each[f"{name}_p50"] is not None:
            words.append(f"{title} after {each[f'{name}_p50']} s, 99 % within {each[f'{name}_p99']} s")
    words.append(f"last heard of {each['last_heard'] or 'never'}")
    return "; ".join(words)
