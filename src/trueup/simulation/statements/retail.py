"""Amazon's reports: what they told is kept as told last, restated days with both words, and stands in the shop as a sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trueup.simulation.season.best_policy import instant
from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement

_DAY = timedelta(days=1)
_LAG = timedelta(hours=36)
"""How long after a day ended Amazon knows it."""
_SETTLED = timedelta(hours=30)
"""Every day is asked for again within a day: what was told so long ago must be here."""
_BACK = timedelta(days=28)
_UNITS = {
    "sales": ("shippedUnits",),
    "inventory": ("sellableOnHandInventoryUnits", "openPurchaseOrderUnits", "netReceivedInventoryUnits"),
}
_LATE = timedelta(hours=6)


def _given(evidence: Evidence) -> Row:
    return evidence.given["retail"]  # type: ignore[no-any-return]


def _day(text: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(text).date(), datetime.min.time(), UTC)


def _told(given: Row, until: datetime) -> dict[tuple[str, str, datetime], dict[str, Any]]:
    """By kind, product and day what Amazon had told last at an instant."""
    found: dict[tuple[str, str, datetime], dict[str, Any]] = {}
    for fact in sorted(given["plan"]["facts"], key=_visible):
        if fact["figures"]["type"] != "forecast" and _visible(fact) <= until:
            found[fact["figures"]["type"], fact["asin"], _day(fact["at"])] = fact["figures"]
    return found


def _visible(fact: Row) -> datetime:
    return instant(fact["visibleAt"]) if "visibleAt" in fact else _day(fact["at"]) + _DAY + _LAG


def _held(given: Row) -> dict[tuple[str, str, datetime], list[Row]]:
    """By kind, product and day every word that is kept, in the order in which they were said."""
    found: defaultdict[tuple[str, str, datetime], list[Row]] = defaultdict(list)
    for row in sorted(given["figures"], key=lambda row: str(row["said_at"])):
        found[row["kind"], row["asin"], instant(row["begins"])].append(row)
    return found


def figures_are_kept(evidence: Evidence) -> Statement:
    """Each day that Amazon told is held as it told it last; a day that it told otherwise has both words, and no other has two."""
    found = Finding(
        "figures-kept",
        "Every day that Amazon's reports told is held as they told it last, restated days with both words",
        "numbers that Amazon changed without a word, and nobody can say when",
    )
    given, restated = _given(evidence), _given(evidence)["plan"]["restated"]
    held = _held(given)
    since = instant(given["since"]) - _BACK
    for (kind, asin, day), figures in _told(given, instant(given["until"]) - _SETTLED).items():
        if day < since:
            continue
        found.count("days of figures")
        words = held.get((kind, asin, day), [])
        where = f"{kind} of {asin} on {day:%Y-%m-%d}"
        last = [word for word in words if word["holds"]]
        if len(last) != 1:
            found.demand(False, f"{where}: {len(last)} words hold, expected one")
            continue
        for name in _UNITS[kind]:
            ours, theirs = Decimal(last[0]["numbers"].get(name, "-1")), Decimal(figures[name])
            found.demand(ours == theirs, f"{where}: {name} {ours} held, {theirs} told")
        twice = (kind, asin, f"{day:%Y-%m-%d}") == ("sales", restated["asin"], restated["day"])
        units = [int(Decimal(word["numbers"]["shippedUnits"])) for word in words] if twice else []
        if twice:
            found.count("days restated")
            found.demand(units == [restated["from"], restated["to"]], f"{where}: words {units}, expected both")
        else:
            found.demand(len(words) == 1, f"{where}: {len(words)} words, told once")
    return found.stated("days restated")


def reports_are_obtained(evidence: Evidence) -> Statement:
    """A report that failed was asked for again and came; one that was late was told to a person until it came; nothing is open."""
    found = Finding(
        "reports-obtained",
        "A report that failed was asked for again, one that was hours late was told, and none is missing",
        "days without figures that look like days without sales",
    )
    given = _given(evidence)
    made = [each for each in given["reports"] if each["outcome"] == "DONE"]
    for each in given["reports"]:
        found.count("reports at Amazon")
        if each["outcome"] == "FATAL" and each["said"]:
            found.count("failed")
            again = [
                other for other in made if other["asked"] == each["asked"] and other["created_at"] > each["created_at"]
            ]
            found.demand(bool(again), f"report {each['report_id']} failed and never came")
        if instant(each["ends_at"]) - instant(each["created_at"]) > _LATE:
            found.count("hours late")
    told = [case for case in given["cases"] if case["kind"] == "report.stuck"]
    found.demand(bool(told), "a report was hours late, and nobody was told")
    for case in given["cases"]:
        found.demand(case["state"] == "resolved", f"case {case['id']} is open: {case['title']}")
    found.demand(bool(found.numbers.get("failed")), "no report failed")
    return found.stated("hours late")


def numbers_are_shown(evidence: Evidence) -> Statement:
    """What stands on the shop's products are the auditor's own sums of what Amazon told; nothing stands on any other product."""
    found = Finding(
        "numbers-shown",
        "Amazon's numbers on the shop's products are sums of what it told, with their days, and on no other product",
        "a number in the shop that nobody can derive, or of another day than it says",
    )
    given = _given(evidence)
    shop = given["shop"]
    known = {each["sku"]: each["asin"] for each in given["plan"]["products"]}
    found.demand(shop.keys() == known.keys(), f"numbers stand on {sorted(shop)}, expected {sorted(known)}")
    for sku, asin in known.items():
        fields = shop.get(sku, {})
        told = _told(given, instant(fields["updated_at"])) if "updated_at" in fields else {}
        expected = dict(_sums(given, told, asin, fields))
        for name, value in expected.items():
            found.count("numbers")
            shown = fields.get(name)
            same = shown is not None and Decimal(shown) == value
            found.demand(same, f"{sku}: {name} {shown} shown, {value} by what Amazon told")
        found.demand(len(expected) == 5, f"{sku}: {len(expected)} of 5 numbers can be derived")
        found.demand(given["objects"].get(sku, {}).items() >= fields.items(), f"{sku}: its object says otherwise")
    return found.stated("numbers")


def _sums(given: Row, told: dict[tuple[str, str, datetime], dict[str, Any]], asin: str, fields: Row) -> Iterator[Any]:
    """The numbers of a product as of the days that the shop says."""
    if "sales_day" in fields:
        last = _day(fields["sales_day"])
        for name, days in (("shipped_7_days", 7), ("shipped_28_days", 28)):
            units = [told.get(("sales", asin, last - ago * _DAY)) for ago in range(days)]
            if all(units):
                yield name, sum(each["shippedUnits"] for each in units if each)
    counted = told.get(("inventory", asin, _day(fields["stock_day"]))) if "stock_day" in fields else None
    if counted is not None:
        yield "sellable_on_hand", counted["sellableOnHandInventoryUnits"]
        yield "open_order_units", counted["openPurchaseOrderUnits"]
    until = instant(given["until"])
    weeks = sorted(
        (fact["at"], Decimal(fact["figures"]["meanForecastUnits"]))
        for fact in given["plan"]["facts"]
        if fact["asin"] == asin and fact["figures"]["type"] == "forecast" and _day(fact["at"]) + 7 * _DAY > until
    )
    if len(weeks) >= 4:
        yield "forecast_28_days", sum(mean for _, mean in weeks[:4])
