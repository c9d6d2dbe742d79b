"""`trueup cases`: the queue of work for people, one case whole, resolving it, and the second person's approval."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.app import Application
from trueup.base.errors import ConfigurationError, Invalid
from trueup.cli.frame import Result, Session, command
from trueup.cli.tables import Column
from trueup.domain.cases import Resolution
from trueup.storage.views import cases as views
from trueup.workflows.resolve_case import Person, approve_proposal, resolve_case

group = typer.Typer(name="cases", help="Cases: list, show, explain, resolve, approve.", no_args_is_help=True)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("kind", "kind"),
    Column("what", "title", wrap=True),
    Column("at risk", "money_at_risk", number=True),
    Column("deadline", "deadline"),
    Column("owner", "owner"),
    Column("state", "state"),
)
Wanted = Annotated[int, typer.Argument(help="The case's id.")]
By = Annotated[str, typer.Option("--by", help="Who decides: the name of one of [[people]].", envvar="TRUEUP_PERSON")]


@command(group, "list")
def list_cases(
    session: Session,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    kind: Annotated[str | None, typer.Option(help="Of this kind, or beginning so: held.")] = None,
    owner: Annotated[str | None, typer.Option(help="Of this owner.")] = None,
    sort: Annotated[str, typer.Option(help="deadline, money or age.")] = "deadline",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
) -> Result:
    """List cases by deadline, money at risk or age. Exit code 1 when any is open."""
    if sort not in views.SORTS:
        raise Invalid(f"--sort {sort}: expected one of {', '.join(views.SORTS)}.")
    with session.open() as app, app.database.transaction() as connection:
        state = None if everything else "open"
        rows = views.list_cases(connection, state=state, kind=kind, owner=owner, sort=sort, limit=limit)
    return Result(rows, _COLUMNS, findings=any(row["state"] == "open" for row in rows))


@command(group, "show")
def show_case(session: Session, case: Wanted) -> Result:
    """Show one case: what was expected, what was found, the money, the deadline, and what may be decided."""
    with session.open() as app, app.database.transaction() as connection:
        return Result(views.show_case(connection, case))


@command(group, "explain")
def explain_case(session: Session, case: Wanted) -> Result:
    """Say in words what a case is about and what each resolution would do."""
    with session.open() as app, app.database.transaction() as connection:
        shown = views.show_case(connection, case)
    return Result(
        {**shown, "meaning": {name: MEANING[Resolution(name)] for name in shown["resolutions"]}}, words=_tell(shown)
    )


@command(group, "resolve", writes=True)
def resolve(
    session: Session,
    case: Wanted,
    resolution: Annotated[Resolution, typer.Argument(help="What to do; `cases show` says what is allowed.")],
    by: By,
    note: Annotated[str, typer.Option(help="Why, in words.")] = "",
) -> Result:
    """Resolve a case. Binding decisions above the two-person limit are only proposed, until a second person approves."""
    with session.open() as app:
        person = person_of(app, by)
        limit = app.settings.installation.two_persons_above
        decided = app.act(session.dry_run, resolve_case, case, resolution, person, note, limit)
    state = "proposed" if decided.proposal else "resolved"
    words = f"Case {case} {state}" + (
        f" as proposal {decided.proposal}; a second person must approve it" if decided.proposal else ""
    )
    data = {"case": case, "state": state, "proposal": decided.proposal, "dry_run": session.dry_run}
    return Result(data, words=words + (" (dry run: nothing kept)" if session.dry_run else "") + ".")


@command(group, "approve", writes=True)
def approve(session: Session, proposal: Annotated[int, typer.Argument(help="The proposal's id.")], by: By) -> Result:
    """Approve another person's proposal; it is carried out at once."""
    with session.open() as app:
        decided = app.act(session.dry_run, approve_proposal, proposal, person_of(app, by))
    data: dict[str, Any] = {
        "proposal": proposal,
        "case": decided.case.id,
        "state": "resolved",
        "dry_run": session.dry_run,
    }
    return Result(data, words=f"Proposal {proposal} approved; case {decided.case.id} resolved.")


def person_of(app: Application, name: str) -> Person:
    """Who that is. Raises ConfigurationError when the settings know nobody of that name."""
    found = next((person for person in app.settings.people if person.name == name), None)
    if found is None:
        known = ", ".join(person.name for person in app.settings.people) or "nobody"
        raise ConfigurationError(f"{name!r} is not one of [[people]] in trueup.toml (known: {known}).")
    return Person(found.name, frozenset(found.roles))


MEANING = {
    Resolution.ACCEPT_AS_ORDERED: "take the order as Amazon sent it: the line is filled from stock and answered",
    Resolution.USE_OURS: "our number stands",
    Resolution.BACKORDER: "answer that the line comes later",
    Resolution.REJECT: "answer that the line is not delivered; Amazon never reopens a rejected line",
    Resolution.RETRY: "look again: something was mended (item master, agreement, connection)",
    Resolution.DISMISS: "close the case and change nothing",
}


def _tell(shown: dict[str, Any]) -> str:
    rows = [
        shown["title"],
        "",
        f"  about      {shown['subject']}",
        f"  expected   {shown['expected']}",
        f"  found      {shown['found']}",
        f"  at risk    {shown['money_at_risk'] or 'no money of its own'}",
        f"  deadline   {(shown['deadline'] or 'none')[:16].replace('T', ' ')}",
        f"  owner      {shown['owner']}",
        f"  state      {shown['state']} {shown['resolution']} {shown['resolved_by']} {shown['note']}".rstrip(),
    ]
    if shown["evidence"]:
        rows.append(f"  evidence   {shown['evidence']} (trueup documents show)")
    if shown["state"] == "open":
        rows += ["", "What may be decided:"]
        rows += [f"  {name:<18} {MEANING[Resolution(name)]}" for name in shown["resolutions"]]
    return "\n".join(rows)
