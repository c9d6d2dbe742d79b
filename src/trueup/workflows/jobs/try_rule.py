"""Try a rule: a worker reads all history, a span of payments a transaction, and the job's page says how far it is.

Nothing is changed but the job. What came of it stays with it: lines and money, before and after, as `trueup rules try` tells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from trueup.domain.rule_trials import RuleTrial, code_of
from trueup.storage.deduction_rules import SavedRule, load_versions
from trueup.storage.jobs import Job
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.draft_rules import WantedRule, draft_rule
from trueup.workflows.long_work import End, LongWork, Piece, Plan, ask_work, asker_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rules import Part, PartTried, money_of, plan_trial, put_together, tried_json, try_part
from trueup.workflows.world import Tx

TRIAL = "try-rule"


def ask_trial(tx: Tx, rule_id: str, since: date | None, person: Person) -> int:
    """Have a worker try the newest version of a rule on all history since a day. Returns the job's id. Raises NotFound, Invalid."""
    newest = load_versions(tx.connection, rule_id)[-1]
    args = {"rule": rule_id, "version": newest.rule.version, "since": since.isoformat() if since else None}
    title = f"Try rule {newest.rule.name} on all history{f' since {since}' if since else ''}"
    return ask_work(tx, TRIAL, title, args, person)


def ask_draft_trial(tx: Tx, wanted: WantedRule, person: Person) -> int:
    """Have a worker try on all history what is not kept yet. Returns the job's id. Raises as `draft_rule`."""
    draft = draft_rule(tx, wanted, person).rule
    title = f"Try on all history: {draft.field.value} {draft.form.value} {draft.pattern} as {code_of(draft)}"
    return ask_work(tx, TRIAL, title, {"wanted": to_json(wanted), "since": None}, person)


def _plan(tx: Tx, job: Job) -> Plan:
    saved, since = _asked(tx, job)
    parts = plan_trial(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since)
    return Plan([to_json(part) for part in parts], sum(part.span.lines for part in parts), "lines")


def _read(tx: Tx, job: Job, told: Any) -> Piece:
    saved, since = _asked(tx, job)
    part = from_json(told, Part)
    tried = try_part(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since, part)
    return Piece(part.span.lines, to_json(tried))


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    """The job says what the rule would change."""
    saved, since = _asked(tx, job)
    parts = [from_json(each, PartTried) for each in found]
    tried = put_together(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since, parts)
    draft = job.args.get("wanted")
    result = {
        "rule": saved.rule.id if draft is None else None,
        "version": saved.rule.version,
        "wanted": draft,
        "since": since.isoformat() if since else None,
        **tried_json(tried),
    }
    return End(_words(tried.whole), result)


def _asked(tx: Tx, job: Job) -> tuple[SavedRule, date | None]:
    """The version to try, and since when: of a rule that has a newer one meanwhile, the one that was asked for."""
    args = job.args
    since = date.fromisoformat(args["since"]) if args["since"] else None
    if "wanted" in args:
        return draft_rule(tx, from_json(args["wanted"], WantedRule), asker_of(job)), since
    versions = {each.rule.version: each for each in load_versions(tx.connection, args["rule"])}
    return versions[args["version"]], since


def _words(trial: RuleTrial) -> str:
    moved = " and ".join(str(money) for money in money_of(trial)) or "nothing"
    conflict = f" It is in conflict with {', '.join(trial.conflicts)}." if trial.conflicts else ""
    return f"It reads {trial.seen:,} of {trial.looked_at:,} lines, and would move {moved}.{conflict}"


def _stays(_job: Job) -> str:
    return "Nothing was changed by what was tried."


WORK = LongWork(TRIAL, "try_rule", _plan, _read, _end, _stays)
