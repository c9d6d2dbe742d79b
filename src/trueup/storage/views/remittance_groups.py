"""A payment's lines in groups (by reason, invoice or purchase order), each with its sum: together they are what is booked of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.open_items import purchase_orders_of
from trueup.domain.settlement import Placement
from trueup.storage import journal
from trueup.storage.claims import find_claim
from trueup.storage.remittances import SavedRemittance
from trueup.storage.views.recovery import load_slices

BY = ("reason", "invoice", "order")
SUSPENSE = "suspense"
"""The reason of what waits."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of a payment that have something in common: its `key` ("" for those that have none of it), their numbers and sum."""

    key: str
    lines: frozenset[int]
    amount: Money


def group_lines(connection: sa.Connection, saved: SavedRemittance, by: str) -> list[LineGroup]:
    """The groups of what is booked of a payment, by one of BY, what takes the most first. The sums come to the payment."""
    placements = [each for each in journal.load_placements(connection, saved.id) if each.line or each.type or each.case]
    keys = _keys(connection, saved, placements, by)
    lines: defaultdict[str, set[int]] = defaultdict(set)
    sums: defaultdict[str, int] = defaultdict(int)
    for each, key in zip(placements, keys, strict=True):
        sums[key] -= each.minor
        lines[key].add(_line_of(each.line))
    currency = saved.remittance.currency
    groups = [LineGroup(key, frozenset(lines[key]), Money(sums[key], currency)) for key in sums]
    return sorted(groups, key=lambda each: (-abs(each.amount.minor), each.key))


def _line_of(number: int) -> int:
    """The line that a placement is of: an adjustment's is that of the line it stands in."""
    return (-number - 1) // 100 if number < 0 else number


def _keys(connection: sa.Connection, saved: SavedRemittance, placements: list[Placement], by: str) -> list[str]:
    if by == "reason":
        return [SUSPENSE if each.case else each.type for each in placements]
    invoices = _invoices(connection, {each.invoice for each in placements if each.invoice is not None})
    if by == "invoice":
        return [invoices[each.invoice][0] if each.invoice is not None else "" for each in placements]
    named = {
        line.number: next(iter(purchase_orders_of(line.description, line.references)), "")
        for line in saved.remittance.lines
    }
    return [
        (invoices[each.invoice][1] if each.invoice is not None else "") or named.get(_line_of(each.line), "")
        for each in placements
    ]


def _invoices(connection: sa.Connection, ids: set[int]) -> Mapping[int, tuple[str, str]]:
    """Number and purchase order of invoices."""
    rows = connection.execute(_INVOICES, {"ids": sorted(ids)}) if ids else ()
    return {row.id: (row.number, row.purchase_order) for row in rows}


_INVOICES = sa.text("SELECT id, number, purchase_order FROM trueup.invoices WHERE id = ANY(:ids)")


def load_charged(connection: sa.Connection, remittance_id: int) -> dict[int, list[dict[str, Any]]]:
    """What lines of a payment took, held against the term that was in force then: by line, as the last check found it."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(_CHARGES, {"remittance": remittance_id}):
        expected = str(Money(row.expected_minor, row.currency)) if row.expected_minor is not None else None
        found[row.line].append(
            {
                "kind": row.kind,
                "charged": str(Money(row.charged_minor, row.currency)),
                "expected": expected,
                "verdict": row.verdict,
                "why": row.why,
            }
        )
    return found


_CHARGES = sa.text(
    "SELECT line, kind, currency, charged_minor, expected_minor, verdict, why FROM trueup.charges"
    " WHERE remittance_id = :remittance ORDER BY line, kind"
)


def tell_claim(connection: sa.Connection, partner: str, claim: str, currency: str) -> dict[str, Any] | None:
    """The chain that a line belongs to: what was taken, given back and given up, what is held, and each line of it in time."""
    balance = find_claim(connection, partner, claim, currency)
    if balance is None:
        return None
    return {
        "id": balance.id,
        "claim": balance.claim,
        **{name: str(Money(getattr(balance, name), currency)) for name in ("taken", "given", "lost", "open")},
        "slices": [
            {
                "payment": each.payment,
                "paid_on": each.paid_on.isoformat(),
                "reference": each.reference,
                "amount": str(Money(each.minor, currency)),
                "document": each.document,
                "place": each.place,
            }
            for each in load_slices(connection, balance)
        ],
    }
