"""Two days of the shelf that the warehouse counts, in the form of a season: shoppers, a purchase order, goods that come and go,
webhooks that are doubled, late and lost, and numbers that somebody changes by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trueup.simulation.circular.goods import BOWL, BY_WAREHOUSE, GOODS, LAMP, VASE
from trueup.simulation.season.happenings import Act, Happening
from trueup.simulation.season.plan import SeasonPlan, SeasonProduct

ORDER_OF_VASES = "6REVASES"
WEBHOOKS_FROM = (2, 17)
"""The day and hour of the week from which the shop calls us; before that sweeps alone find what changed."""
_THURSDAY, _FRIDAY = 3, 4
_SALES: tuple[tuple[int, int, str, int, str], ...] = (
    (_THURSDAY, 1, VASE.sku, 2, "once"),
    (_THURSDAY, 2, BOWL.sku, 3, "twice"),
    (_THURSDAY, 3, LAMP.sku, 1, "late"),
    (_THURSDAY, 4, LAMP.sku, 2, "never"),
    (_FRIDAY, 1, VASE.sku, 3, "once"),
    (_FRIDAY, 1, LAMP.sku, 2, "twice"),
)
_BY_HAND = ((_THURSDAY, 4, BOWL.sku, 5), (_FRIDAY, 3, VASE.sku, -4))
_COUNTS = ((0, 0), (_THURSDAY, 14), (_FRIDAY, 13))


def make_shelf_plan(seed: int, start: datetime, end: datetime) -> SeasonPlan:
    """What happens; times are ten minutes after full hours, when other things happen as well."""

    def at(day: int, hour: int, minutes: int = 10) -> datetime:
        return start + timedelta(days=day, hours=hour, minutes=minutes)

    def happening(day: int, hour: int, act: Act, **details: Any) -> Happening:
        return Happening(at(day, hour), act, details)

    happenings = [
        happening(day, hour, Act.SALE, sku=sku, eaches=eaches, told=told) for day, hour, sku, eaches, told in _SALES
    ]
    happenings += [happening(day, hour, Act.DRIFT, sku=sku, by=by) for day, hour, sku, by in _BY_HAND]
    happenings += [happening(day, hour, Act.COUNT, reaches_at=at(day, hour, 40)) for day, hour in _COUNTS]
    happenings += [
        happening(_THURSDAY, 5, Act.WHOLESALE, order=ORDER_OF_VASES, sku=VASE.sku, eaches=6),
        happening(_THURSDAY, 10, Act.LOSS, sku=BOWL.sku, eaches=3),
        happening(_THURSDAY, 10, Act.ARRIVAL, sku=LAMP.sku, eaches=10),
        happening(_THURSDAY, 14, Act.THROTTLE, until=at(_THURSDAY, 15)),
    ]
    shelf = tuple(SeasonProduct(each.sku, "warehouse", each.units) for each in GOODS if each.counted_by == BY_WAREHOUSE)
    return SeasonPlan(seed, start, end, shelf, tuple(sorted(happenings, key=lambda each: each.at)))
