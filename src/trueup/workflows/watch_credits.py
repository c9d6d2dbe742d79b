"""Watch credits: what the shop shows is left of each credit that is owed; what was spent goes on the books.

Spent is what left a card or a store credit and did not expire. What expired is owed until finance decides otherwise. A card that
somebody deactivated, or store credit that was taken without an order, is seen by the checks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.credit_posting import place_spent
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import CreditState
from trueup.durable.flow import Flow
from trueup.storage import credit_witnesses, sources, trade_ins
from trueup.storage.trade_ins import SavedTradeIn
from trueup.workflows.credit_entries import post
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.world import ACTOR, Flowing, Tx, World

QUERY = "credits"


def watch_credits(c: Flowing, shop: str) -> None:
    """Every credit of a shop that something is owed on; then the next round is set."""
    try:
        for trade_in in c.commit(watched, shop):
            c.commit(note_left, trade_in, c.step(look_at_credit, trade_in))
    except NOT_DONE as error:
        c.commit(finish_watch, shop, c.run_id, str(error))
        return
    c.commit(finish_watch, shop, c.run_id, "")


def ensure_credit_watch(tx: Tx) -> None:
    """Look at once, and go on from there. Called whenever a worker starts."""
    for rounds in credit_rounds(tx.resources):
        start_rounds(tx, rounds)


def credit_rounds(world: World) -> list[Rounds]:
    """The one chain, of the shop that gives credits for trade-ins."""
    return [_rounds(world, world.trade_ins.shop)] if world.trade_ins is not None else []


def watched(tx: Tx, shop: str) -> list[dict[str, Any]]:
    """The credits to look at."""
    return [
        {
            "trade_in": saved.id,
            "instrument": saved.credit.instrument.value,
            "shop": shop,
            "remote_id": saved.credit.remote_id,
            "customer": saved.credit.customer,
            "currency": saved.credit.amount.currency,
        }
        for saved in trade_ins.load_credits(tx.connection, CreditState.ISSUED)
        if saved.credit is not None and saved.credit.shop == shop and saved.credit.owed
    ]


def look_at_credit(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """What is left of a credit, what of it expired, and whether it can be spent."""
    if plan["instrument"] == Instrument.GIFT_CARD.value:
        card = world.connections.gift_cards[plan["shop"]].fetch_gift_card(plan["remote_id"])
        if card.value is None:
            raise NotFound(f"Gift card {plan['remote_id']} is not in {plan['shop']} any more.")
        left = card.value.balance.minor
        return {"left": left, "expired": 0, "usable": card.value.enabled, "evidence": _text(card.evidence)}
    sink = world.connections.store_credits[plan["shop"]]
    moved = sink.fetch_movement(plan["remote_id"])
    account = sink.fetch_store_credit(plan["customer"], plan["currency"])
    if moved.value is None or moved.value.remaining is None:
        raise NotFound(f"Store credit {plan['remote_id']} is not in {plan['shop']} any more.")
    lapsed = [each.amount.minor for each in account.value.movements if each.expired == plan["remote_id"]]
    return {
        "left": moved.value.remaining.minor,
        "expired": -sum(lapsed),
        "usable": not lapsed,
        "account": account.value.balance.minor,
        "evidence": _text(moved.evidence + b"\n" + account.evidence),
    }


def _text(evidence: bytes) -> str:
    return evidence.decode(errors="replace")


def note_left(tx: Tx, plan: dict[str, Any], seen: dict[str, Any]) -> None:
    """Bring the books to what was spent of a credit."""
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    credit = saved.credit
    assert credit is not None
    if "account" in seen:
        balance = Money(seen["account"], plan["currency"])
        credit_witnesses.save_account(tx.connection, credit.shop, credit.customer, balance, tx.now)
    expired = max(credit.expired, seen["expired"])
    spent = min(credit.amount.minor - seen["left"] - expired, credit.amount.minor - credit.broken)
    facts = {"shown_minor": seen["left"], "expired_minor": expired, "usable": seen["usable"], "seen_at": tx.now}
    if spent != credit.spent and spent >= 0:
        _post_spent(tx, saved, spent, seen["evidence"])
        facts["spent_minor"] = spent
    trade_ins.move_credit(tx.connection, credit.id, **facts)


def _post_spent(tx: Tx, saved: SavedTradeIn, spent: int, content: str) -> None:
    credit, key = saved.credit, saved.trade_in.key
    assert credit is not None
    evidence = tx.resources.keep(
        tx.connection, content.encode(), kind="credit", source=credit.shop, name=f"credit of trade-in {key}"
    )
    change = Money(spent - credit.spent, credit.amount.currency)
    placed = place_spent(tx.resources.books.chart, key, change)
    words = f"Trade-in {key}: {change} of its credit {'spent' if change.minor > 0 else 'given back'}"
    # A credit may be spent, given back and spent again: the moment tells the entries apart.
    post(tx, f"trade-in {key} spent {credit.spent} to {spent} {tx.now:%Y%m%d%H%M%S}", words, placed, evidence, ACTOR)


def finish_watch(tx: Tx, shop: str, run_id: str, failed: str) -> None:
    """Note how it went, and set the next round."""
    if failed:
        note_failure(tx, shop, QUERY, failed)
    else:
        note_working(tx, shop, QUERY)
        sources.note_success(tx.connection, shop, QUERY, covered_until=tx.now, documents=0, now=tx.now)
    after = timedelta(minutes=2) if failed else tx.resources.pace.credits
    set_next(tx, _rounds(tx.resources, shop), run_id, after)


def _rounds(world: World, shop: str) -> Rounds:
    return Rounds("watch_credits", f"credits:{shop}", shop, QUERY, (shop,), world.pace.credits)


FLOWS = (Flow[World]("watch_credits", watch_credits, "polls"),)
