"""Causes: the queue with one row for what one act mends; each says what the act would close before it is done.

A cause is an item, a reason code, a connection; what is in the master, in a rule or at rest is mended here or on a page of its
own, and what remains is decided for all of its cases at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.console.case_words import STANDINGS, label_of, title_of_cause
from trueup.console.page import Grows, Page, Route
from trueup.console.pages.answers import choices_of
from trueup.console.pages.exceptions import STATE, filter_of, filters, growing, tabs
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.tables import Choice, State, state_of
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.storage.views import case_causes, case_queue, case_sums
from trueup.storage.views.case_orders import counted_as_of
from trueup.storage.views.case_queue import CaseFilter
from trueup.workflows.act_on_cases import Acting, CaseAct, words_of
from trueup.workflows.cases_as_job import MOST, Asked, preview_acts
from trueup.workflows.mend_cause import (
    FIELDS,
    Cause,
    Mended,
    can_mend_item,
    can_resume,
    known_item,
    mend_connection,
    mend_item,
)
from trueup.workflows.resolve_case import DONE_ELSEWHERE, may_resolve_kind

_PATH = "/exceptions/causes"
_SHOWN = 20
_NAMED = 30


def _show(visit: Visit) -> Response:
    state = state_of(visit, *STATE)
    if visit.partial and state["row"] and visit.request.headers.get("HX-Target", "").endswith("detail"):
        return visit.render(
            "causes_detail.html", state=state, standings=STANDINGS, **_detail(visit, state, state["row"])
        )
    wanted = filter_of(visit, state)
    paged = case_causes.page_causes(visit.connection, wanted, visit.now, at=state["at"])
    found = case_causes.sum_causes(visit.connection, wanted, visit.now)
    chosen = state["row"] or (_name_of(paged.rows[0]) if paged.rows else "")
    detail = _detail(visit, state, chosen) if chosen else {"cause": None}
    return visit.render(
        "causes.html",
        state=state,
        paged=paged,
        name_of=_name_of,
        titled=title_of_cause,
        chosen=chosen,
        count=visit.present.number(found.cases),
        causes=visit.present.number(found.causes),
        risk=found.money,
        tabs=tabs(visit),
        filters=filters(visit, state),
        standings=STANDINGS,
        as_of=counted_as_of(visit.connection, visit.now),
        **detail,
    )


def _name_of(row: Any) -> str:
    return f"{row['kind']} {row['cause']}"


def _detail(visit: Visit, state: State, name: str) -> dict[str, Any]:
    kind, _, of = name.partition(" ")
    wanted = replace(filter_of(visit, state), kind=kind, cause=of)
    try:
        found = case_causes.load_cause(visit.connection, wanted, visit.now)
    except NotFound:
        return {"cause": None}
    ids = case_queue.list_case_ids(visit.connection, wanted, visit.now, MOST)
    counts = case_sums.count_resolutions(visit.connection, ids)
    paged = case_queue.page_cases(visit.connection, wanted, visit.now, limit=_SHOWN)
    ways, known = visit.act(_ways, Cause(kind, of), dry_run=True)
    return {
        "cause": found,
        "about": title_of_cause(kind, of),
        "rows": paged.rows,
        "more": max(0, found["cases"] - len(paged.rows)),
        "cases_at": _cases_of(state, kind, of),
        "ways": ways,
        "known": known,
        "fields": FIELDS,
        "decide": [
            Choice(each.value, f"{label_of(each.value)}, all {visit.present.number(counts[each.value])}")
            for each in Resolution
            if counts.get(each.value) and each not in DONE_ELSEWHERE and each is not Resolution.DISMISS
        ],
        "elsewhere": [
            (label_of(each.value), visit.house.decides(each.value, paged.rows[0]["id"]))
            for each in DONE_ELSEWHERE
            if counts.get(each.value) and each is not Resolution.CLASSIFY and paged.rows
        ],
        "dismissible": counts.get(Resolution.DISMISS.value, 0),
        "classifiable": counts.get(Resolution.CLASSIFY.value, 0),
        "may_decide": may_resolve_kind(visit.who, kind),
        **(choices_of(visit) if counts.get(Resolution.CLASSIFY.value) else {"types": [], "accounts": []}),
    }


def _ways(tx: Any, cause: Cause) -> tuple[list[str], dict[str, str]]:
    """What takes the cause away as a whole, and what is known of the item where it is one."""
    ways = [name for name, can in (("item", can_mend_item(cause)), ("resume", can_resume(tx, cause))) if can]
    return ways, known_item(tx, cause) if "item" in ways else {}


def _cases_of(state: State, kind: str, cause: str) -> str:
    """The queue with the cases of a cause, and what else was filtered by."""
    return State("/exceptions", state.values).to(kind=kind, cause=cause, row="", at="", sort="")


def _cause(visit: Visit) -> Cause:
    return Cause(visit.given("kind"), visit.given("cause"))


def _item(visit: Visit) -> Response:
    cause, told = _cause(visit), {name: visit.given(name) for name in FIELDS}
    mended = visit.act(mend_item, cause, told, visit.who, dry_run=not is_sure(visit))
    if is_sure(visit):
        return visit.go(_PATH, f"{told['sku']} is in the item master so: {_closed(visit, mended)}")
    fields = {"kind": cause.kind, "cause": cause.name, **told}
    effects = [f"The item master says of {told['sku']}: {_said(told)}.", *_effects(visit, mended)]
    return _ask(visit, cause, (effects, "Save item", "products.import"), fields)


def _said(told: dict[str, str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value and name != "sku")


def _resume(visit: Visit) -> Response:
    cause = _cause(visit)
    mended = visit.act(mend_connection, cause, visit.who, dry_run=not is_sure(visit))
    if is_sure(visit):
        return visit.go(_PATH, f"{cause.of} goes on: {_closed(visit, mended)}")
    effects = [f"{cause.of} goes on, and everything that rested comes at once.", *_effects(visit, mended)]
    return _ask(
        visit, cause, (effects, f"Resume {cause.of}", "connections.pause"), {"kind": cause.kind, "cause": cause.name}
    )


def _ask(visit: Visit, cause: Cause, told: tuple[list[str], str, str], fields: dict[str, str]) -> Response:
    effects, label, permission = told
    title, back = title_of_cause(cause.kind, cause.name), State(_PATH).to(row=f"{cause.kind} {cause.name}")
    return ask_whether(visit, Sure(title, title, back, effects, label, permission, ("Causes", _PATH)), fields)


def _effects(visit: Visit, mended: Mended) -> list[str]:
    named = [f"Case {number}: {title}" for number, title in mended.closed[:_NAMED]]
    if len(mended.closed) > _NAMED:
        named.append(f"And {visit.present.number(len(mended.closed) - _NAMED)} more.")
    if mended.unseen:
        named.append(
            f"{visit.present.number(mended.unseen)} more orders are looked at in the same way, in the background."
        )
    left = (
        f"{visit.present.number(mended.left)} of this cause stay open: something else differs there."
        if mended.left
        else ""
    )
    then = [f"Then it waits for something else: {title}" for _, title in mended.opened[:_NAMED]]
    return [f"It {_closed(visit, mended, 'closes')}", *named, *([left] if left else []), *then]


def _closed(visit: Visit, mended: Mended, verb: str = "closed") -> str:
    cases = "1 case" if len(mended.closed) == 1 else f"{visit.present.number(len(mended.closed))} cases"
    return f"{verb} {cases}{_at_risk(mended.money)}."


def _at_risk(money: tuple[Money, ...]) -> str:
    return f" with {' and '.join(map(str, money))} at risk" if money else ""


def _classify(visit: Visit) -> Response:
    """Every case of the cause is one kind of deduction: tried as a job, which says what each would book and close."""
    cause, code = _cause(visit), visit.given("type")
    ids = case_queue.list_case_ids(visit.connection, CaseFilter(kind=cause.kind, cause=cause.name), visit.now, MOST + 1)
    acts = [CaseAct(each, Acting.CLASSIFY, code, visit.given("note"), visit.given("account")) for each in ids]
    title = f"{words_of(Acting.CLASSIFY, code)}: {title_of_cause(cause.kind, cause.name)}"
    return visit.go(f"/jobs/{visit.act(preview_acts, Asked(acts, title), visit.who)}")


PAGE = Page(
    "causes",
    "Exceptions by cause",
    (
        Route(_PATH, _show),
        Route(f"{_PATH}/item", _item, "products.import", "POST"),
        Route(f"{_PATH}/resume", _resume, "connections.pause", "POST"),
        Route(f"{_PATH}/classify", _classify, "cases.resolve", "POST"),
    ),
    grows=(Grows(_PATH, "case", "cases", growing),),
)
