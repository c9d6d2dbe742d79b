"""Matcher: a debit balance, carried because claims exceeded invoices, is recovered: by a line, or kept from an invoice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, is_part_of, whole
from trueup.domain.matcher import Candidate, Matcher, Part
from trueup.domain.netting import invoices_named, net_of
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine

_NAME = "netted-debit-balance"
_SAID = re.compile(r"debit[\s_-]*balance|balance[\s_-]*(carried|brought)?[\s_-]*forward", re.IGNORECASE)


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    balances = [item for item in items.negative if item.kind is ItemKind.BALANCE]
    if not balances:
        return
    for line in lines:
        is_said = bool(_SAID.search(f"{line.reference} {line.description}"))
        if line.settled < 0:
            if is_said:
                yield from _recovered(line, balances, items)
            continue
        named = invoices_named(line, items)
        for invoice in named:
            yield from _kept(line, invoice, balances, items)
        if not named and not evidence.names_itself(line):
            yield from _unnamed(line, balances, items)


def _recovered(line: ResidueLine, balances: list[OpenItem], items: Items) -> Iterator[Candidate]:
    for balance in balances:
        if is_part_of(line.settled, balance):
            is_whole = balance.open == line.settled
            points = evidence.IN_DESCRIPTION - (0 if is_whole else evidence.PARTLY)
            why = f"it says that it recovers a debit balance, {'all' if is_whole else 'a part'} of {balance.reference}"
            yield explain(line, [Part(balance.key, line.settled)], items, Claimed(_NAME, points, why))


def _kept(line: ResidueLine, invoice: OpenItem, balances: list[OpenItem], items: Items) -> Iterator[Candidate]:
    """Whole balances kept from an invoice; a part of the only one is as likely as a short payment, so both are shown."""
    yield from net_of(line, invoice, balances, items, Claimed(_NAME, evidence.NETTED_ON_ORDER, ""))
    missing = line.settled - invoice.open
    if len(balances) == 1 and balances[0].open < missing:
        why = f"{invoice.called} less a part of {balances[0].called} comes to its amount"
        parts = [whole(invoice), Part(balances[0].key, missing)]
        yield explain(line, parts, items, Claimed(_NAME, evidence.NETTED_BY_AMOUNT, why))


def _unnamed(line: ResidueLine, balances: list[OpenItem], items: Items) -> Iterator[Candidate]:
    for balance in balances:
        amount = line.settled - balance.open
        for invoice in evidence.nearest(line, items, amount):
            is_rare = evidence.is_rare(amount, items, evidence.days_of(line))
            why = f"{invoice.called} less {balance.called} comes to its amount"
            points = evidence.SUM if is_rare else evidence.SUGGESTION
            yield explain(line, [whole(invoice), whole(balance)], items, Claimed(_NAME, points, why))


MATCHER = Matcher(
    _NAME, 50, "a debit balance is on the books, so it explains before an unexplained short payment does", _find
)
