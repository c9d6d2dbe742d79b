"""What became of each line of an order, put together from what is stored: answers, proofs, parcels, invoices, Amazon's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money, UnitPrice
from trueup.base.quantity import Unit
from trueup.domain.acknowledgements import LineDecision
from trueup.domain.invoices import normal_reference
from trueup.domain.order_course import (
    STAGES,
    Billed,
    Count,
    CountedIn,
    LineCourse,
    OrderFacts,
    Placed,
    Told,
    course_of,
)
from trueup.domain.orders import OrderLine, OrderState
from trueup.domain.proofs import ProofKind
from trueup.storage import decisions, sales_orders, stock
from trueup.storage.amazon_invoices import witnesses_of
from trueup.storage.bulk import array_text
from trueup.storage.invoices import WITH_OPEN, SavedInvoice, invoices, saved_invoice
from trueup.storage.line_receipts import load_receipts
from trueup.storage.orders import SavedOrder
from trueup.storage.proofs import SavedProof, proofs, saved_proof


def load_course(connection: sa.Connection, saved: SavedOrder) -> dict[int, LineCourse]:
    """The course of an order's lines, by their numbers."""
    billed = load_billed(connection, saved.order.partner, saved.order.number)
    decided = {sequence: kept.decision for sequence, kept in decisions.load_decisions(connection, saved.id).items()}
    lines = _lines(connection, saved, decided)
    proven = _proofs(connection, saved, billed)
    facts = OrderFacts(
        lines=lines,
        closed=saved.order.state is OrderState.CLOSED,
        told=tuple(_told(each) for each in proven if each.proof.quantity is not None),
        parcels=_parcels(connection, saved.id, sorted({line.sku for line in lines if line.sku})),
        uncounted=tuple(each.evidence for each in proven if each.proof.quantity is None),
        billed=_bills(connection, saved, billed),
        counted_in=_counted_in(connection, saved, decided),
    )
    return {course.sequence: course for course in course_of(facts)}


def course_json(course: LineCourse) -> dict[str, Any]:
    """The counts of a line by their stage, as plain JSON."""
    return {stage: _count_json(getattr(course, stage)) for stage in STAGES}


def charged_json(course: LineCourse) -> dict[str, Any] | None:
    """By which price an invoice bills a line, where that is not its cost; None where it is, or nobody says."""
    found = course.charged
    if found is None:
        return None
    return {
        "invoice": found.invoice,
        "price": str(found.price),
        "cost": str(found.cost),
        "word": found.word,
    }


def _count_json(count: Count) -> dict[str, Any]:
    return {
        "eaches": count.eaches,
        "word": count.word,
        "why": count.why,
        "against": count.against,
        "evidence": list(count.evidence),
    }


def load_billed(connection: sa.Connection, partner: str, number: str) -> list[SavedInvoice]:
    """The invoices for an order, the earliest first."""
    query = WITH_OPEN.where(invoices.c.partner == partner, invoices.c.purchase_order == number)
    ordered = query.where(invoices.c.purchase_order != sa.literal_column("''")).order_by(
        invoices.c.issued_on, invoices.c.id
    )
    return [saved_invoice(row) for row in connection.execute(ordered).mappings()]


def _lines(connection: sa.Connection, saved: SavedOrder, decided: Mapping[int, LineDecision]) -> tuple[Placed, ...]:
    reserved = stock.load_order_reservations(connection, saved.id)
    placed = []
    for line in saved.order.lines:
        decision, held = decided.get(line.sequence), reserved.get(line.sequence)
        size = line.ordered.unit_size or _size_of(decision)
        answered = _answered(decision, size) if decision else None if line.ordered.amount else 0
        placed.append(
            Placed(
                sequence=line.sequence,
                sku=(decision.sku if decision else None) or (held.sku if held else ""),
                asin=line.asin or "",
                ordered=line.ordered.amount * size if size else None,
                acknowledged=answered,
                why=_why(saved, line, decision),
                held=decision is None and not saved.history and bool(line.ordered.amount),
                costs=_costs(line, size),
            )
        )
    return tuple(placed)


def _costs(line: OrderLine, size: int | None) -> tuple[UnitPrice, ...]:
    """What an each costs by the order: of a line in cases the cost may be of a case, and is of an each where that was agreed."""
    cost = line.net_cost
    if cost is None or line.priced_by:
        return ()
    if line.ordered.unit is not Unit.CASE or not size or size == 1:
        return (cost,)
    of_each = round(cost.value / size, _PLACES)
    cents = round(of_each, 2)
    return UnitPrice(cents if cents == of_each else of_each, cost.currency), cost


_PLACES = 6
"""So many are kept of what an each of a case costs, where cents are not enough: more than any price has."""


def _size_of(decision: LineDecision | None) -> int | None:
    """How many eaches a unit of the order has, where the order does not say it and what was promised does."""
    promised = sum(part.quantity.amount for part in decision.parts if "reject" not in part.answer) if decision else 0
    return decision.eaches // promised if decision and promised and not decision.eaches % promised else None


def _answered(decision: LineDecision, size: int | None) -> int | None:
    promised = sum(part.quantity.amount for part in decision.parts if "reject" not in part.answer)
    return promised * size if size else None if promised else 0


def _why(saved: SavedOrder, line: OrderLine, decision: LineDecision | None) -> str:
    if decision is not None:
        return decision.why
    if saved.history:
        return "It was answered before our time."
    return "It waits for a decision." if line.ordered.amount else "Amazon cancelled it."


def _parcels(connection: sa.Connection, order_id: int, skus: Sequence[str]) -> tuple[Told, ...]:
    """What left for the order by parcels of its shop, as movements tell it under the name that the order has there."""
    sold = sales_orders.load_sales_order(connection, order_id)
    if sold is None or not skus:
        return ()
    values = {"skus": list(skus), "shop": sold.shop, "name": f"{sold.shown.name} parcel "}
    rows = connection.execute(_PARCELS, values)
    return tuple(Told(ProofKind.SHIPPED, row.sku, "", int(row.eaches), row.evidence) for row in rows)


_PARCELS = sa.text(
    "SELECT m.sku, CASE m.kind WHEN 'shipped' THEN m.eaches ELSE -m.eaches END AS eaches, m.evidence FROM"
    " (SELECT DISTINCT sku, location FROM trueup.stock_levels WHERE sku = ANY (:skus)) AS l"
    " JOIN trueup.stock_movements m USING (sku, location) WHERE m.source = :shop AND starts_with(m.reference, :name)"
    " AND m.kind IN ('shipped', 'recalled') ORDER BY m.id"
)
"""By the key of movements, which begins with the product and its places: a name of the shop's is looked for at these alone."""


def _proofs(connection: sa.Connection, saved: SavedOrder, billed: Sequence[SavedInvoice]) -> list[SavedProof]:
    """What proves the order, or one of its invoices, each once."""
    about = proofs.c.purchase_order == saved.order.number
    if billed:
        references = [normal_reference(each.invoice.number) for each in billed]
        about = sa.or_(about, proofs.c.reference == sa.func.any(references))
    query = sa.select(proofs).where(proofs.c.partner == saved.order.partner, about)
    return [saved_proof(row) for row in connection.execute(query.order_by(proofs.c.day, proofs.c.id)).mappings()]


def _told(kept: SavedProof) -> Told:
    return Told(kept.proof.kind, kept.proof.sku, "", kept.proof.quantity or 0, kept.evidence)


def _counted_in(
    connection: sa.Connection, saved: SavedOrder, decided: Mapping[int, LineDecision]
) -> tuple[CountedIn, ...]:
    """What the buyer's status says of the order's lines, in eaches by the unit in which it is told."""
    told = load_receipts(connection, saved.order.partner, saved.order.number)
    found = []
    for line in saved.order.lines:
        receipt = told.get(line.sequence)
        size = line.ordered.unit_size or _size_of(decided.get(line.sequence))
        if receipt is not None:
            eaches = receipt.eaches(line.ordered.unit, size)
            found.append(CountedIn(line.sequence, eaches, receipt.seen_at.date(), receipt.evidence))
    return tuple(found)


def _bills(connection: sa.Connection, saved: SavedOrder, billed: Sequence[SavedInvoice]) -> tuple[Billed, ...]:
    if not billed:
        return ()
    said = witnesses_of(connection, saved.order.partner, (each.invoice.number for each in billed))
    short = _shortages(connection, saved.order.partner, billed)
    found = []
    for each in billed:
        witness = said.get(normal_reference(each.invoice.number))
        lacking = Money(short.get(each.id, 0), each.invoice.total.currency)
        found.append(
            Billed(
                each.invoice,
                each.open,
                lacking,
                each.evidence,
                witness.said if witness else None,
                witness.evidence if witness else "",
            )
        )
    return tuple(found)


def _shortages(connection: sa.Connection, partner: str, billed: Sequence[SavedInvoice]) -> Mapping[int, int]:
    """What Amazon took for missing goods and did not give back, by invoice, in minor units of its currency."""
    values = {"partner": partner, "invoices": array_text(each.id for each in billed)}
    return {row.invoice_id: int(row.minor) for row in connection.execute(_SHORTAGES, values)}


_SHORTAGES = sa.text(
    "SELECT l.invoice_id, sum(c.taken_minor - c.given_minor) AS minor FROM (SELECT DISTINCT invoice_id, claim, currency"
    " FROM trueup.journal_lines WHERE invoice_id = ANY (CAST(:invoices AS bigint[])) AND claim LIKE 'shortage/%') AS l"
    " JOIN trueup.claims c ON c.partner = :partner AND c.claim = l.claim AND c.currency = l.currency GROUP BY l.invoice_id"
)
