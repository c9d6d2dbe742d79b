"""Circular: items by lane, what is overdue by its value, returns, and each unit as one story with its calendar and its clashes."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import TrueupError
from trueup.base.money import Money
from trueup.console.interval_calendar import draw, interval_of
from trueup.console.page import Group, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.circular_units import LANES, NOT_OURS, Lane
from trueup.storage.views import circular as views
from trueup.storage.views.trade_ins import find_key_of

_MOST = 100
_STATES = {
    Lane.OVERDUE: "bad",
    Lane.UNCLEAR: "bad",
    Lane.GONE: "warn",
    Lane.NOT_READY: "warn",
    Lane.FREE: "ok",
    Lane.WHOLESALE: "held",
    Lane.WITHHELD: "held",
    Lane.BLOCKED: "held",
}
STANDINGS = {lane.value: (_STATES.get(lane, "info"), words[:1].upper() + words[1:]) for lane, words in LANES.items()}
"""How each lane is marked, and its words."""


def _items(visit: Visit) -> Response:
    state = state_of(visit, "lane", "sku", "at")
    lane = views.lane_named(state["lane"] or None)
    programme, _, number = state["at"].rpartition("/")
    place = (programme, int(number)) if number.isdigit() else ("", 0)
    connection, now = visit.connection, visit.now
    rows = views.list_items(connection, now, lane=lane, sku=state["sku"] or None, page=(place, _MOST))
    counts = views.count_lanes(connection, now)
    return visit.render(
        "circular.html",
        state=state,
        filters=[
            Filter("lane", "Lane", [Choice(each.value, STANDINGS[each.value][1]) for each in Lane]),
            Filter("sku", "SKU"),
        ],
        rows=rows,
        more=f"{rows[-1]['programme']}/{rows[-1]['id']}" if len(rows) == _MOST else "",
        lanes=[(each.value, counts[each]) for each in Lane if counts[each]],
        ours=sum(count for each, count in counts.items() if each not in NOT_OURS),
        overdue=views.list_cycles(connection, now, overdue=True, limit=_MOST),
        returns=views.list_returns(connection, limit=_MOST),
        standings=STANDINGS,
    )


def _place_names(visit: Visit) -> dict[str, str]:
    """Our names of the places of shops, by the shops' ids, of which programmes speak with and without their kind."""
    return {
        told: f"{name} ({shop.name})"
        for shop in visit.desk.settings.shops
        for name, place in shop.locations.items()
        for told in (place, place.rpartition("/")[2])
    }


def _unit(visit: Visit) -> Response:
    shown = views.show_item(visit.connection, f"{visit.path('programme')}/{visit.number('item')}", visit.now)
    clashing = " ".join(shown["clashes"])
    calendar = draw(
        [
            interval_of(cycle["cycle"], cycle["from"], cycle["to"], cycle["cycle"] in clashing)
            for cycle in shown["cycles"]
            if cycle["from"] or cycle["to"]
        ],
        visit.now,
    )
    return visit.render(
        "circular_unit.html",
        item=shown,
        places=_place_names(visit),
        title=shown["serial"] or f"Item {shown['id']}",
        calendar=calendar,
        standings=STANDINGS,
        result=_result(shown["earned"], shown["acquisition_cost"]),
        trade_in=find_key_of(visit.connection, shown["programme"], shown["id"]),
        events=[_event(change) for change in shown["changes"]],
    )


def _result(earned: str | None, cost: str | None) -> Money | None:
    """What a unit brought beyond its cost; None where one of both is not known, or they are of two currencies."""
    if earned is None or cost is None:
        return None
    one, other = (Money.of(*each.split(" ")) for each in (earned, cost))
    return one - other if one.currency == other.currency else None


def _event(change: dict[str, Any]) -> dict[str, Any]:
    """A change as an event of a timeline."""
    words = ""
    if change["what"] == "changed":
        told = change["before"]
        words = "; ".join(
            f"{name.replace('_', ' ')}: {_said(told.get(name))} → {_said(value)}"
            for name, value in change["after"].items()
            if name != "unread"  # what no rule of ours reads is in the evidence
        )
    return {
        "at": change["at"],
        "who": "Supercycle",
        "what": f"{change['of']} {change['what']}",
        "words": words,
        "evidence": change["evidence"],
        "state": "warn" if change["what"] == "gone" else "info",
        "folded": [],
    }


def _said(value: Any) -> str:
    """A value as it was told, for people: nothing is said to be nothing."""
    if value in (None, "", [], {}):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


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
    (Route("/circular", _items), Route("/circular/{programme}/{item:int}", _unit)),
    Place(Group.GOODS, 5, "recycle"),
    find=_find,
)
