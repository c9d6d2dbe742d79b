"""`trueup agreements`: what is agreed with each vendor code, and changing it: tried on the past, by two persons, in versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import grouped, read_day
from trueup.cli.tables import Column
from trueup.cli.two_persons import Look, LookApproved, Months, demand_look_said
from trueup.domain.agreement_changes import AgreementChange, AgreementScope
from trueup.workflows.approve_agreement import approve_terms
from trueup.workflows.keep_agreements import (
    ProposedTerms,
    find_proposed,
    propose_terms,
    undo_terms,
    version_json,
    withdraw_terms,
)
from trueup.workflows.list_agreements import list_agreements, list_versions, show_agreement, trial_json
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_agreements import look_tried, try_proposed, try_terms
from trueup.workflows.world import Tx

group = typer.Typer(
    name="agreements",
    help="What is agreed with each vendor code: list, show, versions, try, propose, approve, withdraw, undo.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("partner", "partner"),
    Column("vendor code", "vendor_code"),
    Column("from", "valid_from"),
    Column("to", lambda row: row["valid_to"] or "further notice"),
    Column("stands", "stands", wrap=True),
    Column("then", lambda row: f"{row['follows']['valid_from']}: {row['follows']['stands']}" if row["follows"] else ""),
    Column("waits", lambda row: f"proposal {row['proposal']}" if row["proposal"] else ""),
)
_VERSIONS = (
    Column("version", "version", number=True),
    Column("with", lambda row: f"{row['partner']}/{row['vendor_code']}"),
    Column("from", "effective_from"),
    Column("why", "reason", wrap=True),
    Column("proposed by", "proposed_by"),
    Column("approved by", "approved_by"),
    Column("because", "approved_because", wrap=True),
    Column("takes back", "undoes", spare=True),
)
_TRIAL = (
    Column("would have been", "words", wrap=True),
    Column("how many", "count", number=True),
    Column("money", lambda row: ", ".join(grouped(each) for each in row["money"])),
    Column("such as", lambda row: _example(row["examples"][0]), wrap=True, spare=True),
)
_Scope = Annotated[str, typer.Argument(help="With whom: PARTNER/VENDOR CODE.", metavar="WITH")]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A clause by its key of trueup.toml: cost_tolerance=0.02.", metavar="KEY=VALUE"),
]
_AsFile = Annotated[bool, typer.Option("--as-file", help="Give back to what trueup.toml says.")]
_Reason = Annotated[str, typer.Option(help="Why; whoever meets it later reads it.")]
_Proposal = Annotated[int, typer.Argument(help="Its number, as `agreements list` shows it.")]


@command(group, "list", example="trueup agreements list")
def show_all(session: Session) -> Result:
    """List what is agreed with each vendor code now, where it stands, what follows, and what waits for a second person."""
    with session.open() as app, app.database.transaction() as connection:
        rows = list_agreements(connection, app.world, app.world.clock.now().date())
    return Result(rows, _COLUMNS, findings=any(row["proposal"] for row in rows))


@command(group, "show", example="trueup agreements show amazon-us/ABCDE")
def show_one(session: Session, scope: _Scope) -> Result:
    """Show every clause of an agreement, how it holds from day to day, and its versions."""
    with session.open() as app, app.database.transaction() as connection:
        return Result(show_agreement(connection, app.world, _scope(scope), app.world.clock.now().date()))


@command(group, "versions", example="trueup agreements versions amazon-us/ABCDE")
def show_versions(
    session: Session, scope: Annotated[str | None, typer.Argument(help="With whom; all when left out.")] = None
) -> Result:
    """List what was decided, the newest first: why, by whom, and who approved it because of what."""
    with session.look() as connection:
        rows = list_versions(connection, _scope(scope) if scope else None)
    return Result(rows, _VERSIONS, nothing="Nobody decided anything: what trueup.toml says holds.")


@command(group, "try", example="trueup agreements try amazon-us/ABCDE --set cost_tolerance=0.02 --months 3")
def try_change(
    session: Session,
    scope: _Scope,
    clauses: _Set = None,
    as_file: _AsFile = False,
    months: Annotated[int, typer.Option(help="So many months of history.", min=1, max=24)] = 3,
) -> Result:
    """Tell what lines, answers and invoices of the past would have come to under other terms. Exit code 1 for any."""
    terms = _terms(clauses, as_file)
    with session.open() as app:
        trial = trial_json(app.act(True, try_terms, _scope(scope), terms, months))
    return _tried(trial, "")


@command(
    group,
    "propose",
    writes=True,
    example="trueup agreements propose amazon-us/ABCDE --set cost_tolerance=0.02 --from 2027-01-01 --reason 'rounding' --by 'Olga'",
)
def propose(
    session: Session,
    scope: _Scope,
    by: By,
    begins: Annotated[str, typer.Option("--from", help="In force from this day (UTC).", metavar="DAY")],
    reason: _Reason,
    clauses: _Set = None,
    as_file: _AsFile = False,
) -> Result:
    """Propose other terms from a day on; nothing changes until a second person approves. With --dry-run: tried on three months."""
    change = AgreementChange(_scope(scope), _terms(clauses, as_file), _day(begins), reason)

    def propose_and_try(tx: Tx, person: Person) -> tuple[ProposedTerms, dict[str, Any]]:
        proposed = propose_terms(tx, change, person)
        return proposed, trial_json(try_proposed(tx, proposed, 3)) if session.dry_run else {}

    with session.open() as app:
        person = person_of(app.settings.people, by)
        proposed, trial = app.act(session.dry_run, lambda tx: propose_and_try(tx, person))
    if session.dry_run:
        return _tried(trial, f"{proposed} (dry run: nothing kept).", proposed)
    return Result(
        {**_told(proposed), "dry_run": False},
        words=f"{proposed}.\nProposal {proposed.id} waits for a second person: trueup agreements approve {proposed.id} --dry-run",
    )


@command(
    group,
    "approve",
    writes=True,
    example="trueup agreements approve 12 --reason 'as in the contract' --look LOOK --by 'Fay Finance'",
)
def approve(
    session: Session, proposal: _Proposal, by: By, reason: _Reason, look: LookApproved = None, months: Months = 3
) -> Result:
    """Approve what another person proposed, and say why; it comes into force on its day.

    --dry-run shows what it changes and what the past would have come to, with the look of that; --look says that this was seen."""
    demand_look_said(session, f"agreements approve {proposal}", look)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if session.dry_run and look is None:
            proposed, trial = app.act(True, lambda tx: _looked(tx, proposal, months))
            app.act(True, approve_terms, proposal, person, reason, proposed.look)
            return _tried(trial, f"{proposed} (dry run: nothing kept; look {proposed.look}).", proposed)
        proposed = app.act(True, find_proposed, proposal)
        version = app.act(session.dry_run, approve_terms, proposal, person, reason, look)
    kept = " (dry run: nothing kept)" if session.dry_run else f" (version {version.id})"
    data = {**version_json(version), "look": look, "changes": _changes(proposed), "dry_run": session.dry_run}
    return Result(data, words=f"{proposed}{kept}.")


@command(group, "withdraw", writes=True, example="trueup agreements withdraw 12 --reason 'not agreed yet' --by 'Olga'")
def withdraw(session: Session, proposal: _Proposal, by: By, reason: _Reason, look: Look = None) -> Result:
    """Take a proposal back, or decline what another proposed; nothing changes."""
    with session.open() as app:
        done = app.act(session.dry_run, withdraw_terms, proposal, person_of(app.settings.people, by), reason, look)
    kept = f" (dry run: nothing kept; look {done.look})" if session.dry_run else ""
    return Result(
        {**_told(done), "look": done.look, "dry_run": session.dry_run},
        words=f"Proposal {proposal} is off: {done}{kept}.",
    )


@command(group, "undo", writes=True, example="trueup agreements undo 7 --by 'Olga'")
def undo(
    session: Session,
    version: Annotated[int, typer.Argument(help="Its number, as `agreements versions` shows it.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; that it takes the version back, when left out.")] = "",
) -> Result:
    """Propose what held before the newest version again; a second person must approve that too."""
    with session.open() as app:
        done = app.act(session.dry_run, undo_terms, version, person_of(app.settings.people, by), reason)
    kept = " (dry run: nothing kept)" if session.dry_run else f"\nProposal {done.id} waits for a second person"
    return Result({**_told(done), "dry_run": session.dry_run}, words=f"{done}{kept}.")


def _looked(tx: Tx, number: int, months: int) -> tuple[ProposedTerms, dict[str, Any]]:
    """A proposal with the look of whom its trial is shown too, and that trial."""
    proposed = find_proposed(tx, number)
    trial = try_proposed(tx, proposed, months)
    return replace(proposed, look=look_tried(proposed, trial, months)), trial_json(trial)


def _tried(trial: dict[str, Any], remark: str, proposed: ProposedTerms | None = None) -> Result:
    left = f" {trial['orders_left_out']} older orders were not looked at." if trial["orders_left_out"] else ""
    looked = f"{trial['orders']} orders with {trial['lines']} lines since {trial['since']}.{left}"
    data = {**trial, **({**_told(proposed), "look": proposed.look, "dry_run": True} if proposed else {})}
    return Result(
        data,
        _TRIAL,
        rows=trial["effects"],
        findings=bool(trial["effects"]) and proposed is None,
        remark=f"{remark} {looked}".strip(),
        nothing="Nothing of the past would have been otherwise.",
    )


def _example(moved: dict[str, Any]) -> str:
    line = f" line {moved['line']}" if moved["line"] else ""
    return f"{moved['kind']} {moved['name']}{line}: {moved['before']} → {moved['after']}"


def _told(proposed: ProposedTerms) -> dict[str, Any]:
    return {
        "proposal": proposed.id or None,
        "partner": proposed.change.scope.partner,
        "vendor_code": proposed.change.scope.vendor_code,
        "effective_from": proposed.change.effective_from.isoformat(),
        "changes": _changes(proposed),
        "words": str(proposed),
    }


def _changes(proposed: ProposedTerms) -> list[dict[str, str]]:
    return [{"clause": each.key, "before": each.before, "after": each.after} for each in proposed.differences]


def _scope(text: str) -> AgreementScope:
    partner, _, code = text.rpartition("/")
    if not partner or not code:
        raise Invalid(f"{text}: expected a partner and one of its vendor codes, such as amazon-us/ABCDE.")
    return AgreementScope(partner, code)


def _terms(clauses: list[str] | None, as_file: bool) -> dict[str, str] | None:
    if as_file == bool(clauses):
        raise Invalid("Give --set KEY=VALUE, once or more, or --as-file; not both, not none.")
    if as_file:
        return None
    found = {}
    for each in clauses or ():
        key, sign, value = each.partition("=")
        if not sign:
            raise Invalid(f"--set {each}: expected KEY=VALUE, such as cost_tolerance=0.02.")
        found[key.strip()] = value.strip()
    return found


def _day(text: str) -> date:
    day = read_day(text, "--from")
    assert day is not None  # read_day gives None for None alone
    return day
