"""Netting: a line that is an invoice less what stood against it: credit notes, or a debit balance carried from earlier payments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.matcher import Candidate
from trueup.domain.open_items import Items, OpenItem, ResidueLine
from trueup.domain.subset_sums import Pool
from trueup.domain.words import named_items

_MOST = 3
"""More credit notes than this against one invoice are a coincidence before they are a fact."""


def invoices_named(line: ResidueLine, items: Items) -> tuple[OpenItem, ...]:
    """Items of which more is open than the positive line pays, that its reference or its description names."""
    if line.settled <= 0:
        return ()
    return tuple(item for item in named_items(line, items) if item.open > line.settled)


def net_of(
    line: ResidueLine, invoice: OpenItem, against: Sequence[OpenItem], items: Items, claimed: Claimed
) -> Iterator[Candidate]:
    """The line as the whole invoice less some of `against`, each whole; a few of them where several come to the same."""
    if not against or not Pool.can_tell(len(against), _MOST):
        return
    sums = Pool([item.open for item in against], _MOST).reaching(line.settled - invoice.open, least=1, show=4)
    points = claimed.points if sums.count == 1 else min(claimed.points, evidence.SUM)
    for subset in sums.found:
        chosen = [against[at] for at in subset]
        names = " and ".join(item.called for item in chosen)
        why = f"{invoice.called} less {names}{claimed.why} comes to its amount"
        yield explain(line, map(whole, [invoice, *chosen]), items, Claimed(claimed.matcher, points, why))
