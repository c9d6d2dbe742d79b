"""Take back goods: what came back of a purchase order is made into items of the circular programme, as the agreement says.

A person says what came back. An item's key is its serial, so whoever was cut off finds it, and each unit is made once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import ConfigurationError, Conflict, Refused
from trueup.base.ids import canonical_json
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import Product
from trueup.domain.circular import Item, Visibility
from trueup.domain.partners import Agreement
from trueup.domain.vendor_returns import Returned, ReturnedState, ReturnedUnit, place_return, serials_of
from trueup.durable.flow import Flow
from trueup.storage import cases, circular, decisions, orders, products, vendor_returns
from trueup.storage.acts import hold_subject
from trueup.storage.json_values import from_json, to_json
from trueup.storage.orders import SavedOrder
from trueup.storage.shop_products import as_sold_in
from trueup.workflows.assessment import examine
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.source_failures import NOT_DONE
from trueup.workflows.world import Flowing, Tx, World

ITEM_REFUSED = "vendor-return.item-refused"
"""The kind of case of a unit that came back and could not be made an item."""
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The units that were recorded: their serials, by line, in which programme, and what their items are from the start."""

    programme: str
    serials: tuple[str, ...]
    lines: tuple[int, ...]
    become: Visibility


@dataclass(frozen=True, slots=True)
class Returnable:
    """A product of an order as far as it may come back. `promised`: to the buyer, `before`: that came back already, in eaches.
    `why_not`: what keeps it from becoming items, "" where nothing does."""

    sku: str
    promised: int
    before: int
    why_not: str = ""

    @property
    def left(self) -> int:
        """How many may still come back."""
        return max(0, self.promised - self.before)


def look_at_order(connection: sa.Connection, world: World, order_id: int, programme: str = "") -> list[Returnable]:
    """What may come back of an order, by SKU. Raises NotFound, and Refused where nothing can: the agreement does not say it."""
    saved = orders.load_order(connection, order_id)
    taking = _programme(world, _agreed(connection, world, saved), programme)
    promised: Counter[str] = Counter()
    for saved_decision in decisions.load_decisions(connection, order_id).values():
        if saved_decision.decision.sku and saved_decision.decision.eaches:
            promised[saved_decision.decision.sku] += saved_decision.decision.eaches
    before = Counter(unit.sku for unit in vendor_returns.load_order_returns(connection, order_id))
    return [
        Returnable(sku, count, before[sku], "" if _is_imported(connection, world, sku, taking) else f"not in {taking}")
        for sku, count in sorted(promised.items())
    ]


def take_back(tx: Tx, order_id: int, returned: Returned, person: Person) -> TakenBack:
    """Record what came back of an order and have its items made.

    Raises Refused without a role, for more than the order was promised, a product that is not in the programme, or an agreement
    that does not say what returned goods become; Conflict for a serial that came back before, and for units without one when more
    or fewer came back before than the person knows of.
    """
    demand_role(person, "goods.take-back")
    saved = orders.load_order(tx.connection, order_id)
    agreement = _agreed(tx.connection, tx.resources, saved)
    programme = _programme(tx.resources, agreement, returned.programme)
    if not _is_imported(tx.connection, tx.resources, returned.sku, programme):
        raise Refused(
            f"{returned.sku} is not in {programme}: import the product there first, then say again what came back."
        )
    sold = {
        line: saved_decision.decision.eaches
        for line, saved_decision in decisions.load_decisions(tx.connection, order_id).items()
        if saved_decision.decision.sku == returned.sku
    }
    hold_subject(tx.connection, f"order {saved.order.key}")
    before = vendor_returns.load_order_returns(tx.connection, order_id, lock=True)
    of_it = [unit for unit in before if unit.sku == returned.sku]
    _demand_others(tx, saved, returned, len(of_it))
    lines = place_return(returned, sold, Counter(unit.sequence for unit in of_it))
    serials = serials_of(returned, f"{saved.order.number}-{returned.sku}", {unit.serial for unit in before})
    evidence = _keep_told(tx, saved, returned, person)
    assert agreement.items_returned is not None, "the agreement says what they become"
    costs = _costs(tx, saved, agreement)
    units = [
        ReturnedUnit(
            0,
            order_id,
            line,
            returned.sku,
            programme,
            serial,
            agreement.items_returned,
            costs.get(line),
            returned.condition,
        )
        for line, serial in zip(lines, serials, strict=True)
    ]
    for unit_id in vendor_returns.append_returns(tx.connection, units, by=person.name, evidence=evidence, now=tx.now):
        start_making(tx, unit_id)
    done = TakenBack(programme, tuple(serials), tuple(lines), agreement.items_returned)
    deed = Deed("goods.taken-back", f"order {saved.order.key}", None, to_json(done), evidence)
    record_deed(tx.connection, tx.now, person, deed)
    return done


def _demand_others(tx: Tx, saved: SavedOrder, returned: Returned, before: int) -> None:
    """What has no serial must be other units than those that came back before. Raises Conflict, which says who told of those."""
    if len(returned.serials) == returned.eaches or returned.before == before:
        return
    told = ""
    if before:
        who, when = vendor_returns.who_returned(tx.connection, saved.id, returned.sku)
        told = f", the last as {who} said at {write_instant(when)}"
    raise Conflict(
        f"{before} of {returned.sku} came back of order {saved.order.key} before{told}; {returned.before} were known here, and "
        f"units without a serial could be the same. Nothing was recorded. If these are others, say it again, with {before} that "
        f"came back before."
    )


def _keep_told(tx: Tx, saved: SavedOrder, returned: Returned, person: Person) -> str:
    """What was said, as evidence: its digest."""
    told = canonical_json({"order": saved.order.key, "returned": to_json(returned), "by": person.name})
    name = f"returned of {saved.order.key}"
    return tx.resources.keep(tx.connection, told, kind="vendor-return", source="trueup", name=name)


def _agreed(connection: sa.Connection, world: World, saved: SavedOrder) -> Agreement:
    agreement = world.agreement(connection, saved)
    if agreement is None or agreement.items_returned is None:
        raise Refused(
            f"Order {saved.order.key}: its agreement does not say what goods become that come back; set items_returned to "
            f"'unavailable' (until somebody has looked) or 'available'."
        )
    return agreement


def _programme(world: World, agreement: Agreement, named: str) -> str:
    fit = sorted(each.name for each in world.programmes.values() if each.shop == agreement.shop)
    if named and named not in fit:
        raise ConfigurationError(
            f"{named!r} is no circular programme of shop {agreement.shop}; there is {', '.join(fit) or 'none'}."
        )
    if not named and len(fit) != 1:
        raise ConfigurationError(
            f"Shop {agreement.shop} has {len(fit)} circular programmes ({', '.join(fit) or 'none is set up'}); expected one, or "
            f"the name of the one that takes the goods."
        )
    return named or fit[0]


def _is_imported(connection: sa.Connection, world: World, sku: str, programme: str) -> bool:
    product = _as_sold(connection, world, sku, programme)
    return product is not None and product.circular and product.shop_variant is not None


def _as_sold(connection: sa.Connection, world: World, sku: str, programme: str) -> Product | None:
    """The product with the ids of the programme's shop; None where it, or the programme, is not known (any more)."""
    known = [product for product, _ in products.load_products(connection, [sku])]
    if not known or programme not in world.programmes:
        return None
    return as_sold_in(connection, world.programmes[programme].shop, known)[sku]


def _costs(tx: Tx, saved: SavedOrder, agreement: Agreement) -> dict[int, Any]:
    units = examine(tx.connection, tx.resources, saved, agreement, tx.now).units
    return {line: each.value(1) for line, each in units.items()}


def start_making(tx: Tx, unit_id: int, after: timedelta = timedelta(0)) -> None:
    """Have its item made by a run of its own, now or later."""
    tries = vendor_returns.count_try(tx.connection, unit_id)
    tx.at(tx.now + after, "make_returned_item", f"vendor-return:{unit_id}:{tries}", unit_id, tries)


def make_again(tx: Tx, unit_id: int) -> None:
    """A person mended what kept its item from being made."""
    if vendor_returns.load_return(tx.connection, unit_id).state is not ReturnedState.MADE:
        vendor_returns.move_return(tx.connection, unit_id, ReturnedState.WANTED, tx.now)
        start_making(tx, unit_id)


def make_returned_item(c: Flowing, unit_id: int, tries: int) -> None:
    """Make the item of one unit; what cannot be done now is tried again, and what only a person mends is a case."""
    plan = c.commit(plan_item, unit_id)
    if plan is None:
        return
    try:
        made = c.step(make_item, plan)
    except (*NOT_DONE, Conflict) as error:
        c.commit(note_unmade, unit_id, tries, str(error), error.retry)
        return
    c.commit(note_made, unit_id, made)


def plan_item(tx: Tx, unit_id: int) -> dict[str, Any] | None:
    """What is to be made, as JSON; None when it was."""
    unit = vendor_returns.load_return(tx.connection, unit_id)
    if unit.state is not ReturnedState.WANTED:
        return None
    product = _as_sold(tx.connection, tx.resources, unit.sku, unit.programme)
    return {"unit": to_json(unit), "variant": product.shop_variant if product else None}


def make_item(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """Look the serial up, and make the item when there is none. Doing it twice is once."""
    unit = from_json(plan["unit"], ReturnedUnit)
    if unit.programme not in world.programmes or plan["variant"] is None:
        raise ConfigurationError(
            f"{unit.sku} cannot be made an item: {unit.programme} or its product is not set up (any more)."
        )
    sink, at = world.programmes[unit.programme].connection.item_sink, world.clock.now()
    found = sink.find_by_serial(unit.serial)
    item, trail = found.value, [found.evidence.decode()]
    if item is None:
        made = sink.create_item(unit.new_item(plan["variant"]))
        item, trail = made.value, [*trail, made.evidence.decode()]
    elif item.variant != plan["variant"] or item.visibility is not unit.become:
        raise Conflict(
            f"Serial {unit.serial} is {item.label} of {sink.name} already, {item.visibility}: expected none, or the {unit.sku} "
            f"that was just made {unit.become}. A unit that left the programme and came back needs a serial of its own."
        )
    return {"item": to_json(item), "at": write_instant(at), "trail": trail}


def note_made(tx: Tx, unit_id: int, made: dict[str, Any]) -> None:
    """What was seen of it."""
    unit = vendor_returns.load_return(tx.connection, unit_id)
    item, evidence = from_json(made["item"], Item), ""
    for reply in made["trail"]:
        evidence = tx.resources.keep(
            tx.connection, reply.encode(), kind="circular-item", source=unit.programme, name=f"item {unit.serial}"
        )
    said = circular.Said(unit.programme, evidence, read_instant(made["at"]))
    circular.save_records(tx.connection, [item], said)
    vendor_returns.move_return(tx.connection, unit_id, ReturnedState.MADE, tx.now, item=item.id, evidence=evidence)
    cases.close_case(tx.connection, ITEM_REFUSED, unit.subject, why="it was made since", now=tx.now)


def note_unmade(tx: Tx, unit_id: int, tries: int, words: str, retry: bool) -> None:
    """Later by itself, ever longer up to an hour; or by a person."""
    unit = vendor_returns.load_return(tx.connection, unit_id)
    if retry:
        start_making(tx, unit_id, min(timedelta(minutes=2) * tries, LONGEST_PAUSE))
        return
    vendor_returns.move_return(tx.connection, unit_id, ReturnedState.REFUSED, tx.now)
    saved = orders.load_order(tx.connection, unit.order_id)
    draft = CaseDraft(
        kind=ITEM_REFUSED,
        subject=unit.subject,
        title=(
            f"{unit.sku} (serial {unit.serial}), which came back of purchase order {saved.order.number}, is no item of "
            f"{unit.programme}: {words}"
        ),
        expected=f"an item with serial {unit.serial}, {unit.become}",
        found=words,
        money_at_risk=unit.cost,
        deadline=tx.now + timedelta(days=2),
        owner=tx.resources.programmes[unit.programme].owner
        if unit.programme in tx.resources.programmes
        else "ecommerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=unit.order_id, sequence=unit.sequence)


FLOWS = (Flow[World]("make_returned_item", make_returned_item, "circular"),)
