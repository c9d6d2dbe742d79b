"""Circular: a row a unit in the lane of whose work it is, who has each when, what is overdue by its value, and a unit's story."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import TrueupError
from trueup.base.money import Money
from trueup.checks.circular_conflicts import AGAINST_ORDER, OFFERED, TWICE
from trueup.console.interval_calendar import Interval, draw, interval_of
from trueup.console.order_story import DOCUMENTS, PEOPLE
from trueup.console.page import Group, Grows, Hit, Offer, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Filter, State, state_of
from trueup.console.trade_in_words import STEPS
from trueup.console.unit_story import story_of
from trueup.console.visit import Visit
from trueup.domain.circular_stages import STAGES, Stage
from trueup.domain.circular_units import LANES, Lane
from trueup.storage.views import circular as views
from trueup.storage.views import circular_lanes as lanes
from trueup.storage.views import trade_ins
from trueup.storage.views.cases import list_cases_about
from trueup.storage.views.growing import Growing

_MOST = 50
_OVERDUE = 1000
_SHOWN = 8
_VIEWS = (
    Choice("", "Lanes"),
    Choice("calendar", "Calendar"),
    Choice("overdue", "Overdue"),
    Choice("returns", "Returns"),
)
_PARTS = (Choice("", "All"), Choice(DOCUMENTS, "Documents"), Choice(PEOPLE, "People"))
_STATES = {
    Lane.OVERDUE: "bad",
    Lane.UNCLEAR: "bad",
    Lane.GONE: "warn",
    Lane.NOT_READY: "warn",
    Lane.FREE: "ok",
    Lane.WHOLESALE: "held",
    Lane.WITHHELD: "held",
    Lane.BLOCKED: "held",
    Lane.SOLD: "idle",
    Lane.RETIRED: "idle",
}
STANDINGS = {lane.value: (_STATES.get(lane, "info"), words[:1].upper() + words[1:]) for lane, words in LANES.items()}
"""How each lane is marked, and its words."""
_NOTES = {
    Stage.RENTED: "with customers",
    Stage.DUE_BACK: "on their way, to be back within three days, or overdue; the overdue first, by value",
    Stage.INSPECTING: "here, not ready: somebody has to look at them",
    Stage.REFURBISHING: "here, not ready, and damaged",
    Stage.SELLABLE: "here and ready, to be rented, sold or promised",
    Stage.HELD: "here and ready, and kept from customers",
    Stage.RETIRED: "no longer in the programme",
}


def _words(stage: Stage) -> str:
    return STAGES[stage].capitalize()


def _show(visit: Visit) -> Response:
    """The view that the address asks for; a lane, a stage or a product alone is a list of its rows."""
    state = state_of(visit, "view", "stage", "lane", "sku", "at")
    connection, now = visit.connection, visit.now
    shown = _view(visit, state)
    found = {each.stage: each.count for each in shown.get("lanes", ())}
    counts = found or lanes.count_stages(connection, now)
    return visit.render(
        "circular.html",
        state=state,
        tabs=_VIEWS,
        filters=[
            Filter("stage", "Stage", [Choice(each.value, _words(each)) for each in Stage]),
            Filter("lane", "Standing", [Choice(each.value, STANDINGS[each.value][1]) for each in Lane]),
            Filter("sku", "SKU"),
        ],
        counts=[(each, _words(each), counts[each]) for each in Stage],
        ours=sum(count for each, count in counts.items() if each is not Stage.RETIRED),
        overdue=lanes.count_overdue(connection, now),
        standings=STANDINGS,
        notes=_NOTES,
        names={stage: _words(stage) for stage in Stage},
        steps=[(STEPS[each.step], each) for each in trade_ins.count_steps(connection)],
        **shown,
    )


def _view(visit: Visit, state: State) -> dict[str, Any]:
    connection, now, view = visit.connection, visit.now, state["view"]
    asked = _asked(state)
    programme, _, number = state["at"].rpartition("/")
    page = ((programme, int(number)) if number.isdecimal() and len(number) < 19 else ("", 0), _MOST)
    if view == "calendar":
        rows = lanes.list_intervals(connection, now, asked, page)
        drawn = [draw([_interval(each) for each in row["intervals"]], now, packed=True) for row in rows]
        return {"rows": list(zip(rows, drawn, strict=True)), "scale": draw((), now), "more": _more(rows)}
    if view == "returns":
        return {"returns": views.list_returns(connection, limit=_MOST)}
    if view == "overdue":
        return {"late": views.list_cycles(connection, now, overdue=True, limit=_OVERDUE)}
    if asked == lanes.Asked() and not state["at"]:
        return {"lanes": lanes.list_lanes(connection, now, _SHOWN)}
    rows = lanes.list_units(connection, now, asked, page)
    return {"rows": rows, "more": _more(rows)}


def _growing(visit: Visit) -> Growing:
    """What the view shows: units by what narrows them, rentals that are overdue, or returns that are not over."""
    if visit.asked("view") == "overdue":
        return lanes.growing_overdue(visit.now)
    if visit.asked("view") == "returns":
        return lanes.growing_returns()
    return lanes.growing_units(visit.now, _asked(state_of(visit, "stage", "lane", "sku")))


def _called(visit: Visit) -> tuple[str, str]:
    named = {"overdue": ("rental", "rentals"), "returns": ("return", "returns")}
    one, many = named.get(visit.asked("view"), ("item", "items"))
    return f"or changed {one}", f"or changed {many}"


def _asked(state: State) -> lanes.Asked:
    lane = views.lane_named(state["lane"] or None)
    return lanes.Asked(lanes.stage_named(state["stage"]), lane, state["sku"] or None)


def _more(rows: list[dict[str, Any]]) -> str:
    return f"{rows[-1]['programme']}/{rows[-1]['id']}" if len(rows) == _MOST else ""


def _interval(told: dict[str, Any]) -> Interval:
    return interval_of(
        _called_when(told["label"], told.get("overdue", False)), told["from"], told["to"], clashes=told["clashes"]
    )


def _called_when(label: str, overdue: bool) -> str:
    return f"overdue: {label}" if overdue else label


def _place_names(visit: Visit) -> dict[str, str]:
    """Our names of the places of shops, by the shops' ids, of which programmes speak with and without their kind."""
    return {
        told: f"{name} ({shop.name})"
        for shop in visit.desk.settings.shops
        for name, place in shop.locations.items()
        for told in (place, place.rpartition("/")[2])
    }


def _unit(visit: Visit) -> Response:
    named, now = f"{visit.path('programme')}/{visit.number('item')}", visit.now
    state = state_of(visit, "events")
    shown = views.show_item(visit.connection, named, now)
    intervals = lanes.intervals_of(views.find_unit(visit.connection, named), now)
    key = trade_ins.find_key_of(visit.connection, shown["programme"], shown["id"])
    trade_in = trade_ins.show_trade_in(visit.connection, key) if key else None
    cases = list_cases_about(visit.connection, (TWICE, AGAINST_ORDER, OFFERED), f"item {named}")
    return visit.render(
        "circular_unit.html",
        state=state,
        item=shown,
        places=_place_names(visit),
        title=shown["serial"] or f"Item {shown['id']}",
        calendar=draw(_bars(shown, intervals), now),
        standings=STANDINGS,
        result=_result(shown["earned"], shown["acquisition_cost"]),
        trade_in=key,
        cases=[each for each in cases if each["state"] == "open"],
        parts=_PARTS,
        events=story_of(shown, trade_in, cases, state["events"]),
    )


def _bars(shown: dict[str, Any], intervals: list[dict[str, Any]]) -> list[Interval]:
    """Its cycles, those that are over too; then what else keeps it."""
    clashing = {each["cycle"] for each in intervals if each["what"] == "cycle" and each["clashes"]}
    cycles = [
        interval_of(
            _called_when(cycle["cycle"], cycle["overdue_days"] is not None),
            cycle["from"],
            cycle["to"],
            clashes=cycle["id"] in clashing,
        )
        for cycle in shown["cycles"]
        if cycle["from"] or cycle["to"]
    ]
    return cycles + [_interval(each) for each in intervals if each["what"] != "cycle"]


def _result(earned: str | None, cost: str | None) -> Money | None:
    """What a unit brought beyond its cost; None where one of both is not known, or they are of two currencies."""
    if earned is None or cost is None:
        return None
    one, other = (Money.of(*each.split(" ")) for each in (earned, cost))
    return one - other if one.currency == other.currency else None


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    words = sought.words
    try:
        unit = views.find_unit(visit.connection, words)
    except TrueupError:  # there is none, or the number is that of several
        return []
    lane = STANDINGS[unit.lane(visit.now).value][1]
    why = "its serial" if unit.item.serial == words else "its number"
    return [Hit("item", unit.item.label, f"/circular/{unit.programme}/{unit.item.id}", why, lane, True)]


PAGE = Page(
    "circular",
    "Circular",
    (Route("/circular", _show), Route("/circular/{programme}/{item:int}", _unit)),
    Place(Group.GOODS, 5, "recycle"),
    offers=(
        Offer("See overdue rentals", "/circular?view=overdue"),
        Offer("See the calendar of units", "/circular?view=calendar"),
    ),
    find=_find,
    grows=(Grows("/circular", "or changed item", "or changed items", _growing, called=_called),),
)
