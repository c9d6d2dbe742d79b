"""The plan of a season: products, how they are counted, and everything that happens to them, all from one seed, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from trueup.simulation.season.happenings import Act, Happening

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
SWEEP_EVERY = timedelta(hours=1)
COUNT_EVERY = timedelta(hours=4)
FEED_DELAY = timedelta(hours=1)
"""The delay that the warehouse states: a count is read at most so long after it was taken."""
REACTION = timedelta(minutes=2)
"""How long what is known may take to stand in the shop."""
QUIET = timedelta(hours=6)
"""At the end nothing happens for so long: everything that was known must stand by then."""

_SALES_A_DAY = 40
_TROUBLED = 12
"""Of a day's sales, so many are not told once."""
_TROUBLES = ("twice", "late", "never")


@dataclass(frozen=True, slots=True)
class SeasonProduct:
    """A product of the season: `counted_by` is warehouse or circular; `units` lie there at the start."""

    sku: str
    counted_by: str
    units: int

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"sku": self.sku, "counted_by": self.counted_by, "units": self.units}


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """One season."""

    seed: int
    start: datetime
    end: datetime
    products: tuple[SeasonProduct, ...]
    happenings: tuple[Happening, ...]

    def of(self, act: Act) -> list[Happening]:
        """The happenings of a kind, in time."""
        return [happening for happening in self.happenings if happening.act is act]


def make_season(seed: int, days: int = 4, products: int = 8, *, start: datetime = START) -> SeasonPlan:
    """The season of a seed. A quarter of its products, one at least, are circular: rented unit by unit."""
    chance = Random(f"season {seed}")
    circular = max(1, products // 4)
    cast = tuple(
        SeasonProduct(
            f"{'RENT' if number < circular else 'GOOD'}-{seed:02}-{number:02}",
            "circular" if number < circular else "warehouse",
            chance.randrange(4, 9) if number < circular else chance.randrange(4 * days, 15 * days),
        )
        for number in range(products)
    )
    scheduling = _Scheduling(chance, cast, days, start)
    happenings = sorted(scheduling.all(), key=lambda happening: (happening.at, happening.act.value))
    return SeasonPlan(seed, start, start + timedelta(days=days) + QUIET, cast, tuple(happenings))


@dataclass(frozen=True, slots=True)
class _Scheduling:
    chance: Random
    products: tuple[SeasonProduct, ...]
    days: int
    start: datetime

    def all(self) -> list[Happening]:
        """Everything, in no order."""
        return [
            *self._sales(),
            *self._wholesale(),
            *self._goods(),
            *self._rentals(),
            *self._watching(),
            *self._troubles(),
        ]

    def _moment(self, day: int | None = None) -> datetime:
        """Some minute of a day's trading."""
        chosen = self.chance.randrange(self.days) if day is None else day
        return self.start + timedelta(days=chosen, minutes=self.chance.randrange(20, 16 * 60))

    def _goods_of(self, counted_by: str) -> list[SeasonProduct]:
        return [product for product in self.products if product.counted_by == counted_by]

    def _sales(self) -> list[Happening]:
        """Shoppers, a few of whose purchases are told twice, late or never."""
        shelf, found = self._goods_of("warehouse"), []
        for number in range(_SALES_A_DAY * self.days):
            # A few products sell most: the shelf runs empty where it matters.
            product = shelf[min(self.chance.randrange(len(shelf)), self.chance.randrange(len(shelf)))]
            told = _TROUBLES[number % len(_TROUBLES)] if number < _TROUBLED * self.days else "once"
            details = {"sku": product.sku, "eaches": self.chance.randrange(1, 4), "told": told}
            found.append(Happening(self._moment(), Act.SALE, details))
        return found

    def _wholesale(self) -> list[Happening]:
        """Purchase orders; at least one a circular product, which renters want as well."""
        found = []
        for number in range(6 * self.days):
            product = self.products[number % len(self.products)]
            most = 2 if product.counted_by == "circular" else 12
            details = {"order": f"W{number:05}", "sku": product.sku, "eaches": self.chance.randrange(1, most + 1)}
            found.append(Happening(self._moment(), Act.WHOLESALE, details))
        return found

    def _goods(self) -> list[Happening]:
        """Goods come and go at the warehouse, which counts all of it every few hours and sends the file soon after."""
        found, shelf = [], self._goods_of("warehouse")
        for day in range(self.days):
            for product in shelf:
                if self.chance.random() < 0.5:
                    details = {"sku": product.sku, "eaches": self.chance.randrange(5, 25)}
                    found.append(Happening(self._moment(day), Act.ARRIVAL, details))
            for product in self.chance.sample(shelf, min(2, len(shelf))):
                details = {"sku": product.sku, "eaches": self.chance.randrange(1, 5)}
                found.append(Happening(self._moment(day), Act.LOSS, details))
        at = self.start
        while at < self.start + timedelta(days=self.days) + COUNT_EVERY:
            reaches = at + timedelta(minutes=self.chance.randrange(2, int(FEED_DELAY.total_seconds()) // 60))
            found.append(Happening(at, Act.COUNT, {"reaches_at": reaches if at > self.start else self.start}))
            at += COUNT_EVERY
        return found

    def _rentals(self) -> list[Happening]:
        """Renters want days soon and days later; most of what is out comes back while the season lasts."""
        found = []
        for number, product in enumerate(self._goods_of("circular") * 2 * self.days):
            at = self._moment()
            start = at.date() + timedelta(days=self.chance.randrange(4, 20))
            end = start + timedelta(days=self.chance.randrange(1, 6))
            told = "never" if number == 0 else self.chance.choice(("once", "once", "twice", "late"))
            details = {"number": number, "sku": product.sku, "start": start, "end": end, "told": told}
            found.append(Happening(at, Act.RENTAL, details))
            if self.chance.random() < 0.5:
                back = at + timedelta(hours=self.chance.randrange(2, 30))
                found.append(Happening(back, Act.RETURN, {"number": number}))
        return [happening for happening in found if happening.at < self.start + timedelta(days=self.days)]

    def _watching(self) -> list[Happening]:
        """Sweeps at their interval, and numbers changed by hand between them: up and down, each on its own product."""
        found = []
        at = self.start + SWEEP_EVERY
        while at < self.start + timedelta(days=self.days) + QUIET:
            found.append(Happening(at, Act.SWEEP))
            at += SWEEP_EVERY
        chosen = self.chance.sample(self._goods_of("warehouse"), min(4, len(self._goods_of("warehouse"))))
        for number, product in enumerate(chosen):
            by = self.chance.randrange(2, 7) * (-1 if number % 2 else 1)
            hours = 3 + number * max(1, (24 * self.days - 6) // len(chosen))
            at = self.start + timedelta(hours=hours, minutes=self.chance.randrange(10, 50))
            found.append(Happening(at, Act.DRIFT, {"sku": product.sku, "by": by}))
        return found

    def _troubles(self) -> list[Happening]:
        """Trueup falls over and gets up, the shop takes no writes for a while: once a day each, shorter than a reaction."""
        found = []
        for day in range(self.days):
            for act, longest in ((Act.CRASH, 90), (Act.THROTTLE, 60)):
                at = self._moment(day)
                until = at + timedelta(seconds=self.chance.randrange(20, longest))
                found.append(Happening(at, act, {"until": until}))
        return found
