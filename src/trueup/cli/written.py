"""Lists written to files from a terminal: the same rows that the console gives away, however many."""

from __future__ import annotations

from typing import Any

from trueup.base.errors import Invalid
from trueup.cli.frame import Session


def write_listed(session: Session, command: str, name: str, wanted: Any) -> tuple[str, int]:
    """Write a list of `written_lists` to the file that was asked for, as its ending says. Returns its path, and how many rows."""
    from trueup.workflows.written_lists import Asked, Ground, list_named, write_list

    output, session.output = session.output, None
    if output is None:
        raise Invalid(f"{command} needs a file to write: say --output FILE.")
    form, rows = output.suffix.lower().lstrip(".") or "xlsx", 0

    def told(count: int) -> None:
        nonlocal rows
        rows = count

    of = list_named(name, form)
    with session.open() as app, app.database.transaction() as connection, session.written(output, "wb") as file:
        write_list(Ground(app.world, connection, app.world.clock.now()), Asked(of, wanted, form), file, told)
    return str(output), rows
