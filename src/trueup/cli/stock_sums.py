"""`trueup stock show|history|policy`: a number and the sum that makes it, how it came, and what other buffers would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, NotFound
from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.statements import read_day
from trueup.cli.tables import Column, amount
from trueup.domain.catalog import CountSource
from trueup.domain.channels import Channel
from trueup.domain.stock_policy import Outcome
from trueup.reports.policy_chart import FORMATS, PolicyChart, write_policy_chart
from trueup.storage.views.stock import list_places
from trueup.workflows.explain_stock import (
    Policy,
    PolicyRequest,
    explain_stock,
    load_known,
    replay_policy,
    stock_history,
)
from trueup.workflows.promises import all_channels
from trueup.workflows.world import World

group = typer.Typer()
_WIDEST_BAR = 24
_SUM = (
    Column("channel", "channel"),
    Column("location", "location"),
    Column("eaches", "signed", number=True),
    Column("term", "words", wrap=True),
    Column("source", "source"),
    Column("age", "age"),
)
_HISTORY = (
    Column("at", "at"),
    Column("location", "location", spare=True),
    Column("what", "what"),
    Column("eaches", "eaches", number=True),
    Column("on hand", "on_hand", number=True),
    Column("held", "held", number=True),
    Column("states", "said_states", wrap=True, spare=True),
    Column("source", "source", spare=True),
    Column("reference", "reference", spare=True),
)
_POLICY = (
    Column("interval", "interval"),
    Column("buffer", "buffer", number=True),
    Column("sold", "sold", number=True),
    Column("oversold", "oversold", number=True),
    Column("lost", "lost", number=True),
    Column("calls", "calls", number=True),
    Column("", "bar"),
    Column("", "note"),
)
Sku = Annotated[str, typer.Argument(help="The product.")]
Place = Annotated[str | None, typer.Option(help="At this location; else the only one there is.")]


@command(group, "show", example="trueup stock show LAMP-1")
def show_stock(session: Session, sku: Sku) -> Result:
    """Show how much of a product each channel may sell, and the sum that says so: every term with its source and age.

    Exit code 1 when nobody counts the product.
    """
    with session.open() as app, app.database.transaction() as connection:
        now = app.world.clock.now()
        data = explain_stock(connection, app.world, sku, now)
    rows = [row for channel in data["channels"] for row in _sum_rows(channel, now)]
    rows += [_held_row(held, now) for held in data["held"]]
    rows += [_told_row(told, now) for told in data["told"]]
    rows += [_unit_row(unit) for unit in data["units"]]
    uncounted = data["counted_by"] == CountSource.UNKNOWN.value
    nothing = "No agreement is in force, so no channel sells it."
    return Result(data, _SUM, rows=rows, remark=data["rule"], nothing=nothing, findings=uncounted)


def _sum_rows(channel: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    name = {"channel": channel["channel"], "location": channel["location"]}
    lines = [
        {
            "channel": "",
            "location": "",
            "signed": f"{term['eaches']:+d}",
            "words": term["words"],
            "source": term["source"],
            "age": _age(term["as_of"], now),
        }
        for term in channel["terms"]
    ]
    words = "may be sold" if lines else "nothing is counted there"
    total = {
        **name,
        "signed": f"= {channel['eaches']}",
        "words": words,
        "source": "",
        "age": _age(channel["as_of"], now),
    }
    coming = {"channel": "", "location": "", "signed": str(channel["incoming"]), "source": "", "age": ""}
    return [total, *lines, *([{**coming, "words": "on the way here, not counted"}] if channel["incoming"] else [])]


def _held_row(held: dict[str, Any], now: datetime) -> dict[str, Any]:
    claimed = held["claimed_eaches"]
    state = "claimed in the shop" if claimed == held["eaches"] else f"{claimed} claimed in the shop"
    return {
        "channel": f"order {held['order']}",
        "location": held["location"],
        "signed": str(held["eaches"]),
        "words": f"held for line {held['line']}, {state}",
        "source": "reservations",
        "age": _age(held["reserved_at"], now),
    }


def _told_row(told: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a buyer was told last, and what its own word on it is."""
    accepted = "unknown" if told["accepted"] is None else str(told["accepted"])
    words = told["refused"] or f"told; accepted there: {accepted}, the last update is {told['state']}"
    return {
        "channel": f"told to {told['partner']}/{told['vendor_code']}/{told['warehouse']}",
        "location": "",
        "signed": str(told["told"]),
        "words": words,
        "source": told["delivery"],
        "age": _age(told["told_at"], now),
    }


def _unit_row(unit: dict[str, Any]) -> dict[str, Any]:
    until = f", until {unit['until']}" if unit["until"] else ""
    return {
        "channel": unit["unit"],
        "location": unit["condition"] or "",
        "signed": "free" if unit["free"] else "",
        "words": f"{unit['why']}{until}",
        "source": "",
        "age": "",
    }


def _age(moment: str | None, now: datetime) -> str:
    if moment is None:
        return ""
    seconds = max(0, int((now - read_instant(moment)).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@command(group, "history", example="trueup stock history LAMP-1 --from 2026-11-01")
def show_history(
    session: Session,
    sku: Sku,
    location: Place = None,
    since: Annotated[str | None, typer.Option("--from", help="From this day.", metavar="DAY")] = None,
    limit: Limit = 50,
) -> Result:
    """Show what moved and what was counted of a product, with the balance after each line and what no movement explains."""
    day = read_day(since, "--from")
    start = datetime.combine(day, datetime.min.time(), UTC) if day else None
    with session.look() as connection:
        load_known(connection, sku)
        places = [location] if location else list_places(connection, sku)
        rows = [row for place in places for row in stock_history(connection, sku, place, start)]
    rows.sort(key=lambda row: (row["at"], row["location"]))
    rows = [{**row, "said_states": _said_states(row["states"])} for row in rows]
    left = len(rows) - limit
    remark = f"{amount(left, 'earlier line')} not shown; --limit shows more." if left > 0 else ""
    return Result(rows[-limit:], _HISTORY, remark=remark, nothing=f"Nothing of {sku} was counted or moved.")


def _said_states(states: Sequence[Mapping[str, Any]]) -> str:
    """The states that hold something or changed: `committed 12 (+2), damaged 1`."""
    told = [
        f"{each['state'].replace('_', ' ')} {each['eaches']}" + (f" ({each['change']:+d})" if each["change"] else "")
        for each in states
        if each["eaches"] or each["change"]
    ]
    return ", ".join(told)


@command(group, "policy", example="trueup stock policy LAMP-1 --output policy.svg")
def show_policy(
    session: Session,
    sku: Sku,
    channel: Annotated[str | None, typer.Option(help="The channel, as `stock show` names it; else the shop.")] = None,
    location: Place = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days of history to replay.")] = 90,
    delay: Annotated[
        int | None, typer.Option(min=0, help="How late the counts are, in seconds; else measured.")
    ] = None,
    risk: Annotated[
        str | None, typer.Option(help="The accepted risk, a percentage such as 0.5; else the agreed.")
    ] = None,
) -> Result:
    """Replay a product's own history against buffers and intervals: what each would have oversold, lost and written.

    With --output a chart is written where the name ends in .svg or .pdf, the table otherwise.
    """
    with session.open() as app, app.database.transaction() as connection:
        now = app.world.clock.now()
        chosen = choose_channel(connection, app.world, sku, (channel, location), now)
        asked = PolicyRequest(
            sku,
            chosen,
            now - timedelta(days=days),
            None if delay is None else timedelta(seconds=delay),
            None if risk is None else _risk(risk),
        )
        policy = replay_policy(connection, asked, now)
    rows = [_policy_row(outcome, policy) for outcome in policy.outcomes]
    data = {**_policy_head(sku, chosen, policy), "choices": rows}
    if session.output is not None and session.output.suffix in FORMATS:
        _write_chart(session, session.output, data, policy)
        return Result(data, silent=True, remark=f"Written {session.output}. {data['sentence']}")
    return Result(data, _POLICY, rows=rows, remark=data["sentence"])


def choose_channel(
    connection: sa.Connection, world: World, sku: str, wanted: tuple[str | None, str | None], now: datetime
) -> Channel:
    """The channel of that name and place; without a name, the shop. Raises NotFound, Invalid where several would do."""
    name, location = wanted
    every = [each for each in all_channels(world, now) if location in (None, each.location)]
    found = [each for each in every if (each.name == name if name else each.name.startswith("shop "))]
    if len(found) == 1:
        return found[0]
    if not found:
        known = ", ".join(sorted({repr(each.name) for each in every})) or "none"
        raise NotFound(f"No channel {name or 'of a shop'}{f' at {location}' if location else ''}; there are: {known}.")
    places = list_places(connection, sku)
    stocked = [each for each in found if each.location in places]
    if len(stocked) == 1:
        return stocked[0]
    choices = ", ".join(f"{each.name} at {each.location}" for each in found)
    raise Invalid(f"Several channels sell {sku}: {choices}. Say which with --channel and --location.")


def _risk(text: str) -> Fraction:
    try:
        found = Fraction(text.strip().rstrip("%").strip()) / 100
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not 0 < found <= Fraction(1, 2):
        raise Invalid(f"--risk {text}: expected a percentage above 0, 50 at most, such as 0.5.")
    return found


def _policy_head(sku: str, channel: Channel, policy: Policy) -> dict[str, Any]:
    best, delay = policy.best, policy.delay
    sentence = (
        f"Counts are {_span(delay)} late. Best: buffer {best.choice.buffer}, {_interval(best.choice.interval)}: "
        f"{best.oversold} oversold, {best.lost} lost, {amount(best.calls, 'call')}. "
        f"Computed buffer: {policy.computed}. In force: {policy.now}."
    )
    return {
        "sku": sku,
        "channel": channel.name,
        "location": channel.location,
        "from": policy.course.began.isoformat(),
        "to": policy.course.ended.isoformat(),
        "delay_seconds": int(delay.total_seconds()),
        "buffer_in_force": policy.now,
        "computed_buffer": policy.computed.eaches,
        "computed_by": policy.computed.method.value,
        "sentence": sentence,
    }


def _policy_row(outcome: Outcome, policy: Policy) -> dict[str, Any]:
    choice = outcome.choice
    worst = max((each.oversold + each.lost for each in policy.outcomes), default=0) or 1
    over, lost = (-(-number * _WIDEST_BAR // worst) for number in (outcome.oversold, outcome.lost))
    notes = [
        word
        for word, holds in (
            ("best", outcome is policy.best),
            ("in force", choice.buffer == policy.now),
            ("computed", choice.buffer == policy.computed.eaches),
        )
        if holds
    ]
    return {
        "interval": _interval(choice.interval),
        "interval_seconds": int(choice.interval.total_seconds()),
        "buffer": choice.buffer,
        "sold": outcome.sold,
        "oversold": outcome.oversold,
        "lost": outcome.lost,
        "calls": outcome.calls,
        "bar": "\u2588" * over + "\u2591" * lost,
        "note": ", ".join(notes),
    }


def _interval(interval: timedelta) -> str:
    return f"every {_span(interval)}" if interval else "at each change"


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _write_chart(session: Session, path: Path, data: dict[str, Any], policy: Policy) -> None:
    chart = PolicyChart(
        f"{data['sku']} in {data['channel']} at {data['location']}",
        data["sentence"],
        tuple(
            (_interval(each.choice.interval), each.choice.buffer, each.oversold, each.lost) for each in policy.outcomes
        ),
    )
    with session.written(path, "wb") as file:
        file.write(write_policy_chart(chart, path.suffix))
