"""`trueup init`, `trueup secrets` and `trueup people`: setting an installation up."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from trueup.base.errors import ConfigurationError, Conflict, Invalid, Refused
from trueup.base.secret import Secret
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.settings.load import template
from trueup.storage.views.secrets import list_secrets
from trueup.workflows.keep_secrets import forget_secret, keep_secret

group = typer.Typer(name="setup", no_args_is_help=True)
secrets = typer.Typer(name="secrets", help="Secrets sealed in the database: set, list, delete.", no_args_is_help=True)
NAME = "trueup.toml"
_SECRETS = (Column("name", "name"), Column("kept", "saved_at"), Column("write in trueup.toml", "reference"))
_PEOPLE = (Column("name", "name"), Column("roles", "roles"))
_LARGEST_SECRET_BYTES = 65_536


@command(group, "init", writes=True, example="trueup init /srv/trueup --company 'Norda Lighting' --person 'Ana Admin'")
def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="Where; made when it is not there.")] = Path(),
    company: Annotated[str | None, typer.Option(help="Your company's name, to be written in.")] = None,
    person: Annotated[str | None, typer.Option(help="Your name, to be written in as admin and operations.")] = None,
) -> Result:
    """Write a commented trueup.toml to fill in. What is there already is never overwritten."""
    path = folder / NAME
    text = template()
    for mark, value in (("<your company>", company), ("<your name>", person)):
        if value is not None:
            text = text.replace(mark, _quotable(value))
    if path.exists():
        raise Conflict(f"{path} is there already and stays as it is; remove it, or name another folder.")
    if not session.dry_run:
        _write_new(path, text)
    left = sorted({part.partition(">")[0] for part in text.split("<")[1:] if ">" in part} - {"angle brackets"})
    steps = [
        f"Fill in what stands in <angle brackets>: {', '.join(left)}.",
        "Say where the secrets are: in the environment, in files, or sealed here (`trueup secrets set NAME`).",
        "See what works: `trueup check`. Then `trueup run`.",
    ]
    data = {"path": str(path), "to_fill_in": left, "dry_run": session.dry_run}
    first = f"Would write {path} (dry run)." if session.dry_run else f"Wrote {path}."
    return Result(data, words="\n".join([first, *(f"{number}. {step}" for number, step in enumerate(steps, 1))]))


def _quotable(value: str) -> str:
    if not value.strip() or any(mark in value for mark in '<>"\\') or not value.isprintable():
        raise Invalid(f'{value!r}: expected a name without < > " and backslashes.')
    return value.strip()


def _write_new(path: Path, text: str) -> None:
    """Made in one go and only where nothing is, whoever else does so at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Conflict(f"{path} is there already and stays as it is; remove it, or name another folder.") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror}); choose another folder.") from error


@command(group, "people", example="trueup people")
def people(session: Session) -> Result:
    """List who may decide here, with their roles: [[people]] of trueup.toml."""
    with session.open_store() as store:
        rows = [
            {"name": person.name, "roles": [role.value for role in person.roles]} for person in store.foundation.people
        ]
    return Result(rows, _PEOPLE, nothing="Nobody yet: add [[people]] to trueup.toml.")


@command(
    secrets,
    "set",
    writes=True,
    example="printf %s \"$TOKEN\" | trueup secrets set amazon-refresh-token --by 'Ana Admin'",
)
def set_secret(
    session: Session,
    name: Annotated[str, typer.Argument(help="Its name; in trueup.toml write sealed:NAME.", metavar="NAME")],
    by: By,
) -> Result:
    """Seal a secret in the database. It is asked for without showing it, or read from standard input; never an argument."""
    secret = _ask(name)
    with session.open_store() as store, store.transaction(dry_run=session.dry_run) as connection:
        person = person_of(store.foundation.people, by)
        replaced = keep_secret(connection, store.key, (name, secret), person, session.now())
    data = {"name": name, "replaced": replaced, "reference": f"sealed:{name}", "dry_run": session.dry_run}
    done = "replaced" if replaced else "kept"
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result(data, words=f'Secret {name} {done}{kept}; in trueup.toml write "sealed:{name}".')


def _ask(name: str) -> Secret:
    """From a person twice, since it cannot be seen; from a pipe once, without its last line break."""
    if not sys.stdin.isatty():
        text = sys.stdin.read(_LARGEST_SECRET_BYTES + 1)
        if len(text) > _LARGEST_SECRET_BYTES:
            raise Invalid(f"Secret {name}: more than {_LARGEST_SECRET_BYTES} characters came in; that is no secret.")
        return Secret(text.removesuffix("\n").removesuffix("\r"))
    try:
        first = Secret(getpass.getpass(f"Secret {name}: "))
        again = Secret(getpass.getpass("Once more: "))
    except EOFError:
        raise Refused(f"Secret {name}: nothing was entered, nothing was changed.") from None
    if first != again:
        raise Refused(f"Secret {name}: the two are not the same; nothing was changed.")
    return first


@command(secrets, "list", example="trueup secrets list")
def list_names(session: Session) -> Result:
    """List the names of sealed secrets; what they are is never shown."""
    with session.look() as connection:
        rows = list_secrets(connection)
    return Result(rows, _SECRETS, nothing="No secret is sealed here.")


@command(secrets, "delete", writes=True, example="trueup secrets delete amazon-refresh-token --by 'Ana Admin'")
def delete_secret(
    session: Session, name: Annotated[str, typer.Argument(help="Its name.", metavar="NAME")], by: By
) -> Result:
    """Forget a sealed secret."""
    with session.open_store() as store, store.transaction(dry_run=session.dry_run) as connection:
        forget_secret(connection, name, person_of(store.foundation.people, by), session.now())
    kept = " (dry run: it is still kept)" if session.dry_run else ""
    return Result({"name": name, "dry_run": session.dry_run}, words=f"Secret {name} forgotten{kept}.")


group.add_typer(secrets)
