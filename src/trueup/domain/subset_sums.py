"""Subset sums: which of a few amounts come to a total, exactly, how many ways there are, and how much of that is chance.

Meet in the middle: all sums of either half are made once, those that complement each other are found by lookup. What would take
more than a stated number of sums is not tried, for half a search could not say that an answer is the only one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from math import comb, gcd
from typing import TypeAlias

MOST_SUMS = 1 << 11
"""Sums of one half: all subsets of 22 amounts, those of up to 3 of 46, of up to 2 of 126."""

_Sums: TypeAlias = dict[int, list[tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class SubsetSums:
    """The answer. `found`: a few of the subsets, as positions, always the same ones. `count`: how many there are in all."""

    found: tuple[tuple[int, ...], ...]
    count: int


class Pool:
    """Amounts of which up to `most` may come to a total. Signs may differ. Ask `can_tell` first: the sums are made at once."""

    def __init__(self, amounts: Sequence[int], most: int) -> None:
        self.amounts, self.most = tuple(amounts), most
        middle = len(amounts) // 2
        self._left = _sums(self.amounts, 0, middle, most)
        self._right = _sums(self.amounts, middle, len(amounts), most)
        self._sorted: dict[int, tuple[list[int], list[int]]] = {}

    @staticmethod
    def can_tell(count: int, most: int) -> bool:
        """Whether subsets of up to `most` of so many amounts are few enough to look at all of them."""
        half = (count + 1) // 2
        return sum(comb(half, size) for size in range(min(most, half) + 1)) <= MOST_SUMS

    def reaching(self, total: int, *, least: int, show: int) -> SubsetSums:
        """All subsets of at least `least` amounts that come to exactly `total`; of them up to `show` are told."""
        found: list[tuple[int, ...]] = []
        count = 0
        for each, masks in self._left.items():
            theirs = self._right.get(total - each)
            if theirs is None:
                continue
            count += _count(masks, theirs, least, self.most)
            # Equal amounts make millions of equal sums: they are counted, not written out.
            pairs = (one + other for one in masks for other in theirs if least <= len(one) + len(other) <= self.most)
            found += islice(pairs, show)
        found.sort(key=lambda subset: (len(subset), subset))
        return SubsetSums(tuple(found[:show]), count)

    def is_rare(self, total: int, one_in: int, most: int) -> bool:
        """Whether a total that has nothing to do with these amounts would meet a sum of up to `most` of them so seldom.

        Sums within a tenth of the total show how dense they are; only multiples of what all amounts share can be met at all.
        """
        reach = abs(total) // 10
        step = gcd(total, *self.amounts) or 1
        sums, before = self._right_up_to(most)
        near = 0
        for each, masks in self._left.items():
            low, high = bisect_left(sums, total - reach - each), bisect_right(sums, total + reach - each)
            near += sum(len(mask) <= most for mask in masks) * (before[high] - before[low])
            if near * step * one_in > 2 * reach + step:
                return False
        return True

    def _right_up_to(self, most: int) -> tuple[list[int], list[int]]:
        """The sums of the right half, sorted, and how many subsets of up to `most` stand before each place."""
        if most not in self._sorted:
            sums = sorted(self._right)
            counts = (sum(len(mask) <= most for mask in self._right[each]) for each in sums)
            self._sorted[most] = sums, [*accumulate(counts, initial=0)]
        return self._sorted[most]


def _count(ours: list[tuple[int, ...]], theirs: list[tuple[int, ...]], least: int, most: int) -> int:
    """Pairs whose sizes together are within the bounds."""
    sizes, others = Counter(map(len, ours)), Counter(map(len, theirs))
    return sum(
        many * each for size, many in sizes.items() for other, each in others.items() if least <= size + other <= most
    )


def _sums(amounts: Sequence[int], first: int, last: int, most: int) -> _Sums:
    """Sums of all subsets of up to `most` positions from `first` to before `last`, with those subsets."""
    sums: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
    for subset, total in _subsets(amounts, first, last, most):
        sums[total].append(subset)
    return dict(sums)


def _subsets(amounts: Sequence[int], first: int, last: int, most: int) -> Iterator[tuple[tuple[int, ...], int]]:
    level: list[tuple[tuple[int, ...], int]] = [((), 0)]
    for _ in range(most + 1):
        yield from level
        level = [
            ((*subset, position), total + amounts[position])
            for subset, total in level
            for position in range(subset[-1] + 1 if subset else first, last)
        ]
