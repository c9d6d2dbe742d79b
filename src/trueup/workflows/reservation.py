"""Reservation: each line is decided and its stock reserved in one transaction, under the locks of the products concerned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import read_instant, write_instant
from trueup.domain.acknowledgements import (
    Before,
    LineDecision,
    Occasion,
    decide_line,
    keep_rejected,
)
from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Availability, Level, Reservation, weigh
from trueup.durable.tally import Tally
from trueup.remote.capability import Wanted
from trueup.storage import acts, decisions, order_runs, orders, products, stock
from trueup.storage.case_batches import ids_of_open
from trueup.storage.orders import SavedOrder
from trueup.storage.shop_products import as_sold_in, save_shop_products
from trueup.storage.stock_ledger import record_levels
from trueup.storage.supplies import load_supplies
from trueup.workflows.assessment import Situation, examine, line_digest, open_hold_cases, save_by_hand
from trueup.workflows.item_supplies import concerns_items, item_supplies
from trueup.workflows.promises import wholesale_channel, with_buffers
from trueup.workflows.short_lines import note_shorts
from trueup.workflows.taking_in import start_answering
from trueup.workflows.wanted_stock import stock_changed
from trueup.workflows.world import ACTOR, Tx, World

PENDING_WAIT = timedelta(seconds=3)
MOST_PENDING_WAITS = 8


def observe_stock(world: World, shop: str, location: str, items: list[list[str]]) -> dict[str, Any]:
    """What the shop says now about the products of an order, and its reply as evidence."""
    wanted = [Wanted(sku, item) for sku, item in items]
    observed = world.connections.stock_sources[shop].fetch_levels(wanted, location)
    levels = [
        {
            "sku": level.sku,
            "location": level.location,
            "available": level.available,
            "committed": level.committed,
            "on_hand": level.on_hand,
            "tracked": level.tracked,
            "observed_at": write_instant(level.observed_at),
        }
        for level in observed.value
    ]
    return {"levels": levels, "evidence": observed.evidence.decode()}


def levels_of(observed: dict[str, Any] | None) -> list[Level]:
    """The levels again after their way through JSON."""
    found = observed["levels"] if observed else []
    return [Level(**{**level, "observed_at": read_instant(level["observed_at"])}) for level in found]


def decide_order(tx: Tx, order_id: int, run_id: str, observed: dict[str, Any] | None) -> dict[str, Any] | None:
    """Decide every undecided line from the stock observed, save the decisions and their reservations together.

    Returns what comes next: whether to go on; None when the order moved on under us, or a claim of ours is still on its
    way to the shop and would make the answer too small: then another run follows shortly.
    """
    connection, world = tx.connection, tx.resources
    saved = orders.load_order(connection, order_id, lock=True)
    agreement = world.agreement(connection, saved)
    if agreement is None:
        order_runs.give_back_lease(connection, order_id, run_id)
        return None
    levels = levels_of(observed)
    evidence = _keep_levels(tx, saved, agreement.shop, observed) or saved.evidence
    untracked = _note_untracked(tx, agreement.shop, levels)
    situation = examine(connection, world, saved, agreement, tx.now)
    if untracked:
        open_hold_cases(tx, situation)
    known = {line.sequence: line for line in saved.order.lines}
    _forget_gone_lines(tx, situation, set(known))
    skus = {situation.units[line.sequence].product.sku for line in situation.undecided}
    stock.lock_stock(connection, skus, agreement.ship_from)
    levels += _declared(connection, situation, agreement.ship_from)
    supplies = _supplies(tx, situation, levels) | item_supplies(tx, situation)
    if _must_wait(tx, situation, supplies):
        order_runs.give_back_lease(connection, order_id, run_id)
        start_answering(tx, order_id, PENDING_WAIT)
        return None
    before, _ = decisions.load_answers(connection, order_id)
    save_by_hand(tx, situation)
    made = _decide(situation, supplies, before, tx.now)
    _save(tx, situation, made, evidence)
    _count(tx, situation, made)
    note_shorts(tx, situation, made, supplies)
    stock_changed(tx, skus, agreement.ship_from)
    return {"revision": saved.revision, "items": concerns_items(tx, order_id)}


def _count(tx: Tx, situation: Situation, made: Sequence[LineDecision]) -> None:
    live = [line for line in situation.saved.order.lines if line.ordered.amount != 0]
    out = {
        "decided before": len(situation.decided),
        "decided by a person": len(situation.by_hand),
        "promised whole or in part": sum(1 for each in made if each.eaches),
        "not promised": sum(1 for each in made if not each.eaches),
    }
    subjects = {(draft.kind, draft.subject) for drafts in situation.held.values() for draft in drafts}
    tx.count(Tally("lines", len(live), out, {"held": len(situation.held)}, ids_of_open(tx.connection, subjects)))


def _keep_levels(tx: Tx, saved: SavedOrder, shop: str, observed: dict[str, Any] | None) -> str:
    """Archive what the shop said and tell the ledger; returns its hash, nothing when the shop was not asked."""
    if not observed:
        return ""
    content, name = observed["evidence"].encode(), f"levels for {saved.order.key}"
    evidence = tx.resources.keep(tx.connection, content, kind="stock", source=shop, name=name)
    told = [replace(level, source=shop, evidence=evidence) for level in levels_of(observed)]
    record_levels(tx.connection, told, CountSource.SHOP)
    return evidence


def _note_untracked(tx: Tx, shop: str, levels: list[Level]) -> bool:
    """The shop says now that it does not count a product: the item master learns it, and the line will be held."""
    found = [level.sku for level in levels if not level.tracked]
    for sku in found:
        product = products.load_product(tx.connection, sku)
        if product is not None:
            [sold] = as_sold_in(tx.connection, shop, [product]).values()
            neighbours = tx.resources.neighbours_of(shop)
            save_shop_products(tx.connection, neighbours, [replace(sold, tracked=False)], "0" * 64, tx.now)
    return bool(found)


def _forget_gone_lines(tx: Tx, situation: Situation, known: set[int]) -> None:
    """Lines that were cancelled, changed or taken off hold nothing until they are decided again."""
    order_id = situation.saved.id
    reserved = stock.load_order_reservations(tx.connection, order_id)
    stands = set(situation.decided)
    for sequence in decisions.load_decisions(tx.connection, order_id):
        if sequence not in stands:
            decisions.drop_decision(tx.connection, order_id, sequence)
    for sequence in reserved:
        undecided = any(line.sequence == sequence for line in situation.undecided)
        if sequence not in stands and not undecided:
            stock.release_reservation(tx.connection, order_id, sequence, tx.now)
    orders.save_line_units(
        tx.connection,
        order_id,
        situation.saved.order.vendor_code,
        [
            (line.sequence, situation.units[line.sequence].product.sku, situation.units[line.sequence].eaches)
            for line in situation.undecided
            if line.sequence in known
        ],
    )


def _declared(connection: sa.Connection, situation: Situation, location: str) -> list[Level]:
    declared = {
        product.sku
        for line in situation.undecided
        if (product := situation.units[line.sequence].product).count_source is CountSource.DECLARED
    }
    return stock.load_declared(connection, declared, location) if declared else []


def _supplies(tx: Tx, situation: Situation, levels: Iterable[Level]) -> dict[str, Availability]:
    """How much of each product may be promised to this order's undecided lines together."""
    agreement, order_id, connection = situation.agreement, situation.saved.id, tx.connection
    open_lines = {line.sequence for line in situation.undecided}
    by_sku = {level.sku: level for level in levels}
    declared = {
        units.product.sku for units in situation.units.values() if units.product.count_source is CountSource.DECLARED
    }
    place, counted = agreement.ship_from, by_sku.keys() - declared
    reservations = stock.load_reservations(connection, by_sku.keys() & declared, place)
    if counted:
        seen_at = min(by_sku[sku].observed_at for sku in counted)
        reservations += stock.load_reservations(connection, counted, place, order_id=order_id, seen_at=seen_at)
    channel = with_buffers(connection, wholesale_channel(tx.resources, agreement, tx.now), by_sku.keys(), tx.now)
    known = {
        supply.level.sku: (supply, computed)
        for supply, computed in load_supplies(connection, place, by_sku.keys(), channel=channel.name)
    }
    found: dict[str, Availability] = {}
    for sku, level in by_sku.items():
        mine = [held for held in reservations if held.sku == sku]
        if sku in declared:
            # A declared count is of what lies there: goods claimed in the shop but not yet shipped are among it.
            mine = [replace(held, claimed_at=None) for held in mine]
        standing = [held for held in mine if held.order_id == order_id and held.sequence not in open_lines]
        # What this order's decided lines hold is not free for its undecided ones.
        others = [held for held in mine if held not in standing] + [replace(held, order_id=0) for held in standing]
        supply, (saved, computed) = weigh(level, others, for_order=order_id), known.get(sku, (None, 0))
        if saved is not None:
            supply = replace(supply, moved=saved.moved, held_known=max(0, saved.held_known - supply.own))
        found[sku] = channel.available(supply, tx.now.date(), computed)
    return found


def _must_wait(tx: Tx, situation: Situation, supplies: dict[str, Availability]) -> bool:
    """Short only because claims of other orders are on their way: the shop may have counted them already."""
    late = tx.now >= situation.deadline - situation.agreement.acknowledge_margin
    number = order_runs.count_runs(tx.connection, situation.saved.id)
    if late or number >= MOST_PENDING_WAITS:
        return False
    wanted: dict[str, int] = {}
    for line in situation.undecided:
        units = situation.units[line.sequence]
        wanted[units.product.sku] = wanted.get(units.product.sku, 0) + units.eaches
    declared = {
        units.product.sku for units in situation.units.values() if units.product.count_source is CountSource.DECLARED
    }
    return any(
        sku not in declared and supply.pending and supply.eaches < wanted.get(sku, 0) <= supply.eaches + supply.pending
        for sku, supply in supplies.items()
    )


def _decide(
    situation: Situation, supplies: dict[str, Availability], before: dict[int, Before], now: datetime
) -> list[LineDecision]:
    made = []
    left = dict(supplies)
    occasion = Occasion(situation.agreement, now, situation.saved.order.last_day)
    for line in situation.undecided:
        units = situation.units[line.sequence]
        sku = units.product.sku
        supply = left.get(sku) or Availability(sku, situation.agreement.ship_from, ())
        decision = decide_line(line, units, supply, occasion)
        earlier = before.get(line.sequence)
        if earlier:
            decision = keep_rejected(earlier, line, decision)
        made.append(decision)
        left[sku] = supply.take(decision.eaches)
    return made


def _save(tx: Tx, situation: Situation, made: list[LineDecision], evidence: str) -> None:
    saved, connection = situation.saved, tx.connection
    number = decisions.next_decision_number(connection)
    rows = [
        decisions.SavedDecision(number, saved.revision, line_digest(saved, each.sequence), each, tx.now, evidence)
        for each in made
    ]
    decisions.save_decisions(connection, saved.id, rows, ACTOR)
    place = situation.agreement.ship_from
    held = [
        Reservation(saved.id, each.sequence, each.sku, place, each.eaches) for each in made if each.eaches and each.sku
    ]
    stock.save_reservations(connection, held, number, tx.now)
    for each in made:
        if not (each.eaches and each.sku):
            stock.release_reservation(connection, saved.id, each.sequence, tx.now)
    if made:
        decided = {str(decision.sequence): decision.why for decision in made}
        act = acts.Act(ACTOR, "worker", "order.decided", f"order {saved.order.key}", None, decided, evidence)
        acts.append_act(connection, tx.now, act)
