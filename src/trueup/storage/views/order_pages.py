"""Orders as the console lists them: filtered, sorted, paged by key; and the invoices for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from trueup.base.errors import Invalid
from trueup.domain.deliveries import DeliveryState
from trueup.storage import deliveries
from trueup.storage.invoices import SavedInvoice
from trueup.storage.orders import orders
from trueup.storage.views.distinct import list_distinct
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.orders import STAGES, head_json, orders_query
from trueup.storage.views.paging import MANY, Order, Paged, count_up_to, fetch_page, walk_pages
from trueup.storage.views.ranges import Ranges

STANDINGS = ("unanswered-yet", "prepared", "sent", "received", "accepted", "rejected", "unanswered", "history", *STAGES)
SORTS = ("newest", "due")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: a partner, where the answer stands, the beginning of a number or a vendor code, when it was ordered."""

    partner: str = ""
    standing: str = ""
    words: str = ""
    ranges: Ranges = field(default_factory=Ranges)


def page_orders(
    connection: sa.Connection, wanted: OrderFilter, *, sort: str = "", at: str = "", limit: int = 50
) -> Paged:
    """Orders of a filter. Raises Invalid for a standing or sort that there is not."""
    match sort or SORTS[0]:
        case "newest":
            order = Order((orders.c.id,), descending=True)
        case "due":
            due = sa.func.coalesce(orders.c.answer_due_at, orders.c.ordered_at, type_=sa.TIMESTAMP(timezone=True))
            order = Order((due, orders.c.id))
        case other:
            raise Invalid(f"Sort {other!r}: expected one of {', '.join(SORTS)}.")
    paged = fetch_page(connection, _orders_of(wanted), order, at, limit)
    return Paged([head_json(row) for row in paged.rows], paged.before, paged.after)


def growing_orders(wanted: OrderFilter) -> Growing:
    """The same as a list that grows. Raises Invalid for a standing that there is not."""
    return GrowingRows(_orders_of(wanted), orders.c.id)


def _orders_of(wanted: OrderFilter) -> sa.Select[Any]:
    if wanted.standing and wanted.standing not in STANDINGS:
        raise Invalid(f"Standing {wanted.standing!r}: expected one of {', '.join(STANDINGS)}.")
    query = orders_query(partner=wanted.partner, standing=wanted.standing)
    if wanted.words:
        begins = wanted.words.rpartition("/")[2].upper()
        query = query.where(sa.or_(orders.c.number.startswith(begins, autoescape=True), orders.c.vendor_code == begins))
    return query.where(*wanted.ranges.days(orders.c.ordered_at))


def count_orders(connection: sa.Connection, wanted: OrderFilter, most: int) -> tuple[int, bool]:
    """How many orders a filter has, counted up to `most`, and whether there are more. Raises Invalid."""
    return count_up_to(connection, _orders_of(wanted), most)


def walk_orders(connection: sa.Connection, wanted: OrderFilter, *, sort: str = "") -> Iterator[Mapping[str, Any]]:
    """All of them, a thousand at a time. Raises Invalid for a standing or sort that there is not."""
    return walk_pages(lambda at: page_orders(connection, wanted, sort=sort, at=at, limit=MANY))


def answered_in_time(connection: sa.Connection, ids: Sequence[int]) -> set[int]:
    """Those of these orders whose newest answer left before it was due."""
    answer = deliveries.deliveries.c
    newest = (
        sa.select(answer.order_id, answer.sent_at, answer.due_at)
        .ext(distinct_on(answer.order_id))
        .where(answer.order_id.in_(ids), answer.kind == "acknowledgement")
        .where(answer.state != DeliveryState.SUPERSEDED.value)
        .order_by(answer.order_id, answer.id.desc())
        .subquery()
    )
    return set(connection.execute(sa.select(newest.c.order_id).where(newest.c.sent_at <= newest.c.due_at)).scalars())


def list_partners(connection: sa.Connection) -> list[str]:
    """The partners that orders came from."""
    return list_distinct(connection, orders.c.partner)


def billed_json(billed: list[SavedInvoice]) -> list[dict[str, Any]]:
    """The invoices for an order: what was charged, what of it is settled, what is open."""
    return [
        {
            "number": each.invoice.number,
            "issued_on": each.invoice.issued_on.isoformat(),
            "total": each.invoice.total,
            "settled": each.settled,
            "open": each.open,
            "evidence": each.evidence,
        }
        for each in billed
    ]
