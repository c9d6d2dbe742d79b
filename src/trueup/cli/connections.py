"""`trueup connections`: the ways to other systems. What each brought and when; have it rest, go on, come at once, read again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.cli import connection_access
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.storage.views.acts import list_acts
from trueup.storage.views.connections import list_pauses, load_backlog
from trueup.storage.views.status import show_status
from trueup.workflows.jobs.read_again import ask_reading
from trueup.workflows.pause_connection import (
    REPLAYABLE,
    ask_now,
    pause_connection,
    resume_connection,
)
from trueup.workflows.watch import every_rounds

group = typer.Typer(
    name="connections",
    help="Ways to other systems: list, show, pause, resume, ask, replay, access, test.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("connection", "connection"),
    Column("state", "state"),
    Column("until", "until"),
    Column("asks for", "queries", wrap=True),
    Column("last good", "last_success_at"),
    Column("trouble", "trouble", wrap=True),
)
Wanted = Annotated[str, typer.Argument(help="The connection's name.", metavar="CONNECTION")]
_SPAN = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@command(group, "list", example="trueup connections list")
def list_connections(session: Session) -> Result:
    """List connections: whether each goes or rests, and when it brought something last. Exit code 1 when one rests or fails."""
    with session.open() as app, app.database.transaction() as connection:
        sources, pauses = show_status(connection)["sources"], list_pauses(connection)
        names = sorted(app.world.connections.guarded)
    rows = [_row(name, [each for each in sources if each["name"] == name], pauses.get(name)) for name in names]
    return Result(rows, _COLUMNS, findings=any(row["state"] != "goes" for row in rows))


def _row(name: str, sources: list[dict[str, Any]], pause: Any) -> dict[str, Any]:
    failing = [f"{each['query']}: {each['last_error']}" for each in sources if each["failures_in_a_row"]]
    good = sorted(each["last_success_at"] for each in sources if each["last_success_at"])
    return {
        "connection": name,
        "state": "rests" if pause else "fails" if failing else "goes",
        "until": write_instant(pause.until) if pause else None,
        "queries": ", ".join(each["query"] for each in sources),
        "last_success_at": good[-1] if good else None,
        "trouble": f"paused by {pause.paused_by}: {pause.reason}" if pause else "; ".join(failing),
    }


@command(group, "show", example="trueup connections show amazon-us")
def show_connection(session: Session, connection: Wanted) -> Result:
    """Show one: what it asks for and how far it came, what waits to go through it, and what people did about it."""
    with session.open() as app, app.database.transaction() as looking:
        if connection not in app.world.connections.guarded:
            known = ", ".join(sorted(app.world.connections.guarded)) or "none"
            raise NotFound(f"Connection {connection!r}: there is none of that name (known: {known}).")
        sources = [each for each in show_status(looking)["sources"] if each["name"] == connection]
        pause, backlog = list_pauses(looking).get(connection), load_backlog(looking, connection, session.clock().now())
        rounds = [each for each in every_rounds(app.world) if each.source == connection]
        acts = list_acts(looking, subject=f"connection {connection}", limit=20)
    found = _row(connection, sources, pause)
    waits = {
        "unsent": backlog.unsent,
        "unproven": backlog.unproven,
        "unpublished": backlog.unpublished,
        "cases": backlog.cases,
    }
    replayable = sorted(each.query for each in rounds if each.flow in REPLAYABLE)
    return Result({**found, "sources": sources, "waits": waits, "can_be_replayed": replayable, "acts": acts})


@command(
    group,
    "pause",
    writes=True,
    example="trueup connections pause amazon-us --for 4h --reason 'maintenance at Amazon' --by Olga",
)
def pause(
    session: Session,
    connection: Wanted,
    by: By,
    reason: Annotated[str, typer.Option(help="Why: whoever meets the pause is told.")],
    span: Annotated[str, typer.Option("--for", help="How long: 30m, 4h or 3d; a week at most.", metavar="SPAN")],
) -> Result:
    """Have a connection rest: nothing is asked of it until then; each answer that comes due meanwhile is a case at once."""
    with session.open() as app:
        until = app.world.clock.now() + _span(span)
        person = person_of(app.settings.people, by)
        rest = app.act(session.dry_run, pause_connection, connection, reason, until, person)
    due = [{"order": key, "due": write_instant(at)} for key, at in rest.due]
    data = {"connection": connection, "until": write_instant(until), "rounds": rest.rounds, "due": due}
    verb = "would rest" if session.dry_run else "rests"
    written = f"{rest.rounds} rounds, and {rest.waiting} answers that are written wait."
    words = [f"{connection} {verb} until {write_instant(until)}: {written}"]
    words += [f"  Order {each['order']} is due {each['due']}: a case at once." for each in due]
    return _done(session, {**data, "waiting": rest.waiting}, "\n".join(words))


@command(group, "resume", writes=True, example="trueup connections resume amazon-us --by Olga")
def resume(session: Session, connection: Wanted, by: By) -> Result:
    """Have a connection go on that rests. What waited comes at once."""
    with session.open() as app:
        rounds = app.act(session.dry_run, resume_connection, connection, person_of(app.settings.people, by))
    verb = "would go on" if session.dry_run else "goes on"
    return _done(
        session, {"connection": connection, "rounds": rounds}, f"{connection} {verb}: {rounds} rounds come at once."
    )


@command(group, "ask", writes=True, example="trueup connections ask amazon-us --by Olga")
def ask(session: Session, connection: Wanted, by: By) -> Result:
    """Ask a connection now, and not at its next time."""
    with session.open() as app:
        rounds = app.act(session.dry_run, ask_now, connection, person_of(app.settings.people, by))
    verb = "would be asked" if session.dry_run else "is asked"
    return _done(
        session, {"connection": connection, "rounds": rounds}, f"{connection} {verb}: {rounds} rounds come at once."
    )


@command(
    group, "replay", writes=True, example="trueup connections replay amazon-us created --since 2026-11-01 --by Olga"
)
def replay(
    session: Session,
    connection: Wanted,
    query: Annotated[
        str, typer.Argument(help="What is read again; `connections show` says what can be.", metavar="QUERY")
    ],
    by: By,
    since: Annotated[str, typer.Option(help="From when: a day or a time, such as 2026-11-01 or 2026-11-01T08:00Z.")],
) -> Result:
    """Read again what a connection brought since a time: what is known stays as it is, what was missed arrives."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        job, found = app.act(session.dry_run, ask_reading, connection, query, _since(since), person)
    data = {
        "job": None if session.dry_run else job,
        "connection": connection,
        "query": query,
        "since": write_instant(found.since),
        "documents": found.documents,
        "why_safe": found.why,
    }
    verb = "would be read again" if session.dry_run else "is read again"
    words = f"{query} of {connection} {verb} from {data['since']}; {found.documents} documents came since. {found.why}"
    if not session.dry_run:
        words += f" How far it is: trueup jobs show {job}."
    return _done(session, data, words)


def _done(session: Session, data: dict[str, Any], words: str) -> Result:
    kept = " (dry run: nothing done)" if session.dry_run else ""
    return Result({**data, "dry_run": session.dry_run}, words=words + kept)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise Invalid(f"--for {text}: expected a number and its unit, such as 30m, 4h or 3d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _since(text: str) -> datetime:
    return read_instant(f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()) else text)


group.registered_commands += connection_access.group.registered_commands
