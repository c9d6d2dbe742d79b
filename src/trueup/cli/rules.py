"""`trueup rules`: what finance adds to the grammar of remittances. Propose, try on all history, approve, retire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import block, counted, grouped, read_day
from trueup.cli.tables import Column
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Direction, Family
from trueup.domain.deduction_rules import NewType, RuleField, RuleForm
from trueup.storage.views import rules as views
from trueup.workflows.draft_rules import WantedRule, try_wanted
from trueup.workflows.keep_rules import (
    Booked,
    approve_rule,
    count_trial,
    propose_rule,
    reject_rule,
    retire_rule,
    try_rule,
)
from trueup.workflows.past_lines import look_past
from trueup.workflows.try_rules import EVER, Tried, money_of, tried_json

group = typer.Typer(
    name="rules",
    help="Rules for lines of remittances: list, show, propose, try, past, approve, reject, retire.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("id", "id"),
    Column("version", "version", number=True),
    Column("reads", "reads", wrap=True),
    Column("that", "direction"),
    Column("as", "type"),
    Column("account", "account", spare=True),
    Column("payee", "payee", spare=True),
    Column("from", "valid_from"),
    Column("to", "valid_to"),
    Column("state", "state"),
    Column("proposed by", "proposed_by"),
    Column("reviewed by", "reviewed_by"),
)
RuleId = Annotated[str, typer.Argument(help="The rule's id, such as rule-3.", metavar="ID")]
Note = Annotated[str, typer.Option(help="Why, in words.")]


@command(group, "list", example="trueup rules list --state proposed")
def list_rules(
    session: Session,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(views.STATES)}.")] = None,
) -> Result:
    """List rules with all their versions. Exit code 1 when one waits for a second person."""
    if state is not None and state not in views.STATES:
        raise Invalid(f"--state {state}: expected one of {', '.join(views.STATES)}.")
    with session.look() as connection:
        rows = views.list_rules(connection, state)
    waits = any(row["state"] == "proposed" for row in rows)
    return Result(
        rows, _COLUMNS, findings=waits, nothing="No rule is like that." if state else "There are no rules yet."
    )


@command(group, "show", example="trueup rules show rule-3")
def show_rule(session: Session, rule: RuleId) -> Result:
    """Show a rule with all its versions: what each reads, who proposed and reviewed it, and what it has posted."""
    with session.look() as connection:
        return Result(views.show_rule(connection, rule))


@command(
    group,
    "propose",
    writes=True,
    example="trueup rules propose --shape ZQ-9+-LOGI --type allowance-freight --by 'Fay Finance'",
)
def propose(
    session: Session,
    by: By,
    type_: Annotated[str, typer.Option("--type", help="The deduction type of these lines.", metavar="CODE")],
    shape: Annotated[str | None, typer.Option(help="The form, 9+ for each run of digits.", metavar="TEXT")] = None,
    prefix: Annotated[str | None, typer.Option(help="How it begins.", metavar="TEXT")] = None,
    suffix: Annotated[str | None, typer.Option(help="How it ends.", metavar="TEXT")] = None,
    contains: Annotated[str | None, typer.Option(help="What it contains.", metavar="TEXT")] = None,
    exact: Annotated[str | None, typer.Option(help="The whole of it.", metavar="TEXT")] = None,
    field: Annotated[RuleField, typer.Option("--in", help="What of a line is looked at.")] = RuleField.REFERENCE,
    direction: Annotated[
        Direction | None, typer.Option(help="Only lines that take, or give; as its type says, if left out.")
    ] = None,
    payee: Annotated[str, typer.Option(help="Only payments to this payee.")] = "",
    valid_from: Annotated[str | None, typer.Option("--from", help="Payments since this day.", metavar="DAY")] = None,
    valid_to: Annotated[str | None, typer.Option("--to", help="Payments before this day.", metavar="DAY")] = None,
    account: Annotated[str, typer.Option(help="Post to this account rather than the type's.", metavar="CODE")] = "",
    label: Annotated[str, typer.Option(help="Of a type of your own: what it is called.")] = "",
    family: Annotated[Family, typer.Option(help="Of a type of your own: what it belongs to.")] = Family.OTHER,
    purpose: Annotated[Purpose | None, typer.Option(help="Of a type of your own: what its account is for.")] = None,
    replaces: Annotated[str, typer.Option(help="The rule that this is a new version of.", metavar="ID")] = "",
    instead_of: Annotated[int, typer.Option(help="The waiting version that this edits.", metavar="VERSION")] = 0,
    try_first: Annotated[bool, typer.Option("--try", help="Only try it on all history; propose nothing.")] = False,
    note: Note = "",
) -> Result:
    """Propose how lines of a form are read from now on. It does nothing until a second person approves it."""
    form, pattern = _one_of(dict(zip(RuleForm, (shape, prefix, suffix, contains, exact), strict=True)))
    days = read_day(valid_from, "--from"), read_day(valid_to, "--to")
    kind = _type(type_, label, family, purpose, note)
    what = WantedRule(field, form, pattern, kind, direction, payee, *days, account, note, replaces)
    wanted = replace(what, instead_of=instead_of)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if try_first:
            return _tried(app.act(True, try_wanted, wanted, person))
        saved = app.act(session.dry_run, lambda tx: propose_rule(tx, wanted, person))
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    next_ = f"Try it with `trueup rules try {saved.rule.id}`; a second person approves it."
    words = f"Rule {saved.rule.name} is proposed{kept}. {next_}"
    return Result({**views.rule_json(saved), "dry_run": session.dry_run}, words=words)


@command(group, "try", example="trueup rules try rule-3 --since 2026-01-01")
def try_(
    session: Session,
    rule: RuleId,
    since: Annotated[
        str | None, typer.Option(help="Payments of this day or later; all without it.", metavar="DAY")
    ] = None,
) -> Result:
    """Tell what a rule would change of all history: lines and money, before and after. Nothing is changed.

    Exit code 1 when it would be in conflict with a type, or change nothing.
    """
    day = read_day(since, "--since")
    with session.open() as app:
        lines = app.act(True, count_trial, rule, day)
        with session.progress(f"Rule {rule}", lines) as advance:
            tried = app.act(True, try_rule, rule, day, advance)
    return _tried(tried)


@command(group, "past", example="trueup rules past 45")
def past(session: Session, case: Annotated[int, typer.Argument(help="A case of lines that wait.")]) -> Result:
    """Tell how many past lines read like those of a case: what a rule by their form would explain, and what it would get wrong.

    Exit code 1 when it would get any wrong.
    """
    with session.open() as app:
        counted_, rows = app.act(True, look_past, case)
    form, moved = counted_.form, ", ".join(grouped(str(each)) for each in counted_.moved) or "nothing"
    summary = (
        f"{form.field.value} of the form {form.pattern}: {counted(counted_.read)} read, {counted_.explained:,} would be explained"
        f" ({moved}), {counted_.wrong:,} got wrong, {counted_.answered:,} stay as they were answered."
    )
    lines = [
        f"  {each['partner']}/{each['payment']} line {each['line']}  {each['reference']}  {grouped(each['amount'])}"
        f"  {each['before']}"
        for each in rows
    ]
    wrong = ["  WRONG" if each["wrong"] else "" for each in rows]
    words = "\n".join([summary, *(f"{line}{mark}" for line, mark in zip(lines, wrong, strict=True))])
    data = {
        "field": form.field.value,
        "pattern": form.pattern,
        "lines_read": counted_.read,
        "would_explain": counted_.explained,
        "would_get_wrong": counted_.wrong,
        "answered_otherwise": counted_.answered,
        "explained": [str(each) for each in counted_.moved],
        "items": rows,
    }
    return Result(data, words=words, findings=bool(counted_.wrong))


def _tried(tried: Tried) -> Result:
    data = {
        "rule": views.rule_json(tried.saved),
        "since": tried.since.isoformat() if tried.since != EVER else None,
        **tried_json(tried),
    }
    ready = bool(tried.whole.effects) and not tried.whole.conflicts
    return Result(data, words="\n".join(_told(tried)), findings=not ready)


@command(group, "approve", writes=True, example="trueup rules approve rule-3 --by 'Otto Other'")
def approve(session: Session, rule: RuleId, by: By, note: Note = "") -> Result:
    """Approve another person's rule; what waits for it in suspense is booked at once."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        done = app.act(session.dry_run, lambda tx: approve_rule(tx, rule, person, note))
    out = ", ".join(grouped(str(each)) for each in done.amounts)
    left = f"{counted(done.lines)} of {out} left suspense" if done.lines else "nothing waited for it"
    return _booked(session, done, f"is approved: {left}")


@command(group, "reject", writes=True, example="trueup rules reject rule-3 --note 'too wide' --by 'Otto Other'")
def reject(session: Session, rule: RuleId, by: By, note: Note = "") -> Result:
    """Turn a proposed rule down, or take your own back."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        saved = app.act(session.dry_run, lambda tx: reject_rule(tx, rule, person, note))
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result(
        {**views.rule_json(saved), "dry_run": session.dry_run}, words=f"Rule {saved.rule.name} is rejected{kept}."
    )


@command(group, "retire", writes=True, example="trueup rules retire rule-3 --from 2026-12-01 --by 'Otto Other'")
def retire(
    session: Session,
    rule: RuleId,
    by: By,
    day: Annotated[
        str | None,
        typer.Option("--from", help="Payments of this day or later are read without it; today.", metavar="DAY"),
    ] = None,
    note: Note = "",
) -> Result:
    """Retire a rule from a day on. What it posted of payments made since then waits for an answer again."""
    first = read_day(day, "--from")
    with session.open() as app:
        person = person_of(app.settings.people, by)
        done = app.act(session.dry_run, lambda tx: retire_rule(tx, rule, first, person, note))
    return _booked(
        session,
        done,
        f"is retired from {done.saved.retired_from}: {counted(done.payments, 'payment') or 'nothing'} booked anew",
    )


def _booked(session: Session, done: Booked, words: str) -> Result:
    data = {
        **views.rule_json(done.saved),
        "payments_booked_anew": done.payments,
        "lines_explained": done.lines,
        "amounts": [str(each) for each in done.amounts],
        "dry_run": session.dry_run,
    }
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result(data, words=f"Rule {done.saved.rule.name} {words}{kept}.")


def _one_of(patterns: dict[RuleForm, str | None]) -> tuple[RuleForm, str]:
    given = [(form, text) for form, text in patterns.items() if text is not None]
    if len(given) != 1:
        names = ", ".join(f"--{form.value}" for form in patterns)
        raise Invalid(f"A rule has one pattern: give one of {names}; found {len(given)}.")
    return given[0]


def _type(code: str, label: str, family: Family, purpose: Purpose | None, note: str) -> str | NewType:
    if not label and purpose is None:
        return code
    if not label or purpose is None:
        raise Invalid(f"Type {code!r} of your own needs a --label and a --purpose (what its account is for).")
    return NewType(code, label, family, purpose, note or f"As finance decided: {label}.")


def _told(tried: Tried) -> Iterator[str]:
    rule = tried.saved.rule
    since = f" since {tried.since}" if tried.since.year > 1 else ""
    yield f"Rule {rule.name} ({rule.field.value} {rule.form.value} {rule.pattern}), tried on all payments{since}"
    yield f"  reads {tried.whole.seen:,} of {tried.whole.looked_at:,} lines"
    if tried.answered:
        yield f"  {counted(tried.answered)} more it would read stay what a person or reconciliation said"
    yield ""
    rows = [
        (f"{each.before} -> {each.after}", counted(each.lines), f"such as {each.example}", grouped(str(each.money)))
        for each in tried.whole.effects
    ]
    yield from block("What would change", rows)
    if not rows:
        yield "Nothing would change."
        yield ""
    own = ", ".join(grouped(str(each)) for each in money_of(tried.own)) or "nothing"
    until = f" to {rule.valid_to}" if rule.valid_to else ""
    yield f"In its own days (from {rule.valid_from}{until}): {counted(tried.own.seen) or 'no line'}, {own} changed."
    if tried.replaced is not None:
        yield f"The version in force reads {counted(tried.replaced.seen) or 'no line'} of the same payments."
    if tried.whole.conflicts:
        yield f"IN CONFLICT with {', '.join(tried.whole.conflicts)}: lines that both read would be ambiguous. Narrow it."
    yield "Nothing was changed."
