"""Stock: what each channel may sell of each product, the sum that says so, how it came, what is ahead, and other policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.console.page import Group, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.typed_numbers import shortened, whole_number
from trueup.console.visit import Visit
from trueup.domain.catalog import CountSource
from trueup.domain.channels import Channel
from trueup.domain.inventory import TermKind
from trueup.storage.views import stock as views
from trueup.storage.views.acts import list_acts, list_proposals
from trueup.storage.views.case_queue import CaseFilter, page_cases
from trueup.storage.views.channels import count_drifting, list_product_channels
from trueup.storage.views.product_pages import find_products
from trueup.workflows.adjust_stock import ACT, DONE, last_count, on_hand_now
from trueup.workflows.explain_stock import Policy, PolicyRequest, explain_stock, replay_policy, stock_history
from trueup.workflows.look_ahead import look_ahead
from trueup.workflows.promises import all_channels, load_promises

COUNTED_BY = {
    CountSource.SHOP: "The shop",
    CountSource.DECLARED: "A declared source",
    CountSource.ITEMS: "Supercycle's items",
    CountSource.UNKNOWN: "Nobody",
}
_FILTERS = (
    Filter("words", "SKU or title"),
    Filter("counted", "Counted by", tuple(Choice(each.value, label) for each, label in COUNTED_BY.items())),
)
_TABS = (Choice("now", "Now"), Choice("history", "History"), Choice("ahead", "Ahead"), Choice("policy", "Policy"))
_LINKS = {
    "held": "tab=ahead#held",
    "moved": "tab=history",
    "own": "tab=ahead",
    "rented": "tab=ahead#units",
    "unoffered": "tab=ahead#units",
    "set-aside": "tab=now#levels",
    "committed": "tab=now#levels",
}
_HISTORY_SHOWN = 200
_DAYS = 90
_MOST_EACHES = 10_000_000


def _show_list(visit: Visit) -> Response:
    state = state_of(visit, "words", "counted", "at")
    paged = views.page_products(visit.connection, state["words"], state["counted"], state["at"])
    skus = [row["sku"] for row in paged.rows]
    channels = all_channels(visit.desk.world, visit.now)
    promises = [load_promises(visit.connection, channel, skus, visit.now) for channel in channels]
    numbers = {sku: [promise.get(sku) for promise in promises] for sku in skus}
    return visit.render(
        "stock.html",
        state=state,
        filters=_FILTERS,
        paged=paged,
        columns=_columns(channels, numbers),
        numbers=numbers,
        words=COUNTED_BY,
        count=views.count_products(visit.connection),
        uncounted=views.count_products(visit.connection, CountSource.UNKNOWN.value),
        drifting=count_drifting(visit.connection),
        direct=any(partner.direct_fulfillment for partner in visit.desk.world.partners.values()),
    )


def _columns(channels: Sequence[Channel], numbers: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """A column for channels that may sell alike of every product shown: what it is called, and the place of the first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for place, (channel, name) in enumerate(zip(channels, _short_names(channels), strict=True)):
        key = tuple((row[place].eaches if row[place] else None) for row in numbers.values())
        column = found.setdefault(key, {"place": place, "names": [], "title": []})
        column["names"].append(name)
        column["title"].append(f"{channel.name} at {channel.location}")
    return [{**each, "title": ", ".join(each["title"])} for each in found.values()]


def _short_names(channels: Sequence[Channel]) -> list[str]:
    """As headings of narrow columns: a shop by its name, a buyer by its vendor code; and the place, where there are several."""
    several = len({each.location for each in channels}) > 1
    names = [each.name.partition(" ")[2].rpartition("/")[2] or each.name for each in channels]
    return [f"{name} at {each.location}" if several else name for name, each in zip(names, channels, strict=True)]


def _show_product(visit: Visit) -> Response:
    sku = visit.path("sku")
    state = state_of(visit, "tab", "channel", "delay", "days")
    told = explain_stock(visit.connection, visit.desk.world, sku, visit.now)
    tab = state["tab"] or _TABS[0].value
    more: dict[str, Any] = {}
    if tab == "history":
        more = _history(visit, sku)
    elif tab == "ahead":
        more = {**_ahead(told), "forward": look_ahead(told, visit.now)}
    elif tab == "policy":
        more = _policy(visit, sku, told)
    declared = told["counted_by"] == CountSource.DECLARED.value
    cases = page_cases(visit.connection, CaseFilter(words=sku), visit.now, limit=20)
    return visit.render(
        "stock_product.html",
        state=state,
        tab=tab,
        tabs=_TABS,
        told=told,
        published=_divergence(visit, told) if tab == "now" else [],
        counts=_counts(visit, told) if tab == "now" and declared else [],
        proposals=[
            each
            for each in list_proposals(visit.connection, act=ACT, subject=f"count of {sku} at *", limit=None)
            if each["arguments"]["sku"] == sku
        ],
        eaches=lambda count: _in_cases(count, told["case_size"]),
        places=[Choice(each, each) for each in sorted({channel["location"] for channel in told["channels"]})],
        counted_by=COUNTED_BY[CountSource(told["counted_by"])],
        equations=_alike([_equation(each, state.path, by_items=bool(told["units"])) for each in told["channels"]]),
        cases=[row for row in cases.rows if str(row["kind"]).startswith(("stock.", "held.stock", "product."))],
        **more,
    )


def _divergence(visit: Visit, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ours, the channel's and the counting source's number side by side, each with its age and its evidence."""
    counted = {level["location"]: level for level in told["levels"] if level["counted_by"] == told["counted_by"]}
    rows = list_product_channels(visit.connection, told["sku"])
    return [{**row, "counted": counted.get(row["location"])} for row in rows]


def _counts(visit: Visit, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each place what lies there now, when it was counted last, what people did about it, and where the last is taken back."""
    found = []
    for place in sorted({channel["location"] for channel in told["channels"]}):
        seen = last_count(visit.connection, told["sku"], place)
        acts = list_acts(visit.connection, subject=f"count of {told['sku']} at {place}", limit=10)
        made = next((each for each in acts if each["act"] == DONE), None)
        undo = ""
        if made is not None and made["at"] == seen and made["before"]["on_hand"] is not None:
            undo = "/stock-counts/undo?" + urlencode({"sku": told["sku"], "location": place, "at": seen})
        on_hand = on_hand_now(visit.connection, told["sku"], place)
        found.append({"location": place, "seen": seen, "on_hand": on_hand, "acts": acts, "undo": undo})
    return found


def _in_cases(count: int, size: int | None) -> str:
    """Eaches as cases and what is left over, "" where it is sold by the each or there is no whole case."""
    if not size or size < 2 or abs(count) < size:
        return ""
    cases, rest = divmod(count, size)
    told = f"{cases} {'case' if cases == 1 else 'cases'} of {size}"
    return f"{told} and {rest} {'each' if rest == 1 else 'eaches'}" if rest else told


def _alike(equations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Channels whose sums are the same, term by term, are told as one."""
    found: dict[str, dict[str, Any]] = {}
    for each in equations:
        key = str((each["eaches"], each["for"], each["location"], each["sum"], each["terms"], each["incoming"]))
        found.setdefault(key, {**each, "names": []})["names"].append(each["channel"])
    return list(found.values())


def _equation(channel: Mapping[str, Any], path: str, *, by_items: bool) -> dict[str, Any]:
    """The sum of a channel as terms that open their rows; of what is counted unit by unit, the units."""
    terms = []
    for term in channel["terms"]:
        link = f"{path}?{_LINKS[term['term']]}" if term["term"] in _LINKS else ""
        if term["term"] == TermKind.BUFFER:
            link = f"/stock-buffers?sku={path.removeprefix('/stock/')}"
        if not link and by_items and term["term"] == TermKind.ON_HAND:
            link = f"{path}?tab=ahead#units"
        if not link and term["evidence"]:
            link = f"/documents/{term['evidence']}?find={path.removeprefix('/stock/')}#asked"
        sign = "-" if term["eaches"] < 0 else "+"
        terms.append({"label": term["words"], "value": abs(term["eaches"]), "sign": sign, "href": link})
    return {**channel, "parts": terms, "total": {"label": "may be sold, in eaches", "value": channel["eaches"]}}


def _history(visit: Visit, sku: str) -> dict[str, Any]:
    places = views.list_places(visit.connection, sku)
    rows = [row for place in places for row in stock_history(visit.connection, sku, place, None)]
    rows.sort(key=lambda row: (row["at"], row["location"]))
    return {"history": rows[-_HISTORY_SHOWN:][::-1], "earlier": max(0, len(rows) - _HISTORY_SHOWN), **_course(rows)}


def _course(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """On hand and held over time, a line a location, as a chart and as the table that says the same."""
    places = sorted({row["location"] for row in rows})
    series = [
        {
            "type": "line",
            "step": "end",
            "name": f"{name} at {place}",
            "data": [[row["at"], row[field]] for row in rows if row["location"] == place and row[field] is not None],
        }
        for place in places
        for field, name in (("on_hand", "On hand"), ("held", "Held for purchase orders"))
    ]
    option = {"xAxis": {"type": "time"}, "yAxis": {"type": "value", "minInterval": 1}, "series": series}
    return {"chart": option, "chart_rows": [(row["at"], row["location"], row["on_hand"], row["held"]) for row in rows]}


def _ahead(told: Mapping[str, Any]) -> dict[str, Any]:
    """Units free and rented at each instant to come."""
    steps = told["ahead"]
    series = [
        {"type": "line", "step": "end", "name": name, "data": [[step["at"], step[field]] for step in steps]}
        for field, name in (("free", "Free"), ("taken", "In rentals"))
    ]
    option = {"xAxis": {"type": "time"}, "yAxis": {"type": "value", "minInterval": 1}, "series": series}
    return {"ahead_chart": option, "ahead_rows": [(step["at"], step["free"], step["taken"]) for step in steps]}


def _policy(visit: Visit, sku: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The replay of one channel, or why there is none."""
    channels = all_channels(visit.desk.world, visit.now)
    chosen = _chosen(channels, visit.asked("channel"))
    if chosen is None:
        return {"policy": None, "why_none": "No agreement is in force, so no channel sells anything.", "channels": []}
    days, delay = _whole(visit.asked("days"), "days") or _DAYS, _whole(visit.asked("delay"), "delay")
    since = visit.now - timedelta(days=days)
    asked = PolicyRequest(sku, chosen, since, None if delay is None else timedelta(seconds=delay))
    choices = [Choice(_key(each), f"{each.name} at {each.location}") for each in channels]
    shown: dict[str, Any] = {"channels": choices, "chosen": _key(chosen), "days": days, "given_delay": delay}
    try:
        policy = replay_policy(visit.connection, asked, visit.now)
    except (Invalid, NotFound) as error:
        return {**shown, "policy": None, "why_none": str(error)}
    return {
        **shown,
        "policy": policy,
        "policy_chart": _policy_chart(policy),
        "policy_rows": _policy_rows(policy),
        "interval": _interval,
    }


def _chosen(channels: Sequence[Channel], key: str) -> Channel | None:
    named = [each for each in channels if _key(each) == key]
    shops = [each for each in channels if each.name.startswith("shop ")]
    return next(iter([*named, *shops, *channels]), None)


def _key(channel: Channel) -> str:
    return f"{channel.name}|{channel.location}"


def _whole(text: str, what: str) -> int | None:
    if not text:
        return None
    number = whole_number(text)
    if number is None or number > _MOST_EACHES:
        raise Invalid(f"{what}: expected a whole number up to {_MOST_EACHES:,}, found {shortened(text)}.")
    return number


def _interval(interval: timedelta) -> str:
    minutes = int(interval.total_seconds()) // 60
    return f"every {minutes} min" if minutes else "at each change"


def _policy_rows(policy: Policy) -> list[tuple[str, int, int]]:
    return [
        (f"{_interval(each.choice.interval)}, {each.choice.buffer}", each.oversold, each.lost)
        for each in policy.outcomes
    ]


def _policy_chart(policy: Policy) -> dict[str, Any]:
    names = [f"{_interval(each.choice.interval)}, {each.choice.buffer}" for each in policy.outcomes]
    return {
        "xAxis": {"type": "category", "data": names, "axisLabel": {"rotate": 60}},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": "bar", "stack": "eaches", "name": "Sales lost", "data": [each.lost for each in policy.outcomes]},
            {"type": "bar", "stack": "eaches", "name": "Oversold", "data": [each.oversold for each in policy.outcomes]},
        ],
    }


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    """Products by SKU, ASIN, GTIN or title."""
    if not sought.words or not sought.wants("product"):
        return []
    return [
        Hit("product", row["sku"], f"/stock/{row['sku']}", row["why"], row["title"], row["why"].startswith("its "))
        for row in find_products(visit.connection, sought.words, limit=sought.most)
    ]


PAGE = Page(
    "stock",
    "Stock",
    (Route("/stock", _show_list), Route("/stock/{sku:path}", _show_product)),
    Place(Group.GOODS, 1, "packages"),
    "s",
    find=_find,
)
