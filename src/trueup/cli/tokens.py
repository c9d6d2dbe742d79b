"""`trueup tokens`: what machines show to the API instead of a person's session. Create, list, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.storage.views.console import list_tokens
from trueup.workflows.authority import LOOK
from trueup.workflows.keep_tokens import LONGEST, WantedToken, end_token, make_token

group = typer.Typer(
    name="tokens", help="Access tokens for machines that call the API: create, list, revoke.", no_args_is_help=True
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("name", "label"),
    Column("of", "person"),
    Column("scopes", "scopes", wrap=True),
    Column("made by", "made_by", spare=True),
    Column("made", "made_at", spare=True),
    Column("ends", "ends_at"),
    Column("used last", "used_at"),
    Column("revoked by", "ended_by"),
)


@command(
    group,
    "create",
    writes=True,
    example="trueup tokens create 'warehouse counts' --scope look --scope stock.declare --by Olga",
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="What uses it: the audit trail says this name.", metavar="NAME")],
    by: By,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do, of what its person may; several times. Only look, else.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST.days, help="How long it lasts.")] = 90,
    person: Annotated[
        str, typer.Option("--for", help="Whose it is; an administrator makes it for others.", metavar="NAME")
    ] = "",
) -> Result:
    """Create a token. Its text is shown this once; only its hash is kept."""
    wanted = WantedToken(name, scope or [LOOK], timedelta(days=days), person)
    with session.open() as app:
        maker = person_of(app.settings.people, by)
        made = app.act(session.dry_run, make_token, wanted, maker, app.settings.people)
    if session.dry_run:
        return Result({"dry_run": True}, words=f"Token {name!r} can be made for {made.person} (dry run: it was not).")
    data = {"id": made.id, "person": made.person, "name": name, "token": made.text.reveal()}
    return Result(data, words=made.text.reveal(), remark="Keep it where secrets are kept: it is shown this once.")


@command(group, "list", example="trueup tokens list --all")
def list_all(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Also those that were revoked.")] = False,
) -> Result:
    """List tokens, the newest first: whose, what for, until when, and when they were used last. Never their text."""
    with session.look() as connection:
        rows = [row for row in list_tokens(connection) if every or row["ended_by"] is None]
    return Result(rows, _COLUMNS, nothing="No token was made; nothing but people in the console acts here.")


@command(group, "revoke", writes=True, example="trueup tokens revoke 3 --by 'Ana Admin'")
def revoke(
    session: Session, token: Annotated[int, typer.Argument(help="The token, by its id.", metavar="ID")], by: By
) -> Result:
    """Revoke a token: it opens nothing from now on. Your own, or as an administrator anybody's."""
    with session.open() as app:
        name = app.act(session.dry_run, end_token, token, person_of(app.settings.people, by))
    kept = " (dry run: it still holds)" if session.dry_run else ""
    return Result({"id": token, "name": name, "dry_run": session.dry_run}, words=f"Token {name!r} is revoked{kept}.")
