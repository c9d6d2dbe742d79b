"""Matcher: one line settles several items at once: those of an order, of a day, or of the days around it.

Sums are exact and complete: where two choices of items come to the same, both are shown; where there are too many items to
look at all sums, nothing is said. Many items make any amount by chance, so a sum is evidence only where chance rarely would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.invoices import normal_reference
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines, OpenItem, ResidueLine
from trueup.domain.subset_sums import Pool

_NAME = "sum-of-many"
_MOST_OF_ORDER = 22
_MOST_OF_DAYS = 4


@dataclass(slots=True)
class _Pools:
    """Items that belong together, with the sums of each group made once for all lines that ask."""

    items: Items
    made: dict[tuple[str, int], tuple[tuple[OpenItem, ...], Pool | None]] = field(default_factory=dict)

    def of(self, name: str, most: int, group: Sequence[OpenItem]) -> tuple[tuple[OpenItem, ...], Pool | None]:
        if (name, most) not in self.made:
            count = min(most, len(group))
            pool = Pool([item.open for item in group], count) if Pool.can_tell(len(group), count) else None
            self.made[name, most] = tuple(group), pool
        return self.made[name, most]


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    pools = _Pools(items)
    for line in lines:
        for order in line.purchase_orders:
            own = items.by_purchase_order.get(order, ())
            claimed = Claimed(_NAME, evidence.SUM_OF_ORDER, f" of order {order}")
            yield from _sums(line, pools.of(order, _MOST_OF_ORDER, own), items, claimed)
        if line.day and normal_reference(line.reference) not in items.by_reference:
            yield from _of_days(line, line.day, pools)


def _of_days(line: ResidueLine, day: date, pools: _Pools) -> Iterator[Candidate]:
    """A batch of one day, whole or in part, and of the days around it. A line that names itself only suggests."""
    points = evidence.SUGGESTION if evidence.names_itself(line) else evidence.SUM
    own = pools.items.by_day.get(day, ())
    if len(own) > 1 and sum(item.open for item in own) == line.settled:
        why = f"the {len(own)} items of {day.isoformat()} come to its amount"
        # All of them is one sum, not one of many: only a chance amount could meet it.
        yield explain(line, map(whole, own), pools.items, Claimed(_NAME, points, why))
    yield from _sums(
        line,
        pools.of(day.isoformat(), _MOST_OF_DAYS, own),
        pools.items,
        Claimed(_NAME, points, f" of {day.isoformat()}"),
    )
    first, last = evidence.window(day)
    days = (first + timedelta(days=each) for each in range((last - first).days + 1))
    near = [item for each in days for item in pools.items.by_day.get(each, ())]
    claimed = Claimed(_NAME, points, f" of the days around {day.isoformat()}")
    yield from _sums(line, pools.of(f"around {day.isoformat()}", _MOST_OF_DAYS, near), pools.items, claimed)


def _sums(
    line: ResidueLine, group: tuple[tuple[OpenItem, ...], Pool | None], items: Items, claimed: Claimed
) -> Iterator[Candidate]:
    own, pool = group
    if pool is None or len(own) < 2:
        return
    sums = pool.reaching(line.settled, least=2, show=4)
    is_all = bool(sums.found) and len(sums.found[0]) == len(own)
    is_sure = sums.count == 1 and (is_all or pool.is_rare(line.settled, evidence.ONE_IN))
    for subset in sums.found:
        chosen = [own[at] for at in subset]
        others = "" if sums.count == 1 else f"; so do {sums.count - 1} other choices"
        why = f"{len(chosen)} of the {len(own)} items{claimed.why} come to its amount{others}"
        points = claimed.points if is_sure else evidence.SUGGESTION
        yield explain(line, map(whole, chosen), items, Claimed(_NAME, points, why))


MATCHER = Matcher(_NAME, 90, "a sum says less than an amount of its own: there are many more of them", _find)
