"""Matcher: several lines make one item: the slices of a claim, or an invoice paid in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trueup.domain import evidence
from trueup.domain.evidence import whole
from trueup.domain.invoices import normal_reference
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines, OpenItem, ResidueLine
from trueup.domain.subset_sums import Pool

_NAME = "many-to-one"
_MOST = 12


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for reference, group in sorted(lines.by_reference.items()):
        if len(group) > 1 and len({line.settled > 0 for line in group}) == 1:
            yield from _slices(reference, group, items)
    for order, group in sorted(lines.by_purchase_order.items()):
        own = items.by_purchase_order.get(order, ())
        if len(group) > 1 and own and Pool.can_tell(len(group), _MOST):
            pool = Pool([line.settled for line in group], _MOST)
            for item in own:
                yield from _pieces(order, group, pool, item)


def _slices(reference: str, group: Sequence[ResidueLine], items: Items) -> Iterator[Candidate]:
    """Lines of one reference that come to one item: of that name, or the only one near with such an amount."""
    total = sum(line.settled for line in group)
    for item in evidence.nearest(group[0], items, total):
        is_named = normal_reference(item.reference) == reference
        is_alone = evidence.is_rare(total, items, evidence.days_of(group[0]))
        points = evidence.SAME_REFERENCE if is_named else evidence.SUM
        score = points * len(group) if is_named or is_alone else evidence.SUGGESTION
        why = f"the {len(group)} lines {group[0].reference!r} come to all that is open of {item.called}."
        yield Candidate(tuple(line.number for line in group), (whole(item),), _NAME, score, why)


def _pieces(order: str, group: Sequence[ResidueLine], pool: Pool, item: OpenItem) -> Iterator[Candidate]:
    """Lines of one order, some of which come to one item of it."""
    sums = pool.reaching(item.open, least=2, show=4)
    is_sure = sums.count == 1 and (
        len(sums.found[0]) == len(group) or pool.is_rare(item.open, evidence.ONE_IN, len(sums.found[0]))
    )
    for subset in sums.found:
        numbers = tuple(group[at].number for at in subset)
        score = evidence.SUM_OF_ORDER * len(numbers) if is_sure else evidence.SUGGESTION
        why = f"{len(numbers)} lines of order {order} come to all that is open of {item.called}."
        yield Candidate(numbers, (whole(item),), _NAME, score, why)


MATCHER = Matcher(
    _NAME, 80, "slices are said to be one thing by their name or order, so their sum is no accident", _find
)
