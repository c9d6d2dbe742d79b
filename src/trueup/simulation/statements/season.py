"""A season of stock: nothing oversold by us, sales near the best that could be had, drifts found and none invented.

*Ours* is an oversell where more stood in the shop, or was accepted, than allowed by what had reached us, or should have
reached us within the delay its feed states. What lowers the number counts once it was known for the time a reaction may take;
what raises it counts at once. A number that somebody changed by hand is not ours until a sweep could have seen it, and
stays theirs once it was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from trueup.simulation.season.best_policy import instant, known_at, replay
from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement

_NEAR_PERCENT = 2


@dataclass(frozen=True)
class SeasonEvidence:
    """The rows of a season: products, facts, demands, orders, promises, drifts, findings, sweeps, and what stood at the end."""

    rows: Mapping[str, Any]

    @property
    def reaction(self) -> timedelta:
        """How long what is known may take to stand in the shop."""
        return timedelta(seconds=self.rows["reaction_seconds"])

    @cached_property
    def units(self) -> dict[str, int]:
        """What lay there at the start."""
        return {product["sku"]: product["units"] for product in self.rows["products"]}

    @cached_property
    def facts(self) -> dict[str, list[Row]]:
        """What changed what was free, beside the shop's sales, by product."""
        return _by_sku(self.rows["facts"])

    @cached_property
    def sold(self) -> dict[str, list[Row]]:
        """Sales of the shop that went through, by product."""
        return _by_sku(row for row in self.rows["demands"] if row["got"])

    @cached_property
    def sweep_ends(self) -> list[tuple[datetime, datetime]]:
        """When each sweep began and ended, in time."""
        return sorted((instant(row["began"]), instant(row["ended"])) for row in self.rows["sweeps"])

    def sweep_after(self, at: datetime) -> datetime | None:
        """The end of the first sweep that began after an instant."""
        return next((ended for began, ended in self.sweep_ends if began > at), None)

    def gone(self, sku: str, before: datetime) -> int:
        """What the shop had sold of a product before an instant."""
        return sum(row["got"] for row in self.sold.get(sku, ()) if instant(row["at"]) < before)

    def free(self, sku: str, before: datetime) -> int:
        """What was free in truth just before an instant; below zero it is owed already."""
        there: int = sum(row["eaches"] for row in self.facts.get(sku, ()) if instant(row["at"]) < before)
        return self.units[sku] + there - self.gone(sku, before)

    def allowed(self, sku: str, at: datetime) -> int:
        """The most that could be offered in the shop just before an instant by what was known."""
        total = self.units[sku] - self.gone(sku, at)
        for row in self.facts.get(sku, ()):
            known = known_at(row)
            if (row["eaches"] > 0 and known <= at) or (row["eaches"] < 0 and known < at - self.reaction):
                total += row["eaches"]
        return total

    def by_hand(self, sku: str, at: datetime) -> int:
        """What somebody added to the number that stands in the shop: no sweep could have seen it yet, or it is told and theirs.

        What was told is theirs until the number is set anew: a merchant's number is not overwritten behind the merchant's back.
        """
        total = 0
        for drift in self.rows["drifts"]:
            seen = self.sweep_after(instant(drift["at"]))
            told = any(_is_of(row, drift) for row in self.rows["found"])
            repaired = instant(drift["repaired_at"]) if drift["repaired_at"] else None
            excused = seen is None or at <= seen + self.reaction or (told and (repaired is None or at <= repaired))
            if drift["sku"] == sku and instant(drift["at"]) <= at and excused:
                total += drift["by"]
        return total


def _by_sku(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["sku"]].append(row)
    return found


def _season(evidence: Evidence) -> SeasonEvidence:
    return SeasonEvidence(evidence.given["season"])


def never_oversold_by_us(evidence: Evidence) -> Statement:
    """No promise went beyond what was free while more was offered than what was known allowed."""
    season = _season(evidence)
    found = Finding(
        "no-oversell-of-ours",
        "Nothing was promised twice because we offered more than what had reached us allowed",
        "an order that cannot be shipped, and the customer it was promised to",
    )
    for row in season.rows["demands"]:
        at, sku = instant(row["at"]), row["sku"]
        found.count("promises", int(row["got"] > 0))
        short = row["got"] - max(0, season.free(sku, at))
        if row["got"] and short > 0:
            found.count("eaches oversold", short)
            offered, allowed = row["offered"] - max(0, season.by_hand(sku, at)), season.allowed(sku, at)
            words = (
                f"{row['at']} {sku}: {row['got']} sold, {season.free(sku, at)} free; {offered} offered, {allowed} known"
            )
            found.demand(offered <= allowed, words)
    for row in season.rows["orders"]:
        at, sku = instant(row["at"]), row["sku"]
        found.count("promises", int(row["accepted"] > 0))
        short = row["accepted"] - max(0, season.free(sku, at))
        if row["accepted"] and short > 0:
            found.count("eaches oversold", short)
            allowed = season.allowed(sku, at)
            words = f"{row['at']} {sku}: {row['accepted']} accepted for {row['order']}, {allowed} known to be free"
            found.demand(row["accepted"] <= allowed, words)
    return found.stated("promises")


def sales_near_the_best(evidence: Evidence) -> Statement:
    """What was not sold although it lay there is at most 2 % of all that was wanted more than the best policy lost."""
    season = _season(evidence)
    found = Finding(
        "sales-near-the-best",
        f"Lost sales are within {_NEAR_PERCENT} % of the best policy that knew no more than we did",
        "goods that lie there and are not offered",
    )
    wanted = lost = 0
    for row in season.rows["demands"]:
        wanted += row["wanted"]
        if not row["got"] and season.free(row["sku"], instant(row["at"])) >= row["wanted"]:
            lost += row["wanted"]
    best = replay(season.rows["products"], season.rows["facts"], season.rows["demands"])
    found.numbers |= {"eaches wanted": wanted, "lost": lost, "lost by the best": best.lost}
    found.demand(
        100 * (lost - best.lost) <= _NEAR_PERCENT * wanted,
        f"{lost} of {wanted} eaches lost, the best policy lost {best.lost}: more than {_NEAR_PERCENT} % apart",
    )
    return found.stated("eaches wanted")


def every_drift_found(evidence: Evidence) -> Statement:
    """What somebody changed by hand is told of by the end of the first sweep that began after it."""
    season = _season(evidence)
    found = Finding(
        "drift-found",
        "Every number that was changed behind our back was found by the next sweep",
        "a wrong number that stands for days",
    )
    for drift in season.rows["drifts"]:
        found.count("drifts")
        at, seen = instant(drift["at"]), season.sweep_after(instant(drift["at"]))
        told = [instant(row["at"]) for row in season.rows["found"] if _is_of(row, drift)]
        words = f"{drift['sku']}: {drift['by']:+} by hand at {drift['at']}, "
        if seen is None:
            found.demand(bool(told), words + "no sweep followed")
            continue
        first = min((moment for moment in told if moment >= at), default=None)
        found.demand(first is not None and first <= seen, words + f"told {first or 'never'}, swept by {seen}")
        if first is not None:
            minutes = int((first - at).total_seconds()) // 60
            found.numbers["longest minutes"] = max(found.numbers.get("longest minutes", 0), minutes)
    return found.stated("drifts")


def _is_of(row: Row, drift: Row) -> bool:
    return bool(
        row["sku"] == drift["sku"]
        and row["theirs"] - row["ours"] == drift["by"]
        and instant(row["at"]) >= instant(drift["at"])
    )


def no_false_drift(evidence: Evidence) -> Statement:
    """Nothing is told that nobody changed, and nothing twice."""
    season = _season(evidence)
    found = Finding(
        "no-false-drift",
        "No drift was told that was none, and none was told twice",
        "alarms that people learn to ignore",
    )
    found.numbers["told"] = len(season.rows["found"])
    open_drifts = sorted(season.rows["drifts"], key=lambda drift: str(drift["at"]))
    for row in sorted(season.rows["found"], key=lambda told: str(told["at"])):
        cause = next((drift for drift in open_drifts if _is_of(row, drift)), None)
        words = f"{row['sku']}: {row['ours']} ours, {row['theirs']} theirs at {row['at']}, which nobody had changed so"
        found.demand(cause is not None, words)
        if cause is not None:
            open_drifts.remove(cause)
    return found.stated()


def stands_at_the_end(evidence: Evidence) -> Statement:
    """When it has been quiet for a while the shop offers exactly what is free: nothing that was lost on the way stays lost."""
    season = _season(evidence)
    found = Finding(
        "right-at-the-end",
        "After a quiet time the shop offers exactly what is free of every product",
        "an error that nothing ever repairs",
    )
    ended = instant(season.rows["ended_at"])
    for sku, offered in season.rows["standing"].items():
        found.count("products")
        free = season.free(sku, ended)
        found.demand(offered == max(0, free) or offered == free, f"{sku}: {offered} offered at the end, {free} free")
    return found.stated("products")


def no_unit_promised_twice(evidence: Evidence) -> Statement:
    """A unit that is rented is not taken for wholesale for the same days, nor the other way round, by anything we knew."""
    season = _season(evidence)
    found = Finding(
        "no-unit-promised-twice",
        "No single unit was promised to a renter and to wholesale for the same day through our fault",
        "a renter who gets nothing, or a truck that leaves a unit short",
    )
    of_item: dict[Any, list[Row]] = defaultdict(list)
    for row in season.rows["promises"]:
        found.count("units promised")
        for other in of_item[row["item"]]:
            first, second = sorted((row, other), key=lambda one: str(one["at"]))
            if first["by"] != second["by"] and _overlap(first, second):
                found.count("wanted by two")
                # Wholesale is ours to decide; a renter is let in by what we had not withheld by then.
                words = f"unit {row['item']}: {second['by']} at {second['at']}, though {first['by']} held it"
                found.demand(known_at(first) >= instant(second["at"]) - season.reaction, words)
        of_item[row["item"]].append(row)
    return found.stated("units promised")


def _overlap(first: Row, second: Row) -> bool:
    """Whether both want the unit on some day, and the first had not let go of it before the second got it."""
    ends = [row["to"] or "9999-12-31" for row in (first, second)]
    let_go = first.get("ended_at")
    same_days = first["from"] <= ends[1] and second["from"] <= ends[0]
    return bool(same_days and (let_go is None or instant(let_go) > instant(second["at"])))


def every_trouble_happened(evidence: Evidence) -> Statement:
    """A season without its troubles would prove nothing."""
    season = _season(evidence)
    found = Finding(
        "troubles-happened",
        "Everything that was to go wrong in this season went wrong",
        "a proof by fair weather",
    )
    for name, planned in sorted(season.rows["troubles"]["planned"].items()):
        happened = season.rows["troubles"]["happened"].get(name, 0)
        found.count("kinds")
        found.numbers[name] = happened
        found.demand(happened >= min(1, planned), f"{name}: planned {planned} times, happened {happened} times")
    return found.stated("kinds")
