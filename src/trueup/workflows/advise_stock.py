"""Advise stock: a buyer whose programme takes inventory is told what it may order: changes as they come, everything once a day.

An advice travels as every document does: prepared under its key, its send begun at most once, open until a proof. By EDI that is
the 997: it was read. What a whole advice does not name counts as not available there, so only a sweep sends one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.errors import Conflict
from trueup.domain.case_causes import delivery_cause
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import Delivery, DeliveryState
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.domain.partners import Agreement, Route
from trueup.durable.flow import Flow
from trueup.formats.x12.sets.inventory_846 import write_advice
from trueup.storage import acts, advised_stock, cases, deliveries, sources
from trueup.workflows.deliver import send_once
from trueup.workflows.promises import load_promises, wholesale_channel
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.world import ACTOR, Flowing, Tx, World

KIND = "inventory"
UNANSWERED = "inventory.unanswered"
WHOLE_EVERY = timedelta(days=1)
PROOF_WITHIN = timedelta(hours=24)


def advise_stock(c: Flowing, partner: str, vendor_code: str) -> None:
    """One round of one vendor code: told what changed, or everything; then the next is set."""
    plan = c.commit(plan_advice, partner, vendor_code)
    failed, forbidden = "", False
    if plan is not None:
        try:
            receipt = c.step(send_once, plan["delivery"], plan["attempt"])
        except (*NOT_DONE, Conflict) as error:
            failed, forbidden = str(error), needs_person(error)
        else:
            c.commit(note_advised, plan["delivery"], receipt)
    c.commit(finish_round, partner, vendor_code, c.run_id, failed, forbidden)


def ensure_advices(tx: Tx) -> None:
    """Tell every buyer that is told, and go on from there. Called whenever a worker starts."""
    for rounds in advice_rounds(tx.resources):
        start_rounds(tx, rounds)


def advice_rounds(world: World) -> list[Rounds]:
    """Every chain of advices: one a vendor code whose agreement names our warehouse, and that is reached by EDI."""
    now = world.clock.now()
    return [
        _rounds(world, partner.name, terms.vendor_code)
        for partner in world.partners.values()
        for terms in partner.agreements
        if terms.covers(now) and terms.inventory_warehouse is not None and _channel(world, partner.name)
    ]


def plan_advice(tx: Tx, partner: str, vendor_code: str) -> dict[str, Any] | None:
    """Prepare the next advice, or go on with the one that has not left; None when there is nothing new to say.

    Nothing is said before the partner's first order by EDI came: it says where to answer to. A product that nobody counts is
    not named.
    """
    told = advised_stock.load_advised(tx.connection, partner, vendor_code)
    last = deliveries.load_delivery(tx.connection, told.delivery_id) if told.delivery_id is not None else None
    if last is not None and last.state is DeliveryState.PREPARED:
        return {"delivery": last.id, "attempt": deliveries.next_attempt(tx.connection, last)}
    terms = tx.resources.partners[partner].agreement(vendor_code, tx.now)
    returns = advised_stock.newest_envelope(tx.connection, partner)
    if terms is None or terms.inventory_warehouse is None or returns is None:
        return None
    due = told.whole_at is None or tx.now - told.whole_at >= WHOLE_EVERY
    whole = due or (last is not None and last.state is DeliveryState.REJECTED)
    now_free = _free(tx, terms)
    items = {sku: item for sku, item in now_free.items() if whole or told.eaches.get(sku) != item.eaches}
    if not items:
        return None
    number = f"{vendor_code}-{told.number + 1:06}"
    advice = InventoryAdvice(number, vendor_code, terms.inventory_warehouse, tx.now, tuple(items.values()), whole)
    delivery = _prepare(tx, partner, advice, returns)
    numbers = [(sku, item.eaches) for sku, item in items.items()]
    advised_stock.save_advised(tx.connection, (partner, vendor_code), numbers, delivery.id, tx.now if whole else None)
    return {"delivery": delivery.id, "attempt": deliveries.next_attempt(tx.connection, delivery)}


def _free(tx: Tx, terms: Agreement) -> dict[str, AdvisedItem]:
    promises = load_promises(tx.connection, wholesale_channel(tx.resources, terms, tx.now), None, tx.now)
    return {
        sku: AdvisedItem(ours, theirs, promises[sku].eaches)
        for sku, ours, theirs in advised_stock.load_ids(tx.connection, terms.vendor_code)
        if sku in promises
    }


def _prepare(tx: Tx, partner: str, advice: InventoryAdvice, returns: dict[str, Any]) -> Delivery:
    channel = _channel(tx.resources, partner)
    assert channel is not None, f"{partner}: a round of advices without a route"
    control = deliveries.next_control_number(tx.connection, channel, "interchange")
    content = write_advice(advice, returns, control_number=control, now=tx.now)
    key = f"{KIND} {partner}/{advice.number}"
    digest = tx.resources.keep(tx.connection, content, kind=KIND, source="trueup", name=key)
    new = deliveries.NewDelivery(key, KIND, None, 0, channel, digest, tx.now + PROOF_WITHIN, control=str(control))
    return deliveries.prepare_delivery(tx.connection, new, tx.now)


def note_advised(tx: Tx, delivery_id: int, receipt: dict[str, str]) -> None:
    """It left. That it was read is proven by its 997; a day later nobody waits for that without being told."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if delivery.state is DeliveryState.PREPARED:
        sent = deliveries.begun_at(tx.connection, delivery) or tx.now
        facts = {"sent_at": sent, "receipt": receipt["reference"]}
        deliveries.move_delivery(tx.connection, delivery, DeliveryState.SENT, tx.now, **facts)
    done = acts.Act(
        ACTOR, "worker", "inventory.sent", f"delivery {delivery.id}", None, {"receipt": receipt["reference"]}
    )
    acts.append_act(tx.connection, tx.now, done)
    tx.at(tx.now + PROOF_WITHIN, "prove_advice", f"prove-advice:{delivery_id}", delivery_id)


def prove_advice(c: Flowing, delivery_id: int) -> None:
    """The day is over: an advice that was read is done, one of which no word came is a case."""
    c.commit(judge_advice, delivery_id)


def judge_advice(tx: Tx, delivery_id: int) -> str:
    """A 997 is all the proof that an advice gets: Amazon shows nobody what it made of it."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if delivery.state is DeliveryState.RECEIVED:
        deliveries.move_delivery(tx.connection, delivery, DeliveryState.ACCEPTED, tx.now, proof=delivery.proof)
    elif delivery.state is DeliveryState.SENT:
        deliveries.move_delivery(tx.connection, delivery, DeliveryState.UNANSWERED, tx.now)
        cases.open_case(tx.connection, _unanswered(delivery), tx.now)
    return delivery.state.value


def finish_round(tx: Tx, partner: str, vendor_code: str, run_id: str, failed: str, forbidden: bool) -> None:
    """Note how it went, and set the next round."""
    rounds = _rounds(tx.resources, partner, vendor_code)
    if failed:
        note_failure(tx, rounds.source, rounds.query, failed, at_once=forbidden)
    else:
        note_working(tx, rounds.source, rounds.query)
        sources.note_success(tx.connection, rounds.source, rounds.query, covered_until=tx.now, documents=0, now=tx.now)
    set_next(tx, rounds, run_id, rounds.pace)


def _channel(world: World, partner: str) -> str | None:
    routes = world.routes.get(partner)
    return routes.acknowledgements.get(Route.EDI) if routes is not None else None


def _rounds(world: World, partner: str, vendor_code: str) -> Rounds:
    source = _channel(world, partner) or partner
    query = f"{KIND} {vendor_code}"
    return Rounds(
        "advise_stock", f"{KIND}:{partner}:{vendor_code}", source, query, (partner, vendor_code), world.pace.advices
    )


def _unanswered(delivery: Delivery) -> CaseDraft:
    return CaseDraft(
        kind=UNANSWERED,
        subject=f"delivery {delivery.id}",
        title=f"No word came on the inventory that was sent as {delivery.key}; the next whole advice repeats it",
        expected="a 997 within a day",
        found="none",
        money_at_risk=None,
        deadline=None,
        owner="operations",
        resolutions=(Resolution.DISMISS,),
        evidence=delivery.digest,
        cause=delivery_cause(delivery.key, delivery.channel),
    )


FLOWS = (
    Flow[World]("advise_stock", advise_stock, "deliveries"),
    Flow[World]("prove_advice", prove_advice, "proofs"),
)
