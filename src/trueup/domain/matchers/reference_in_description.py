"""Matcher: the description, or another reference of the line, names one item or several."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, is_part_of, whole
from trueup.domain.matcher import Candidate, Matcher, Part
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine
from trueup.domain.subset_sums import Pool
from trueup.domain.words import names_in

_NAME = "reference-in-description"
_SHORTEST_FOR_A_PART = 6


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for line in lines:
        named = {item.key: (item, name) for name in names_in(line) for item in _known(line, name, items)}
        for item, name in named.values():
            if line.settled == item.open:
                why = f"its description names {item.called}, and settles it"
                yield explain(line, [whole(item)], items, Claimed(_NAME, evidence.IN_DESCRIPTION, why))
            elif len(named) == 1 and len(name) >= _SHORTEST_FOR_A_PART and is_part_of(line.settled, item):
                why = f"its description names {item.called} alone, and it settles a part of that"
                claimed = Claimed(_NAME, evidence.IN_DESCRIPTION - evidence.PARTLY, why)
                yield explain(line, [Part(item.key, line.settled)], items, claimed)
        if len(named) > 1:
            yield from _several(line, [named[key][0] for key in sorted(named)], items)


def _known(line: ResidueLine, name: str, items: Items) -> Iterator[OpenItem]:
    """Items of this name. Every line names its order somehow: that is no more than `purchase_order_and_amount` makes of it."""
    for item in items.by_reference.get(name, ()):
        if item.kind is not ItemKind.ORDER or item.reference.upper() not in line.purchase_orders:
            yield item


def _several(line: ResidueLine, named: list[OpenItem], items: Items) -> Iterator[Candidate]:
    if sum(item.open for item in named) == line.settled:
        names = " and ".join(item.called for item in named)
        why = f"its description names {names}, and it settles all of them"
        yield explain(line, map(whole, named), items, Claimed(_NAME, evidence.IN_DESCRIPTION, why))
        return
    if not Pool.can_tell(len(named), len(named)):
        return
    sums = Pool([item.open for item in named], len(named)).reaching(line.settled, least=2, show=4)
    for subset in sums.found:
        chosen = [named[at] for at in subset]
        names = " and ".join(item.called for item in chosen)
        why = f"of the {len(named)} items its description names, {names} come to its amount"
        yield explain(line, map(whole, chosen), items, Claimed(_NAME, evidence.PURCHASE_ORDER, why))


MATCHER = Matcher(_NAME, 20, "a name in running text may stand there for another reason", _find)
