"""Shop order: what an order has reserved becomes one order in the shop, looked up before every write, then read back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict
from trueup.base.ids import digest_of_json
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.inventory import Level, Reservation
from trueup.domain.sales_orders import SalesLine, SalesOrder, ShownOrder, differences, misplaced
from trueup.remote.capability import SalesOrderSink
from trueup.remote.observed import Observed
from trueup.storage import cases, decisions, order_runs, orders, sales_orders, stock
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.assessment import Situation, examine
from trueup.workflows.reservation import levels_of, observe_stock
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import Tx, World

CLAIMS_AT_ONCE = 5
"""How often stock may vanish between reading and claiming before the next try waits."""
UNREACHABLE, REFUSED, CLAIM_FAILED, DIFFERS = "shop.unreachable", "shop.refused", "shop.claim-failed", "shop.differs"
"""The kinds of cases about an order in the shop."""
MOST_LOOKS = 60
"""How often an order of the shop that differs is looked at again before only a person does."""


def wanted_order(situation: Situation, reservations: dict[int, Reservation]) -> SalesOrder:
    """The order the shop must hold: every reserved line of a product the shop knows, at the cost of the purchase order."""
    order = situation.saved.order
    lines = []
    for sequence, held in sorted(reservations.items()):
        units = situation.units.get(sequence)
        price = units.shop_price() if units else None
        if units is None or price is None or units.product.shop_variant is None:
            continue
        lines.append(SalesLine(held.sku, units.product.shop_variant, held.eaches, price, units.exact_cost(), sequence))
    return SalesOrder(
        key=f"{order.partner}:{order.vendor_code}:{order.number}",
        order_number=order.number,
        partner=order.partner,
        vendor_code=order.vendor_code,
        location=situation.agreement.ship_from,
        currency=lines[0].price.currency if lines else situation.agreement.currency,
        ordered_at=order.ordered_at,
        lines=tuple(lines),
        company_location=situation.agreement.company_location,
        note=f"Amazon purchase order {order.number}, vendor code {order.vendor_code}",
    )


def plan_shop_order(tx: Tx, order_id: int) -> dict[str, Any] | None:
    """What the shop must be brought to hold, as JSON; None when it need not be asked: nothing reserved, nothing there."""
    saved = orders.load_order(tx.connection, order_id)
    agreement = tx.resources.agreement(tx.connection, saved)
    if agreement is None:
        return None
    situation = examine(tx.connection, tx.resources, saved, agreement, tx.now)
    reserved = stock.load_order_reservations(tx.connection, order_id)
    if any(held.claimed_at is not None and sequence not in situation.units for sequence, held in reserved.items()):
        return None  # promised, and the item master lost the product since: what the shop holds for it stays there
    if any(row.decision.eaches and sequence not in reserved for sequence, row in situation.decided.items()):
        return None  # promised, and departed since: what the shop holds for it stays as it is
    wanted = wanted_order(situation, reserved)
    known = sales_orders.load_sales_order(tx.connection, order_id)
    if not wanted.lines and known is None and not _ever_reserved(tx, order_id):
        return None
    if not wanted.lines and known is not None and known.shown.cancelled:
        return None
    if known and known.agrees and not differences(wanted, known.shown):
        return None
    asked_before = known is not None and known.wanted == digest_of_json(to_json(wanted))
    items = sorted(
        (units.product.sku, units.product.shop_item)
        for line in wanted.lines
        if (units := situation.units[line.sequence]).product.shop_item
    )
    return {
        "shop": agreement.shop,
        "order": to_json(wanted),
        # Asked for once and shown otherwise since: a person's hand is in it, or it takes a while. We look, we do not overwrite.
        "only_look": asked_before,
        # Cancelled because we wanted it so, or because a person did and another said to try again: made anew.
        "renew": known is not None and known.shown.cancelled and (known.agrees or not known.wanted.strip()),
        "items": [[sku, item] for sku, item in dict(items).items()],
    }


def _ever_reserved(tx: Tx, order_id: int) -> bool:
    """Whether the shop may hold an order that could not be read back and so is not known here."""
    return any(row.decision.eaches for row in decisions.list_decisions(tx.connection, order_id))


def place_shop_order(world: World, plan: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """Bring the shop to hold the order: find it, then create, amend, cancel or leave it; mend its location; read it back.

    At least once: every round starts by finding what is there, so a round that was cut off is continued, not repeated.
    """
    sink = world.connections.sales_order_sinks[plan["shop"]]
    wanted = from_json(plan["order"], SalesOrder)
    found = sink.find_sales_order(wanted.key)
    try:
        shown = _as_found(found) if plan["only_look"] else _bring_about(sink, wanted, found, plan["renew"])
    except Conflict as error:
        return {"claim_failed": str(error)}
    if shown is None:
        return {"shown": None}
    wrong = () if plan["only_look"] else misplaced(wanted, shown.value)
    if wrong and not shown.value.cancelled:
        shown = sink.move_sales_order(shown.value, wanted.location)
    read_back = sink.find_sales_order(wanted.key)
    held = read_back.value or shown.value
    after = observe_stock(world, plan["shop"], wanted.location, plan["items"]) if plan["items"] else None
    return {
        "shown": to_json(held),
        "evidence": read_back.evidence.decode(),
        "before": before["levels"] if before else [],
        "after": after["levels"] if after else [],
        "after_evidence": after["evidence"] if after else "",
    }


def _as_found(found: Observed[ShownOrder | None]) -> Observed[ShownOrder] | None:
    return Observed(found.value, found.evidence) if found.value is not None else None


def _bring_about(
    sink: SalesOrderSink, wanted: SalesOrder, found: Observed[ShownOrder | None], renew: bool
) -> Observed[ShownOrder] | None:
    shown = found.value
    if shown is None:
        return sink.send_sales_order(wanted) if wanted.lines else None
    if not differences(wanted, shown):
        return Observed(shown, found.evidence)
    if not wanted.lines:
        return (
            Observed(shown, found.evidence)
            if shown.cancelled
            else sink.cancel_sales_order(shown, "cancelled by Amazon")
        )
    if shown.cancelled and not renew:
        # Someone cancelled our order by hand. Its key is taken for ever; a person must decide.
        return Observed(shown, found.evidence)
    return sink.amend_sales_order(shown, wanted)


def settle_shop_order(tx: Tx, order_id: int, plan: dict[str, Any], placed: dict[str, Any]) -> bool:
    """Judge what the shop shows. True: it holds what we reserved. False: stock vanished and the lines are decided anew.

    A difference that remains is a case; the reservation then stays unclaimed, and is never answered as accepted. So does the
    reservation of a line whose product's committed stock was not seen to rise: the order says that it holds it, the shelf
    does not. It is looked at again until it shows, a person judges, or the deadline's margin has it backordered.
    """
    connection = tx.connection
    wanted = from_json(plan["order"], SalesOrder)
    if "claim_failed" in placed:
        return _claim_failed(tx, order_id, wanted, placed["claim_failed"])
    if placed["shown"] is None:
        if not wanted.lines:
            settle_unasked(tx, order_id)
        return True
    shown = from_json(placed["shown"], ShownOrder)
    evidence = tx.resources.keep(
        connection,
        placed["evidence"].encode(),
        kind="shop-order",
        source=plan["shop"],
        name=f"order {shown.name} for {wanted.order_number}",
    )
    differing = (*differences(wanted, shown), *_elsewhere(wanted, shown))
    proof, doubts = _committed(connection, order_id, placed, wanted)
    if not differing:
        proven = [line.sequence for line in wanted.lines if line.sku not in doubts]
        stock.mark_claimed(connection, order_id, proven, tx.now)
    asked = digest_of_json(plan["order"])
    found = (*differing, *doubts.values())
    saved = sales_orders.SavedSalesOrder(plan["shop"], shown, not found, asked, proof, tx.now, evidence)
    sales_orders.save_sales_order(connection, order_id, wanted.key, saved)
    runs = order_runs.count_runs(connection, order_id)
    if found and runs <= MOST_LOOKS:
        # A claim or a cancellation takes its time in a shop, and people mend what they broke: look again.
        start_answering(tx, order_id, timedelta(minutes=min(2 * runs, 30)))
    _tell(tx, order_id, wanted, shown, list(found))
    return True


def settle_unasked(tx: Tx, order_id: int) -> None:
    """Nothing is wanted of the shop any more: what it did not do before is nobody's matter."""
    order = orders.load_order(tx.connection, order_id).order
    gone = dict.fromkeys((CLAIM_FAILED, UNREACHABLE, REFUSED), "nothing is wanted of the shop")
    cases.close_cases(tx.connection, gone, f"order {order.key}", tx.now)


def _elsewhere(wanted: SalesOrder, shown: ShownOrder) -> tuple[str, ...]:
    if shown.cancelled:
        return ()
    return tuple(
        f"{line.eaches} of {line.sku} would ship from {line.location}, not from {wanted.location}"
        for line in misplaced(wanted, shown)
    )


def _claim_failed(tx: Tx, order_id: int, wanted: SalesOrder, words: str) -> bool:
    reserved = stock.load_order_reservations(tx.connection, order_id)
    for line in wanted.lines:
        held = reserved.get(line.sequence)
        if held is not None and held.claimed_at is None:
            decisions.drop_decision(tx.connection, order_id, line.sequence)
            stock.release_reservation(tx.connection, order_id, line.sequence, tx.now)
    draft = CaseDraft(
        kind=CLAIM_FAILED,
        subject=f"order {wanted.partner}/{wanted.order_number}",
        title=f"The shop could not claim the stock of order {wanted.order_number}: {words}",
        expected="stock that was available a moment ago",
        found=words,
        money_at_risk=None,
        deadline=None,
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=order_id)
    # Someone was faster: at once. A shop that shows stock and never gives it is asked ever more seldom.
    runs = order_runs.count_runs(tx.connection, order_id)
    start_answering(tx, order_id, timedelta(minutes=0 if runs < CLAIMS_AT_ONCE else min(2 * runs, 30)))
    return False


def _committed(
    connection: sa.Connection, order_id: int, placed: dict[str, Any], wanted: SalesOrder
) -> tuple[str, dict[str, str]]:
    """What rose of each product's committed stock, in words, and the doubts by SKU: it does not cover all that we claimed."""
    known = sales_orders.load_sales_order(connection, order_id)
    before = {level["sku"]: int(level["committed"]) for level in placed["before"]}
    doubted = known is not None and not known.agrees
    if known is not None and doubted:
        # What counts is what has risen since we asked, not since we last looked.
        before |= _risen_from(known.proof)
    standing = _claimed_before(connection, order_id, known)
    words: list[str] = []
    doubts: dict[str, str] = {}
    after: list[Level] = levels_of({"levels": placed["after"]})
    for level in after:
        was = before.get(level.sku)
        asked = sum(line.eaches for line in wanted.lines if line.sku == level.sku)
        if known is not None and doubted and was is not None:
            # Others that claimed in the meantime raised it too: their rise proves nothing for us.
            was += stock.claimed_by_others(connection, order_id, level, since=known.read_back_at)
        words.append(f"{level.sku} committed {was if was is not None else '?'} to {level.committed}")
        # Shipping takes goods out of `committed` that our books still hold: then it must have risen by what is new.
        new = asked - standing.get(level.sku, 0)
        covered = level.committed >= asked if was is None else level.committed - was >= new
        if not level.tracked or covered:
            continue
        owed = asked + stock.claimed_by_others(connection, order_id, level)
        if level.committed < owed:
            doubts[level.sku] = (
                f"{level.sku}: {level.committed} eaches committed at {level.location}, {owed} claimed by us"
            )
    return "; ".join(words), doubts


def _claimed_before(
    connection: sa.Connection, order_id: int, known: sales_orders.SavedSalesOrder | None
) -> dict[str, int]:
    """By SKU, the eaches of this order that the shop was proven to have committed before it was asked now."""
    had: dict[str, int] = {}
    if known is None or known.shown.cancelled:
        return had
    if known.agrees:
        for line in known.shown.lines:
            had[line.sku] = had.get(line.sku, 0) + line.eaches
        return had
    for held in stock.load_order_reservations(connection, order_id).values():
        if held.claimed_at is not None:
            had[held.sku] = had.get(held.sku, 0) + held.eaches
    return had


_ROSE = re.compile(r"(?:^|; )(?P<sku>.+?) committed (?P<was>-?\d+) to -?\d+(?=;|$)")


def _risen_from(proof: str) -> dict[str, int]:
    """From what each product's committed stock rose, by our own words of an earlier look."""
    return {found["sku"]: int(found["was"]) for found in _ROSE.finditer(proof)}


def _tell(tx: Tx, order_id: int, wanted: SalesOrder, shown: ShownOrder, found: list[str]) -> None:
    subject = f"order {wanted.partner}/{wanted.order_number}"
    gone = {CLAIM_FAILED: "claimed since", UNREACHABLE: "it answers again", REFUSED: "taken since"}
    if not found:
        gone[DIFFERS] = "the shop holds what was reserved"
    cases.close_cases(tx.connection, gone, subject, tx.now)
    if not found:
        return
    worth = [line.price * line.eaches for line in wanted.lines]
    total = worth[0] if worth else None
    for amount in worth[1:]:
        total = total + amount if total else amount
    draft = CaseDraft(
        kind=DIFFERS,
        subject=subject,
        title=f"Order {shown.name} in the shop is not what was reserved: {found[0]}",
        expected=", ".join(f"{line.eaches} of {line.sku}" for line in wanted.lines) or "a cancelled order",
        found="; ".join(found),
        money_at_risk=total,
        deadline=None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=order_id)
