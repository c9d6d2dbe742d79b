"""New rule: a sentence that a person completes, tried on all history before it can be proposed.

The address says the whole draft, so that it can be sent to a colleague, and Back returns to it. It is filled from a case, from a
line of a payment, or from the rule that it is a new version of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, Refused, TrueupError
from trueup.console.money_words import Names
from trueup.console.page import Offer, Page, Route
from trueup.console.rule_words import DIRECTIONS, FIELDS, FORMS, sentence_of
from trueup.console.tables import Choice, State
from trueup.console.typed_numbers import given_number, shortened, whole_number
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Direction, Family
from trueup.domain.deduction_rules import NewType, RuleField, RuleForm
from trueup.storage.views import rules as views
from trueup.storage.views.jobs import load_job
from trueup.storage.views.rules import SavedRule
from trueup.workflows.draft_rules import (
    SINCE_EVER,
    WantedRule,
    draft_rule,
    form_of_case,
    form_of_line,
    has_long_history,
    is_long,
    try_wanted,
)
from trueup.workflows.jobs.try_rule import ask_draft_trial
from trueup.workflows.keep_rules import propose_rule
from trueup.workflows.try_rules import tried_json

NAMES = (
    *("field", "form", "pattern", "type", "direction", "payee", "from", "to", "account", "note"),
    *("replaces", "instead_of", "case", "label", "family", "purpose"),
)
"""What the address says of a draft."""
_MAY = "rules.propose"


def _show(visit: Visit) -> Response:
    given = {name: visit.asked(name) for name in NAMES}
    if not given["pattern"]:
        given = {**given, **_begun(visit)}
    if not visit.asked("try"):
        return _page(visit, given)
    try:
        wanted = wanted_of(given)
        draft = visit.act(draft_rule, wanted, visit.who, dry_run=True)
        if visit.asked("job"):
            return _page(visit, given, draft, load_job(visit.connection, _number(visit.asked("job"))).result)
        if visit.act(is_long, dry_run=True):
            return _page(visit, given, draft)
        return _page(visit, given, draft, tried_json(visit.act(try_wanted, wanted, visit.who, dry_run=True)))
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, given, trouble=error)


def _try(visit: Visit) -> Response:
    """A long history is read by a worker; the job's page leads back here with what came of it."""
    job = visit.act(ask_draft_trial, wanted_of(_sent(visit)), visit.who)
    return visit.go(f"/jobs/{job}")


def _propose(visit: Visit) -> Response:
    given = _sent(visit)
    try:
        saved = visit.act(propose_rule, wanted_of(given), visit.who)
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, given, trouble=error)
    return visit.go(f"/rules/{saved.rule.id}", f"Rule {saved.rule.name} is proposed; a second person must approve it.")


def _sent(visit: Visit) -> dict[str, str]:
    return {name: visit.given(name) for name in NAMES}


def _page(
    visit: Visit,
    given: Mapping[str, str],
    draft: SavedRule | None = None,
    trial: Mapping[str, Any] | None = None,
    trouble: TrueupError | None = None,
) -> Response:
    names, lines_of = Names(visit), ""
    if trial is not None and not has_long_history(visit.connection):
        lines_of = f"{State('/rules/new/lines', {name: value for name, value in given.items() if value}).to()}&"
    return visit.render(
        "rule_form.html",
        status=trouble.http_status if trouble else 200,
        title=f"New version of {given['replaces']}" if given["replaces"] else "New rule",
        given=given,
        sent={name: value for name, value in given.items() if value},
        draft=draft,
        sentence=sentence_of(visit, names, views.rule_json(draft)) if draft else "",
        tried=trial,
        lines_of=lines_of,
        trouble=trouble,
        choices=_choices(visit, names),
        names=names,
    )


def _choices(visit: Visit, names: Names) -> dict[str, list[Choice]]:
    books = visit.desk.world.books
    types = books.grammars.now(visit.connection).types
    own = {each.code: each.label for each in types.values()}
    return {
        "field": _of(FIELDS),
        "form": _of(FORMS),
        "direction": [Choice("", "goes as its type does"), *_of(DIRECTIONS)],
        "type": [Choice(code, own[code]) for code in sorted(own, key=lambda code: own[code].lower())],
        "account": [
            Choice("", "its type's account"),
            *(Choice(each.code, names.account(each.code)) for each in books.chart.accounts),
        ],
        "payee": [Choice("", "anybody"), *(Choice(each, each) for each in _payees(visit))],
        "family": [Choice(each.value, each.value) for each in Family],
        "purpose": [Choice("", "not a type of its own"), *(Choice(each.value, each.value) for each in Purpose)],
    }


def _of(words: Mapping[str, str]) -> list[Choice]:
    return [Choice(value, label) for value, label in words.items()]


def _payees(visit: Visit) -> list[str]:
    return sorted({terms.vendor_code for each in visit.desk.world.partners.values() for terms in each.agreements})


def _begun(visit: Visit) -> dict[str, str]:
    """What a draft begins with: the rule it replaces, the case or the line that it is to read."""
    if replaces := visit.asked("replaces"):
        newest = views.show_rule(visit.connection, replaces)["versions"][-1]
        return _as_given(newest, given_number(visit.asked("instead_of"), "Version") or 0)
    if case := visit.asked("case"):
        form = visit.act(form_of_case, _number(case), dry_run=True)
    elif payment := visit.asked("payment"):
        form = visit.act(form_of_line, _number(payment), _number(visit.asked("line")), dry_run=True)
    else:
        return {"form": RuleForm.SHAPE.value}
    return {
        "field": form.field.value,
        "form": RuleForm.SHAPE.value,
        "pattern": form.pattern,
        "direction": form.direction.value,
    }


def _as_given(version: Mapping[str, Any], instead_of: int) -> dict[str, str]:
    first = version["valid_from"]
    return {
        **{name: version[name] for name in ("field", "form", "pattern", "type", "direction", "note")},
        "payee": version["payee"] or "",
        "account": version["account"] or "",
        "from": "" if first == SINCE_EVER.isoformat() else first,
        "to": version["valid_to"] or "",
        "replaces": version["id"],
        "instead_of": str(instead_of or ""),
        "case": str(version["case"] or ""),
    }


def wanted_of(given: Mapping[str, str]) -> WantedRule:
    """A draft as its address or form says it. Raises Invalid for what is missing or none of the choices."""
    if not given["pattern"]:
        raise Invalid("Say what the text of the line is compared with: the form, or how it begins, ends or reads.")
    case, instead_of = given["case"], given["instead_of"]
    return WantedRule(
        field=_one_of(RuleField, given["field"] or RuleField.REFERENCE.value),
        form=_one_of(RuleForm, given["form"] or RuleForm.SHAPE.value),
        pattern=given["pattern"],
        type=_type(given),
        direction=_one_of(Direction, given["direction"]) if given["direction"] else None,
        payee=given["payee"],
        valid_from=_day(given["from"]),
        valid_to=_day(given["to"]),
        account=given["account"],
        note=given["note"],
        replaces=given["replaces"],
        case=_number(case) if case else None,
        instead_of=_number(instead_of) if instead_of else 0,
    )


def _type(given: Mapping[str, str]) -> str | NewType:
    if not given["label"]:
        if not given["type"]:
            raise Invalid("Choose what the lines are: a type, or a new one with a name of its own.")
        return given["type"]
    if not given["purpose"]:
        raise Invalid(f"A new type {given['label']!r} needs an account: choose what it is for.")
    family = _one_of(Family, given["family"] or Family.OTHER.value)
    treatment = given["note"] or f"As finance decided: {given['label']}."
    code = "-".join(given["label"].lower().split())
    return NewType(code, given["label"], family, _one_of(Purpose, given["purpose"]), treatment)


def _one_of(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise Invalid(f"{text!r}: expected one of {', '.join(each.value for each in kind)}.") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"Day {text!r}: expected one such as 2026-10-31.") from None


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise Invalid(f"{shortened(text)} is no number of anything here.")
    return number


PAGE = Page(
    "rule-form",
    "New rule",
    (
        Route("/rules/new", _show, _MAY),
        Route("/rules/new", _propose, _MAY, "POST"),
        Route("/rules/new/try", _try, _MAY, "POST"),
    ),
    offers=(Offer("Write a deduction rule", "/rules/new", "rules.propose"),),
)
