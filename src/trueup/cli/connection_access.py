"""`trueup connections access|test`: by what each connection is let in and until when, what that grants, and testing one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.base.errors import NotFound
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.workflows.probe_connection import access_row, keep_test, known_access, probe_connection

group = typer.Typer()
_COLUMNS = (
    Column("connection", "name"),
    Column("last test", "words", wrap=True),
    Column("tested", "tested_at"),
    Column("granted", "granted"),
    Column("ends", "ends", wrap=True),
    Column("last good", "last_good"),
)
_ANSWERS = (
    Column("must be able to", "ability", wrap=True),
    Column("verdict", "verdict"),
    Column("found", "found", wrap=True),
    Column("what to do", "remedy", wrap=True),
)


@command(group, "access", example="trueup connections access amazon-us")
def show_access(
    session: Session,
    connection: Annotated[
        str, typer.Argument(help="The connection's name; every one when left out.", metavar="[CONNECTION]")
    ] = "",
) -> Result:
    """Show by what connections are let in, until when, what that grants and when they were used last. None of them is asked."""
    with session.open() as app, app.database.transaction() as looking:
        names = sorted(app.world.connections.probed)
        if connection and connection not in names:
            raise NotFound(
                f"Connection {connection!r}: there is none of that name (known: {', '.join(names) or 'none'})."
            )
        found = known_access(looking, app.world, [connection] if connection else names)
    if connection:
        return Result(access_row(found[0]), findings=bool(found[0].amiss))
    return Result([_short(access_row(each)) for each in found], _COLUMNS, findings=any(each.amiss for each in found))


@command(group, "test", writes=True, example="trueup connections test amazon-us --by Olga")
def test_access(
    session: Session,
    connection: Annotated[str, typer.Argument(help="The connection's name.", metavar="CONNECTION")],
    by: By,
) -> Result:
    """Test a connection: one harmless question for each thing that must work. Exit code 1 when something is missing or fails."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        answers = probe_connection(app.world, connection, person)
        tested = app.act(session.dry_run, keep_test, answers, person)
    kept = " Dry run: it was asked, and nothing was kept." if session.dry_run else ""
    said = f"{connection}: {len(answers.probes)} answers, {answers.amiss or 'nothing'} amiss.{kept}"
    return Result(list(tested.found), _ANSWERS, findings=bool(answers.amiss), remark=said)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list: what a person looks for, each in a word."""
    own = [each for each in row["credentials"] if not each["renewed"]]
    ends = sorted(each["ends_at"] for each in own if each["ends_at"])
    untold = [each["name"] for each in own if not each["ends_at"] and not each["forever"]]
    standing = [each["standing"] for each in row["grants"]]
    used = [each["at"] for each in row["used"]]
    return {
        **row,
        "granted": f"{standing.count('granted')} of {len(standing)}" if standing else None,
        "ends": ends[0] if ends else f"unknown: {', '.join(untold)}" if untold else None,
        "last_good": max(used, default=None),
    }
