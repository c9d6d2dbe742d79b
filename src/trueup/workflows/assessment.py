"""Assessment: which lines of an order are held and why, which a person decided, and which can be decided from stock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.ids import digest_of_json
from trueup.domain.acknowledgements import (
    Answer,
    LineDecision,
    Reason,
    backorder_line,
    keep_rejected,
    reject_line,
)
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import CountSource, Listing, Product
from trueup.domain.hold import LineFacts, hold_case, hold_line
from trueup.domain.orders import OrderLine, OrderState, tell_changes
from trueup.domain.partners import Agreement
from trueup.domain.units import LineUnits, line_units
from trueup.durable.tally import Tally
from trueup.storage import cases, decisions, deliveries, order_runs, orders, products
from trueup.storage.orders import SavedOrder
from trueup.storage.shop_products import as_sold_in
from trueup.workflows.world import Tx, World

_DECIDED_BY_HAND = (Resolution.BACKORDER, Resolution.REJECT)


@dataclass(frozen=True, slots=True)
class Situation:
    """An order as it stands: the lines that are held, decided, or to be decided from stock."""

    saved: SavedOrder
    agreement: Agreement
    units: dict[int, LineUnits]
    held: dict[int, tuple[CaseDraft, ...]]
    by_hand: dict[int, tuple[LineDecision, str]]
    decided: dict[int, decisions.SavedDecision]
    undecided: tuple[OrderLine, ...]

    @property
    def deadline(self) -> datetime:
        """When the revision must be answered."""
        return self.agreement.deadline(self.saved.due_from)


def line_digest(saved: SavedOrder, sequence: int) -> str:
    """The hash of a line's terms: a decision, and a lifted hold, stand for these terms alone."""
    terms = saved.order.terms()["lines"].get(str(sequence))
    return digest_of_json({"line": terms, "vendor_code": saved.order.vendor_code})


def examine(
    connection: sa.Connection, world: World, saved: SavedOrder, agreement: Agreement, now: datetime
) -> Situation:
    """Look at every line. Decisions made for the same terms stand; everything else is looked at anew."""
    order = saved.order
    live = [line for line in order.lines if line.ordered.amount != 0]
    candidates = candidates_of(connection, order.vendor_code, agreement.shop, live)
    units = {
        line.sequence: line_units(line, *found[0], agreement)
        for line in live
        if len(found := candidates[line.sequence]) == 1
    }
    decided = _standing(connection, saved)
    if len(decided) == len(live):  # nothing is looked at anew
        return Situation(saved, agreement, units, {}, {}, decided, ())
    skus = {item.product.sku for item in units.values()}
    before = orders.largest_before(connection, order.vendor_code, skus, saved.id)
    lifted = decisions.load_lifted(connection, saved.id)
    accept = Resolution.ACCEPT_AS_ORDERED
    # What no rule offers no person can do: a line without a product has nothing to be filled from.
    liftable = frozenset(rule.name for rule in world.rules if accept in rule.resolutions)
    held: dict[int, tuple[CaseDraft, ...]] = {}
    by_hand: dict[int, tuple[LineDecision, str]] = {}
    undecided = []
    for line in live:
        if line.sequence in decided:
            continue
        own = lifted.get((line.sequence, line_digest(saved, line.sequence)), {})
        of_line = units.get(line.sequence)
        largest = before.get(of_line.product.sku) if of_line else None
        facts = LineFacts(order, line, candidates[line.sequence], of_line, agreement, largest, now)
        hand = _by_hand(facts, own)
        if hand is not None:
            by_hand[line.sequence] = hand
            continue
        accepted = frozenset(rule for rule, (what, _) in own.items() if what is accept) & liftable
        findings = hold_line(facts, world.rules, accepted)
        if findings:
            deadline = agreement.deadline(saved.due_from)
            held[line.sequence] = tuple(hold_case(facts, rule, found, deadline) for rule, found in findings)
        else:
            undecided.append(line)
    return Situation(saved, agreement, units, held, by_hand, decided, tuple(undecided))


def _standing(connection: sa.Connection, saved: SavedOrder) -> dict[int, decisions.SavedDecision]:
    """The decisions that stand for the terms as they are now, by line."""
    order = saved.order
    # Closed before anything of ours stood there: what was decided will never be said, and holds no stock.
    if order.state is OrderState.CLOSED and not deliveries.was_answered(connection, saved.id):
        return {}
    return {
        sequence: decision
        for sequence, decision in decisions.load_decisions(connection, saved.id).items()
        if (line := order.line(sequence))
        and line.ordered.amount
        and decision.line_digest == line_digest(saved, sequence)
        and _in_window(decision.decision, order.last_day)
    }


def _in_window(decision: LineDecision, last_day: datetime | None) -> bool:
    """Whether it promises the day that is asked for now: a moved window asks for a new promise, and is looked at anew."""
    return all(part.ship_on == last_day for part in decision.parts if part.answer is Answer.ACCEPTED)


def candidates_of(
    connection: sa.Connection, vendor_code: str, shop: str, lines: list[OrderLine]
) -> dict[int, tuple[tuple[Product, Listing], ...]]:
    """The products that each line may mean, by the item master as it is, as they are sold in a shop; by the line's number."""
    asins = {line.asin for line in lines if line.asin}
    codes = {code for line in lines for code in line.codes}
    catalog = products.load_catalog(connection, vendor_code, asins, codes)
    catalog = replace(catalog, products=as_sold_in(connection, shop, catalog.products.values()))
    return {line.sequence: catalog.match(vendor_code, line.asin, line.codes) for line in lines}


def _by_hand(facts: LineFacts, own: dict[str, tuple[Resolution, str]]) -> tuple[LineDecision, str] | None:
    """What a person said about a held line, as a decision. Rejecting wins over waiting: it was said of the same terms."""
    said = [(rule, what, who) for rule, (what, who) in own.items() if what in _DECIDED_BY_HAND]
    if not said:
        return None
    rule, what, who = max(said, key=lambda item: item[1] is Resolution.REJECT)
    sku = facts.units.product.sku if facts.units else None
    why = f"{what.value} by {who}, who resolved {rule}"
    if what is Resolution.REJECT:
        reason = Reason.INVALID_PRODUCT_IDENTIFIER if sku is None else Reason.TEMPORARILY_UNAVAILABLE
        return reject_line(facts.line, sku, reason, why), who
    return backorder_line(facts.line, sku, facts.agreement, facts.now, why), who


def assess_order(tx: Tx, order_id: int, run_id: str) -> dict[str, Any] | None:
    """Take the order for this run, open and close its cases, set its last timer; say what stock must be looked at.

    None: nothing to do, or another run works on the order and will start one more when it ends.
    """
    if not order_runs.take_lease(tx.connection, order_id, run_id):
        return None
    saved = orders.load_order(tx.connection, order_id)
    agreement = tx.resources.agreement(tx.connection, saved)
    if saved.history or agreement is None:
        if not saved.history:
            cases.open_case(tx.connection, _no_agreement(saved), tx.now, order_id=order_id)
        elif saved.revision > 1 and saved.order.state is not OrderState.CLOSED:
            cases.open_case(tx.connection, _changed_elsewhere(saved, agreement), tx.now, order_id=order_id)
        order_runs.give_back_lease(tx.connection, order_id, run_id)
        return None
    cases.close_case(tx.connection, "agreement.missing", f"order {saved.order.key}", why="there is one now", now=tx.now)
    situation = examine(tx.connection, tx.resources, saved, agreement, tx.now)
    held = open_hold_cases(tx, situation)
    out = {
        "decided before": len(situation.decided),
        "decided by a person": len(situation.by_hand),
        "to be decided from stock": len(situation.undecided),
        "cancelled": sum(1 for line in saved.order.lines if line.ordered.amount == 0),
    }
    tx.count(Tally("lines", len(saved.order.lines), out, {"held": len(situation.held)}, held))
    orders.set_answer_due(tx.connection, order_id, situation.deadline)
    last_call = situation.deadline - agreement.acknowledge_margin
    # Already past when we first see it: normal answering goes first, the fallback follows shortly after.
    soonest = saved.received_at + timedelta(minutes=15)
    tx.at(
        max(last_call, soonest),
        "answer_before_deadline",
        f"deadline:{order_id}:{saved.revision}",
        order_id,
        saved.revision,
    )
    wanted = {situation.units[line.sequence].product for line in situation.undecided}
    counted = sorted(
        (product.sku, product.shop_item)
        for product in wanted
        if product.count_source is CountSource.SHOP and product.shop_item
    )
    return {
        "revision": saved.revision,
        "shop": agreement.shop,
        "location": agreement.ship_from,
        "items": [[sku, item] for sku, item in counted],
    }


def open_hold_cases(tx: Tx, situation: Situation) -> list[int]:
    """A case for every rule that holds a line, whose ids are returned; cases whose cause is gone are closed."""
    order_id = situation.saved.id
    still = set()
    opened = []
    for sequence, drafts in situation.held.items():
        for draft in drafts:
            opened.append(cases.open_case(tx.connection, draft, tx.now, order_id=order_id, sequence=sequence))
            still.add((draft.kind, sequence))
    why = f"revision {situation.saved.revision} no longer differs, or the line was decided"
    cases.close_vanished(tx.connection, order_id, None, still, why=why, now=tx.now)
    return opened


def save_by_hand(tx: Tx, situation: Situation) -> None:
    """What persons decided becomes decisions like any other, under their names."""
    if not situation.by_hand:
        return
    number = decisions.next_decision_number(tx.connection)
    before, _ = decisions.load_answers(tx.connection, situation.saved.id)
    for sequence, (decision, who) in situation.by_hand.items():
        line = situation.saved.order.line(sequence)
        saved = decisions.SavedDecision(
            number,
            situation.saved.revision,
            line_digest(situation.saved, sequence),
            keep_rejected(before[sequence], line, decision) if line is not None and sequence in before else decision,
            tx.now,
            situation.saved.evidence,
        )
        decisions.save_decision(tx.connection, situation.saved.id, saved, who)


def _changed_elsewhere(saved: SavedOrder, agreement: Agreement | None) -> CaseDraft:
    order = saved.order
    return CaseDraft(
        kind="acknowledgement.changed-elsewhere",
        subject=f"order {order.key}",
        title=f"Order {order.number} was answered before Trueup came, and Amazon has changed it since: answer it by hand",
        expected="an answer to the order as it is now, by whoever answered it before",
        found="; ".join(tell_changes(saved.change.fields)),
        money_at_risk=None,
        deadline=agreement.deadline(saved.due_from) if agreement else saved.due_from + timedelta(hours=24),
        owner=agreement.owner if agreement else "operations",
        resolutions=(Resolution.DISMISS,),
        evidence=saved.evidence,
    )


def _no_agreement(saved: SavedOrder) -> CaseDraft:
    order = saved.order
    return CaseDraft(
        kind="agreement.missing",
        subject=f"order {order.key}",
        title=f"Order {order.number} is for vendor code {order.vendor_code}, with which there is no agreement in force",
        expected=f"an agreement of {order.partner} with {order.vendor_code} on {order.ordered_at:%Y-%m-%d}",
        found="none in trueup.toml",
        money_at_risk=None,
        deadline=saved.due_from + timedelta(hours=24),
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=saved.evidence,
    )
