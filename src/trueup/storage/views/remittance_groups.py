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
from trueup.storage.views.remittance_shares import booking_of, line_of_placement, told_shares

BY = ("reason", "invoice", "order", "booking", "telling")
"""What lines are grouped by; `booking` and `telling` are the rows of the statement's two tables."""
SUSPENSE = "suspense"
"""The reason of what waits."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of a payment that have something in common: its `key` ("" for those that have none of it), their sum, and what each
    line is of it in minor units, by its number."""

    key: str
    shares: Mapping[int, int]
    amount: Money

    @property
    def lines(self) -> frozenset[int]:
        """The numbers of its lines; 0 is what the payment as a whole makes."""
        return frozenset(self.shares)


def group_lines(connection: sa.Connection, saved: SavedRemittance, by: str) -> list[LineGroup]:
    """The groups of what is booked of a payment, by one of BY, what takes the most first. The sums come to the payment."""
    shares: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    if by == "telling":
        for key, told in told_shares(saved.remittance).items():
            shares[key].update(told)
    else:
        placements = [
            each for each in journal.load_placements(connection, saved.id) if each.line or each.type or each.case
        ]
        for each, key in zip(placements, _keys(connection, saved, placements, by), strict=True):
            shares[key][line_of_placement(each.line)] -= each.minor
    groups = [group_of(key, dict(of), saved.remittance.currency) for key, of in shares.items()]
    return sorted(groups, key=lambda each: (-abs(each.amount.minor), each.key))


def group_of(key: str, shares: Mapping[int, int], currency: str) -> LineGroup:
    """A group by what each of its lines is of it."""
    return LineGroup(key, shares, Money(sum(shares.values()), currency))


def _keys(connection: sa.Connection, saved: SavedRemittance, placements: list[Placement], by: str) -> list[str]:
    if by == "booking":
        return [booking_of(each) for each in placements]
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
        (invoices[each.invoice][1] if each.invoice is not None else "") or named.get(line_of_placement(each.line), "")
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
