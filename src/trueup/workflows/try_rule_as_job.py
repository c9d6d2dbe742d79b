"""Try a rule as a job: a worker reads all history, a span of payments a transaction, and the job's page says how far it is.

Nothing is changed but the job. What came of it stays with it: lines and money, before and after, as `trueup rules try` tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trueup.base.errors import ConfigurationError, Conflict, Invalid, NotFound, Refused
from trueup.domain.cases import Role
from trueup.domain.rule_trials import RuleTrial, code_of
from trueup.durable.flow import Flow
from trueup.storage import jobs
from trueup.storage.deduction_rules import SavedRule, load_versions
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.draft_rules import WantedRule, draft_rule
from trueup.workflows.long_work import CANCELLED
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rules import Part, PartTried, money_of, plan_trial, put_together, tried_json, try_part
from trueup.workflows.world import Flowing, Tx, World

TRIAL = "try-rule"


def ask_trial(tx: Tx, rule_id: str, since: date | None, person: Person) -> int:
    """Have a worker try the newest version of a rule on all history since a day. Returns the job's id. Raises NotFound, Invalid."""
    newest = load_versions(tx.connection, rule_id)[-1]
    args = {"rule": rule_id, "version": newest.rule.version, "since": since.isoformat() if since else None}
    title = f"Try rule {newest.rule.name} on all history{f' since {since}' if since else ''}"
    return _ask(tx, title, args, person)


def ask_draft_trial(tx: Tx, wanted: WantedRule, person: Person) -> int:
    """Have a worker try on all history what is not kept yet. Returns the job's id. Raises as `draft_rule`."""
    draft = draft_rule(tx, wanted, person).rule
    roles = sorted(role.value for role in person.roles)
    args = {"wanted": to_json(wanted), "person": person.name, "roles": roles, "since": None}
    title = f"Try on all history: {draft.field.value} {draft.form.value} {draft.pattern} as {code_of(draft)}"
    return _ask(tx, title, args, person)


def _ask(tx: Tx, title: str, args: Mapping[str, Any], person: Person) -> int:
    number = jobs.add_job(tx.connection, TRIAL, title, args, person.name, tx.now)
    tx.start("try_rule", f"job:{number}", number)
    return number


def try_rule(c: Flowing, job_id: int) -> None:
    """Read history part by part, and put together what came of each."""
    try:
        parts = c.commit(begin_trial, job_id)
        if parts is None:
            return
        found = []
        for part in parts:
            tried = c.commit(read_part, job_id, part)
            if tried is None:
                return
            found.append(tried)
    except (ConfigurationError, Conflict, Invalid, NotFound, Refused) as error:
        c.commit(fail_trial, job_id, str(error))
        return
    c.commit(end_trial, job_id, found)


def begin_trial(tx: Tx, job_id: int) -> list[Any] | None:
    """The parts that there are to read, None when it was called off meanwhile; the job says how many lines."""
    if jobs.load_job(tx.connection, job_id, lock=True).state == CANCELLED:
        return None
    saved, since = _asked(tx, job_id)
    parts = plan_trial(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since)
    jobs.begin_job(tx.connection, job_id, sum(part.span.lines for part in parts), "lines", tx.now)
    return [to_json(part) for part in parts]


def read_part(tx: Tx, job_id: int, told: Any) -> Any:
    """What came of one part, and how far the job is with it; None when it was called off meanwhile."""
    if jobs.load_job(tx.connection, job_id, lock=True).state == CANCELLED:
        return None
    saved, since = _asked(tx, job_id)
    part = from_json(told, Part)
    tried = try_part(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since, part)
    jobs.advance_job(tx.connection, job_id, part.span.lines)
    return to_json(tried)


def end_trial(tx: Tx, job_id: int, told: Sequence[Any]) -> None:
    """The job says what the rule would change."""
    saved, since = _asked(tx, job_id)
    found = [from_json(each, PartTried) for each in told]
    tried = put_together(tx.connection, tx.resources.books.grammars.now(tx.connection), saved, since, found)
    draft = jobs.load_job(tx.connection, job_id).args.get("wanted")
    result = {
        "rule": saved.rule.id if draft is None else None,
        "version": saved.rule.version,
        "wanted": draft,
        "since": since.isoformat() if since else None,
        **tried_json(tried),
    }
    jobs.end_job(tx.connection, job_id, _words(tried.whole), result, tx.now)


def fail_trial(tx: Tx, job_id: int, words: str) -> None:
    """It could not be tried; the job says why."""
    jobs.fail_job(tx.connection, job_id, words, tx.now)


def _asked(tx: Tx, job_id: int) -> tuple[SavedRule, date | None]:
    """The version to try, and since when: of a rule that has a newer one meanwhile, the one that was asked for."""
    args = jobs.load_job(tx.connection, job_id).args
    since = date.fromisoformat(args["since"]) if args["since"] else None
    if "wanted" in args:
        person = Person(args["person"], frozenset(Role(role) for role in args["roles"]))
        return draft_rule(tx, from_json(args["wanted"], WantedRule), person), since
    versions = {each.rule.version: each for each in load_versions(tx.connection, args["rule"])}
    return versions[args["version"]], since


def _words(trial: RuleTrial) -> str:
    moved = " and ".join(str(money) for money in money_of(trial)) or "nothing"
    conflict = f" It is in conflict with {', '.join(trial.conflicts)}." if trial.conflicts else ""
    return f"It reads {trial.seen:,} of {trial.looked_at:,} lines, and would move {moved}.{conflict}"


FLOWS = (Flow[World]("try_rule", try_rule, "books"),)
