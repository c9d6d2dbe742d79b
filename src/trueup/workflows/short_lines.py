"""Short lines: a case for every order line that stock cannot fill, and whose claim it is that stands against the order's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trueup.domain.acknowledgements import Answer, LineDecision
from trueup.domain.case_causes import item_cause
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.inventory import Availability, TermKind
from trueup.domain.orders import OrderLine
from trueup.domain.ring_fences import fencing
from trueup.storage import cases
from trueup.workflows.assessment import Situation
from trueup.workflows.world import Tx

SHORT, FENCED = "stock.short", "stock.fenced"
_KEPT = (TermKind.FENCED, TermKind.CAPPED, TermKind.RENTED)
"""What is kept from wholesale by an agreement, or by a rental."""


def note_shorts(
    tx: Tx, situation: Situation, made: Sequence[LineDecision], supplies: Mapping[str, Availability]
) -> None:
    """A case for every line that is short now; the cases of those that no longer are end, those of other lines stay."""
    order_id = situation.saved.id
    still: set[tuple[str, int | None]] = set()
    settled = set()
    for decision in made:
        line = _ordered(situation, decision.sequence)
        settled.add(decision.sequence)
        if decision.quantity(Answer.ACCEPTED) < line.ordered.amount:
            draft = _short_case(tx, situation, decision, supplies)
            still.add((draft.kind, decision.sequence))
            cases.open_case(tx.connection, draft, tx.now, order_id=order_id, sequence=decision.sequence)
    if settled:
        others = {line.sequence for line in situation.saved.order.lines} - settled
        still |= {(kind, sequence) for kind in (SHORT, FENCED) for sequence in others}
        cases.close_vanished(tx.connection, order_id, [SHORT, FENCED], still, why="in stock now", now=tx.now)


def _ordered(situation: Situation, sequence: int) -> OrderLine:
    line = situation.saved.order.line(sequence)
    assert line is not None, f"decided line {sequence} is not on the order"
    return line


def _short_case(
    tx: Tx, situation: Situation, decision: LineDecision, supplies: Mapping[str, Availability]
) -> CaseDraft:
    units, order = situation.units[decision.sequence], situation.saved.order
    short = units.eaches - decision.eaches
    supply = supplies.get(units.product.sku)
    kept = -supply.of(*_KEPT) if supply else 0
    draft = CaseDraft(
        kind=SHORT,
        subject=f"order {order.key} line {decision.sequence}",
        title=f"{units.product.sku} is {'' if decision.why.startswith('short ') else 'short: '}{decision.why}",
        expected=f"{units.eaches} eaches",
        found=f"{decision.eaches} eaches can be filled",
        money_at_risk=units.value(short),
        deadline=situation.deadline + situation.agreement.amend_within - situation.agreement.acknowledge_within,
        owner=situation.agreement.owner,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        cause=item_cause(units.product.sku),
    )
    return _with_both_claims(tx, situation, draft, kept, short) if supply and kept > 0 else draft


def _with_both_claims(tx: Tx, situation: Situation, draft: CaseDraft, kept: int, short: int) -> CaseDraft:
    """The order would be filled, were it not for what is kept: both claims with their money, for a person to weigh."""
    sku = draft.title.partition(" ")[0]
    worth = fencing(situation.agreement.fences, sku, tx.now.date()).circular_worth
    at_stake = min(kept, short)
    theirs = (
        f", worth {worth * at_stake} there" if worth else ", of no stated worth there (circular_worth of the fence)"
    )
    ours = f", worth {draft.money_at_risk} to this order" if draft.money_at_risk else ""
    return CaseDraft(
        kind=FENCED,
        subject=draft.subject,
        title=f"{draft.title}; {kept} are kept from wholesale, {at_stake} of which this line asks for",
        expected=f"{short} eaches more for the order{ours}",
        found=f"{kept} eaches kept by the agreement or a rental{theirs}",
        money_at_risk=draft.money_at_risk,
        deadline=draft.deadline,
        owner=draft.owner,
        resolutions=draft.resolutions,
        cause=draft.cause,
    )
