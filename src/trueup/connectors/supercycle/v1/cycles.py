"""Rentals of v1, which are cycles with us, and returns. Of a customer the ids alone are taken; the rest stays in the evidence."""

from __future__ import annotations

from trueup.connectors.supercycle.v1.items import global_id, read_condition
from trueup.connectors.supercycle.v1.record import Record
from trueup.domain.circular import (
    Cycle,
    CycleStatus,
    Method,
    Progress,
    ReturnLine,
    ReturnLineStatus,
    ReturnOrder,
    ReturnStatus,
)

_CYCLE_PASSED_OVER = ("timelineEvents", "originRentalIntentToken", "packingStatus", "tags", "customFields")
_RETURN_PASSED_OVER = ("timelineEvents", "returnMethod", "customFields")


def read_cycle(record: Record) -> Cycle:
    """A rental as a cycle. Raises Unfit without an id."""
    number = record.needed("id")
    inner, item = record.record("item"), record.whole("itemId")
    if item is None and inner is not None:
        item = inner.whole("id")
    record.passed_over(*_CYCLE_PASSED_OVER)
    return Cycle(
        id=number,
        method=record.needed_word("methodType", Method),
        status=record.needed_word("status", CycleStatus),
        item=item,
        order=global_id("Order", record.whole("shopifyOrderId")),
        order_line=global_id("LineItem", record.whole("shopifyOrderLineId")),
        order_name=record.text("shopifyOrderName"),
        fulfillment=record.word("fulfillmentStatus", Progress),
        receival=record.word("receivalStatus", Progress),
        fulfill_at=record.instant("fulfillAt"),
        fulfilled_at=record.instant("fulfilledAt"),
        rental_start=record.instant("rentalStart"),
        rental_end=record.instant("rentalEnd", ends=True),
        minimum_end=record.instant("minimumRentalEnd", ends=True),
        receive_at=record.instant("receiveAt", ends=True),
        received_at=record.instant("receivedAt"),
        restock_by=record.instant("restockBy", ends=True),
        restocked_at=record.instant("restockedAt"),
        return_order=record.whole("returnOrderId"),
        customer=_customer(record),
        sequential_id=record.whole("sequentialId"),
        created_at=record.instant("createdAt"),
        updated_at=record.instant("updatedAt"),
        unread=record.unread(),
    )


def read_return(record: Record) -> ReturnOrder:
    """A return with its lines. Raises Unfit without an id, or when a line has none."""
    number = record.needed("id")
    lines = tuple(_line(each) for each in record.records("returnLines"))
    record.passed_over(*_RETURN_PASSED_OVER)
    return ReturnOrder(
        id=number,
        status=record.needed_word("status", ReturnStatus),
        lines=lines,
        receival=record.text("receivalStatus"),
        credit_status=record.text("creditStatus"),
        customer=_customer(record),
        requested_at=record.instant("requestedAt"),
        created_at=record.instant("createdAt"),
        sequential_id=record.whole("sequentialId"),
        tags=record.texts("tags"),
        unread=record.unread(),
    )


def _line(record: Record) -> ReturnLine:
    item = record.record("item")
    number = record.whole("itemId")
    return ReturnLine(
        id=record.needed("id"),
        status=record.needed_word("status", ReturnLineStatus),
        cycle=record.whole("rentalId"),
        item=item.whole("id") if item is not None else number,
        condition=read_condition(record),
        requested_at=record.instant("requestedAt"),
        restocked_at=record.instant("restockedAt"),
    )


def _customer(record: Record) -> str | None:
    found = record.record("customer")
    return global_id("Customer", found.whole("shopifyId")) if found is not None else None
