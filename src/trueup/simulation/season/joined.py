"""A season joined to a platform: the plan's happenings as things done to real systems, and the evidence of what came of them.

What lies in the warehouse is known here alone, whatever anybody counts or shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from trueup.simulation.happenings import instant
from trueup.simulation.season.happenings import Act, Happening
from trueup.simulation.season.plan import COUNT_EVERY, FEED_DELAY, REACTION, SeasonPlan, SeasonProduct


class Platform(Protocol):
    """The shop, the buyer and Trueup, as a season meets them."""

    def offered(self, sku: str) -> int:
        """What the shop would sell of a product now."""

    def sell(self, sku: str, eaches: int, told: str) -> bool:
        """A shopper tries to buy; the shop tells of it once, twice, late or never."""

    def change_by_hand(self, sku: str, by: int) -> None:
        """Somebody changes the number in the shop, and no word of it gets out."""

    def declare(self, counts: Mapping[str, int]) -> None:
        """A file of the warehouse is read."""

    def order(self, number: str, sku: str, eaches: int) -> None:
        """A purchase order arrives."""

    def crash(self) -> None:
        """Trueup dies at one of its next effects and comes back."""

    def throttle(self) -> None:
        """The shop takes no writes of stock for a while."""

    def accepted(self) -> Sequence[Mapping[str, Any]]:
        """What the shop committed for purchase orders: order, sku, at, accepted."""

    def drifts(self) -> Sequence[Mapping[str, Any]]:
        """The drifts that were told: sku, at, ours, theirs."""

    def swept(self) -> Sequence[datetime]:
        """When sweeps began."""


class JoinedSeason:
    """One playing of the shelf of a plan: products that the warehouse counts.

    `read_within`: a sweep notes what is to be read; so long it takes at most to read it at the pace that writes leave it.
    """

    def __init__(self, plan: SeasonPlan, platform: Platform, read_within: timedelta = timedelta(minutes=5)) -> None:
        self._plan, self._platform, self._read_within = plan, platform, read_within
        self.shelf = shelf_of(plan)
        self._physical = {product.sku: product.units for product in self.shelf}
        self._happened: Counter[str] = Counter()
        self._facts: list[dict[str, Any]] = []
        self._demands: list[dict[str, Any]] = []
        self._drifts: list[dict[str, Any]] = []

    def cues(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """What is to be done when, in any order."""
        for happening in self._plan.happenings:
            yield happening.at, partial(self._happen, happening)
        for happening in self._plan.of(Act.COUNT):
            counts: dict[str, int] = {}
            reached = happening.details["reaches_at"]
            yield happening.at, partial(self._count, counts)
            yield reached, partial(self._declare, counts, reached)

    def _count(self, counts: dict[str, int]) -> None:
        counts.update(self._physical)

    def _declare(self, counts: Mapping[str, int], at: datetime) -> None:
        """A count sets every number anew, also those that somebody changed."""
        self._platform.declare(counts)
        for drift in self._drifts:
            drift["repaired_at"] = drift["repaired_at"] or instant(at)

    def _happen(self, happening: Happening) -> None:
        given, now = happening.details, happening.at
        match happening.act:
            case Act.SALE:
                self._sell(now, given["sku"], given["eaches"], given["told"])
            case Act.WHOLESALE if given["sku"] in self._physical:
                self._platform.order(given["order"], given["sku"], given["eaches"])
            case Act.ARRIVAL:
                self._move(now, given["sku"], given["eaches"])
            case Act.LOSS:
                self._move(now, given["sku"], -given["eaches"])
            case Act.DRIFT:
                self._platform.change_by_hand(given["sku"], given["by"])
                drift = {"sku": given["sku"], "at": instant(now), "by": given["by"], "repaired_at": None}
                self._drifts.append(drift)
                self._happened["drift"] += 1
            case Act.CRASH:
                self._platform.crash()
                self._happened["crash"] += 1
            case Act.THROTTLE:
                self._platform.throttle()
                self._happened["throttle"] += 1
            case _:
                pass  # the platform sweeps by itself, and renters have no part in what the warehouse counts

    def _sell(self, now: datetime, sku: str, eaches: int, told: str) -> None:
        offered = self._platform.offered(sku)
        got = eaches if self._platform.sell(sku, eaches, told) else 0
        self._happened[f"told {told}"] += bool(got)
        row = {"sku": sku, "at": instant(now), "wanted": eaches, "offered": offered, "got": got, "told": told}
        self._demands.append(row)

    def _move(self, now: datetime, sku: str, eaches: int) -> None:
        moved = max(eaches, -self._physical[sku])
        self._physical[sku] += moved
        reached = [each.details["reaches_at"] for each in self._plan.of(Act.COUNT) if each.at >= now]
        if moved:
            known = {"reached_at": instant(min(reached)) if reached else None}
            due = instant(now + COUNT_EVERY + FEED_DELAY)
            self._facts.append({"sku": sku, "at": instant(now), "eaches": moved, **known, "due_at": due})

    def evidence(self) -> dict[str, Any]:
        """The rows of the season, as the statements read them."""
        orders = [dict(row) for row in self._platform.accepted()]
        taken = [
            {
                **{name: row[name] for name in ("sku", "at")},
                "eaches": -row["accepted"],
                "reached_at": row["at"],
                "due_at": row["at"],
            }
            for row in orders
        ]
        planned = Counter(f"told {each.details['told']}" for each in self._plan.of(Act.SALE))
        planned |= {act.value: len(self._plan.of(act)) for act in (Act.DRIFT, Act.CRASH, Act.THROTTLE)}
        return {
            "reaction_seconds": REACTION.total_seconds(),
            "products": [product.as_json() for product in self.shelf],
            "facts": [*self._facts, *taken],
            "demands": self._demands,
            "orders": orders,
            "drifts": self._drifts,
            "found": [dict(row) for row in self._platform.drifts()],
            "sweeps": [
                {"began": instant(at), "ended": instant(at + self._read_within)} for at in self._platform.swept()
            ],
            "standing": {product.sku: self._platform.offered(product.sku) for product in self.shelf},
            "ended_at": instant(self._plan.end),
            "troubles": {"planned": dict(planned), "happened": dict(self._happened)},
        }


def told_drift(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case about a drift as a row of evidence: its words begin with the two numbers, its subject names the product."""
    ours, theirs = (int(str(case[side]).split()[0]) for side in ("expected", "found"))
    return {"sku": case["subject"].split()[2], "at": case["opened_at"], "ours": ours, "theirs": theirs}


def shelf_of(plan: SeasonPlan) -> tuple[SeasonProduct, ...]:
    """The products that the warehouse counts."""
    return tuple(product for product in plan.products if product.counted_by == "warehouse")
