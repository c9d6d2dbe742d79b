"""Payments against the orders of the shop: what Amazon settles of an order must be what the shop says the order is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role

OWNER = Role.FINANCE.value
GRACE = timedelta(days=7)
"""Amazon pays in weekly runs: what fell due yesterday may be in the next."""
UNBILLED_AFTER = timedelta(days=90)
"""An order of which no invoice is known should have been shipped, billed and paid by then."""


class Standing(StrEnum):
    """How an order stands between shop and payments."""

    AGREES = "agrees"
    WAITS = "waits"
    DRIFTS = "drift"
    NO_ORDER = "no-order"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class OrderDrift:
    """An order: what the shop holds of it, what was billed and settled without tax, what claims took; minor units.

    `shop_order` is the shop's name of it, "" where there is none; `eaches` what it holds. `due_on`: when all should be paid.
    """

    partner: str
    order: str
    currency: str
    shop_order: str
    value: int | None
    eaches: int
    billed: int
    settled: int
    open: int
    claimed: int
    due_on: date
    standing: Standing

    @property
    def drift(self) -> Money:
        """What was settled beyond the shop's value, less what it lacks."""
        return Money(self.settled - (self.value or 0), self.currency)

    @property
    def at_risk(self) -> Money:
        """The money the standing is about."""
        match self.standing:
            case Standing.ORPHAN:
                return Money(self.value or 0, self.currency)
            case Standing.NO_ORDER:
                return Money(abs(self.settled), self.currency)
            case _:
                return abs(self.drift)


def load_drift(
    connection: sa.Connection, today: date, *, partner: str | None = None, payment: str | None = None
) -> list[OrderDrift]:
    """Every order that has an invoice or stands in the shop; of a partner, or those that one payment settles.

    Where the shop was not asked yet, nothing can be said: invoices from before a partner's first order in the shop are left out.
    """
    values = {"partner": partner, "payment": payment}
    return [_judged(row, today) for row in connection.execute(_ORDERS, values).mappings()]


def _judged(row: Mapping[Any, Any], today: date) -> OrderDrift:
    there = row["shop_order"] is not None and not row["cancelled"]
    value = int(row["value"] or 0) if there and not row["unpriced"] else None
    settled, open_ = int(row["settled"] or 0), int(row["open"] or 0)
    due_on = row["due_on"] or (row["issued_on"] or row["ordered_on"]) + UNBILLED_AFTER
    apart = abs(settled - value) > int(row["eaches"] or 0) // 2 if value is not None else False
    overdue = today > due_on + GRACE
    if value is None:
        standing = Standing.NO_ORDER if not there and settled else Standing.WAITS
    elif not settled:
        standing = Standing.ORPHAN if value and overdue else Standing.WAITS
    elif apart and (settled > value or not open_ or overdue):
        standing = Standing.DRIFTS
    else:
        standing = Standing.AGREES if not apart else Standing.WAITS
    return OrderDrift(
        partner=row["partner"],
        order=row["number"],
        currency=row["currency"],
        shop_order=row["shop_order"] if there else "",
        value=value,
        eaches=int(row["eaches"] or 0),
        billed=int(row["billed"] or 0),
        settled=settled,
        open=open_,
        claimed=int(row["claimed"] or 0),
        due_on=due_on,
        standing=standing,
    )


# The value of an order is what the shop itself shows: eaches that stand, at the price a shop can hold.
_ORDERS = sa.text("""
WITH shop AS (
    SELECT o.partner, o.number, o.ordered_at::date AS ordered_on, s.remote_name AS shop_order,
        (s.shown->>'cancelled')::boolean AS cancelled, coalesce(min(l#>>'{price,currency}'), 'XXX') AS currency,
        sum((l->>'eaches')::bigint * (l#>>'{price,minor}')::bigint) AS value, sum((l->>'eaches')::bigint) AS eaches,
        coalesce(bool_or((l->>'eaches')::bigint > 0 AND l#>>'{price,minor}' IS NULL), false) AS unpriced
    FROM trueup.sales_orders s JOIN trueup.orders o ON o.id = s.order_id
        LEFT JOIN LATERAL jsonb_array_elements(s.shown->'lines') AS l ON true
    GROUP BY o.id, s.order_id
), first AS (SELECT partner, min(ordered_on) AS day FROM shop GROUP BY partner
), held AS (
    SELECT invoice_id, sum(taken_minor - given_minor) AS minor FROM trueup.claims WHERE invoice_id IS NOT NULL GROUP BY 1
), billed AS (
    SELECT i.partner, i.purchase_order AS number, i.currency, min(i.issued_on) AS issued_on, max(i.due_on) AS due_on,
        sum(i.total_minor - i.tax_minor) AS billed, sum(coalesce(p.minor, 0)) AS open,
        sum(CASE WHEN i.total_minor = 0 THEN 0 ELSE
            round((i.total_minor - coalesce(p.minor, 0))::numeric * (i.total_minor - i.tax_minor) / i.total_minor) END) AS settled,
        sum(coalesce(c.minor, 0)) AS claimed
    FROM trueup.invoices i JOIN first f ON f.partner = i.partner AND i.issued_on >= f.day
        LEFT JOIN trueup.open_invoices p ON p.invoice_id = i.id LEFT JOIN held c ON c.invoice_id = i.id
        LEFT JOIN trueup.orders h ON h.partner = i.partner AND h.number = i.purchase_order
    WHERE i.purchase_order <> '' AND h.history IS NOT TRUE GROUP BY 1, 2, 3
)
SELECT coalesce(b.partner, s.partner) AS partner, coalesce(b.number, s.number) AS number,
    coalesce(b.currency, s.currency) AS currency, s.shop_order, s.cancelled, s.value, s.eaches, s.unpriced, s.ordered_on,
    b.issued_on, b.due_on, b.billed, b.open, b.settled, b.claimed
FROM shop s FULL JOIN billed b ON b.partner = s.partner AND b.number = s.number
    AND (b.currency = s.currency OR s.currency = 'XXX')
WHERE (CAST(:partner AS text) IS NULL OR coalesce(b.partner, s.partner) = :partner)
    AND (CAST(:payment AS text) IS NULL OR EXISTS (
        SELECT 1 FROM trueup.remittances r JOIN trueup.journal_entries e ON e.remittance_id = r.id
            JOIN trueup.journal_lines l ON l.entry_id = e.id JOIN trueup.invoices i ON i.id = l.invoice_id
        WHERE r.payment = :payment AND r.partner = b.partner AND i.purchase_order = b.number))
ORDER BY 1, 2, 3
""")


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Orders that drift, were paid without an order, or were never paid."""
    for each in load_drift(connection, ground.now.date()):
        if each.standing not in (Standing.AGREES, Standing.WAITS):
            yield _draft(each, ground)


def _draft(each: OrderDrift, ground: Ground) -> CaseDraft:
    value = Money(each.value or 0, each.currency)
    settled, billed = Money(each.settled, each.currency), Money(each.billed, each.currency)
    match each.standing:
        case Standing.NO_ORDER:
            said = f"Order {each.order}: Amazon paid {settled} (without tax), but the shop holds no order of it"
            expected, found = "an order in the shop", f"paid {settled}, no order"
        case Standing.ORPHAN:
            was = f"billed {billed}" if each.billed else "never billed"
            said = f"Order {each.order} ({each.shop_order}, {value}) has no payment; it is {was}, due on {each.due_on}"
            expected, found = f"{value} by {each.due_on}", "no payment"
        case _:
            side = "too much" if each.drift.minor > 0 else "too little"
            said = (
                f"Order {each.order}: settled {settled} of {value} in the shop ({each.shop_order}), {abs(each.drift)} {side}; "
                f"billed {billed}"
            )
            expected, found = f"{value}, as {each.shop_order} holds it", f"settled {settled}, billed {billed}"
    return CaseDraft(
        kind=f"settlement.{each.standing.value}",
        subject=f"order {each.partner}/{each.order} {each.currency}",
        title=said,
        expected=expected,
        found=found,
        money_at_risk=each.at_risk,
        deadline=ground.now + timedelta(days=14),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


CHECK = Check(
    name="settlement-drift",
    sources=("what remittances settle of invoices", "the orders as the shop shows them"),
    protects="from orders that are paid otherwise than sold, paid without being sold, and sold without being paid",
    owner=OWNER,
    tolerance="half a minor unit an each: a shop rounds the price of one each",
    kinds=tuple(f"settlement.{each.value}" for each in (Standing.DRIFTS, Standing.NO_ORDER, Standing.ORPHAN)),
    find=find_differences,
)
