"""A season on paper: the plan played against a policy, with a shop, a warehouse and units that are numbers in memory.

It proves the statements before anything real is joined to them, and shows what any policy would have done: no clock but the
plan's, no I/O. The shop has Shopify's rules: available is on hand less committed, a sale commits, counts are compared and set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Protocol

from trueup.simulation.happenings import instant
from trueup.simulation.season.happenings import Act, Happening
from trueup.simulation.season.plan import COUNT_EVERY, FEED_DELAY, REACTION, SWEEP_EVERY, SeasonPlan

_TOLD_AFTER = {"once": (2.0,), "twice": (2.0, 3.0), "late": (1500.0,), "never": ()}


class Policy(Protocol):
    """Whoever decides what the shop shows and what wholesale gets."""

    def counted(self, counts: Mapping[str, int]) -> None:
        """The warehouse's count of everything, goods that were sold and have not left among them."""

    def rented(self, number: int, item: str, days: tuple[date, date]) -> None:
        """A renter holds a unit for these days."""

    def freed(self, number: int) -> None:
        """What a rental held is free again."""

    def published(self, sku: str, on_hand: int) -> None:
        """What the policy wanted stands in the shop."""

    def sold(self, sku: str, eaches: int) -> None:
        """The shop told of a sale."""

    def read(self, shown: Mapping[str, int]) -> Sequence[tuple[str, int, int]]:
        """What is on hand in the shop, read back: the drifts it makes, as (sku, ours, theirs)."""

    def wants(self) -> Mapping[str, int]:
        """What should be on hand in the shop now."""

    def asked(self, order: str, sku: str, eaches: int) -> int:
        """How many eaches of the shelf wholesale gets. They are claimed in the shop, which may refuse."""

    def picks(self, order: str, sku: str, eaches: int) -> Sequence[str]:
        """Which units wholesale gets of a circular product."""


@dataclass(slots=True)
class _Shop:
    """One number a product on hand, one committed."""

    on_hand: dict[str, int]
    committed: Counter[str] = field(default_factory=Counter)

    def available(self, sku: str) -> int:
        return self.on_hand[sku] - self.committed[sku]

    def claim(self, sku: str, eaches: int) -> bool:
        if self.available(sku) < eaches:
            return False
        self.committed[sku] += eaches
        return True


class PaperSeason:
    """One playing of a plan."""

    def __init__(self, plan: SeasonPlan, policy: Policy) -> None:
        self._plan, self._policy = plan, policy
        shelf = {product.sku: product.units for product in plan.products if product.counted_by == "warehouse"}
        self._physical = dict(shelf)
        self._shop = _Shop(dict(shelf))
        self._published = dict(shelf)
        self._items = {
            f"{product.sku}/{number}": product.sku
            for product in plan.products
            if product.counted_by == "circular"
            for number in range(product.units)
        }
        self._withheld: set[str] = set()
        self._rentals: dict[int, dict[str, Any]] = {}
        self._down_until = self._shut_until = plan.start
        self._queue: list[tuple[datetime, int, Any]] = []
        self._sequence = 0
        self._happened: Counter[str] = Counter()
        self._rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("facts", "demands", "orders", "promises", "drifts", "found", "sweeps")
        }

    def play(self) -> dict[str, Any]:
        """The evidence of the season, as the statements read it."""
        for happening in self._plan.happenings:
            self._at(happening.at, lambda happening=happening: self._happen(happening))
        while self._queue:
            now, _, act = heappop(self._queue)
            act()
            self._publish(now)
        return {
            "reaction_seconds": REACTION.total_seconds(),
            "products": [product.as_json() for product in self._plan.products],
            **self._rows,
            "standing": {sku: self._shop.available(sku) for sku in self._shop.on_hand},
            "ended_at": instant(self._plan.end),
            "troubles": {"planned": planned_troubles(self._plan), "happened": dict(self._happened)},
        }

    def _at(self, moment: datetime, act: Any) -> None:
        self._sequence += 1
        heappush(self._queue, (moment, self._sequence, act))

    def _tell(self, moment: datetime, act: Any) -> None:
        """Something for the policy: it waits while that is down."""

        def when_up() -> None:
            if moment < self._down_until:
                self._at(self._down_until, act)
            else:
                act()

        self._at(moment, when_up)

    def _publish(self, now: datetime) -> None:
        """What the policy wants is set, compared with what it set before: another number there is a drift that it is told of."""
        if now < self._down_until or now < self._shut_until:
            return
        for sku, wanted in self._policy.wants().items():
            if wanted != self._published[sku]:
                self._note_drifts(now, self._policy.read({sku: self._shop.on_hand[sku]}))
                self._shop.on_hand[sku] = self._published[sku] = wanted
                self._policy.published(sku, wanted)
                for drift in self._rows["drifts"]:
                    if drift["sku"] == sku and drift["repaired_at"] is None:
                        drift["repaired_at"] = instant(now)

    def _note_drifts(self, now: datetime, drifts: Sequence[tuple[str, int, int]]) -> None:
        for sku, ours, theirs in drifts:
            self._rows["found"].append({"sku": sku, "at": instant(now), "ours": ours, "theirs": theirs})
            self._published[sku] = theirs

    def _happen(self, happening: Happening) -> None:
        given, now = happening.details, happening.at
        match happening.act:
            case Act.SALE:
                self._sell(now, given)
            case Act.WHOLESALE:
                self._tell(now, lambda: self._order(max(now, self._down_until), given))
            case Act.ARRIVAL | Act.LOSS:
                self._goods(now, given["sku"], given["eaches"] if happening.act is Act.ARRIVAL else -given["eaches"])
            case Act.COUNT:
                counts = dict(self._physical)
                self._tell(given["reaches_at"], lambda: self._policy.counted(counts))
            case Act.RENTAL:
                self._rent(now, given)
            case Act.RETURN:
                self._give_back(now, given["number"])
            case Act.DRIFT:
                self._shop.on_hand[given["sku"]] += given["by"]
                drift = {"sku": given["sku"], "at": instant(now), "by": given["by"], "repaired_at": None}
                self._rows["drifts"].append(drift)
                self._happened["drift"] += 1
            case Act.SWEEP:
                self._tell(now, lambda: self._sweep(max(now, self._down_until)))
            case Act.CRASH:
                self._down_until = given["until"]
                self._happened["crash"] += 1
                self._at(given["until"], lambda: None)
            case Act.THROTTLE:
                self._shut_until = given["until"]
                self._happened["throttle"] += 1
                self._at(given["until"], lambda: None)

    def _sell(self, now: datetime, given: Mapping[str, Any]) -> None:
        sku, eaches = given["sku"], given["eaches"]
        offered = self._shop.available(sku)
        got = eaches if self._shop.claim(sku, eaches) else 0
        row = {"sku": sku, "at": instant(now), "wanted": eaches, "offered": offered, "got": got}
        self._rows["demands"].append(row)
        if got:
            self._happened[f"told {given['told']}"] += 1
            for seconds in _TOLD_AFTER[given["told"]]:
                self._tell(now + timedelta(seconds=seconds), lambda: self._policy.sold(sku, eaches))

    def _goods(self, now: datetime, sku: str, eaches: int) -> None:
        moved = max(eaches, -self._physical[sku])
        self._physical[sku] += moved
        reached = min(
            (
                happening.details["reaches_at"]
                for happening in self._plan.of(Act.COUNT)
                if happening.at >= now and happening.details["reaches_at"] >= now
            ),
            default=None,
        )
        self._fact(now, sku, moved, reached, now + COUNT_EVERY + FEED_DELAY)

    def _fact(self, now: datetime, sku: str, eaches: int, reached: datetime | None, due: datetime) -> None:
        if eaches:
            known = {"reached_at": instant(reached) if reached else None, "due_at": instant(due)}
            self._rows["facts"].append({"sku": sku, "at": instant(now), "eaches": eaches, **known})

    def _order(self, now: datetime, given: Mapping[str, Any]) -> None:
        order, sku, eaches = given["order"], given["sku"], given["eaches"]
        row = {"order": order, "sku": sku, "at": instant(now), "wanted": eaches, "accepted": 0}
        if sku in self._physical:
            accepted = self._policy.asked(order, sku, eaches)
            claims = getattr(self._policy, "claims", True)
            if accepted and (not claims or self._shop.claim(sku, accepted)):
                row["accepted"] = accepted
                self._rows["orders"].append(row)
                self._fact(now, sku, -accepted, now, now)
            return
        for item in self._policy.picks(order, sku, eaches):
            self._withheld.add(item)
            known = {"reached_at": instant(now), "due_at": instant(now)}
            promise = {"item": item, "from": now.date().isoformat(), "to": None, "by": "wholesale", "at": instant(now)}
            self._rows["promises"].append({**promise, **known})

    def _rent(self, now: datetime, given: Mapping[str, Any]) -> None:
        """The first unit that nobody holds for those days and that is not withheld."""
        days = (given["start"], given["end"])
        held = [rental for rental in self._rentals.values() if rental["back"] is None]
        for item, sku in self._items.items():
            taken = any(
                rental["item"] == item and rental["days"][0] <= days[1] and days[0] <= rental["days"][1]
                for rental in held
            )
            if sku == given["sku"] and item not in self._withheld and not taken:
                delays = _TOLD_AFTER[given["told"]]
                due = now + SWEEP_EVERY
                reached = now + timedelta(seconds=delays[0]) if delays else due
                promise = {"item": item, "from": days[0].isoformat(), "to": days[1].isoformat(), "by": "renter"}
                promise |= {"at": instant(now), "reached_at": instant(reached), "due_at": instant(due)}
                self._rows["promises"].append(promise)
                self._rentals[given["number"]] = {"item": item, "days": days, "back": None, "promise": promise}
                for seconds in delays or ((due - now).total_seconds(),):
                    moment = now + timedelta(seconds=seconds)
                    self._tell(moment, lambda item=item: self._policy.rented(given["number"], item, days))
                return

    def _give_back(self, now: datetime, number: int) -> None:
        rental = self._rentals.get(number)
        if rental is not None and rental["back"] is None:
            rental["back"] = now
            rental["promise"]["ended_at"] = instant(now)
            self._tell(now + timedelta(seconds=2), lambda: self._policy.freed(number))

    def _sweep(self, now: datetime) -> None:
        self._note_drifts(now, self._policy.read(dict(self._shop.on_hand)))
        self._rows["sweeps"].append({"began": instant(now), "ended": instant(now)})


def planned_troubles(plan: SeasonPlan) -> dict[str, int]:
    """What is to go wrong, and how often."""
    planned = Counter(f"told {happening.details['told']}" for happening in plan.of(Act.SALE))
    for act in (Act.DRIFT, Act.CRASH, Act.THROTTLE):
        planned[act.value] = len(plan.of(act))
    return dict(planned)
