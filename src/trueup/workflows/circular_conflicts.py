"""Conflicts between a purchase order and the circular programme, told when a line could not be given its items: both claims."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.circular_units import ClaimState
from trueup.domain.inventory import Reservation
from trueup.domain.partners import Agreement
from trueup.domain.ring_fences import fencing
from trueup.storage import cases
from trueup.storage.item_claims import item_claims
from trueup.storage.orders import SavedOrder
from trueup.workflows.assessment import Situation, examine
from trueup.workflows.world import Tx

CONFLICT = "circular.wholesale-conflict"


def tell_short(tx: Tx, saved: SavedOrder, short: dict[int, tuple[Reservation, int]]) -> None:
    """A case for each line that got fewer items than it held; `short` has its reservation and how many it got.

    Cases of lines that are filled whole are closed; one that got less stays told until a person has seen it.
    """
    agreement = tx.resources.agreement(tx.connection, saved)
    if agreement is None:
        return
    situation = examine(tx.connection, tx.resources, saved, agreement, tx.now)
    for line, (held, got) in sorted(short.items()):
        draft = _draft(tx, situation, line, (held, got))
        cases.open_case(tx.connection, draft, tx.now, order_id=saved.id, sequence=line)
    whole = {line for line, row in situation.decided.items() if _is_whole(situation, line, row.decision.eaches)}
    told = {each.sequence for each in saved.order.lines} - (whole - short.keys())
    still: set[tuple[str, int | None]] = {(CONFLICT, line) for line in told}
    cases.close_vanished(tx.connection, saved.id, [CONFLICT], still, why="its items are withheld now", now=tx.now)


def _is_whole(situation: Situation, line: int, eaches: int) -> bool:
    units = situation.units.get(line)
    return units is not None and eaches >= units.eaches


def _draft(tx: Tx, situation: Situation, line: int, short: tuple[Reservation, int]) -> CaseDraft:
    held, got = short
    order, missing = situation.saved.order, held.eaches - got
    units = situation.units.get(line)
    worth = units.value(missing) if units else None
    others = _had_by(tx, situation.saved.id, line)
    theirs = _circular_worth(situation.agreement, held.sku, missing, tx)
    return CaseDraft(
        kind=CONFLICT,
        subject=f"order {order.key} line {line}",
        title=(
            f"{missing} of {held.eaches} {held.sku} of purchase order {order.number} ({worth or 'of unknown worth'}) are needed "
            f"by the circular programme ({theirs or 'worth not stated in a fence'}): {others}"
        ),
        expected=f"{held.eaches} items that no rental or resale needs",
        found=f"{got} withheld; {others}",
        money_at_risk=worth,
        deadline=situation.deadline,
        owner=situation.agreement.owner,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def _had_by(tx: Tx, order_id: int, line: int) -> str:
    query = sa.select(item_claims.c.item, item_claims.c.why).where(
        item_claims.c.order_id == order_id,
        item_claims.c.sequence == line,
        item_claims.c.state == ClaimState.LOST.value,
    )
    rows = tx.connection.execute(query.order_by(item_claims.c.id).limit(5)).all()
    return "; ".join(f"item {row.item}: {row.why}" for row in rows) or "no other item is free and fit"


def _circular_worth(agreement: Agreement, sku: str, missing: int, tx: Tx) -> Money | None:
    worth = fencing(agreement.fences, sku, tx.now.date()).circular_worth
    return worth * missing if worth else None
