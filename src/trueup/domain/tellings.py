"""Tellings: what several documents say of one payment, made one account for each source, and which of them the books follow.

Documents are compared, never added, and may come in any order, cut and repeated.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import PaymentState, Remittance, RemittanceLine, RemittanceSource

_RANK = {
    RemittanceSource.API: 5,
    RemittanceSource.X12_820: 4,
    RemittanceSource.REMADV: 3,
    RemittanceSource.EXPORT: 2,
    RemittanceSource.ADVICE: 1,
}
_LATER = {PaymentState.IN_PROGRESS: 0, PaymentState.PAID: 1, PaymentState.FAILED: 2, PaymentState.VOIDED: 3}
"""What becomes of a payment goes this way only: one that was taken back is made again under another number."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One source's account of a payment and the document it stands in; lines from a further document name theirs."""

    remittance: Remittance
    evidence: str
    of_lines: Mapping[int, str]


def primary_of(tellings: Mapping[RemittanceSource, Telling]) -> Telling:
    """Whatever arrived first: the one that knows best what became of the payment, that ties, has lines, is the better source."""

    def rank(source: RemittanceSource) -> tuple[int, bool, bool, int]:
        told = tellings[source].remittance
        return (_LATER[told.state], not told.tie, bool(told.lines), _RANK[source])

    return tellings[max(tellings, key=rank)]


def tell_again(before: Telling | None, told: Remittance, evidence: str) -> Telling:
    """One source's account after a further document of it; `before` itself where that says nothing new.

    A document whose lines tie is the whole and takes the place of what was; otherwise lines that are not there yet are added,
    each as often as one document shows it. A document that is older than what became of the payment does not undo it.
    """
    if before is None:
        return Telling(told, evidence, {})
    if _LATER[told.state] < _LATER[before.remittance.state]:
        told = replace(told, state=before.remittance.state, voided_reason=before.remittance.voided_reason)
    if not told.tie and told.lines:
        return before if _same(before.remittance, told) else _in_place_of(before, told, evidence)
    return _with_more(before, told, evidence)


def line_identity(line: RemittanceLine) -> tuple[Any, ...]:
    """What makes two lines the same line told twice."""
    return (normal_reference(line.reference), line.paid, line.discount, line.withheld, line.invoice_day)


def _same(one: Remittance, other: Remittance) -> bool:
    return replace(one, lines=()) == replace(other, lines=()) and Counter(map(line_identity, one.lines)) == Counter(
        map(line_identity, other.lines)
    )


def _in_place_of(before: Telling, told: Remittance, evidence: str) -> Telling:
    """The new lines; those that were there keep their numbers, because what was decided about a line is known by its number."""
    there: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for line in reversed(before.remittance.lines):
        there[line_identity(line)].append(line.number)
    unused = itertools.count(max((line.number for line in before.remittance.lines), default=0) + 1)
    lines = [
        replace(line, number=known.pop() if (known := there[line_identity(line)]) else next(unused))
        for line in told.lines
    ]
    return Telling(replace(told, lines=tuple(sorted(lines, key=lambda line: line.number))), evidence, {})


def _with_more(before: Telling, told: Remittance, evidence: str) -> Telling:
    """The lines of both, each as often as the one that shows it oftener; the header of what came last."""
    there = Counter(map(line_identity, before.remittance.lines))
    lines, of_lines = list(before.remittance.lines), dict(before.of_lines)
    number = max((line.number for line in lines), default=0)
    for line in told.lines:
        if there[line_identity(line)] > 0:
            there[line_identity(line)] -= 1
            continue
        number += 1
        lines.append(replace(line, number=number))
        of_lines[number] = evidence
    if len(lines) == len(before.remittance.lines) and replace(told, lines=()) == replace(before.remittance, lines=()):
        return before
    hides = before.remittance.hides_items or told.hides_items
    merged = replace(told, lines=tuple(lines), hides_items=hides)
    return Telling(merged, before.evidence, of_lines)
