"""The statuses of cycles and returns, derived from what happened and what day it is, as the API and as Flow word them."""

from __future__ import annotations

from datetime import date

from trueup.simulators.supercycle.records import Rental, ReturnOrder

API_RETURN = {"none": "unreceived", "some": "partially_received", "all": "received"}
"""REST words of a return's receival. Source: list-all-returns; the last two are inferred from the admin's labels."""

FLOW_RETURN = {"none": "pending", "some": "pending", "all": "received", "late": "overdue"}
"""Flow's words for the same. Source: the automation page."""


def status_of(rental: Rental, today: date) -> str:
    """scheduled, unfulfilled, fulfilled, unreceived, received or cancelled."""
    if rental.cancelled_at is not None:
        return "cancelled"
    if rental.received_at is not None:
        return "received"
    if rental.fulfilled_at is not None:
        overdue = rental.receive_at is not None and today > rental.receive_at and rental.purchased_at is None
        return "unreceived" if overdue else "fulfilled"
    return "scheduled" if rental.fulfill_at is not None and rental.fulfill_at > today else "unfulfilled"


def fulfillment_of(rental: Rental, today: date) -> str:
    """pending, scheduled, in_progress, overdue or complete."""
    if rental.fulfilled_at is not None:
        return "complete"
    if rental.cancelled_at is not None or rental.fulfill_at is None:
        return "pending"
    if rental.packing_status != "pending":
        return "in_progress"
    if rental.fulfill_at < today:
        return "overdue"
    return "scheduled" if rental.fulfill_at > today else "pending"


def receival_of(rental: Rental, today: date) -> str:
    """The same five words of coming back."""
    if rental.received_at is not None:
        return "complete"
    if rental.fulfilled_at is None or rental.receive_at is None or rental.purchased_at is not None:
        return "pending"
    if rental.return_order is not None and not rental.return_order.cancelled:
        return "in_progress"
    return "overdue" if rental.receive_at < today else "scheduled"


def return_status_of(order: ReturnOrder) -> str:
    """requested, expected, received, in_progress, completed or cancelled."""
    if order.cancelled:
        return "cancelled"
    received = [line for line in order.lines if line.status == "received"]
    open_lines = [line for line in order.lines if line.status == "awaiting"]
    if open_lines:
        return "in_progress" if received else "expected" if order.method else "requested"
    return "completed" if all(line.restocked_at is not None for line in received) else "received"


def received_part(order: ReturnOrder) -> str:
    """none, some or all: what API_RETURN and FLOW_RETURN put into words."""
    received = sum(line.status == "received" for line in order.lines)
    return "all" if received and received == len(order.lines) else "some" if received else "none"


def flow_status_of(rental: Rental, today: date) -> str:
    """What Flow calls the status of a cycle: it knows no unreceived one, and calls the one on its way active."""
    words = {"scheduled": "upcoming", "fulfilled": "active", "unreceived": "active", "received": "completed"}
    status = status_of(rental, today)
    return words.get(status, status)
