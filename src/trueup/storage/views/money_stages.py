"""From order to cash: how much stands at each stage now, by currency. Every sum is over what is open, never over all history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money, UnitPrice
from trueup.storage.orders import orders
from trueup.storage.views.deductions import DeductionFilter, sum_deductions
from trueup.storage.views.invoices import InvoiceFilter, sum_open
from trueup.storage.views.orders import STAGES, orders_query
from trueup.storage.views.remittances import RemittanceFilter, sum_remittances

RECENT = timedelta(days=30)
"""What was paid and what reached the bank is not open: of them the last days are summed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many things stand at a stage, and their money, the largest currency first. `costless`: lines of orders that are in
    none of these sums, for they have no cost."""

    count: int
    money: tuple[Money, ...]
    costless: int = 0


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order is worth: more than one amount where its lines are in several currencies, none where nothing is known.
    `lines`: how many order anything; `costless`: how many of these have no cost, and are in no amount."""

    money: tuple[Money, ...] = ()
    lines: int = 0
    costless: int = 0

    @property
    def why(self) -> str:
        """Why no amount is known, or what is not in it; "" where all of it is known."""
        if self.costless:
            said = f"{self.costless:,} of {self.lines:,}" if self.costless < self.lines else "none"
            return f"{said} of its lines {'has a' if self.costless == self.lines else 'have no'} cost"
        return "" if self.money else "no line of it orders anything" if not self.lines else "its answer says no worth"


def load_standings(connection: sa.Connection, now: datetime, case_costs: Sequence[str]) -> dict[str, Standing]:
    """Each stage by its name. `case_costs`: the vendor codes (partner/code) whose cost is agreed per case, not per each."""
    found = {name: _of_orders(connection, name, case_costs) for name in STAGES}
    held = sum_deductions(connection, DeductionFilter())
    found["claimed"] = Standing(sum(each["count"] for each in held), _by_size(each["held"] for each in held))
    summed = {
        "invoiced": sum_open(connection, InvoiceFilter(open=True), now.date()),
        "paid": sum_remittances(connection, paid_lately(now)),
        "banked": sum_remittances(connection, replace(paid_lately(now), tied=True)),
    }
    for name, sums in summed.items():
        found[name] = Standing(sum(count for count, _ in sums), _by_size(money for _, money in sums))
    return found


def paid_lately(now: datetime) -> RemittanceFilter:
    """The payments of the last days, as far as they are booked."""
    return RemittanceFilter(since=(now - RECENT).date() + timedelta(days=1), state="posted")


def load_worths(connection: sa.Connection, ids: Sequence[int], case_costs: Sequence[str]) -> dict[int, Worth]:
    """What each of these orders is worth, by its id: what was answered, and of one without an answer that stands, what was
    ordered. What comes to nothing is zero; a line without a cost is in no amount, and counted."""
    answered: dict[int, Money | None] = {
        row["order_id"]: _money(row) for row in connection.execute(_ANSWERED, {"ids": list(ids)}).mappings()
    }
    sums: dict[int, list[Money]] = {each: [money] if money is not None else [] for each, money in answered.items()}
    lines, costless = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    for row in connection.execute(_WORTH, {"ids": sorted(set(ids)), "case_costs": list(case_costs)}).mappings():
        order, money = row["order_id"], _money(row)
        lines[order] += row["lines"]
        costless[order] += row["lines"] if money is None else 0
        if money is not None and order not in answered:
            sums.setdefault(order, []).append(money)
    return {each: Worth(_by_size(sums.get(each, ())), lines[each], costless[each]) for each in ids}


def _of_orders(connection: sa.Connection, stage: str, case_costs: Sequence[str]) -> Standing:
    """The sum of what each of them is worth, so that it is that of the rows of their list."""
    ids = connection.execute(orders_query(standing=stage).with_only_columns(orders.c.id)).scalars().all()
    sums: dict[str, int] = {}
    worths = load_worths(connection, ids, case_costs).values()
    for worth in worths:
        for money in worth.money:
            sums[money.currency] = sums.get(money.currency, 0) + money.minor
    amounts = _by_size(Money(minor, currency) for currency, minor in sums.items())
    return Standing(len(ids), amounts, sum(each.costless for each in worths))


def _by_size(amounts: Iterable[Money]) -> tuple[Money, ...]:
    return tuple(sorted(amounts, key=lambda each: (-abs(each.minor), each.currency)))


def _money(row: Mapping[Any, Any]) -> Money | None:
    if not row["currency"] or row["amount"] is None:
        return None
    if row["in_minor"]:
        found = Money(int(row["amount"]), row["currency"])
    else:
        found = UnitPrice.of(row["amount"], row["currency"]).rounded()
    return found


# What an order is worth: a case's cost is for the case only where the agreement says so.
_EACHES = (
    "CASE WHEN line -> 'ordered' ->> 'unit' = 'case' AND NOT o.partner || '/' || o.vendor_code = ANY(CAST(:case_costs AS text[]))"
    " THEN coalesce((line -> 'ordered' ->> 'unit_size')::numeric, 1) ELSE 1 END"
)
_WORTH = sa.text(
    "SELECT o.id AS order_id, line -> 'net_cost' ->> 'currency' AS currency, false AS in_minor, count(*) AS lines,"
    f" sum((line -> 'ordered' ->> 'amount')::numeric * (line -> 'net_cost' ->> 'value')::numeric * {_EACHES}) AS amount"
    " FROM trueup.orders o JOIN trueup.order_revisions r ON r.order_id = o.id AND r.revision = o.revision,"
    " jsonb_array_elements(r.body -> 'lines') AS line WHERE o.id = ANY(:ids)"
    " AND (line -> 'ordered' ->> 'amount')::numeric > 0 GROUP BY 1, 2"
)
_ANSWERED = sa.text(
    "SELECT order_id, currency, true AS in_minor, amount FROM (SELECT DISTINCT ON (order_id) order_id, state,"
    " risk_currency AS currency, risk_minor AS amount FROM trueup.deliveries WHERE order_id = ANY(:ids)"
    " AND kind = 'acknowledgement' AND state <> 'superseded' ORDER BY order_id, id DESC) AS newest"
    " WHERE state NOT IN ('prepared', 'rejected')"
)
