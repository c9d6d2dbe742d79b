"""Orders to look at: a list paged by key, one order whole, and the story of each line from bytes to acceptance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict, NotFound
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import LineDecision
from trueup.domain.deliveries import Delivery, DeliveryState
from trueup.domain.orders import FieldChange, OrderState, tell_changes
from trueup.storage import acts, decisions, deliveries, orders, sales_orders, stock
from trueup.storage.cases import case_of, cases
from trueup.storage.invoices import invoices
from trueup.storage.json_values import to_json
from trueup.storage.line_receipts import LineReceipt, list_receipts
from trueup.storage.orders import SavedOrder
from trueup.storage.views.cases import case_json
from trueup.storage.views.order_course import charged_json, course_json, load_course
from trueup.storage.views.order_looks import list_looks

_NEWEST_DELIVERY = (
    sa.select(deliveries.deliveries.c.state)
    .where(
        deliveries.deliveries.c.order_id == orders.orders.c.id,
        deliveries.deliveries.c.kind == "acknowledgement",
        deliveries.deliveries.c.state != DeliveryState.SUPERSEDED.value,
    )
    .order_by(deliveries.deliveries.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_OPEN_CASES = (
    sa.select(sa.func.count())
    .where(cases.c.order_id == orders.orders.c.id, cases.c.state == "open")
    .correlate(orders.orders)
    .scalar_subquery()
)


def list_orders(
    connection: sa.Connection,
    *,
    partner: str | None = None,
    standing: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Orders, the newest first, from before an id. `standing`: see `_standing`."""
    query = orders_query(partner=partner, standing=standing).order_by(orders.orders.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(orders.orders.c.id < before)
    return [head_json(row) for row in connection.execute(query).mappings()]


_INVOICED = sa.exists().where(
    invoices.c.partner == orders.orders.c.partner,
    invoices.c.purchase_order == orders.orders.c.number,
    invoices.c.purchase_order != sa.literal_column("''"),  # as the index of them says it
)
STAGES: dict[str, sa.ColumnElement[bool]] = {
    "to-answer": sa.func.coalesce(_NEWEST_DELIVERY, "prepared").in_(["prepared", "rejected"]),
    "to-prove": _NEWEST_DELIVERY.in_(["sent", "received", "unanswered"]),
    "to-invoice": sa.and_(_NEWEST_DELIVERY == "accepted", sa.not_(_INVOICED)),
}
"""Orders that the buyer has not closed, by what is next for them."""


def orders_query(*, partner: str | None = None, standing: str | None = None) -> sa.Select[Any]:
    """Orders of a partner or of all, where their answer stands so. `head_json` reads its rows."""
    query = sa.select(orders.orders, _NEWEST_DELIVERY.label("delivery"), _OPEN_CASES.label("open_cases"))
    if partner:
        query = query.where(orders.orders.c.partner == partner)
    if standing:
        query = query.where(_standing_clause(standing))
    return query


def find_order(connection: sa.Connection, wanted: str) -> int:
    """The id of an order by number, PARTNER/NUMBER or id. Raises NotFound, Conflict when a number is several partners'."""
    if "/" in wanted:
        partner, _, number = wanted.partition("/")
        found = orders.find_order(connection, partner, number)
        ids = [found] if found is not None else []
    else:
        is_id = wanted.isdecimal() and len(wanted) < 19
        ids = orders.find_order_by_number(connection, wanted) or ([int(wanted)] if is_id else [])
    if len(ids) > 1:
        raise Conflict(f"Order {wanted!r} is {len(ids)} partners' number; say PARTNER/NUMBER.")
    if not ids or connection.execute(sa.select(orders.orders.c.id).where(orders.orders.c.id == ids[0])).first() is None:
        raise NotFound(f"Order {wanted!r}: no such order; `trueup orders list` shows them.")
    return ids[0]


def _standing_clause(standing: str) -> sa.ColumnElement[bool]:
    if standing == "history":
        return orders.orders.c.history
    live = sa.not_(orders.orders.c.history)
    if standing == "unanswered-yet":
        return sa.and_(live, _NEWEST_DELIVERY.is_(None))
    if standing in STAGES:
        return sa.and_(live, orders.orders.c.state != OrderState.CLOSED.value, STAGES[standing])
    return sa.and_(live, _NEWEST_DELIVERY.in_([standing]))


def _standing(row: Any) -> str:
    """Where the order's answer stands: `history` (before our time), `unanswered-yet`, or the state of its newest delivery."""
    if row["history"]:
        return "history"
    return row["delivery"] or "unanswered-yet"


def head_json(row: Any) -> dict[str, Any]:
    """An order in short, as plain JSON."""
    return {
        "id": row["id"],
        "partner": row["partner"],
        "number": row["number"],
        "vendor_code": row["vendor_code"],
        "state": row["state"],
        "revision": row["revision"],
        "standing": _standing(row),
        "open_cases": row["open_cases"],
        "ordered_at": _when(row["ordered_at"]),
        "answer_due_at": _when(row["answer_due_at"]),
        "first_seen_at": _when(row["first_seen_at"]),
    }


def show_order(connection: sa.Connection, order_id: int) -> dict[str, Any]:
    """One order whole: its lines with what was decided, reserved, claimed and answered; revisions, shop order, deliveries, cases.

    Raises NotFound.
    """
    saved = orders.load_order(connection, order_id)
    query = sa.select(orders.orders, _NEWEST_DELIVERY.label("delivery"), _OPEN_CASES.label("open_cases"))
    head = head_json(connection.execute(query.where(orders.orders.c.id == order_id)).mappings().one())
    sold = sales_orders.load_sales_order(connection, order_id)
    return {
        **head,
        "route": saved.order.route.value,
        "ship_to": saved.order.ship_to.id,
        "ship_window": str(saved.order.ship_window) if saved.order.ship_window else None,
        "ship_by": _when(saved.order.last_day),
        "delivery_window": str(saved.order.delivery_window) if saved.order.delivery_window else None,
        "evidence": saved.evidence,
        "lines": _lines(connection, saved),
        "revisions": _revisions(connection, order_id),
        "shop_order": None
        if sold is None
        else {
            "shop": sold.shop,
            "id": sold.shown.id,
            "name": sold.shown.name,
            "cancelled": sold.shown.cancelled,
            "agrees": sold.agrees,
            "proof": sold.proof,
            "read_back_at": _when(sold.read_back_at),
            "evidence": sold.evidence,
            "lines": to_json(sold.shown.lines),
        },
        "deliveries": [delivery_json(delivery) for delivery in deliveries.load_order_deliveries(connection, order_id)],
        "cases": [
            case_json(case_of(row), row)
            for row in connection.execute(
                sa.select(cases).where(cases.c.order_id == order_id).order_by(cases.c.id)
            ).mappings()
        ],
    }


def _lines(connection: sa.Connection, saved: SavedOrder) -> list[dict[str, Any]]:
    decided = decisions.load_decisions(connection, saved.id)
    reserved = stock.load_order_reservations(connection, saved.id)
    course = load_course(connection, saved)
    found = []
    for line in saved.order.lines:
        decision = decided.get(line.sequence)
        held = reserved.get(line.sequence)
        found.append(
            {
                "sequence": line.sequence,
                "asin": line.asin,
                "codes": list(line.codes),
                "ordered": str(line.ordered),
                "amount": line.ordered.amount,
                "unit": line.ordered.unit.value,
                "unit_size": line.ordered.unit_size,
                "net_cost": str(line.net_cost) if line.net_cost else None,
                "sku": decision.decision.sku if decision else None,
                "decision": decision_json(decision.decision) if decision else None,
                "decided_at": _when(decision.decided_at) if decision else None,
                "evidence": decision.evidence if decision else None,
                "reserved_eaches": held.eaches if held else 0,
                "claimed": bool(held and held.claimed_at),
                "course": course_json(course[line.sequence]),
                "charged": charged_json(course[line.sequence]),
            }
        )
    return found


def decision_json(decision: LineDecision) -> dict[str, Any]:
    """A line's answer in words and numbers."""
    return {
        "parts": [
            {
                "answer": part.answer.value,
                "amount": part.quantity.amount,
                "unit": part.quantity.unit.value,
                "ship_on": _when(part.ship_on),
                "reason": part.reason.value if part.reason else None,
            }
            for part in decision.parts
        ],
        "why": decision.why,
        "eaches": decision.eaches,
        "forced": decision.forced,
    }


def _revisions(connection: sa.Connection, order_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(orders.revisions).where(orders.revisions.c.order_id == order_id).order_by(orders.revisions.c.revision)
    ).mappings()
    return [
        {
            "revision": row["revision"],
            "route": row["route"],
            "received_at": _when(row["received_at"]),
            "due_from": _when(row["due_from"]),
            "changes": tell_changes(FieldChange(**item) for item in row["change"]["fields"]),
            "evidence": row["evidence"],
        }
        for row in rows
    ]


def explain_order(connection: sa.Connection, order_id: int) -> list[dict[str, Any]]:
    """The order's story in the order it happened: each event with when, who, what, and the hash of its evidence."""
    saved = orders.load_order(connection, order_id)
    subjects = [f"order {saved.order.key}"]
    subjects += [f"delivery {delivery.id}" for delivery in deliveries.load_order_deliveries(connection, order_id)]
    case_rows = connection.execute(sa.select(cases).where(cases.c.order_id == order_id)).mappings().all()
    subjects += [f"case {row['id']}" for row in case_rows]
    # What a look proves happened at the same instant, after it.
    events = list_looks(connection, saved.order.partner, saved.order.number)
    events += [
        {
            "at": row["at"],
            "who": row["actor"],
            "what": row["act"],
            "about": row["subject"],
            "details": row["after"],
            "evidence": row["evidence"] or None,
        }
        for subject in subjects
        for row in reversed(acts.list_acts(connection, subject))
    ]
    events += [
        {
            "at": row["opened_at"],
            "who": "trueup",
            "what": f"case {row['id']} opened: {row['kind']}",
            "about": row["subject"],
            "details": {"title": row["title"]},
            "evidence": row["evidence"] or None,
        }
        for row in case_rows
    ]
    events += _counted_in(connection, saved)
    sold = sales_orders.load_sales_order(connection, order_id)
    if sold is not None:
        events.append(
            {
                "at": sold.read_back_at,
                "who": sold.shop,
                "what": "shop order read back",
                "about": sold.shown.name,
                "details": {"agrees": sold.agrees, "proof": sold.proof},
                "evidence": sold.evidence,
            }
        )
    return [{**event, "at": _when(event["at"])} for event in sorted(events, key=lambda event: event["at"])]


def _counted_in(connection: sa.Connection, saved: SavedOrder) -> list[dict[str, Any]]:
    """What the buyer's status showed of receipts, look by look, with what that changed; that nothing came yet is no event."""
    events: dict[tuple[datetime, str], dict[str, Any]] = {}
    known: dict[int, LineReceipt] = {}
    ordered = {line.sequence: line.ordered for line in saved.order.lines}
    for each in list_receipts(connection, saved.order.partner, saved.order.number):
        words = _change_of(each, known.get(each.sequence), ordered.get(each.sequence))
        known[each.sequence] = each
        if not words:
            continue
        event = events.setdefault(
            (each.seen_at, each.evidence),
            {
                "at": each.seen_at,
                "who": "trueup",
                "what": "goods.counted-in",
                "about": each.source,
                "details": {},
                "evidence": each.evidence,
            },
        )
        event["details"][str(each.sequence)] = words
    return list(events.values())


def _change_of(now: LineReceipt, before: LineReceipt | None, ordered: Quantity | None) -> str:
    """What changed in words, "" where nothing did: in the unit of the order without its name, else in the one that was told, and in
    eaches where that is not the unit of the look before."""
    unit = ""
    count: int | None = now.received
    was: int | None = before.received if before else 0
    if ordered is not None and now.unit not in (None, ordered.unit):
        unit = " eaches" if now.unit is Unit.EACH else " cases"
    if before is not None and was and (before.unit, before.unit_size) != (now.unit, now.unit_size):
        basis = (ordered.unit, ordered.unit_size) if ordered is not None else (Unit.EACH, None)
        count, was, unit = now.eaches(*basis), before.eaches(*basis), " eaches"
    if count is None or was is None:
        return f"{Quantity(now.received, now.unit, now.unit_size) if now.unit else now.received} in all"
    if count == was:
        return ""
    return f"{count}{unit} in all, {abs(count - was)} {'more' if count > was else 'fewer'}"


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """A delivery as it stands."""
    return {
        "id": delivery.id,
        "key": delivery.key,
        "kind": delivery.kind,
        "order_id": delivery.order_id,
        "revision": delivery.revision,
        "channel": delivery.channel,
        "state": delivery.state.value,
        "risk": str(delivery.risk) if delivery.risk else None,
        "due_at": _when(delivery.due_at),
        "prepared_at": _when(delivery.prepared_at),
        "sent_at": _when(delivery.sent_at),
        "proved_at": _when(delivery.proved_at),
        "attempt": delivery.attempt,
        "receipt": delivery.receipt,
        "proof": delivery.proof,
        "unheld_lines": list(delivery.unheld),
        "digest": delivery.digest,
    }


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
