"""Deciding a line: never more than is there, never more than was ordered, in whole units, and nothing left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.made import AGREEMENT, LINE, LISTING, NOW, PRODUCT, order
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money, UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import (
    Acknowledgement,
    Answer,
    Before,
    Occasion,
    Part,
    Reason,
    decide_line,
    force_line,
    keep_rejected,
    reject_line,
)
from trueup.domain.deliveries import DeliveryState, move
from trueup.domain.inventory import Asking, Availability, Claimant, Level, Reservation, Term, TermKind, available, weigh
from trueup.domain.landing import LineStatus, OrderStatus, judge
from trueup.domain.partners import CostBasis, Fallback, Shortfall
from trueup.domain.units import line_units


def supply(eaches: int) -> Availability:
    """So many eaches are free."""
    return Availability("LAMP-1", "main", (Term(TermKind.ON_HAND, eaches, "shop", NOW),))


@given(
    st.integers(1, 200),
    st.sampled_from([Unit.CASE, Unit.EACH]),
    st.integers(-50, 2000),
    st.booleans(),
    st.sampled_from(list(Shortfall)),
    st.booleans(),
)
def test_a_decision_answers_the_whole_line_and_promises_no_more_than_is_there(
    amount: int, unit: Unit, free: int, backorder: bool, shortfall: Shortfall, by_pack: bool
) -> None:
    """For any line and any stock."""
    line = replace(LINE, ordered=Quantity(amount, unit, 6 if unit is Unit.CASE else None), backorder_allowed=backorder)
    terms = replace(AGREEMENT, shortfall=shortfall, sells_by_pack=by_pack)
    units = line_units(line, PRODUCT, LISTING, terms)
    decision = decide_line(line, units, supply(free), Occasion(terms, NOW))
    assert sum(part.quantity.amount for part in decision.parts) == amount
    assert all(part.quantity.amount > 0 for part in decision.parts)
    accepted = decision.quantity(Answer.ACCEPTED)
    assert decision.eaches == accepted * units.unit_eaches <= max(0, free)
    if not backorder or shortfall is Shortfall.REJECT:
        assert decision.quantity(Answer.BACKORDERED) == 0
    if by_pack and units.eaches % 6 == 0:
        assert decision.eaches % 6 == 0, "whole packs only"


def test_an_obsolete_product_is_rejected_for_what_it_is() -> None:
    """Amazon then stops ordering it."""
    units = line_units(LINE, replace(PRODUCT, obsolete=True), LISTING, AGREEMENT)
    decision = decide_line(LINE, units, supply(1000), Occasion(AGREEMENT, NOW))
    assert decision.parts == (Part(Answer.REJECTED, LINE.ordered, reason=Reason.OBSOLETE_PRODUCT),)


def test_the_fallback_rejects_only_where_the_agreement_says_so_in_words() -> None:
    """Backorder where Amazon allows it; nothing at all where it does not and nobody agreed to rejecting."""
    firm = replace(LINE, backorder_allowed=False)
    words = "We accept that lines we cannot answer in time are rejected."
    rejecting = replace(AGREEMENT, fallback=Fallback.BACKORDER_ELSE_REJECT, fallback_words=words)
    assert force_line(LINE, AGREEMENT, NOW, "held").parts[0].answer is Answer.BACKORDERED  # type: ignore[union-attr]
    assert force_line(firm, AGREEMENT, NOW, "held") is None
    forced = force_line(firm, rejecting, NOW, "held")
    assert forced is not None and forced.parts[0].answer is Answer.REJECTED and words in forced.why
    with pytest.raises(Exception, match="fallback_words"):
        replace(AGREEMENT, fallback=Fallback.REJECT)


def test_an_acknowledgement_answers_every_line_or_is_not_made() -> None:
    """Amazon takes a missing line for a rejection."""
    two = order(LINE, replace(LINE, sequence=2, sequence_text="2"))
    answered = reject_line(LINE, None, Reason.TEMPORARILY_UNAVAILABLE, "none")
    with pytest.raises(Refused, match=r"lines \[2\] would be missing"):
        Acknowledgement(two, NOW, (answered,))
    cancelled = order(LINE, replace(LINE, sequence=2, sequence_text="2", ordered=Quantity(0, Unit.CASE, 6)))
    assert Acknowledgement(cancelled, NOW, (answered,)).lines == (answered,)


def test_a_rejected_line_stays_rejected() -> None:
    """Amazon ignores what comes after."""
    later = force_line(LINE, AGREEMENT, NOW, "held")
    assert later is not None
    refused = keep_rejected(Before(frozenset({Answer.REJECTED}), 4, 4), LINE, later)
    assert [part.answer for part in refused.parts] == [Answer.REJECTED]
    partly = keep_rejected(Before(frozenset({Answer.REJECTED, Answer.ACCEPTED}), 4, 1), LINE, later)
    assert [(part.answer, part.quantity.amount) for part in partly.parts] == [
        (Answer.BACKORDERED, 3),
        (Answer.REJECTED, 1),
    ]
    assert keep_rejected(Before(frozenset({Answer.ACCEPTED}), 4, 0), LINE, later) is later


def level(free: int, observed_at: datetime = NOW) -> Level:
    """What the shop said."""
    return Level("LAMP-1", "main", free, 0, free, True, observed_at)


def promised(seen: Level, held: list[Reservation], buffer: int = 0, for_order: int = 1) -> Availability:
    """What an order may be promised."""
    return available(weigh(seen, held, for_order=for_order), Asking(Claimant.WHOLESALE, buffer))


def test_what_is_held_for_others_is_never_promised_again() -> None:
    """A claim seen before the observation is in its number; any other is taken off."""
    others = [
        Reservation(7, 1, "LAMP-1", "main", 6, NOW - timedelta(seconds=1)),
        Reservation(8, 1, "LAMP-1", "main", 12, NOW + timedelta(seconds=1)),
        Reservation(9, 1, "LAMP-1", "main", 18, None),
    ]
    promise = promised(level(100), others, buffer=10)
    assert (promise.eaches, promise.pending) == (100 - 12 - 18 - 10, 30)


def test_an_order_asks_for_its_own_claimed_goods_anew() -> None:
    """What the shop committed to this order is free for it, for nobody else."""
    own = [Reservation(1, 1, "LAMP-1", "main", 6, NOW - timedelta(hours=1))]
    assert promised(level(0), own).eaches == 6
    assert promised(level(0), own, for_order=2).eaches == 0


def test_a_shop_in_debt_promises_nothing() -> None:
    """Negative stock is not stock."""
    assert promised(level(-5), []).eaches == 0


def status(accepted: int, rejected: int, at: datetime | None, confirmation: str = "ACCEPTED") -> OrderStatus:
    """What Amazon shows of the one line."""
    return OrderStatus("4Z32PABC", True, at, (LineStatus(1, 4, accepted, rejected, confirmation, at),))


def test_landing_is_judged_by_what_amazon_shows_since_we_sent() -> None:
    """Held, contradicted, or not shown yet: three different things."""
    line = replace(LINE)
    decision = decide_line(line, line_units(line, PRODUCT, LISTING, AGREEMENT), supply(24), Occasion(AGREEMENT, NOW))
    answer = Acknowledgement(order(line), NOW, (decision,))
    later = NOW + timedelta(minutes=3)
    assert judge(answer, status(4, 0, later), NOW).held
    contradicted = judge(answer, status(3, 1, later), NOW)
    assert not contradicted.held and contradicted.contradictions and contradicted.unheld == (1,)
    before = judge(answer, status(3, 1, NOW - timedelta(hours=3)), NOW)
    assert not before.held and not before.contradictions and before.unheld == (1,)
    silent = judge(answer, status(0, 0, None, "UNCONFIRMED"), NOW)
    assert not silent.held and not silent.contradictions


def test_a_delivery_lives_forwards() -> None:
    """Accepted is not unsaid; a superseded delivery is over."""
    assert move(DeliveryState.UNANSWERED, DeliveryState.ACCEPTED, "x") is DeliveryState.ACCEPTED
    for current, to in [
        (DeliveryState.ACCEPTED, DeliveryState.SENT),
        (DeliveryState.SUPERSEDED, DeliveryState.ACCEPTED),
    ]:
        with pytest.raises(Conflict):
            move(current, to, "x")


def test_a_case_cost_that_does_not_divide_is_kept_exactly() -> None:
    """10.00 for a case of six is 5/3 an each: priced at 1.67 in a shop, exact beside it, and the case is worth 10.00."""
    terms = replace(AGREEMENT, cost_basis=CostBasis.CASE)
    line = replace(LINE, net_cost=UnitPrice.of("10.00", "USD"))
    units = line_units(line, PRODUCT, LISTING, terms)
    assert units.each_cost == Fraction(5, 3)
    assert units.shop_price() == Money(167, "USD") and units.exact_cost() == "5/3"
    assert units.value() == Money(4000, "USD"), "not 24 x 1.67"
    assert line_units(LINE, PRODUCT, LISTING, AGREEMENT).exact_cost() == "10.25"
