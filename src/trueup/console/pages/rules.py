"""Rules: how finance has lines read that no type knows; each tried on all history before a second person turns it on."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.money_words import Names
from trueup.console.page import Group, Page, Place, Route
from trueup.console.rule_words import STATES, changes_of, sentence_of
from trueup.console.tables import Choice, Column, Filter, state_of
from trueup.console.typed_numbers import given_number
from trueup.console.visit import Visit
from trueup.storage.views import rules as views
from trueup.storage.views.paging import Paged
from trueup.workflows.draft_rules import SINCE_EVER, has_long_history
from trueup.workflows.jobs.try_rule import ask_trial
from trueup.workflows.keep_rules import approve_rule, reject_rule, retire_rule, try_rule
from trueup.workflows.try_rules import tried_json
from trueup.workflows.world import Tx

_COLUMNS = (
    Column("Rule"),
    Column("Says"),
    Column("Proposed by", spare=True),
    Column("Approved by", spare=True),
    Column("Last hit", spare=True),
    Column("State", "mark"),
)


def _list(visit: Visit) -> Response:
    state = state_of(visit, "state")
    rows, names = views.list_rules(visit.connection, state["state"] or None), Names(visit)
    return visit.render(
        "rules.html",
        state=state,
        columns=_COLUMNS,
        states=STATES,
        filters=(Filter("state", "State", [Choice(name, words) for name, (_, words) in STATES.items()]),),
        hits=views.load_hits(visit.connection, [f"{row['id']} v{row['version']}" for row in rows]),
        paged=Paged([{**row, "sentence": sentence_of(visit, names, row)} for row in rows[::-1]]),
    )


def _show(visit: Visit) -> Response:
    rule_id = visit.path("rule")
    rule = views.show_rule(visit.connection, rule_id)
    tried = None
    if visit.asked("try"):

        def attempt(tx: Tx) -> dict[str, Any]:
            return tried_json(try_rule(tx, rule_id))

        tried = visit.act(attempt, dry_run=True)
    names, long = Names(visit), has_long_history(visit.connection)
    return visit.render(
        "rule.html",
        title=f"Rule {rule['id']}",
        rule=rule,
        newest=rule["versions"][-1],
        sentence=sentence_of(visit, names, rule["versions"][-1]),
        changes=changes_of(visit, names, rule["versions"]),
        lines_of="" if long else f"/rules/{rule_id}/lines?version={rule['versions'][-1]['version']}&",
        since_ever=SINCE_EVER.isoformat(),
        tried=tried,
        is_long=long,
        states=STATES,
        names=names,
    )


def _try(visit: Visit) -> Response:
    job = visit.act(ask_trial, visit.path("rule"), None, visit.who)
    return visit.go(f"/jobs/{job}")


def _approve(visit: Visit) -> Response:
    rule_id = visit.path("rule")
    seen = visit.given("seen")
    done = visit.act(approve_rule, rule_id, visit.who, visit.given("note"), given_number(seen, "What was seen"))
    left = " and ".join(str(amount) for amount in done.amounts) or "nothing"
    return visit.go(
        f"/rules/{rule_id}", f"Rule {done.saved.rule.name} is in force: {done.lines} lines, {left}, left suspense."
    )


def _reject(visit: Visit) -> Response:
    rule_id, note = visit.path("rule"), visit.given("note")
    if not note:
        raise Invalid("Reject a rule: say why, so that who proposed it learns from it.")
    visit.act(reject_rule, rule_id, visit.who, note)
    return visit.go(f"/rules/{rule_id}", f"Rule {rule_id} was rejected.")


def _retire(visit: Visit) -> Response:
    rule_id = visit.path("rule")
    done = visit.act(retire_rule, rule_id, None, visit.who, visit.given("note"))
    return visit.go(f"/rules/{rule_id}", f"Rule {done.saved.rule.name} is retired from today.")


def _count(visit: Visit) -> int:
    return len(views.list_rules(visit.connection, "proposed"))


PAGE = Page(
    "rules",
    "Deduction rules",
    (
        Route("/rules", _list),
        Route("/rules/{rule}", _show),
        Route("/rules/{rule}/try", _try, "rules.propose", "POST"),
        Route("/rules/{rule}/approve", _approve, "rules.approve", "POST"),
        Route("/rules/{rule}/reject", _reject, "rules.propose", "POST"),
        Route("/rules/{rule}/retire", _retire, "rules.approve", "POST"),
    ),
    Place(Group.MONEY, 4, "scale"),
    count=_count,
    about={"/rules": "rule "},
)
