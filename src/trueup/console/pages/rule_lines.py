"""Lines of rules: past lines that read like those of a case, lines that a trial counts, and lines that a version has posted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import Response

from trueup.base.errors import Refused
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.pages.rule_form import NAMES, wanted_of
from trueup.console.tables import Column, State, state_of
from trueup.console.typed_numbers import given_number
from trueup.console.visit import Visit
from trueup.storage.views import rules as views
from trueup.workflows.draft_rules import demand_short
from trueup.workflows.past_lines import MOST, count_past, list_of_draft, list_of_trial, look_past
from trueup.workflows.try_rules import Effect
from trueup.workflows.world import Tx

_POSTED = (
    Column("Day"),
    Column("Payment"),
    Column("Reference"),
    Column("Account"),
    Column("Entry"),
    Column("Amount", "number"),
)


_T = TypeVar("_T")


def _past(visit: Visit) -> Response:
    """How many past lines read like those of a case, for the button that makes a rule of it; whole, which they are."""
    case, may = visit.number("case"), visit.may("rules.propose")
    if visit.partial:
        counted = _or_none(visit, count_past, case) if may else None
        return visit.render("rule_past.html", counted=counted, case=case)
    visit.act(demand_short, dry_run=True)
    looked = _or_none(visit, look_past, case) if may else None
    title, crumbs = "Past lines of this form", ((f"Case {case}", f"/exceptions?row={case}"),)
    if looked is None:
        words = f"Nothing waits in case {case} whose form a rule could read here; a trial on all history says the same of any rule."
        return _page(visit, title=title, words=words, crumbs=crumbs, rows=[])
    counted, rows = looked
    words = f"{counted.form.field.value.capitalize()} of the form {counted.form.pattern}: as the lines of case {case}."
    return _page(visit, title=title, words=words, crumbs=crumbs, rows=rows, count=counted.explained + counted.wrong)


def _or_none(visit: Visit, read: Callable[[Tx, int], _T], case: int) -> _T | None:
    """None where no line of a form waits, or where history is so long that a trial is long work."""
    try:
        visit.act(demand_short, dry_run=True)
        return visit.act(read, case, dry_run=True)
    except Refused:
        return None


def _of_draft(visit: Visit) -> Response:
    given = {name: visit.asked(name) for name in NAMES}
    if not given["pattern"]:
        return visit.go("/rules/new")
    visit.act(demand_short, dry_run=True)
    rows = visit.act(list_of_draft, wanted_of(given), visit.who, _effect(visit), dry_run=True)
    sent = {name: value for name, value in given.items() if value}
    back = State("/rules/new", {**sent, "try": "yes"}).to()
    return _page(visit, title="Lines of the trial", words=_words(visit), crumbs=(("New rule", back),), rows=rows)


def _of_rule(visit: Visit) -> Response:
    rule = visit.path("rule")
    version = visit.asked("version")
    visit.act(demand_short, dry_run=True)
    rows = visit.act(list_of_trial, rule, _effect(visit), given_number(version, "Version"), dry_run=True)
    crumbs = (("Deduction rules", "/rules"), (f"Rule {rule}", f"/rules/{rule}?try=yes"))
    return _page(visit, title="Lines of the trial", words=_words(visit), crumbs=crumbs, rows=rows)


def _effect(visit: Visit) -> Effect | None:
    before = visit.asked("before")
    return (before, visit.asked("after"), visit.asked("currency")) if before else None


def _words(visit: Visit) -> str:
    effect, names = _effect(visit), Names(visit)
    if effect is None:
        return "Past lines that it would change."
    before, after, currency = effect
    return f"Past lines in {currency} that are {names.reading(before)} now and would be {names.reading(after)}."


def _page(visit: Visit, *, rows: list[dict[str, Any]], count: int | None = None, **context: Any) -> Response:
    more = len(rows) == MOST and (count is None or count > MOST)
    return visit.render("rule_lines.html", rows=rows, more=more, most=MOST, names=Names(visit), **context)


def _posted(visit: Visit) -> Response:
    """The lines of the journal that versions of a rule have posted."""
    rule, state = visit.path("rule"), state_of(visit, "version", "at")
    version = given_number(state["version"], "Version")
    paged = views.page_posted(visit.connection, rule, version, state["at"])
    return visit.render(
        "rule_posted.html",
        title=f"Lines that rule {rule} posted",
        rule=rule,
        version=version,
        state=state,
        columns=_POSTED,
        paged=paged,
        count=views.count_posted(visit.connection, rule, version),
        names=Names(visit),
    )


PAGE = Page(
    "rule-lines",
    "Lines of rules",
    (
        Route("/rules/past/{case:int}", _past),
        Route("/rules/new/lines", _of_draft, "rules.propose"),
        Route("/rules/{rule}/lines", _of_rule),
        Route("/rules/{rule}/posted", _posted),
    ),
)
