"""Tell inventory: a buyer whose customers we send goods to is told by API how many it may sell: changes often, all once a day.

The same as the advice by EDI, carried otherwise: an update is prepared under its key, its send begun at most once, and open
until the buyer's own word on it. One is on its way at a time, so what was accepted last is what the buyer holds. One whose answer
was lost can be found nowhere: its numbers are unknown there, a case says so, and the next update states them anew, under a key of
its own.
"""

from __future__ import annotations

from datetime import timedelta

from trueup.base.errors import NotFound, Rejected, Transient
from trueup.domain.deliveries import Delivery, DeliveryState
from trueup.domain.direct_fulfillment import DirectFulfillment, items_to_tell, place_of
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.durable.flow import Flow
from trueup.formats.amazon_vendor.inventory_updates import write_inventory_update
from trueup.storage import acts, advised_stock, deliveries, inventory_updates, sources
from trueup.storage.inventory_updates import Place
from trueup.storage.shop_products import list_counted_items
from trueup.workflows.inventory_cases import (
    REFUSED,
    UNANSWERED,
    refused_whole,
    tell_differing,
    tell_refused,
    tell_unanswered,
)
from trueup.workflows.promises import direct_channel, load_promises
from trueup.workflows.prove_inventory import forget_told, say_whole_anew, set_look
from trueup.workflows.rounds import Rounds, ask_sooner, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.wake_stock import look_now
from trueup.workflows.world import ACTOR, Flowing, Tx, World

KIND = "direct-fulfillment"
MOST_ITEMS = 5000
"""Of one update of what changed; the rest follows in the next round. Amazon says no limit, but refuses what is too large."""
FRESH_FOR = timedelta(hours=1)
"""A shop's count that is older is read anew."""
APPEARS_WITHIN = timedelta(minutes=15)
"""Amazon's own word on how long an update may take to show; so long after a lost one the next waits, to be the later of the two."""
REFUSED_PAUSE = timedelta(hours=1)
"""How long after an update that was refused whole the next follows, where nobody says to try again."""


def tell_inventory(c: Flowing, key: str) -> None:
    """One round of the warehouse with that key: told what changed, or everything; then the next is set."""
    delivery_id = c.commit(plan_update, key)
    failed, forbidden = "", False
    if delivery_id is not None:
        try:
            receipt = c.step(submit_once, delivery_id, place_of(key)[2])
        except NOT_DONE as error:
            refused = isinstance(error, Rejected | NotFound)
            outcome = UNANSWERED if getattr(error, "maybe_applied", False) else REFUSED if refused else ""
            c.commit(note_not_submitted, delivery_id, key, outcome, str(error))
            failed, forbidden = "" if refused else str(error), needs_person(error)
        else:
            c.commit(note_submitted, delivery_id, key, receipt)
    c.commit(finish_round, key, c.run_id, failed, forbidden)


def ensure_inventory(tx: Tx) -> None:
    """Tell every warehouse's buyer, and go on from there. Called whenever a worker starts."""
    for rounds in inventory_rounds(tx.resources):
        start_rounds(tx, rounds)


def inventory_rounds(world: World) -> list[Rounds]:
    """Every chain: one a warehouse of a direct fulfillment programme that is reached."""
    return [
        _rounds(terms, source)
        for partner in world.partners.values()
        for terms in partner.direct_fulfillment
        if (source := sink_of(world, partner.name)) is not None
    ]


def plan_update(tx: Tx, key: str) -> int | None:
    """Prepare the next update; None when there is nothing to say, or nothing may be said yet: the last one has no answer."""
    terms, source = _terms(tx.resources, key), sink_of(tx.resources, place_of(key)[0])
    if terms is None or source is None:
        return None
    told = inventory_updates.load_told(tx.connection, terms.place)
    if told.delivery_id is not None:
        if _waits(tx, terms, deliveries.load_delivery(tx.connection, told.delivery_id, lock=True)):
            return None
        told = inventory_updates.load_told(tx.connection, terms.place)
    whole = told.whole_at is None or tx.now - told.whole_at >= terms.whole_every
    free, stale = _free(tx, terms, unknown_too=whole)
    items = items_to_tell(free, told.items, whole=whole)
    if not whole:
        items = dict(sorted(items.items())[:MOST_ITEMS])
    _look_at(tx, terms, stale)
    if not items:
        return None
    number = f"{terms.key}-{told.number + 1:06}"
    advice = InventoryAdvice(number, terms.vendor_code, terms.warehouse, tx.now, tuple(items.values()), whole)
    delivery = _prepare(tx, source, advice)
    inventory_updates.save_told(tx.connection, terms.place, items, delivery.id, (tx.now, whole))
    return delivery.id


def _waits(tx: Tx, terms: DirectFulfillment, last: Delivery) -> bool:
    """Whether the next update waits for the last: for its word, till a lost one must show, or for a person to mend the refused."""
    begun = deliveries.begun_at(tx.connection, last)
    match last.state:
        case DeliveryState.SENT:
            return True
        case DeliveryState.PREPARED if begun is None:  # its run is no more, and it never left
            deliveries.move_delivery(tx.connection, last, DeliveryState.SUPERSEDED, tx.now)
            say_whole_anew(tx, terms.place, last)
        case DeliveryState.PREPARED:
            _lost(tx, terms.place, last, "the run that sent it ended")
            return True
        case DeliveryState.UNANSWERED:
            return begun is not None and tx.now - begun < APPEARS_WITHIN
        case DeliveryState.REJECTED:
            recent = last.proved_at is not None and tx.now - last.proved_at < REFUSED_PAUSE
            return recent and refused_whole(tx, terms.place)
    return False


def _free(tx: Tx, terms: DirectFulfillment, *, unknown_too: bool) -> tuple[dict[str, AdvisedItem], list[str]]:
    """What may be sold from there of each listed product, and what was counted long ago, or (`unknown_too`) never."""
    promises = load_promises(tx.connection, direct_channel(tx.resources, terms, tx.now), None, tx.now)
    free: dict[str, AdvisedItem] = {}
    stale: list[str] = []
    for sku, ours, theirs in advised_stock.load_ids(tx.connection, terms.vendor_code):
        promise = promises.get(sku)
        if promise is not None:
            free[sku] = AdvisedItem(ours, theirs, promise.eaches)
        as_of = promise.as_of if promise is not None else None
        if (promise is None and unknown_too) or (as_of is not None and tx.now - as_of > FRESH_FOR):
            stale.append(sku)
    return free, stale


def _look_at(tx: Tx, terms: DirectFulfillment, skus: list[str]) -> None:
    """Have the shop's count of products read: what is not published is swept by nobody else."""
    for shop in tx.resources.channels_at(terms.ship_from):
        items = list_counted_items(tx.connection, shop, skus)
        if items and shop in tx.resources.connections.stock_readers:
            look_now(tx, shop, items)


def _prepare(tx: Tx, source: str, advice: InventoryAdvice) -> Delivery:
    content = write_inventory_update(advice)
    key = f"{KIND} {advice.number}"
    digest = tx.resources.keep(tx.connection, content, kind=KIND, source="trueup", name=key)
    new = deliveries.NewDelivery(key, KIND, None, 0, source, digest, tx.now + APPEARS_WITHIN)
    delivery = deliveries.prepare_delivery(tx.connection, new, tx.now)
    deliveries.next_attempt(tx.connection, delivery)
    return delivery


def submit_once(world: World, delivery_id: int, warehouse: str) -> dict[str, str]:
    """Begin the one attempt and submit; one that was begun before is never repeated: Amazon has no key to ask by."""
    with world.database.transaction() as connection:
        delivery = deliveries.load_delivery(connection, delivery_id)
        content = world.read(connection, delivery.digest)
        first = deliveries.begin_attempt(connection, delivery_id, 1, world.clock.now())
    if not first:
        words = f"{delivery.key}: the send was cut off; it may have arrived, and Amazon lists nothing to find it in."
        raise Transient(words, maybe_applied=True)
    receipt = world.connections.inventory_sinks[delivery.channel].submit_inventory(warehouse, content, delivery.key)
    return {"reference": receipt.reference, "evidence": receipt.evidence.decode(errors="replace")}


def note_submitted(tx: Tx, delivery_id: int, key: str, receipt: dict[str, str]) -> None:
    """It left, and has a transaction. Whether it was accepted is asked for."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    reference, evidence = receipt["reference"], receipt["evidence"].encode()
    digest = tx.resources.keep(tx.connection, evidence, kind="receipt", source=delivery.channel, name=delivery.key)
    sent = deliveries.begun_at(tx.connection, delivery) or tx.now
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.SENT, tx.now, sent_at=sent, receipt=reference)
    done = acts.Act(ACTOR, "worker", "inventory.sent", f"delivery {delivery.id}", None, {"receipt": reference}, digest)
    acts.append_act(tx.connection, tx.now, done)
    set_look(tx, delivery_id, key, 1)


def note_not_submitted(tx: Tx, delivery_id: int, key: str, outcome: str, words: str) -> None:
    """It did not leave (the next round says the numbers of then), was refused at once, or nobody knows whether it came."""
    place = place_of(key)
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if outcome == UNANSWERED:
        _lost(tx, place, delivery, words)
        return
    state = DeliveryState.REJECTED if outcome == REFUSED else DeliveryState.SUPERSEDED
    deliveries.move_delivery(tx.connection, delivery, state, tx.now, proof=words)
    say_whole_anew(tx, place, delivery)
    if outcome == REFUSED:
        tell_refused(tx, place, delivery, words)


def _lost(tx: Tx, place: Place, delivery: Delivery, words: str) -> None:
    """Nobody knows what the buyer holds now of what it named."""
    begun = deliveries.begun_at(tx.connection, delivery)
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.UNANSWERED, tx.now, sent_at=begun or tx.now)
    forget_told(tx, place, delivery)
    tell_unanswered(tx, place, delivery, words)


def finish_round(tx: Tx, key: str, run_id: str, failed: str, forbidden: bool) -> None:
    """Note how it went, tell what has been held otherwise for long, and set the next round."""
    terms, source = _terms(tx.resources, key), sink_of(tx.resources, place_of(key)[0])
    if terms is None or source is None:
        return
    rounds = _rounds(terms, source)
    if failed:
        note_failure(tx, rounds.source, rounds.query, failed, at_once=forbidden)
    else:
        note_working(tx, rounds.source, rounds.query)
        sources.note_success(tx.connection, rounds.source, rounds.query, covered_until=tx.now, documents=0, now=tx.now)
    tell_differing(tx, terms)
    set_next(tx, rounds, run_id, rounds.pace)


def tell_again(tx: Tx, name: str) -> None:
    """A person mended something: what was refused is told again, `name` being a warehouse's key and perhaps a SKU."""
    parts = name.split("/", 3)
    key, sku = "/".join(parts[:3]), "".join(parts[3:]) or None
    inventory_updates.forgive_items(tx.connection, place_of(key), sku)
    ask_sooner(tx, [each for each in inventory_rounds(tx.resources) if each.args == (key,)])


def sink_of(world: World, partner: str) -> str | None:
    """The connection by which a partner takes inventory; None where it has none."""
    found = world.routes[partner].inventory if partner in world.routes else None
    return found if found in world.connections.inventory_sinks else None


def _terms(world: World, key: str) -> DirectFulfillment | None:
    """The terms of a warehouse; None when the settings name it no more."""
    known = world.partners.get(place_of(key)[0])
    return next((each for each in known.direct_fulfillment if each.key == key), None) if known else None


def _rounds(terms: DirectFulfillment, source: str) -> Rounds:
    query = f"inventory {terms.vendor_code}/{terms.warehouse}"
    return Rounds("tell_inventory", f"{KIND}:{terms.key}", source, query, (terms.key,), terms.every)


FLOWS = (Flow[World]("tell_inventory", tell_inventory, "deliveries"),)
