"""Prove inventory: a submitted update is open until Amazon says what became of it. A transaction id is not acceptance.

Success: every number of it stands. Failure: none does; items that its errors name are left out until they are mended. One that is
processed without end is given up, and looked for on: should it succeed after a later one, what the buyer holds is unknown again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.errors import DocumentError, RemoteError
from trueup.domain.deliveries import Delivery, DeliveryState
from trueup.domain.direct_fulfillment import place_of, refused_items
from trueup.domain.escalation import span_words
from trueup.durable.flow import Flow
from trueup.formats.amazon_vendor.inventory_updates import read_inventory_update
from trueup.formats.amazon_vendor.transactions import TransactionState, TransactionStatus, read_transaction
from trueup.storage import acts, deliveries, inventory_updates
from trueup.storage.inventory_updates import Place
from trueup.workflows.inventory_cases import close_told, tell_item_refused, tell_refused, tell_unanswered
from trueup.workflows.source_failures import NOT_DONE, keep_evidence
from trueup.workflows.world import ACTOR, Flowing, Tx, World

GIVEN_UP_AFTER = timedelta(hours=2)
"""Amazon says fifteen minutes; so long after a submission nobody waits for its word without being told."""
LOOKED_FOR = timedelta(days=3)
"""How long one that was given up is still asked about: Amazon may process it late."""


def prove_inventory(c: Flowing, delivery_id: int, key: str, look: int) -> None:
    """One look at one update of the warehouse with that key; sets the next while its word is still owed."""
    reference = c.commit(plan_look, delivery_id)
    if reference is None:
        return
    try:
        reply = c.step(fetch_word, delivery_id, reference)
    except NOT_DONE as error:
        reply = {"state": "", "errors": [str(error)], "digest": ""}
    c.commit(judge_word, delivery_id, key, look, reply)


def set_look(tx: Tx, delivery_id: int, key: str, look: int) -> None:
    """Set a look, each later than the last."""
    pauses = (tx.resources.pace.settle, *tx.resources.pace.looks)
    due = tx.now + pauses[min(look, len(pauses)) - 1]
    tx.at(due, "prove_inventory", f"prove-inventory:{delivery_id}:{look}", delivery_id, key, look)


def plan_look(tx: Tx, delivery_id: int) -> str | None:
    """The transaction to ask for; None when its word is known."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id)
    return delivery.receipt if delivery.state in (DeliveryState.SENT, DeliveryState.UNANSWERED) else None


def fetch_word(world: World, delivery_id: int, reference: str) -> dict[str, Any]:
    """Amazon's word on a transaction, archived before it is read."""
    with world.database.transaction() as connection:
        channel = deliveries.load_delivery(connection, delivery_id).channel
    try:
        page = world.connections.inventory_sinks[channel].fetch_inventory_transaction(reference)
    except RemoteError as error:
        keep_evidence(world, error, kind="transaction", source=channel, name=f"transaction {reference}")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, page.content, kind="transaction", source=channel, name=page.name)
    try:
        [found] = read_transaction(page.content).values or (TransactionStatus(reference, TransactionState.PROCESSING),)
    except DocumentError as error:
        return {"state": "", "errors": [str(error)], "digest": digest}
    return {"state": found.state.value, "errors": list(found.errors), "digest": digest}


def judge_word(tx: Tx, delivery_id: int, key: str, look: int, reply: dict[str, Any]) -> str:
    """What it means: accepted, refused, given up, or looked at again. Returns the state the update is in then."""
    place = place_of(key)
    told = inventory_updates.load_told(tx.connection, place)
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    newest = told.delivery_id == delivery_id
    match reply["state"]:
        case TransactionState.SUCCESS.value:
            _accept(tx, place, delivery, newest=newest)
        case TransactionState.FAILURE.value:
            _refuse(tx, place, delivery, reply["errors"], newest=newest)
        case _:
            _wait_on(tx, key, delivery, look, reply["errors"])
    if reply["state"] in (TransactionState.SUCCESS.value, TransactionState.FAILURE.value):
        done = {"state": reply["state"], "errors": reply["errors"][:20]}
        act = acts.Act(ACTOR, "worker", "inventory.judged", f"delivery {delivery_id}", None, done, reply["digest"])
        acts.append_act(tx.connection, tx.now, act)
    return deliveries.load_delivery(tx.connection, delivery_id).state.value


def _accept(tx: Tx, place: Place, delivery: Delivery, *, newest: bool) -> None:
    """Every number stands; where a later update was told meanwhile, nobody knows which of the two came last."""
    words = f"transaction {delivery.receipt} succeeded"
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.ACCEPTED, tx.now, proof=words)
    if newest:
        at = (tx.now, told_items(tx, delivery)[0])
        inventory_updates.accept_told(tx.connection, place, delivery.id, at)
        close_told(tx, place, inventory_updates.list_delivery_items(tx.connection, delivery.id))
    else:
        forget_told(tx, place, delivery)


def _refuse(tx: Tx, place: Place, delivery: Delivery, errors: list[str], *, newest: bool) -> None:
    """Nothing of it stands. What its errors name is refused item by item; where they name none, a person is told of it whole."""
    said = "; ".join(errors) or "no reason given"
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.REJECTED, tx.now, proof=said[:2000])
    if not newest:
        return
    items = inventory_updates.list_delivery_items(tx.connection, delivery.id)
    refused = refused_items(errors, items)
    inventory_updates.refuse_items(tx.connection, place, refused.items())
    for sku, words in refused.items():
        tell_item_refused(tx, place, sku, items[sku], words)
    if not refused:
        tell_refused(tx, place, delivery, said)
    say_whole_anew(tx, place, delivery)


def _wait_on(tx: Tx, key: str, delivery: Delivery, look: int, errors: list[str]) -> None:
    age = tx.now - (delivery.sent_at or delivery.prepared_at)
    if delivery.state is DeliveryState.SENT and age >= GIVEN_UP_AFTER:
        words = f"Amazon processes it for {span_words(age)}" + (f" ({errors[0]})" if errors else "")
        deliveries.move_delivery(tx.connection, delivery, DeliveryState.UNANSWERED, tx.now)
        forget_told(tx, place_of(key), delivery)
        tell_unanswered(tx, place_of(key), delivery, words)
    if age < LOOKED_FOR:
        set_look(tx, delivery.id, key, look + 1)


def forget_told(tx: Tx, place: Place, delivery: Delivery) -> None:
    """What the buyer holds of the products of an update is unknown: they are told anew; all of them where it was everything."""
    whole, items = told_items(tx, delivery)
    known = inventory_updates.load_told(tx.connection, place).items
    names = {item.vendor_product_id for item in items}
    skus = [sku for sku, standing in known.items() if standing.told.vendor_product_id in names]
    inventory_updates.forget_accepted(tx.connection, place, None if whole else skus)
    say_whole_anew(tx, place, delivery)


def say_whole_anew(tx: Tx, place: Place, delivery: Delivery) -> None:
    """Everything is still owed where the update that was to say it did not do so."""
    if told_items(tx, delivery)[0]:
        inventory_updates.tell_whole_again(tx.connection, place)


def told_items(tx: Tx, delivery: Delivery) -> tuple[bool, tuple[Any, ...]]:
    """What an update said, from its archived bytes."""
    return read_inventory_update(tx.resources.read(tx.connection, delivery.digest))


FLOWS = (Flow[World]("prove_inventory", prove_inventory, "proofs"),)
