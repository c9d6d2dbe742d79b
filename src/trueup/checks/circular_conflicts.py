"""Claims on single items held against each other: what purchase orders hold, and what rentals and resales need."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.circular import Visibility
from trueup.domain.circular_units import Clash, Unit, called, clashes
from trueup.domain.ring_fences import fencing
from trueup.storage.circular_units import contested_items, units_of_items
from trueup.storage.item_claims import claimed_items
from trueup.storage.orders import load_order

TWICE, AGAINST_ORDER, OFFERED = "circular.item-twice", "circular.item-claimed", "circular.item-offered"
OWNER = Role.ECOMMERCE.value


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case for each item that two need, and for each that is offered although a purchase order holds it."""
    wanted = sorted({*contested_items(connection), *claimed_items(connection)})
    for unit in units_of_items(connection, wanted):
        found = clashes(unit, ground.now)
        by_cycles = [clash for clash in found if not clash.is_wholesale]
        by_order = [clash for clash in found if clash.is_wholesale]
        if by_cycles:
            yield _twice(unit, by_cycles, ground)
        if by_order:
            yield _against_order(connection, unit, by_order, ground)
        elif unit.claim is not None and unit.claim.state == "held" and unit.item.visibility is Visibility.AVAILABLE:
            yield _offered(connection, unit, ground)


def _subject(unit: Unit) -> str:
    return f"item {unit.programme}/{unit.item.id}"


def _twice(unit: Unit, found: list[Clash], ground: Ground) -> CaseDraft:
    clash = found[0]
    assert clash.second is not None
    first, second = called(clash.first), called(clash.second)
    return CaseDraft(
        kind=TWICE,
        subject=_subject(unit),
        title=f"{unit.item.label} is promised twice, {clash.window}: to {first} and to {second}; give one another item",
        expected="one cycle at a time",
        found=f"{first} and {second} overlap, {clash.window}",
        money_at_risk=unit.item.acquisition_cost,
        deadline=max(clash.window.start, ground.now) if clash.window.start else ground.now,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def _against_order(connection: sa.Connection, unit: Unit, found: list[Clash], ground: Ground) -> CaseDraft:
    clash, order, worth, theirs = found[0], *_order_side(connection, unit, ground)
    cycle = called(clash.first)
    return CaseDraft(
        kind=AGAINST_ORDER,
        subject=_subject(unit),
        title=(
            f"{unit.item.label} is held for {order} ({worth or 'of unknown worth'}), and {cycle} needs it, {clash.window} "
            f"({theirs or 'worth not stated in a fence'}); give the cycle another item, or retry to take another for the order"
        ),
        expected=f"held for {order} alone",
        found=f"{cycle}, {clash.window}",
        money_at_risk=worth or theirs,
        deadline=max(clash.window.start, ground.now) if clash.window.start else ground.now,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def _offered(connection: sa.Connection, unit: Unit, ground: Ground) -> CaseDraft:
    order, worth, _ = _order_side(connection, unit, ground)
    return CaseDraft(
        kind=OFFERED,
        subject=_subject(unit),
        title=f"{unit.item.label} is held for {order} and offered to customers again; make it unavailable, or retry",
        expected=Visibility.UNAVAILABLE.value,
        found=str(unit.item.visibility),
        money_at_risk=worth,
        deadline=ground.now,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def _order_side(connection: sa.Connection, unit: Unit, ground: Ground) -> tuple[str, Money | None, Money | None]:
    """The purchase order by its name, what one unit of its line is worth, and what a fence says the programme earns by it."""
    assert unit.claim is not None
    order = load_order(connection, unit.claim.order_id).order
    line = order.line(unit.claim.sequence)
    worth = line.net_cost.rounded() if line is not None and line.net_cost is not None else None
    partner = ground.partners.get(order.partner)
    agreement = partner.agreement(order.vendor_code, order.ordered_at) if partner else None
    fences = agreement.fences if agreement else ()
    return f"purchase order {order.number}", worth, fencing(fences, unit.claim.sku, ground.now.date()).circular_worth


CHECK = Check(
    name="circular-conflicts",
    sources=("purchase orders' claims on items", "the circular programme's cycles"),
    protects="from an item that is promised to two",
    owner=OWNER,
    tolerance="none",
    kinds=(TWICE, AGAINST_ORDER, OFFERED),
    find=find_differences,
)
