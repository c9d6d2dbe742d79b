"""Settle a trade-in: its item is created, graded and released, and its credit given, one act after another, each at most once.

An item's key is its serial, so whoever was cut off finds it. A credit is given by `issue_credit`. A run looks again after each
act, so what a person says meanwhile is done by the run that is under way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from trueup.base.errors import Conflict, NotFound, Refused
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.circular import Item, ItemChange, NewItem, Readiness, Visibility
from trueup.domain.trade_ins import Act, CreditState, TradeInState, next_act
from trueup.durable.flow import Flow
from trueup.remote.circular import ItemSink
from trueup.storage import cases, products, trade_ins
from trueup.storage.shop_products import as_sold_in
from trueup.storage.trade_ins import SavedTradeIn
from trueup.workflows.issue_credit import LATER, issue_credit
from trueup.workflows.source_failures import NOT_DONE
from trueup.workflows.world import Flowing, Tx, World

ITEM_REFUSED = "trade-in.item-refused"
"""The kind of case of an item that could not be brought to where it should be."""
LONGEST_PAUSE = timedelta(hours=1)


def settle_trade_in(c: Flowing, trade_in_id: int) -> None:
    """All that is to be done about a trade-in now; what cannot be done yet is tried again by a run of its own."""
    while True:
        plan = c.commit(plan_act, trade_in_id, c.run_id)
        if plan is None:
            return
        goes_on = issue_credit(c, plan) != LATER if plan["act"] == Act.ISSUE_CREDIT.value else _move_item(c, plan)
        if not goes_on:
            return


def start_settling(tx: Tx, trade_in_id: int, after: timedelta = timedelta(0)) -> None:
    """Have it settled by a run of its own, now or later."""
    number = trade_ins.next_run(tx.connection, trade_in_id)
    tx.at(tx.now + after, "settle_trade_in", f"trade-in:{trade_in_id}:{number}", trade_in_id)


def settle_again(tx: Tx, key: str) -> None:
    """A person mended what kept it from being done."""
    saved = trade_ins.find_trade_in(tx.connection, key, lock=True)
    if saved.credit is not None and saved.credit.state is CreditState.DECLINED:
        trade_ins.move_credit(tx.connection, saved.credit.id, state=CreditState.DUE)
    start_settling(tx, saved.id)


def plan_act(tx: Tx, trade_in_id: int, run_id: str) -> dict[str, Any] | None:
    """The next act as JSON; None when there is none, or another run is at it. The lease ends with the last act."""
    saved = trade_ins.load_trade_in(tx.connection, trade_in_id, lock=True)
    if not trade_ins.take_lease(tx.connection, trade_in_id, run_id):
        return None
    act = next_act(saved.standing)
    plan = None if act is None else {"act": act.value, "trade_in": trade_in_id, **_target(tx, saved, act)}
    if plan is None or plan.get("impossible"):
        trade_ins.free_lease(tx.connection, run_id)
    if plan is not None and plan.get("impossible"):
        cases.open_case(tx.connection, _refused(tx, saved, plan["act"], plan["impossible"]), tx.now)
        return None
    return plan


def _target(tx: Tx, saved: SavedTradeIn, act: Act) -> dict[str, Any]:
    trade_in, credit = saved.trade_in, saved.credit
    if act is Act.ISSUE_CREDIT and credit is not None:
        return {
            "key": trade_in.key,
            "credit": credit.id,
            "instrument": credit.instrument.value,
            "shop": credit.shop,
            "customer": credit.customer,
            "minor": credit.amount.minor,
            "currency": credit.amount.currency,
            "attempt": credit.attempt,
            "expires_on": credit.expires_on.isoformat() if credit.expires_on else None,
            "fingerprint": credit.fingerprint,
        }
    terms = tx.resources.trade_ins
    if terms is None or saved.system not in tx.resources.programmes:
        return {"impossible": f"{saved.system} is no circular programme of the settings (any more)"}
    grade = terms.grades.get(trade_in.grade)
    known = products.load_products(tx.connection, [trade_in.sku])
    sold = as_sold_in(tx.connection, terms.shop, [product for product, _ in known])
    variant = sold[trade_in.sku].shop_variant if sold else None
    if act is Act.CREATE_ITEM and variant is None:
        return {"impossible": f"the shop has no variant with the SKU {trade_in.sku}"}
    cost = trade_in.value or trade_in.quoted
    return {
        "system": saved.system,
        "serial": trade_in.serial,
        "variant": variant,
        "condition": grade.condition_id if grade else None,
        "location": terms.location,
        "cost_minor": cost.minor,
        "currency": cost.currency,
    }


def _move_item(c: Flowing, plan: dict[str, Any]) -> bool:
    try:
        done = c.step(move_item, plan)
    except (*NOT_DONE, Conflict) as error:
        c.commit(note_item_failed, plan, c.run_id, str(error), error.retry)
        return False
    c.commit(note_item, plan, done)
    return True


def move_item(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """Bring the item to where the act wants it: it is looked up by its serial, then made or changed. Doing it twice is once."""
    sink = world.programmes[plan["system"]].connection.item_sink
    found = sink.find_by_serial(plan["serial"])
    item, trail = found.value, [found.evidence]
    if plan["act"] == Act.CREATE_ITEM.value:
        if item is None:
            made = sink.create_item(_new_item(plan))
            item, trail = made.value, [*trail, made.evidence]
        elif item.visibility is not Visibility.UNAVAILABLE:
            raise Conflict(
                f"{item.label} in {sink.name} is {item.visibility} already, expected none with that serial, or one that is not "
                f"available: is it another item, or was this trade-in recorded too late?"
            )
    else:
        if item is None:
            raise NotFound(f"No item with serial {plan['serial']} is in {sink.name} any more.")
        change = _change(plan)
        if not change.is_done(item):
            _demand_ours(item, sink)
            changed = sink.change_item(item.id, change)
            item, trail = changed.value, [*trail, changed.evidence]
        if not change.is_done(item):
            raise Conflict(f"{item.label} in {sink.name} was changed and is not so: expected {change}, found {item}.")
    cost = item.acquisition_cost
    return {
        "item": item.id,
        "cost_minor": cost.minor if cost else None,
        "cost_currency": cost.currency if cost else None,
        "evidence": b"\n".join(trail).decode(errors="replace"),
    }


def _demand_ours(item: Item, sink: ItemSink) -> None:
    if item.visibility in (Visibility.SOLD, Visibility.RETIRED):
        raise Refused(f"{item.label} in {sink.name} is {item.visibility}: what is gone is not graded or released.")


def _new_item(plan: dict[str, Any]) -> NewItem:
    return NewItem(
        variant=plan["variant"],
        serial=plan["serial"],
        visibility=Visibility.UNAVAILABLE,
        condition_id=plan["condition"],
        location=plan["location"],
        acquisition_cost=Money(plan["cost_minor"], plan["currency"]),
    )


def _change(plan: dict[str, Any]) -> ItemChange:
    match Act(plan["act"]):
        case Act.GRADE_ITEM:
            return ItemChange(readiness=Readiness.PROCESSED, condition_id=plan["condition"])
        case Act.RELEASE_ITEM:
            return ItemChange(visibility=Visibility.AVAILABLE)
        case Act.WITHDRAW_ITEM:
            return ItemChange(visibility=Visibility.RETIRED)
        case other:
            raise AssertionError(f"{other} changes no item")


def note_item(tx: Tx, plan: dict[str, Any], done: dict[str, Any]) -> None:
    """What was seen of the item after the act."""
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    tx.resources.keep(
        tx.connection,
        done["evidence"].encode(),
        kind="item",
        source=saved.system,
        name=f"trade-in {saved.trade_in.key}",
    )
    changed, facts = replace(saved.trade_in, item=done["item"]), dict[str, Any]()
    match Act(plan["act"]):
        case Act.CREATE_ITEM:
            facts = {"cost_minor": done["cost_minor"]}
            if changed.state is TradeInState.RECORDED:
                changed = replace(changed, state=TradeInState.RECEIVED)
        case Act.GRADE_ITEM:
            facts = {"condition_set": True}
        case Act.WITHDRAW_ITEM:
            facts = {"withdrawn": True}
        case Act.RELEASE_ITEM:
            changed = replace(changed, state=TradeInState.RELEASED)
        case Act.ISSUE_CREDIT:
            raise AssertionError("a credit is no item")
    trade_ins.save_trade_in(tx.connection, saved, changed, tx.now, **facts)
    subject = f"trade-in {saved.trade_in.key}"
    cases.close_case(tx.connection, ITEM_REFUSED, subject, why="it was done since", now=tx.now)


def note_item_failed(tx: Tx, plan: dict[str, Any], run_id: str, words: str, retry: bool) -> None:
    """It could not be done: later by itself, or by a person."""
    trade_ins.free_lease(tx.connection, run_id)
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    if retry:
        start_settling(tx, saved.id, pause_after(saved.runs))
    else:
        cases.open_case(tx.connection, _refused(tx, saved, plan["act"], words), tx.now)


def pause_after(runs: int) -> timedelta:
    """How long the next try waits: ever longer, up to an hour."""
    return min(timedelta(minutes=2) * runs, LONGEST_PAUSE)


def _refused(tx: Tx, saved: SavedTradeIn, act: str, words: str) -> CaseDraft:
    trade_in = saved.trade_in
    return CaseDraft(
        kind=ITEM_REFUSED,
        subject=f"trade-in {trade_in.key}",
        title=f"Trade-in {trade_in.key} ({trade_in.sku}, serial {trade_in.serial}): {act.replace('-', ' ')} was not done: {words}",
        expected=f"{act.replace('-', ' ')} in {saved.system}",
        found=words,
        money_at_risk=trade_in.value or trade_in.quoted,
        deadline=tx.now + timedelta(days=2),
        owner=Role.ECOMMERCE.value,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


FLOWS = (Flow[World]("settle_trade_in", settle_trade_in, "circular"),)
