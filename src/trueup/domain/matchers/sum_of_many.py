"""Matcher: one line settles several items at once: those of an order, of a day, or of the days around it.

Sums are exact and complete: where two choices of items come to the same, both are shown; where there are too many items to
look at all sums, nothing is said. Many items make any amount by chance, so a sum is evidence only where chance rarely would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines, OpenItem, ResidueLine
from trueup.domain.subset_sums import Pool

_NAME = "sum-of-many"
_MOST_OF_ORDER = 22
_MOST_OF_DAYS = 4


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that belong together, and their sums; no sums where they are too many to look at all."""

    name: str
    own: tuple[OpenItem, ...]
    total: int
    pool: Pool | None


@dataclass(slots=True)
class _Pools:
    """Items that belong together, with the sums of each group made once for all lines that ask."""

    items: Items
    made: dict[str, _Group] = field(default_factory=dict)

    def of_order(self, order: str) -> _Group:
        """The items of a purchase order, any number of them at once."""
        return self._of(f"of order {order}", lambda: self.items.by_purchase_order.get(order, ()), _MOST_OF_ORDER)

    def of_day(self, day: date) -> _Group:
        """The items of one day, a few at once."""
        return self._of(f"of {day.isoformat()}", lambda: self.items.by_day.get(day, ()), _MOST_OF_DAYS)

    def around(self, day: date) -> _Group:
        """The items of the days around it, a few at once."""
        first, last = evidence.window(day)
        days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
        return self._of(
            f"of the days around {day.isoformat()}",
            lambda: [item for each in days for item in self.items.by_day.get(each, ())],
            _MOST_OF_DAYS,
        )

    def _of(self, name: str, find: Callable[[], Sequence[OpenItem]], most: int) -> _Group:
        if name not in self.made:
            own = tuple(find())
            count = min(most, len(own))
            can_tell = len(own) > 1 and Pool.can_tell(len(own), count)
            amounts = [item.open for item in own]
            self.made[name] = _Group(name, own, sum(amounts), Pool(amounts, count) if can_tell else None)
        return self.made[name]


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    pools = _Pools(items)
    for line in lines:
        for order in line.purchase_orders:
            yield from _sums(line, pools.of_order(order), items, evidence.SUM_OF_ORDER, ())
        # A line that names itself says what it is about, if only to people: no sum of a day is better than that.
        if line.day and not evidence.names_itself(line):
            around = pools.around(line.day)
            yield from _batch(line, pools.of_day(line.day), items)
            # Of a day alone they are sure only where the days around it were looked through as well.
            points = evidence.SUM if around.pool else evidence.SUGGESTION
            yield from _sums(line, pools.of_day(line.day), items, points, around.own)
            yield from _sums(line, around, items, evidence.SUM, around.own)


def _batch(line: ResidueLine, group: _Group, items: Items) -> Iterator[Candidate]:
    """All items of a day. That is one sum and not one of many: only a chance amount could meet it."""
    if len(group.own) > 1 and group.total == line.settled:
        why = f"all {len(group.own)} items {group.name} come to its amount"
        yield explain(line, map(whole, group.own), items, Claimed(_NAME, evidence.SUM, why))


def _sums(
    line: ResidueLine, group: _Group, items: Items, points: int, around: Sequence[OpenItem]
) -> Iterator[Candidate]:
    """Some items of a group. `around`: items of which an equal one in place of a chosen one would make the same sum."""
    if group.pool is None:
        return
    own = group.own
    sums = group.pool.reaching(line.settled, least=2, show=4)
    is_sure = sums.count == 1 and (
        len(sums.found[0]) == len(own) or group.pool.is_rare(line.settled, evidence.ONE_IN, len(sums.found[0]))
    )
    if is_sure and around and len(sums.found[0]) < len(own):
        amounts = Counter(item.open for item in around)
        is_sure = all(amounts[own[at].open] == 1 for at in sums.found[0])
    for subset in sums.found:
        chosen = [own[at] for at in subset]
        others = "" if sums.count == 1 else f"; so do {sums.count - 1} other choices"
        why = f"{len(chosen)} of the {len(own)} items {group.name} come to its amount{others}"
        yield explain(line, map(whole, chosen), items, Claimed(_NAME, points if is_sure else evidence.SUGGESTION, why))


MATCHER = Matcher(_NAME, 90, "a sum says less than an amount of its own: there are many more of them", _find)
