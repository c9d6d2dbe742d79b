"""`trueup escalation`: what nobody takes goes to whom, and after how long; tried on the cases of the past month first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.domain.escalation import EscalationRule, read_span
from trueup.workflows.escalate_cases import (
    RulesOfEscalation,
    change_rules,
    list_decided,
    rules_in_force,
    run_json,
    try_rules,
    undo_rules,
    version_json,
)
from trueup.workflows.people import all_people
from trueup.workflows.world import Tx

group = typer.Typer(
    name="escalation",
    help="To whom cases go that nobody takes: show, versions, try, set, undo.",
    no_args_is_help=True,
)
_RULES = (
    Column("kind", lambda row: row["kind"] or "every other kind"),
    Column("to", "to"),
    Column("rule", "words", wrap=True),
)
_VERSIONS = (
    Column("version", "version", number=True),
    Column("rules", lambda row: "; ".join(each["words"] for each in row["rules"]) or "none", wrap=True),
    Column("why", "reason", wrap=True),
    Column("by", "decided_by"),
    Column("at", "decided_at"),
    Column("takes back", "undoes", spare=True),
)
_RUN = (
    Column("case", "case", number=True),
    Column("at", "at"),
    Column("to", "to"),
    Column("because", "why", wrap=True),
    Column("what", "title", wrap=True),
)
_Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        help="KIND:HOURS WITHOUT OWNER:HOURS LEFT:TO, such as held.:4:2:operations; left empty: every kind, never.",
        metavar="RULE",
    ),
]
_None = Annotated[bool, typer.Option("--none", help="No rule: nothing escalates by time.")]


@command(group, "show", example="trueup escalation show")
def show_rules(session: Session) -> Result:
    """Show the rules that hold."""
    with session.look() as connection:
        rows = rules_in_force(connection)
    return Result(rows, _RULES, nothing="Nobody decided any rule: no case escalates by time.")


@command(group, "versions", example="trueup escalation versions")
def show_versions(session: Session) -> Result:
    """List what was decided, the newest first; the newest holds."""
    with session.look() as connection:
        rows = list_decided(connection)
    return Result(rows, _VERSIONS, nothing="Nobody decided anything yet.")


@command(group, "try", example="trueup escalation try --rule held.:4:2:operations --rule ::2:admin")
def try_change(session: Session, rules: _Rules = None, none: _None = False) -> Result:
    """Play rules over the cases of the last 30 days: which would have gone, when, to whom, how many a day."""
    wanted = _read(rules, none)
    with session.open() as app:
        run = run_json(app.act(True, try_rules, wanted), 10_000)
    busiest = max((each["count"] for each in run["by_day"]), default=0)
    to = ", ".join(f"{each['count']} to {each['to']}" for each in run["by_target"])
    remark = f"{run['escalated']} of {run['cases']} cases{': ' + to if to else ''}; {busiest} on the busiest day."
    return Result(run, _RUN, rows=run["examples"], remark=remark, nothing="No case would have gone to anybody.")


@command(
    group,
    "set",
    writes=True,
    example="trueup escalation set --rule held.:4:2:operations --rule ::2:admin --reason 'weekends' --by 'Olga'",
)
def set_rules(
    session: Session,
    by: By,
    reason: Annotated[str, typer.Option(help="Why.")],
    rules: _Rules = None,
    none: _None = False,
) -> Result:
    """Have these rules hold from now on, instead of all that held."""
    wanted = RulesOfEscalation(_read(rules, none), reason)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        people = app.act(True, _names, app.settings.people)
        done = app.act(session.dry_run, change_rules, wanted, person, people)
    return _changed(version_json(done), session.dry_run)


@command(group, "undo", writes=True, example="trueup escalation undo 3 --by 'Olga'")
def undo(session: Session, version: Annotated[int, typer.Argument(help="The newest version.")], by: By) -> Result:
    """Take the newest version back: the rules before it hold again."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        people = app.act(True, _names, app.settings.people)
        done = app.act(session.dry_run, undo_rules, version, person, people)
    return _changed(version_json(done), session.dry_run)


def _names(tx: Tx, settled: Any) -> set[str]:
    return set(all_people(tx.connection, settled))


def _changed(version: dict[str, Any], dry_run: bool) -> Result:
    said = "; ".join(each["words"] for each in version["rules"]) or "no rule"
    kept = " (dry run: nothing kept)" if dry_run else f" (version {version['version']})"
    return Result({**version, "dry_run": dry_run}, words=f"Escalation: {said}{kept}.")


def _read(rules: list[str] | None, none: bool) -> list[EscalationRule]:
    if none == bool(rules):
        raise Invalid("Give --rule, once or more, or --none; not both, not none.")
    found = []
    for each in rules or ():
        parts = each.split(":")
        if len(parts) != 4:
            raise Invalid(f"--rule {each}: expected KIND:HOURS WITHOUT OWNER:HOURS LEFT:TO.")
        kind, unowned, left, to = (part.strip() for part in parts)
        spans = read_span(unowned, "Hours without an owner"), read_span(left, "Hours left")
        found.append(EscalationRule(kind, *spans, to))
    return found
