"""Exceptions: every case in one queue, from what presses most; decided by keyboard, one by one or many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response

from trueup.base.errors import Invalid, NotFound
from trueup.console.case_places import places_of
from trueup.console.case_words import (
    BINDING,
    STANDINGS,
    closed_by,
    effect_of,
    history_of,
    item_of,
    label_of,
    title_of_cause,
    title_of_group,
    why_back_early,
    why_it_stands,
)
from trueup.console.page import Group, Grows, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Filter, State, read_since, state_of
from trueup.console.typed_numbers import whole_number
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.storage.views import acts as act_views
from trueup.storage.views import case_queue, case_sums
from trueup.storage.views.case_orders import counted_as_of
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.cases import show_case
from trueup.storage.views.growing import Growing
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.be_at_case import Present, come_to, others_there
from trueup.workflows.people import all_people
from trueup.workflows.preview_case import Decision, resolve_each, resolve_one
from trueup.workflows.resolve_case import DONE_ELSEWHERE, may_resolve_kind

STATE = (
    "tab",
    "kind",
    "cause",
    "standing",
    "by",
    "owner",
    "partner",
    "person",
    "due",
    "since",
    "escalated",
    "opened",
    "about",
    "words",
    "sort",
    "row",
    "at",
)
_SORTS = (
    Choice("", "Money at risk by time left"),
    Choice("deadline", "Deadline"),
    Choice("money", "Money at risk"),
    Choice("age", "Age"),
)
_SORTS_OF_RESOLVED = (Choice("", "The newest"), *_SORTS[2:])

_COUNTED = 1_000
"""How many cases of another tab are counted where none of this one matches."""
_STANDING = [Choice(each, STANDINGS[each][1]) for each in ("new", "ongoing", "escalating", "regressed")]
_EMPTY = {
    "open": ("Nothing is open", "What does not agree is put here, with what it costs and what can be decided."),
    "waiting": (
        "Nothing waits for a second person",
        "A decision above the limit stands here from when it is proposed until another person approves it.",
    ),
    "snoozed": ("Nothing is put aside", "What is snoozed comes back on its day, and before that when it gets worse."),
    "resolved": (
        "Nothing is resolved yet",
        "What was decided or closed by itself stands here, with who, when and why.",
    ),
}
"""Of each tab what an empty one says, and what will stand there."""
_RESOLVED_BY = [Choice("people", "A person"), Choice("itself", "Itself"), Choice("merged", "Merged")]


def filter_of(visit: Visit, state: State) -> CaseFilter:
    """The filter that an address says. Due today is what is due before the person's day ends, late or not."""
    return CaseFilter(
        tab=state["tab"] or "open",
        kind=state["kind"],
        owner=state["owner"],
        partner=state["partner"],
        person=state["person"],
        words=state["words"],
        due_before=visit.present.day_ends if state["due"] == "today" else None,
        cause=state["cause"],
        standing=state["standing"],
        since=read_since(state["since"]),
        escalated_to=state["escalated"],
        opened_since=read_since(state["opened"]),
        about=state["about"],
        resolved_by=state["by"] if state["tab"] == "resolved" else "",
    )


def _show(visit: Visit) -> Response:
    state = state_of(visit, *STATE)
    chosen = int(state["row"]) if state["row"].isdecimal() and len(state["row"]) < 19 else None
    if visit.partial and chosen is not None and visit.request.headers.get("HX-Target", "").endswith("detail"):
        return visit.render("exceptions_detail.html", state=state, **_detail(visit, chosen))
    wanted = filter_of(visit, state)
    if visit.partial and visit.request.headers.get("HX-Target", "").endswith("elsewhere"):
        return visit.render("exceptions_elsewhere.html", state=state, elsewhere=_elsewhere(visit, wanted))
    paged = case_queue.page_cases(visit.connection, wanted, visit.now, sort=state["sort"], at=state["at"])
    if chosen is None and paged.rows:
        chosen = paged.rows[0]["id"]
    summed = case_sums.sum_cases(visit.connection, wanted, visit.now)
    return visit.render(
        "exceptions.html",
        state=state,
        paged=paged,
        chosen=chosen,
        count=f"{visit.present.number(summed.count)}{'+' if summed.more else ''}",
        tabs=tabs(visit),
        filters=filters(visit, state),
        sorts=_SORTS_OF_RESOLVED if state["tab"] == "resolved" else _SORTS,
        risk=summed.money,
        empty=_EMPTY[wanted.tab],
        item_of=item_of,
        closed=closed_by,
        as_of=counted_as_of(visit.connection, visit.now),
        **(_detail(visit, chosen) if chosen is not None else {"case": None}),
    )


def _elsewhere(visit: Visit, wanted: CaseFilter) -> list[tuple[str, int, bool]]:
    """The tabs in which cases match where none of this one does: how many, and whether there are more. A standing is of open cases,
    and what resolved one is of resolved ones alone. Words are in no index: it is asked when the page is there."""
    found = []
    for tab in case_queue.TABS:
        asked = replace(wanted, tab=tab, standing="", resolved_by="")
        count, more = case_sums.count_cases(visit.connection, asked, visit.now, _COUNTED)
        if count and tab != wanted.tab:
            found.append((tab, count, more))
    return found


def _detail(visit: Visit, case_id: int) -> dict[str, Any]:
    queued = case_queue.show_queued(visit.connection, case_id, visit.now)
    if queued is None:
        raise NotFound(f"Case {case_id}: there is none of that number.")
    shown, newest = show_case(visit.connection, case_id), act_views.newest_deed(visit.connection, f"case {case_id}")
    proposals = act_views.list_proposals(visit.connection, subject=f"case {case_id}")
    return {
        "case": {**queued, "history": history_of(queued, shown["history"])},
        "closed_by": closed_by(queued),
        "places": places_of(visit, queued),
        "ended": closed_by,
        "group": title_of_group(queued["kind"]),
        "standings": STANDINGS,
        "why": why_it_stands(queued, visit.present),
        "back_early": why_back_early(queued, visit.present),
        "cause": title_of_cause(queued["kind"], queued["cause"]),
        "allowed": _allowed(visit, queued),
        "dismissible": Resolution.DISMISS.value in queued["resolutions"],
        "merged": case_queue.list_merged(visit.connection, case_id, visit.now),
        "like_it": case_queue.list_like(visit.connection, queued, visit.now),
        "seen": newest,
        "others": _come_to(visit, case_id),
        "comments": case_queue.list_comments(visit.connection, case_id),
        "rivals": list_rivals(visit.connection, queued["kind"], queued["subject"]),
        "proposals": proposals,
        "people": sorted(all_people(visit.connection, visit.desk.settings.people)),
        "snoozes": snoozes(visit),
        "may_decide": may_resolve_kind(visit.who, queued["kind"]),
    }


def _come_to(visit: Visit, case_id: int) -> list[Present]:
    """The person has it open from now on; who else does."""
    visit.prepare(come_to, case_id, visit.who)
    return others_there(visit.connection, visit.who, case_id, visit.now)


def _allowed(visit: Visit, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The resolutions that the case allows, in its own order, with what each does and its key: the best one has 1, a duplicate is
    merged by 2, and 3 dismisses. Some are done on a page of their own."""
    offered = case["resolutions"] if case["state"] == "open" and case["merged_into"] is None else []
    ordered = [each for each in offered if each != Resolution.DISMISS.value]
    return [
        {
            "key": "1" if index == 0 else str(index + 3),
            "value": each,
            "label": label_of(each),
            "effect": effect_of(each),
            "binding": Resolution(each) in BINDING,
            "elsewhere": Resolution(each) in DONE_ELSEWHERE,
            "href": visit.house.decides(each, case["id"]),
        }
        for index, each in enumerate(ordered)
    ]


def snoozes(visit: Visit) -> list[Choice]:
    """Until when a case can be put aside: nine o'clock of a coming day, in the person's zone."""
    today = visit.now.astimezone(visit.present.zone).date()
    days = {"Tomorrow": 1, "In three days": 3, "In a week": 7, "In a month": 30}
    return [Choice(str(today + timedelta(days=ahead)), words) for words, ahead in days.items()]


def tabs(visit: Visit) -> list[Choice]:
    """The tabs of the queue, with how many cases each has."""
    counts = _count_tabs(visit)
    return [
        Choice(tab, f"{tab.capitalize()} {visit.present.number(counts[tab])}" if tab in counts else tab.capitalize())
        for tab in case_queue.TABS
    ]


def filters(visit: Visit, state: State) -> list[Filter]:
    """What the queue can be filtered by. What resolved a case is asked of those that are."""
    kind, cause, is_resolved = state["kind"], state["cause"], state["tab"] == "resolved"
    known = case_queue.list_filters(visit.connection)
    kinds = [Choice(each, title_of_group(each)) for each in known["kind"]]
    if kind and kind not in known["kind"]:
        kinds.insert(0, Choice(kind, ", ".join(title_of_group(each.rstrip(".")) for each in kind.split(","))))
    people = sorted(all_people(visit.connection, visit.desk.settings.people))
    return [
        Filter("kind", "Kind", kinds),
        *([Filter("cause", "Cause", [Choice(cause, cause)])] if cause else []),
        *([Filter("about", "About", [Choice(state["about"], state["about"])])] if state["about"] else []),
        Filter("by", "Resolved by", _RESOLVED_BY) if is_resolved else Filter("standing", "Standing", _STANDING),
        Filter("owner", "Owner", [Choice(each, each) for each in known["owner"]]),
        Filter("partner", "Partner", [Choice(each, each) for each in known["partner"]]),
        Filter("person", "Worked on by", [Choice(each, each) for each in people]),
        Filter("due", "Due", [Choice("today", "Today or late")]),
        Filter("words", "Words"),
    ]


def _open(visit: Visit) -> Response:
    return RedirectResponse(f"/exceptions?row={visit.number('case')}", status_code=303)


def _try(visit: Visit) -> Response:
    """What a resolution would do, found out by doing it and rolling it back."""
    decision = Decision(visit.number("case"), resolution_of(visit.given("resolution")), visit.given("note"))
    limit = visit.desk.settings.two_persons_above
    [outcome] = visit.act(resolve_each, [decision], visit.who, limit, dry_run=True)
    return visit.render(
        "exceptions_try.html",
        status=409 if outcome.refused and not visit.partial else 200,
        outcome=outcome,
        decision=decision,
        label=label_of(decision.resolution),
        back=visit.given("back"),
    )


def _resolve(visit: Visit) -> Response:
    decision = Decision(visit.number("case"), resolution_of(visit.given("resolution")), visit.given("note"))
    follows = next_in_queue(visit, decision.case)
    outcome = visit.act(resolve_one, decision, visit.who, visit.desk.settings.two_persons_above)
    if outcome.proposal is not None:
        return visit.go(follows, f"Proposed: {decision.resolution.value} for case {decision.case}.")
    undo = f"/exceptions/{decision.case}/recall" if outcome.queued else ""
    return visit.go(follows, f"Case {decision.case} resolved: {decision.resolution.value}.", undo=undo)


def resolution_of(text: str) -> Resolution:
    """Raises Invalid for a word that is no resolution."""
    try:
        return Resolution(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no resolution.") from error


def back_to_queue(visit: Visit) -> str:
    """The queue as it was, without the row."""
    path, _, asked = visit.given("back").partition("?")
    state = [(name, value) for name, value in parse_qsl(asked) if name != "row"]
    if path != "/exceptions" or not state:
        return "/exceptions"
    return f"{path}?{urlencode(state)}"


def next_in_queue(visit: Visit, case_id: int) -> str:
    """The queue as it was, at the row after a case that is about to leave it: whoever works it down is not sent to its top."""
    back = back_to_queue(visit)
    asked = dict(parse_qsl(back.partition("?")[2]))
    state = State("/exceptions", {name: asked[name] for name in STATE if asked.get(name)})
    wanted = filter_of(visit, state)
    paged = case_queue.page_cases(visit.connection, wanted, visit.now, sort=state["sort"], at=state["at"])
    ids = [row["id"] for row in paged.rows]
    if case_id not in ids:
        return back
    place = ids.index(case_id)
    if place + 1 == len(ids) and paged.after:
        return state.to(at=paged.after)
    following = ids[place + 1 : place + 2] or ids[:place][-1:]
    return state.to(row=following[0]) if following else back


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("case"):
        return []
    found, words = [], sought.words.lower().removeprefix("case ")
    number = whole_number(words)
    if number is not None and (case := case_queue.show_queued(visit.connection, number, visit.now)):
        found.append(_hit(case, "its number", exact=True))
    tab = "resolved" if sought.status and sought.status in "resolved" else "open"
    wanted = CaseFilter(tab, partner=sought.partner, words=sought.words, ranges=sought.ranges)
    paged = case_queue.page_cases(visit.connection, wanted, visit.now, limit=sought.most)
    found += [_hit(row, sought.why("its words")) for row in paged.rows]
    if sought.amount:
        wanted = CaseFilter(tab, partner=sought.partner, ranges=sought.amount)
        paged = case_queue.page_cases(visit.connection, wanted, visit.now, limit=sought.most)
        found += [_hit(row, "what is at risk", exact=True) for row in paged.rows]
    return found


def _hit(case: Mapping[Any, Any], why: str, *, exact: bool = False) -> Hit:
    state, address = STANDINGS[case["standing"]][1], f"/exceptions?row={case['id']}"
    party = (case["order"] or "").partition("/")[0]
    return Hit("case", case["title"], address, why, state, exact, case["money_at_risk"], party, case["deadline"])


def _count(visit: Visit) -> int:
    return _count_tabs(visit)["open"]


def _count_tabs(visit: Visit) -> dict[str, int]:
    return visit.once("cases by tab", lambda: case_queue.count_tabs(visit.connection, visit.now))


def growing(visit: Visit) -> Growing:
    """The cases of the address as a list that grows."""
    return case_queue.growing_cases(filter_of(visit, state_of(visit, *STATE)), visit.now)


EXCEPTIONS = Grows("/exceptions", "case", "cases", growing, "/live/exceptions")
"""The queue; with what came is told who else is at the case that is open."""
PAGE = Page(
    "exceptions",
    "Exceptions",
    (
        Route("/exceptions", _show),
        Route("/exceptions/{case:int}", _open),
        Route("/exceptions/{case:int}/try", _try, "cases.resolve", "POST"),
        Route("/exceptions/{case:int}/resolve", _resolve, "cases.resolve", "POST"),
    ),
    Place(Group.WORK, 2, "inbox"),
    "x",
    _count,
    _find,
    grows=(EXCEPTIONS,),
)
