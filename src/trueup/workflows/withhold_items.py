"""Withhold items: what a purchase order holds of goods counted unit by unit is taken out of the circular programme, one by one.

An item is chosen and claimed here first, in one transaction; then the programme is asked whether a rental or resale has it, it
is made unavailable, and asked again: whoever booked it in between keeps it, and wholesale takes another. Where there is no
other, the line is decided anew with less, and a case names both claims and their money. Releasing is the way back, and what
was shipped leaves the programme for good. Everything is by the item's visibility, which can be taken back; a blocked date
could not. Visibility is absolute, so a write that was cut off is simply made again.
"""

from __future__ import annotations

from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import NotFound
from trueup.domain.circular import Cycle, Item, ItemChange, Visibility
from trueup.domain.circular_units import TAKING, Claim, ClaimState, Fitness, called, choose_units
from trueup.domain.inventory import Reservation
from trueup.domain.orders import OrderState
from trueup.domain.partners import Agreement
from trueup.domain.ring_fences import fencing
from trueup.durable.flow import Flow
from trueup.remote.circular import CircularConnection, CycleQuery
from trueup.storage import circular, decisions, item_claims, orders, stock
from trueup.storage.circular_units import units_of_skus
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.circular_conflicts import tell_short
from trueup.workflows.item_supplies import counted_by_items
from trueup.workflows.source_failures import NOT_DONE, note_failure
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import Flowing, Tx, World

QUERY = "items"
MOST_TRIES = 20
"""How often others may be chosen for items that were taken meanwhile, before the line is decided with what there is."""


def withhold_items(c: Flowing, order_id: int) -> bool:
    """Bring the programme to withhold what the order holds, and to release or let go what it does not hold any more.

    True: every unit that is reserved is seen withheld. False: some line has to be decided anew.
    Raises what a system did not do.
    """
    for _ in range(MOST_TRIES):
        plan = c.commit(plan_claims, order_id)
        if not plan["take"] and not plan["give"]:
            return not c.commit(settle_short, order_id)
        for claim in plan["give"]:
            done = c.step(give_up, claim["programme"], claim["item"], claim["become"])
            c.commit(settle_given, claim["id"], claim["programme"], claim["state"], done)
        for claim in plan["take"]:
            seen = c.step(take_item, claim["id"], claim["programme"], claim["item"])
            c.commit(settle_taken, claim["id"], claim["programme"], seen)
    return not c.commit(settle_short, order_id)


def mend_items(c: Flowing, order_id: int) -> None:
    """The same for an order that nobody is answering now: it was cancelled, closed, or counted anew."""
    try:
        if not withhold_items(c, order_id):
            c.commit(start_answering, order_id)
    except NOT_DONE as error:
        c.commit(note_unmended, order_id, str(error))


def mend_claims(tx: Tx) -> int:
    """Start mending every order whose claims are not what it holds; returns how many. Looked at whenever cycles were."""
    found = [order_id for order_id in item_claims.orders_with_claims(tx.connection) if _differs(tx, order_id)]
    for order_id in found:
        run = f"mend-items:{order_id}:{tx.now:%Y%m%d%H%M%S%f}"
        tx.start("mend_items", run, order_id)
    return len(found)


def plan_claims(tx: Tx, order_id: int) -> dict[str, list[dict[str, Any]]]:
    """Claim what is reserved and not claimed, mark what is claimed and not reserved; returns what is to be done remotely."""
    wanted = counted_by_items(tx, order_id)
    claims = item_claims.load_order_claims(tx.connection, order_id)
    saved = orders.load_order(tx.connection, order_id)
    closed = saved.order.state is OrderState.CLOSED
    kept: dict[int, list[Claim]] = {}
    for claim in sorted(claims, key=lambda each: (each.state is not ClaimState.HELD, each.id)):
        if claim.state in TAKING:
            mine = kept.setdefault(claim.sequence, [])
            if len(mine) < _eaches(wanted, claim) and not closed:
                mine.append(claim)
            else:
                line = saved.order.line(claim.sequence)
                _let_go(tx, claim, shipped=closed and line is not None and line.ordered.amount > 0)
    _choose(tx, order_id, wanted if not closed else {}, {line: len(mine) for line, mine in kept.items()})
    terms = _agreement(tx, order_id)
    plan: dict[str, list[dict[str, Any]]] = {"take": [], "give": []}
    for claim in item_claims.load_order_claims(tx.connection, order_id):
        about = {"id": claim.id, "programme": claim.programme, "item": claim.item, "state": claim.state.value}
        match claim.state:
            case ClaimState.WANTED | ClaimState.WITHHOLDING:
                plan["take"].append(about)
            case ClaimState.ENDING:
                plan["give"].append(about | {"become": (terms.items_shipped if terms else Visibility.RETIRED).value})
            case ClaimState.RELEASING:
                plan["give"].append(
                    about | {"become": (terms.items_released if terms else Visibility.UNAVAILABLE).value}
                )
            case _:
                pass
    return plan


def _eaches(wanted: dict[int, Reservation], claim: Claim) -> int:
    held = wanted.get(claim.sequence)
    return held.eaches if held is not None and held.sku == claim.sku else 0


def _let_go(tx: Tx, claim: Claim, *, shipped: bool) -> None:
    """Goods of an order that the buyer closed have left, unless their line was cancelled. Others go back, also those whose
    withholding was never seen: it may have happened."""
    why = "the order is closed: its goods have left" if shipped else "the order does not hold it any more"
    match claim.state:
        case ClaimState.WANTED:
            state, why = ClaimState.RELEASED, f"{why}; it was never withheld"
        case ClaimState.HELD if shipped:
            state = ClaimState.ENDING
        case _:
            state = ClaimState.RELEASING
    item_claims.move_claim(tx.connection, claim.id, state, why=why, now=tx.now)


def _choose(tx: Tx, order_id: int, wanted: dict[int, Reservation], kept: dict[int, int]) -> None:
    """Claim free units for what is reserved and not claimed yet, under the locks of the products."""
    missing = {
        line: held.eaches - kept.get(line, 0) for line, held in wanted.items() if held.eaches > kept.get(line, 0)
    }
    if not missing:
        return
    skus = {wanted[line].sku for line in missing}
    stock.lock_stock(tx.connection, skus, next(iter(wanted.values())).location)
    lost = item_claims.load_lost(tx.connection, order_id)
    units = units_of_skus(tx.connection, skus)
    for line, count in sorted(missing.items()):
        sku = wanted[line].sku
        free = [unit for unit in units.get(sku, []) if (unit.programme, unit.item.id) not in lost]
        chosen = choose_units(free, count, _fitness(tx, order_id, sku), tx.now)
        claims = [
            Claim(0, unit.programme, unit.item.id, order_id, line, ClaimState.WANTED, tx.now, sku) for unit in chosen
        ]
        item_claims.make_claims(tx.connection, claims, tx.now)
        taken = {(unit.programme, unit.item.id) for unit in chosen}
        units[sku] = [unit for unit in units[sku] if (unit.programme, unit.item.id) not in taken]


def take_item(world: World, claim: int, programme: str, item_id: int) -> dict[str, Any]:
    """Look whether a cycle has the item, make it unavailable, and look again; what was booked meanwhile is given back.

    At least once: every round begins by looking, and what it writes is absolute. That it is about to write is noted first, so
    that an item found unavailable is known for ours, or for a person's, which is left alone.
    """
    connection, at = world.programmes[programme].connection, world.clock.now()
    try:
        found = connection.items.fetch_item(item_id)
    except NotFound as error:
        return {"lost": f"item {item_id} does not exist any more: {error}", "at": write_instant(at), "trail": []}
    trail = [found.evidence.decode()]
    item = found.value
    cycles = _cycles_of(connection, item_id, trail)
    with world.database.transaction() as database:
        ours = item_claims.was_writing(database, claim)
    lost = _why_not(item, cycles, world, ours)
    if not lost:
        with world.database.transaction() as database:
            item_claims.mark_writing(database, claim, at)
        ours = True
        changed = connection.item_sink.change_item(item_id, ItemChange(visibility=Visibility.UNAVAILABLE))
        trail.append(changed.evidence.decode())
        item = changed.value
        cycles = _cycles_of(connection, item_id, trail)
        lost = _booked(cycles, world) or _not_withheld(item)
    if lost and ours and item.visibility is Visibility.UNAVAILABLE:
        # A customer was faster than our withholding, or booked before a run of ours that was cut off: it is theirs.
        given = connection.item_sink.change_item(item_id, ItemChange(visibility=Visibility.AVAILABLE))
        trail.append(given.evidence.decode())
        item = given.value
    told = {"item": to_json(item), "cycles": [to_json(cycle) for cycle in cycles]}
    return {**told, "lost": lost, "at": write_instant(at), "trail": trail}


def _cycles_of(connection: CircularConnection, item_id: int, trail: list[str]) -> list[Cycle]:
    """Every cycle of an item, page by page."""
    found: list[Cycle] = []
    page: str | None = None
    while True:
        observed = connection.cycles.fetch_cycles(CycleQuery(item=item_id), page)
        trail.append(observed.evidence.decode())
        found += [cycle for cycle in observed.value.values if cycle.item == item_id]
        if observed.value.next_page in (None, page):
            return found
        page = observed.value.next_page


def _why_not(item: Item, cycles: list[Cycle], world: World, ours: bool) -> str:
    """Why the item cannot be withheld; empty when it can, or is already by us."""
    if item.visibility is not Visibility.AVAILABLE and not (ours and item.visibility is Visibility.UNAVAILABLE):
        return f"it is {item.visibility} by now"
    if item.active_cycle is not None or item.active_return is not None:
        what = f"cycle {item.active_cycle}" if item.active_cycle is not None else f"return {item.active_return}"
        return _booked(cycles, world) or f"{what} has it"
    return _booked(cycles, world)


def _booked(cycles: list[Cycle], world: World) -> str:
    now = world.clock.now()
    for cycle in cycles:
        window = cycle.occupies(now)
        if window is not None and (window.end is None or window.end > now):
            return f"{called(cycle)} has it, {window}"
    return ""


def _not_withheld(item: Item) -> str:
    return "" if item.visibility is Visibility.UNAVAILABLE else f"it stayed {item.visibility} though it was withheld"


def give_up(world: World, programme: str, item_id: int, become: str) -> dict[str, Any]:
    """Let an item become what the agreement says, if it is still as we left it: a person's hand in it is not overwritten."""
    connection, at = world.programmes[programme].connection, world.clock.now()
    try:
        found = connection.items.fetch_item(item_id)
    except NotFound as error:
        return {"lost": f"item {item_id} does not exist any more: {error}", "at": write_instant(at), "trail": []}
    trail, item = [found.evidence.decode()], found.value
    if item.visibility is Visibility.UNAVAILABLE and become != Visibility.UNAVAILABLE:
        changed = connection.item_sink.change_item(item_id, ItemChange(visibility=Visibility(become)))
        trail.append(changed.evidence.decode())
        item = changed.value
    return {"item": to_json(item), "cycles": [], "lost": "", "at": write_instant(at), "trail": trail}


def settle_taken(tx: Tx, claim_id: int, programme: str, seen: dict[str, Any]) -> None:
    """The claim is held when the item was seen withheld and unbooked; else it is lost, and another will be chosen."""
    evidence = _keep(tx, programme, seen)
    state = ClaimState.LOST if seen["lost"] else ClaimState.HELD
    why = seen["lost"] or "seen withheld, and no cycle has it"
    item_claims.move_claim(tx.connection, claim_id, state, why=why, evidence=evidence, now=tx.now)


def settle_given(tx: Tx, claim_id: int, programme: str, state: str, done: dict[str, Any]) -> None:
    """The claim is over. Goods of a closed order are held by nobody any more: they have left."""
    evidence = _keep(tx, programme, done)
    over = ClaimState.CONSUMED if state == ClaimState.ENDING else ClaimState.RELEASED
    why = done["lost"] or f"seen {from_json(done['item'], Item).visibility}"
    item_claims.move_claim(tx.connection, claim_id, over, why=why, evidence=evidence, now=tx.now)
    if over is ClaimState.CONSUMED:
        claim = item_claims.load_claim(tx.connection, claim_id)
        held = stock.load_order_reservations(tx.connection, claim.order_id).get(claim.sequence)
        if held is not None:
            stock.end_departed(tx.connection, {(held.sku, held.location)}, tx.now)


def _keep(tx: Tx, programme: str, seen: dict[str, Any]) -> str:
    """Archive every reply, and keep what the last ones say of the item and its cycles."""
    evidence = ""
    for reply in seen["trail"]:
        evidence = tx.resources.keep(
            tx.connection, reply.encode(), kind="circular-item", source=programme, name="an item for a purchase order"
        )
    if seen["trail"]:
        records: list[circular.Record] = [from_json(seen["item"], Item)]
        records += [from_json(cycle, Cycle) for cycle in seen["cycles"]]
        circular.save_records(tx.connection, records, circular.Said(programme, evidence, read_instant(seen["at"])))
    return evidence


def settle_short(tx: Tx, order_id: int) -> bool:
    """Lines that hold more than could be withheld are decided anew, and told with both claims. Whether there are any."""
    wanted = counted_by_items(tx, order_id)
    held: dict[int, int] = {}
    for claim in item_claims.load_order_claims(tx.connection, order_id):
        if claim.state is ClaimState.HELD:
            held[claim.sequence] = held.get(claim.sequence, 0) + 1
    saved = orders.load_order(tx.connection, order_id)
    if saved.order.state is OrderState.CLOSED:
        return False
    short = {line: each for line, each in wanted.items() if held.get(line, 0) < each.eaches}
    for line in short:
        decisions.drop_decision(tx.connection, order_id, line)
        stock.release_reservation(tx.connection, order_id, line, tx.now)
    tell_short(tx, saved, {line: (each, held.get(line, 0)) for line, each in short.items()})
    return bool(short)


def note_unmended(tx: Tx, order_id: int, error: str) -> None:
    """The programme did not answer: the next look at its cycles mends again."""
    for programme in {claim.programme for claim in item_claims.load_order_claims(tx.connection, order_id)}:
        note_failure(tx, programme, QUERY, error)


def _differs(tx: Tx, order_id: int) -> bool:
    wanted = counted_by_items(tx, order_id)
    claims = item_claims.load_order_claims(tx.connection, order_id)
    if orders.load_order(tx.connection, order_id).order.state is OrderState.CLOSED:
        return True
    held: dict[int, int] = {}
    for claim in claims:
        if claim.state not in (ClaimState.WANTED, ClaimState.HELD):
            return True
        held[claim.sequence] = held.get(claim.sequence, 0) + 1
    return any(count > (wanted[line].eaches if line in wanted else 0) for line, count in held.items())


def _agreement(tx: Tx, order_id: int) -> Agreement | None:
    return tx.resources.agreement(tx.connection, orders.load_order(tx.connection, order_id))


def _fitness(tx: Tx, order_id: int, sku: str) -> Fitness:
    """Which units wholesale may take of a product today, as the agreement's ring-fences say."""
    agreement = _agreement(tx, order_id)
    fences = fencing(agreement.fences if agreement else (), sku, tx.now.date())
    return Fitness(fences.conditions, fences.ready_only)


FLOWS = (Flow[World]("mend_items", mend_items, "orders"),)
