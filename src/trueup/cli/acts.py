"""`trueup acts`: the audit trail. Who did what, when; rows are only ever added, the database refuses all else."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.statements import read_day
from trueup.cli.tables import Column, details
from trueup.storage.views import acts as views

group = typer.Typer(name="acts", help="The audit trail: list.", no_args_is_help=True)


_COLUMNS = (
    Column("id", "id", number=True),
    Column("at", "at"),
    Column("who", "actor"),
    Column("roles", "role", spare=True),
    Column("did", "act"),
    Column("to", "subject", wrap=True),
    Column("details", lambda row: details(row["after"]), wrap=True),
    Column("evidence", lambda row: (row["evidence"] or "")[:16], spare=True),
)


@command(group, "list", example="trueup acts list --by 'Ana Admin' --act case.")
def list_acts(
    session: Session,
    subject: Annotated[
        str | None, typer.Option(help="About this, such as 'case 7' or 'order amazon-us/2JK3S9VC'.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--by", help="By this person, or trueup for its workers.")] = None,
    act: Annotated[str | None, typer.Option(help="Of this word, or beginning so: case.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="From this day on (UTC).", metavar="DAY")] = None,
    until: Annotated[str | None, typer.Option("--to", help="To this day (UTC).", metavar="DAY")] = None,
    before: Annotated[int | None, typer.Option(help="Older than this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List acts, the newest first."""
    with session.look() as connection:
        days = read_day(since, "--from"), read_day(until, "--to")
        rows = views.list_asked(connection, views.ActsAsked(subject, actor, act, *days), before=before, limit=limit)
    return Result(rows, _COLUMNS)
