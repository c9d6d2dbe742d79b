"""Escalation: what nobody takes goes to whom, and after how long; tried on the cases of the past month before it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, Refused, TrueupError
from trueup.console.case_words import title_of_group
from trueup.console.page import Offer, Page, Route
from trueup.console.sure import is_sure
from trueup.console.tables import Choice
from trueup.console.typed_numbers import given_number
from trueup.console.visit import Visit
from trueup.domain.escalation import EscalationRule, hours_text, read_span, span_words
from trueup.storage.views.case_queue import list_filters
from trueup.workflows.escalate_cases import (
    MAY,
    ROLES,
    SUBJECT,
    RulesOfEscalation,
    change_rules,
    load_decided,
    rule_json,
    try_rules,
    undo_rules,
    version_json,
)
from trueup.workflows.people import all_people

_BLANK = 2
"""So many empty rows follow the rules, to be filled."""
_FIELDS = ("kind", "unowned", "left", "to")
_SHOWN = 20
_HERE = "/settings/escalation"


def _show(visit: Visit) -> Response:
    return _page(visit)


def _page(visit: Visit, typed: Mapping[str, Any] | None = None, trouble: TrueupError | None = None) -> Response:
    """The rules as they hold, or as they were typed into a form that was refused for `trouble`."""
    versions = load_decided(visit.connection)
    rules = versions[0].rules if versions else ()
    rows = typed["rows"] if typed else [_texts(each) for each in rules]
    return visit.render(
        "escalation.html",
        title="Escalation",
        status=trouble.http_status if trouble else 200,
        trouble=trouble,
        rules=[rule_json(each) for each in rules],
        rows=[*rows, *[dict.fromkeys(_FIELDS, "") for _ in range(_BLANK)]],
        problems=typed["problems"] if typed else {},
        reason=typed["reason"] if typed else "",
        seen=typed["seen"] if typed else str(versions[0].id if versions else 0),
        kinds=[Choice(each, title_of_group(each)) for each in list_filters(visit.connection)["kind"]],
        targets=_targets(visit),
        versions=[version_json(each) for each in versions],
        minutes_words=lambda minutes: span_words(timedelta(minutes=minutes)),
    )


def _texts(rule: EscalationRule) -> dict[str, str]:
    return {"kind": rule.kind, "unowned": hours_text(rule.unowned), "left": hours_text(rule.left), "to": rule.to}


def _targets(visit: Visit) -> list[str]:
    return [*ROLES, *sorted(_people(visit))]


def _people(visit: Visit) -> set[str]:
    return set(all_people(visit.connection, visit.desk.settings.people))


def _change(visit: Visit) -> Response:
    """An example run first; then it holds."""
    typed = _typed(visit)
    try:
        rules = _read(typed)
        wanted = RulesOfEscalation(rules, typed["reason"], given_number(typed["seen"], "What was seen"))
        done = visit.act(change_rules, wanted, visit.who, _people(visit), dry_run=not is_sure(visit))
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, typed, error)
    if is_sure(visit):
        told = f"Version {done.id} of the rules holds. {len(done.rules)} rules."
        return visit.go(_HERE, told, f"{_HERE}/versions/{done.id}/undo")
    run = visit.act(try_rules, rules, dry_run=True)
    newest = next(iter(load_decided(visit.connection, 1)), None)
    now = visit.act(try_rules, newest.rules, dry_run=True) if newest else None
    return visit.render(
        "escalation_try.html",
        title="Change escalation",
        rules=[rule_json(each) for each in done.rules],
        before=[rule_json(each) for each in newest.rules] if newest else [],
        run=run,
        now_gone=len(now.gone) if now else 0,
        most=max((count for _, count in run.by_day()), default=0),
        gone=run.gone[:_SHOWN],
        fields=_sent(visit) | {"sure": "yes"},
        reason=typed["reason"],
    )


def _sent(visit: Visit) -> dict[str, str]:
    names = [f"{name}-{index}" for index in range(_count(visit)) for name in _FIELDS]
    return {name: visit.given(name) for name in [*names, "reason", "seen"]}


def _count(visit: Visit) -> int:
    return sum(1 for name in visit.form if name.startswith("to-"))


def _typed(visit: Visit) -> dict[str, Any]:
    """The rows that say anything, as they were typed."""
    rows = [{name: visit.given(f"{name}-{index}") for name in _FIELDS} for index in range(_count(visit))]
    said = [row for row in rows if any(row.values())]
    return {"rows": said, "reason": visit.given("reason"), "seen": visit.given("seen"), "problems": {}}


def _read(typed: dict[str, Any]) -> list[EscalationRule]:
    """The rules. What is wrong is noted at its row; raises Invalid then."""
    rules, problems = [], {}
    for index, row in enumerate(typed["rows"]):
        try:
            unowned, left = read_span(row["unowned"], "Hours without an owner"), read_span(row["left"], "Hours left")
            rules.append(EscalationRule(row["kind"], unowned, left, row["to"]))
        except Invalid as error:
            problems[index] = str(error)
    typed["problems"] = problems
    if problems:
        raise Invalid(_together(list(problems.values())))
    return rules


def _together(problems: Sequence[str]) -> str:
    return problems[0] if len(problems) == 1 else f"{len(problems)} rules cannot be so; each says why."


def _undo(visit: Visit) -> Response:
    """The rules before the newest version hold again."""
    done = visit.act(undo_rules, visit.number("version"), visit.who, _people(visit))
    return visit.go(_HERE, f"Version {done.id} takes version {done.undoes} back.")


PAGE = Page(
    "escalation",
    "Escalation",
    (
        Route(_HERE, _show),
        Route(_HERE, _change, MAY, "POST"),
        Route(f"{_HERE}/versions/{{version:int}}/undo", _undo, MAY, "POST"),
    ),
    about={_HERE: SUBJECT},
    offers=(Offer("Change to whom cases escalate", _HERE, MAY),),
)
