"""Stages: the few steps between which people carry a unit, each made of lanes, and what a unit waits for in the one it is in.

A lane says exactly who has a unit; a stage says whose work it is. Every unit is in exactly one of either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from trueup.domain.circular import Cycle, Item, Method, Readiness
from trueup.domain.circular_units import LANES, Lane, Unit, called


class Stage(StrEnum):
    """Whose work a unit is, in the order in which it goes round."""

    RENTED = "rented"
    DUE_BACK = "due-back"
    """On its way back, to be back within days, or overdue."""
    INSPECTING = "inspecting"
    """Here and not ready: somebody has to look at it."""
    REFURBISHING = "refurbishing"
    """Here, not ready, and damaged: it is mended first."""
    SELLABLE = "sellable"
    HELD = "held"
    """Here and ready, and kept from customers: for a purchase order, by a person, by days."""
    RETIRED = "retired"
    """Sold, retired, or no longer told of."""


STAGES = {
    Stage.RENTED: "rented",
    Stage.DUE_BACK: "due back",
    Stage.INSPECTING: "inspecting",
    Stage.REFURBISHING: "refurbishing",
    Stage.SELLABLE: "sellable",
    Stage.HELD: "held",
    Stage.RETIRED: "retired or sold",
}
"""The stages in words."""
SOON = timedelta(days=3)
"""What is to be back within so long is awaited already."""
DAMAGED = "damaged"
"""How the titles of conditions begin that ask for mending. Source: the four conditions that Supercycle begins with; their keys
are not documented."""


def due_of(unit: Unit) -> datetime | None:
    """When the unit is to be back from whoever has it; None where nobody has it, or for good."""
    due = [
        each.receive_at or each.rental_end for each in unit.cycles if each.is_out and each.method is not Method.RESALE
    ]
    return min((moment for moment in due if moment is not None), default=None)


def holder_of(unit: Unit, now: datetime) -> Cycle | None:
    """The cycle that has the unit, or the next one that will; None where none does."""
    found = [cycle for cycle, _ in unit.windows(now)]
    out = [cycle for cycle in found if cycle.is_out]
    return min(out or found, key=_begins, default=None)


def _begins(cycle: Cycle) -> tuple[bool, datetime | None, int]:
    begins = cycle.fulfilled_at or cycle.fulfill_at or cycle.rental_start
    return (begins is None, begins, cycle.id)


def is_damaged(item: Item) -> bool:
    """Whether its condition asks for mending."""
    return item.condition is not None and item.condition.title.lower().startswith(DAMAGED)


def stage_of(unit: Unit, now: datetime) -> Stage:
    """Where the unit is on its way round."""
    match unit.lane(now):
        case Lane.SOLD | Lane.RETIRED | Lane.GONE:
            return Stage.RETIRED
        case Lane.OVERDUE | Lane.RETURNING:
            return Stage.DUE_BACK
        case Lane.OUT:
            due = due_of(unit)
            return Stage.DUE_BACK if due is not None and due < now + SOON else Stage.RENTED
        case Lane.WHOLESALE | Lane.BLOCKED | Lane.UNCLEAR:
            return Stage.HELD
        case Lane.FREE | Lane.BOOKED | Lane.NOT_READY | Lane.WITHHELD as lane:
            if unit.item.readiness is not Readiness.PROCESSED:
                return Stage.REFURBISHING if is_damaged(unit.item) else Stage.INSPECTING
            return Stage.HELD if lane is Lane.WITHHELD else Stage.SELLABLE


def waits_for(unit: Unit, now: datetime) -> str:
    """What the unit waits for in its stage, in words."""
    holder = holder_of(unit, now)
    with_whom = f"with {called(holder)}" if holder is not None and holder.is_out else ""
    match stage_of(unit, now):
        case Stage.RENTED | Stage.DUE_BACK:
            return with_whom or LANES[unit.lane(now)]
        case Stage.INSPECTING:
            return (
                f"somebody to look at it, before {called(holder)}" if holder is not None else "somebody to look at it"
            )
        case Stage.REFURBISHING:
            title = unit.item.condition.title if unit.item.condition is not None else ""
            return f"mending: {title}" + (f", before {called(holder)}" if holder is not None else "")
        case Stage.SELLABLE:
            return f"next: {called(holder)}" if holder is not None else LANES[Lane.FREE]
        case Stage.HELD | Stage.RETIRED:
            return LANES[unit.lane(now)]
