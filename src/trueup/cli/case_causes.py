"""Cases that belong together, at the command line: merged and taken apart; their causes, and mending one for all its cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.storage.views.case_causes import page_causes
from trueup.storage.views.case_queue import TABS, CaseFilter
from trueup.workflows.mend_cause import FIELDS, Cause, Mended, mend_connection, mend_item
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.world import Tx

group = typer.Typer()
Wanted = Annotated[int, typer.Argument(help="The case's id.")]
Kind = Annotated[str, typer.Argument(help="The kind of its cases, as `trueup cases causes` lists it.")]
Name = Annotated[str, typer.Argument(help="The cause, as listed: 'item LAMP-1'.", metavar="CAUSE")]
_CAUSES = (
    Column("kind", "kind"),
    Column("cause", "cause", wrap=True),
    Column("cases", "cases", number=True),
    Column("things", "things", number=True, spare=True),
    Column("at risk", lambda row: ", ".join(row["money"]), number=True),
    Column("first due", "deadline"),
    Column("standing", "standing", spare=True),
)


@command(group, "merge", writes=True, example="trueup cases merge 9 7 --note 'the same delivery' --by Olga")
def merge(
    session: Session,
    case: Wanted,
    into: Annotated[int, typer.Argument(help="The case that stands for it from now on.")],
    by: By,
    note: Annotated[str, typer.Option(help="Why they are one.")] = "",
) -> Result:
    """Have one case stand for another that is about the same matter. `trueup cases unmerge` takes it back."""
    with session.open() as app:
        stands_for = app.act(session.dry_run, merge_case, case, into, person_of(app.settings.people, by), note)
    data = {"case": case, "into": into, "stands_for": stands_for, "dry_run": session.dry_run}
    return Result(data, words=f"Case {into} stands for case {case}{_kept(session)}.")


@command(group, "unmerge", writes=True, example="trueup cases unmerge 9 --by Olga")
def unmerge(session: Session, case: Wanted, by: By) -> Result:
    """Take a case apart from the one that stands for it: it is back in the queue."""
    with session.open() as app:
        into = app.act(session.dry_run, unmerge_case, case, person_of(app.settings.people, by))
    data = {"case": case, "into": into, "dry_run": session.dry_run}
    return Result(data, words=f"Case {case} stands for itself again; case {into} stood for it{_kept(session)}.")


@command(group, "causes", example="trueup cases causes --kind held. --json")
def causes(
    session: Session,
    tab: Annotated[str, typer.Option(help="Of cases that stand so: open, waiting, snoozed or resolved.")] = "open",
    kind: Annotated[str, typer.Option(help="Of this kind, or of kinds that begin so.")] = "",
    owner: Annotated[str, typer.Option(help="Whose team it is.")] = "",
    limit: Limit = 50,
) -> Result:
    """List what made cases, from what presses most: one row for what one act mends."""
    if tab not in TABS:
        raise Invalid(f"--tab {tab}: expected one of {', '.join(TABS)}.")
    with session.look() as connection:
        found = page_causes(connection, CaseFilter(tab, kind, owner), session.clock().now(), limit=limit)
    return Result(list(found.rows), _CAUSES)


@command(
    group,
    "mend-item",
    writes=True,
    example="trueup cases mend-item held.cost-differs 'item LAMP-1' --set sku=LAMP-1 --set cost=26.50 --dry-run --by Olga",
)
def mend_by_item(
    session: Session,
    kind: Kind,
    cause: Name,
    by: By,
    told: Annotated[list[str], typer.Option("--set", help=f"COLUMN=VALUE of the item's row: {', '.join(FIELDS)}.")],
) -> Result:
    """Take one row into the item master, and close every case that it mends. A dry run names each of them first."""
    row, mended = _row(told), Cause(kind, cause)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        done = app.act(session.dry_run, lambda tx: mend_item(tx, mended, row, person))
    return _told(session, mended, done)


@command(
    group,
    "mend-connection",
    writes=True,
    example="trueup cases mend-connection source.silent 'connection shop' --dry-run --by 'Ana Admin'",
)
def mend_by_resuming(session: Session, kind: Kind, cause: Name, by: By) -> Result:
    """Have a connection that rests go on, and close every case about that. A dry run names each of them first."""
    mended = Cause(kind, cause)
    with session.open() as app:
        person = person_of(app.settings.people, by)

        def act(tx: Tx) -> Mended:
            return mend_connection(tx, mended, person)

        done = app.act(session.dry_run, act)
    return _told(session, mended, done)


def _row(told: list[str]) -> Mapping[str, str]:
    row = {}
    for each in told:
        name, sign, value = each.partition("=")
        if not sign or name not in FIELDS:
            raise Invalid(f"--set {each}: expected COLUMN=VALUE with one of {', '.join(FIELDS)}.")
        row[name] = value
    return row


def _told(session: Session, cause: Cause, done: Mended) -> Result:
    data = {
        "kind": cause.kind,
        "cause": cause.name,
        "closed": [{"case": number, "title": title} for number, title in done.closed],
        "money": [str(each) for each in done.money],
        "left": done.left,
        "opened": [{"case": number, "title": title} for number, title in done.opened],
        "unseen": done.unseen,
        "dry_run": session.dry_run,
    }
    rows = [f"{cause.name} ({cause.kind}): {len(done.closed)} cases closed, {done.left} left{_kept(session)}."]
    rows += [f"  closed {number}: {title}" for number, title in done.closed]
    rows += [f"  next   {number}: {title}" for number, title in done.opened]
    if done.unseen:
        rows.append(f"  {done.unseen} more orders are looked at by a worker.")
    return Result(data, words="\n".join(rows))


def _kept(session: Session) -> str:
    return " (dry run: nothing kept)" if session.dry_run else ""
