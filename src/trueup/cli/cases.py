"""`trueup cases`: the queue of work for people, one case whole, resolving it, and what waits for a second person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli import answers, case_causes, case_many, case_talk
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, words
from trueup.domain.cases import Resolution
from trueup.storage.views import acts as act_views
from trueup.storage.views import cases as views
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.resolve_case import resolve_case

group = typer.Typer(
    name="cases",
    help="Work for a person, told, decided, assigned, put aside, merged, mended at its cause.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("kind", "kind"),
    Column("what", "title", wrap=True),
    Column("at risk", "money_at_risk", number=True),
    Column("deadline", "deadline"),
    Column("owner", "owner", spare=True),
    Column("state", "state", spare=True),
)
_PROPOSALS = (
    Column("id", "id", number=True),
    Column("act", "act"),
    Column("about", "subject"),
    Column("what", lambda row: row["arguments"].get("resolution")),
    Column("reason", "reason", wrap=True),
    Column("by", "proposed_by"),
    Column("since", "proposed_at"),
    Column("state", "state"),
    Column("approved by", "approved_by"),
)
Wanted = Annotated[int, typer.Argument(help="The case's id.")]


@command(group, "list", example="trueup cases list --kind held. --sort money")
def list_cases(
    session: Session,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    kind: Annotated[str | None, typer.Option(help="Of this kind, or beginning so: held.")] = None,
    owner: Annotated[str | None, typer.Option(help="Of this owner.")] = None,
    sort: Annotated[str, typer.Option(help="deadline, money or age.")] = "deadline",
    limit: Limit = 50,
) -> Result:
    """List cases by deadline, money at risk or age. Exit code 1 when any is open."""
    if sort not in views.SORTS:
        raise Invalid(f"--sort {sort}: expected one of {', '.join(views.SORTS)}.")
    with session.look() as connection:
        state = None if everything else "open"
        rows = views.list_cases(connection, state=state, kind=kind, owner=owner, sort=sort, limit=limit)
    return Result(rows, _COLUMNS, findings=any(row["state"] == "open" for row in rows))


@command(group, "show", example="trueup cases show 7")
def show_case(session: Session, case: Wanted) -> Result:
    """Show one case: what was expected, what was found, the money, the deadline, and what may be decided.

    A contested one with its rival explanations side by side.
    """
    with session.look() as connection:
        shown = views.show_case(connection, case)
        rivals = list_rivals(connection, shown["kind"], shown["subject"])
    return Result({**shown, "explanations": rivals} if rivals else shown)


@command(group, "explain", example="trueup cases explain 7")
def explain_case(session: Session, case: Wanted) -> Result:
    """Say in words what a case is about and what each resolution would do."""
    with session.look() as connection:
        shown = views.show_case(connection, case)
        shown["explanations"] = list_rivals(connection, shown["kind"], shown["subject"])
    return Result(
        {**shown, "meaning": {name: MEANING[Resolution(name)] for name in shown["resolutions"]}}, words=_tell(shown)
    )


@command(
    group,
    "resolve",
    writes=True,
    example="trueup cases resolve 7 accept-as-ordered --by 'Ana Admin' --note 'agreed by mail'",
)
def resolve(
    session: Session,
    case: Wanted,
    resolution: Annotated[Resolution, typer.Argument(help="What to do; `cases show` says what is allowed.")],
    by: By,
    note: Annotated[str, typer.Option(help="Why, in words.")] = "",
) -> Result:
    """Resolve a case. Binding decisions above the two-person limit are only proposed, until a second person approves."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        limit = app.settings.installation.two_persons_above
        decided = app.act(session.dry_run, resolve_case, case, resolution, person, note, limit)
    state = "proposed" if decided.proposal else "resolved"
    words = f"Case {case} {state}" + (
        f" as proposal {decided.proposal}; a second person must approve it" if decided.proposal else ""
    )
    data = {"case": case, "state": state, "proposal": decided.proposal, "dry_run": session.dry_run}
    return Result(data, words=words + (" (dry run: nothing kept)" if session.dry_run else "") + ".")


@command(group, "proposals", example="trueup cases proposals")
def list_proposals(
    session: Session,
    proposal: Annotated[int | None, typer.Argument(help="One of them, whole.", metavar="[PROPOSAL]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Approved ones too.")] = False,
    limit: Limit = 50,
) -> Result:
    """List what waits for a second person, erasures of documents too, or show one whole. Exit code 1 when anything waits."""
    with session.look() as connection:
        if proposal is not None:
            row = act_views.show_proposal(connection, proposal)
            return Result(row, findings=row["state"] == "waiting")
        rows = act_views.list_proposals(connection, everything=everything, limit=limit)
    return Result(rows, _PROPOSALS, findings=any(row["state"] == "waiting" for row in rows))


@command(group, "approve", writes=True, example="trueup cases approve 3 --by 'Ana Admin'")
def approve(session: Session, proposal: Annotated[int, typer.Argument(help="The proposal's id.")], by: By) -> Result:
    """Approve another person's proposal, whatever it is about; it is carried out at once."""
    with session.open() as app:
        done = app.act(session.dry_run, approve_proposal, proposal, person_of(app.settings.people, by))
    data: dict[str, Any] = {
        "proposal": proposal,
        "act": done.act,
        "subject": done.subject,
        **done.outcome,
        "dry_run": session.dry_run,
    }
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result(data, words=f"Proposal {proposal} approved: {done.words}{kept}.")


MEANING = {
    Resolution.ACCEPT_AS_ORDERED: "take the order as Amazon sent it: the line is filled from stock and answered",
    Resolution.USE_OURS: "our number stands",
    Resolution.BACKORDER: "answer that the line comes later",
    Resolution.REJECT: "answer that the line is not delivered; Amazon never reopens a rejected line",
    Resolution.RETRY: "look again: something was mended (item master, agreement, connection)",
    Resolution.CLASSIFY: "say what the lines are, and perhaps propose a rule: trueup cases classify",
    Resolution.CHOOSE: "choose one of the explanations below: trueup cases choose",
    Resolution.POST_NOW: "post it on the first day of an open month: trueup cases post-now",
    Resolution.DISPUTE: "contest it with Amazon: trueup recover",
    Resolution.WRITE_OFF: "give the claim up, as a loss: trueup cases write-off",
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
        f"  deadline   {words(shown['deadline'] or 'none')}",
        f"  owner      {shown['owner']}",
        f"  state      {shown['state']} {shown['resolution']} {shown['resolved_by']} {shown['note']}".rstrip(),
    ]
    if shown["evidence"]:
        rows.append(f"  evidence   {shown['evidence']} (trueup documents show)")
    if shown["state"] == "open":
        rows += ["", "What may be decided:"]
        rows += [f"  {name:<18} {MEANING[Resolution(name)]}" for name in shown["resolutions"]]
    for each in shown["explanations"]:
        rows += [
            "",
            f"Explanation {each['choice']} ({each['score']} points, {each['matcher'].replace('-', ' ')}): {each['why']}",
        ]
        rows += [f"  payment {line['payment']} line {line['line']}  {line['amount']}" for line in each["lines"]]
        rows += [f"  settles {part['item']}  {part['amount']}" for part in each["settles"]]
    return "\n".join(rows)


group.registered_commands += [
    *answers.group.registered_commands,
    *case_talk.group.registered_commands,
    *case_many.group.registered_commands,
    *case_causes.group.registered_commands,
]
