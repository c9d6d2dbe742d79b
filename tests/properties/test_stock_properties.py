"""Stock, for any counts, movements and fences: the sums balance, nobody takes another's, order and repeats mean nothing."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trueup.base.errors import ConfigurationError
from trueup.domain.buffers import (
    BufferRule,
    Demand,
    Method,
    compute_buffer,
    negative_binomial_quantile,
    poisson_quantile,
)
from trueup.domain.inventory import Asking, Claimant, Level, Supply, TermKind, available
from trueup.domain.ring_fences import Fence, Season, Share, fencing
from trueup.domain.stock_ledger import (
    HERE,
    Movement,
    MovementKind,
    Observation,
    Place,
    balances,
    history,
    runs_of,
)

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = date(2026, 11, 2)
EACHES = st.integers(0, 500)
MINUTES = st.integers(0, 40)


@st.composite
def supplies(draw: st.DrawFn) -> Supply:
    """A count that adds up, and what others hold of it."""
    available_eaches, committed, aside = draw(st.integers(-50, 400)), draw(EACHES), draw(EACHES)
    level = Level("LAMP-1", "main", available_eaches, committed, available_eaches + committed + aside, True, NOW)
    return Supply(level, draw(st.integers(-50, 50)), draw(EACHES), draw(EACHES), draw(EACHES), draw(EACHES))


def shares() -> st.SearchStrategy[Share | None]:
    """A share in units, in percent, or none."""
    percent = st.fractions(0, 100, max_denominator=8)
    return st.one_of(
        st.none(), st.builds(Share, units=st.integers(0, 600)), st.builds(lambda part: Share(percent=part), percent)
    )


@st.composite
def fences(draw: st.DrawFn) -> tuple[Fence, ...]:
    """A few fences that do not contradict themselves."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        try:
            found.append(Fence(wholesale_most=draw(shares()), circular_keeps=draw(shares())))
        except ConfigurationError:
            assume(False)
    return tuple(found)


@given(supplies(), fences(), st.integers(0, 100))
def test_no_promise_takes_what_is_anothers(supply: Supply, fenced: tuple[Fence, ...], buffer: int) -> None:
    """What is promised, what others hold, what is kept and the buffer are together no more than lies there."""
    rules = fencing(fenced, "LAMP-1", DAY)
    wholesale = available(supply, rules.asking(Claimant.WHOLESALE, supply, buffer))
    shop = available(supply, rules.asking(Claimant.SHOP, supply, buffer))
    free = supply.pool - supply.rented - supply.level.committed - supply.held
    kept = max(0, rules.circular_keeps(supply.pool) - supply.rented)
    for promise, own in ((wholesale, supply.own), (shop, supply.own)):
        assert promise.eaches >= 0
        if promise.eaches:
            assert promise.eaches + kept + buffer <= free + own
    most = rules.wholesale_most(supply.pool)
    assert most is None or wholesale.eaches == 0 or wholesale.eaches + supply.wholesale <= most
    assert wholesale.total == sum(term.eaches for term in wholesale.terms)
    assert rules.circular_keeps(supply.pool) + (most or 0) <= supply.pool or (most or 0) <= 0


@given(supplies(), fences(), st.integers(0, 100), st.integers(0, 100))
def test_who_has_promised_leaves_less_for_the_next(
    supply: Supply, fenced: tuple[Fence, ...], buffer: int, wanted: int
) -> None:
    """After wholesale took what it was promised, the circular programme still has its share, and the shop the rest or nothing."""
    rules = fencing(fenced, "LAMP-1", DAY)
    promise = available(supply, rules.asking(Claimant.WHOLESALE, supply, buffer))
    taken = min(wanted, max(0, promise.eaches - supply.own))
    after = Supply(supply.level, supply.moved, supply.unoffered, supply.rented, supply.held + taken, supply.held_known)
    if taken:
        circular = available(after, rules.asking(Claimant.CIRCULAR, after, 0))
        assert circular.eaches + supply.rented >= min(
            rules.circular_keeps(supply.pool), circular.eaches + supply.rented
        )
        assert circular.eaches >= max(0, rules.circular_keeps(supply.pool) - supply.rented)
    shop = available(after, rules.asking(Claimant.SHOP, after, buffer))
    assert shop.eaches <= max(0, supply.pool - supply.rented - supply.level.committed - supply.held - taken)


def test_the_sum_is_told_in_words() -> None:
    """With every term that is not zero."""
    level = Level("LAMP-1", "main", 15, 3, 20, True, NOW)
    promise = available(Supply(level, held=4), Asking(Claimant.SHOP, 1, circular_keeps=2))
    assert str(promise) == (
        "8 eaches = 20 on hand - 2 set aside by the source - 3 committed to the shop's orders - 4 held for others "
        "- 2 kept for the circular programme - 1 buffer"
    )
    assert promise.of(TermKind.HELD) == -4 and promise.as_of == NOW


def test_a_fence_that_gives_more_than_all_is_refused() -> None:
    """Wholesale up to 70 %, 50 % kept: somebody would be lied to."""
    with pytest.raises(ConfigurationError, match="together more than all there is"):
        Fence(wholesale_most=Share(percent=Fraction(70)), circular_keeps=Share(percent=Fraction(50)))


def test_a_season_may_go_over_the_end_of_the_year() -> None:
    """Christmas begins in October and ends in January."""
    fence = Fence(("LAMP-*",), circular_keeps=Share(units=5), season=Season((10, 1), (1, 15)))
    assert [fence.covers("LAMP-1", date(2026, month, 10)) for month in (1, 2, 9, 10, 12)] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert not fence.covers("CHAIR-1", date(2026, 12, 1))


@st.composite
def movements(draw: st.DrawFn) -> list[Movement]:
    """What moved, each with a key of its own."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(list(MovementKind)), st.integers(1, 30), MINUTES), max_size=12))
    return [
        Movement("LAMP-1", "main", kind, eaches, NOW + timedelta(minutes=at, seconds=index), "test", f"{index}")
        for index, (kind, eaches, at) in enumerate(drawn)
    ]


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    """What sources counted."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from(["shop", "warehouse"]), EACHES, MINUTES),
            max_size=12,
            unique_by=lambda one: one[::2],
        )
    )
    return [Observation(source, eaches, NOW + timedelta(minutes=at)) for source, eaches, at in drawn]


@given(movements())
def test_the_ledger_balances(moved: list[Movement]) -> None:
    """What is in one place came from another."""
    held = balances(moved)
    assert sum(held.values()) == 0
    assert sum(held[place] for place in HERE) == sum(each.on_hand for each in moved)
    assert held[Place.WHOLESALE] == sum(each.effect(Place.WHOLESALE) for each in moved)


@given(st.data(), observations(), movements())
def test_history_is_the_same_in_any_order_and_told_twice(
    data: st.DataObject, seen: list[Observation], moved: list[Movement]
) -> None:
    """Replayed, re-ordered, doubled: the same lines with the same balances; and the lines explain each other."""
    straight = history(seen, moved)
    again = history(data.draw(st.permutations(seen + seen)), data.draw(st.permutations(moved + moved)))
    assert again == straight
    counted: dict[str, int] = {}
    for entry in straight:
        if entry.movement is not None:
            counted = {source: known + entry.movement.on_hand for source, known in counted.items()}
        elif entry.observation is not None:
            source = entry.observation.source
            if source in counted:
                assert counted[source] + entry.unexplained == entry.observation.on_hand
            counted[source] = entry.observation.on_hand
    assert len(runs_of(seen)) <= len(seen)


@given(st.fractions(Fraction(1, 50), 30, max_denominator=50), st.sampled_from([Fraction(1, 10), Fraction(1, 1000)]))
def test_a_poisson_buffer_is_the_smallest_under_its_risk(mean: Fraction, risk: Fraction) -> None:
    """Held against the distribution in floating point."""
    eaches, left = poisson_quantile(mean, risk)

    def beyond(count: int) -> float:
        terms = (
            math.exp(-float(mean) + each * math.log(float(mean)) - math.lgamma(each + 1)) for each in range(count + 1)
        )
        return 1 - math.fsum(terms)

    assert left <= risk and math.isclose(float(left), beyond(eaches), abs_tol=1e-9)
    assert eaches == 0 or beyond(eaches - 1) > float(risk) - 1e-9


@given(
    st.integers(1, 8),
    st.fractions(Fraction(1, 10), Fraction(9, 10), max_denominator=20),
    st.sampled_from([3, 100, 1000]),
)
def test_a_negative_binomial_buffer_is_the_smallest_under_its_risk(shape: int, success: Fraction, odds: int) -> None:
    """Its probabilities are fractions, so the smallest is found exactly."""
    mean, variance, risk = shape * (1 - success) / success, shape * (1 - success) / success**2, Fraction(1, odds)
    eaches, left = negative_binomial_quantile(mean, variance, risk)

    def beyond(count: int) -> Fraction:
        return Fraction(1) - sum(
            math.comb(each + shape - 1, each) * success**shape * (1 - success) ** each for each in range(count + 1)
        )

    assert left == beyond(eaches) <= risk
    assert eaches == 0 or beyond(eaches - 1) > risk


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.sampled_from([Fraction(1, 4), Fraction(1, 200)]))
def test_a_computed_buffer_never_grows_with_the_risk_taken(sold: list[int], risk: Fraction) -> None:
    """More risk, no more buffer; no sales, none at all."""
    demand = Demand(len(sold), tuple(each for each in sold if each))
    careful, bold = compute_buffer(demand, risk / 2), compute_buffer(demand, risk)
    assert careful.risk <= risk / 2 and careful.eaches >= bold.eaches
    assert (careful.method is Method.NO_DEMAND) == (sum(sold) == 0)


def test_many_windows_speak_for_themselves() -> None:
    """In 2,000 hours three sold more than 7: at a risk of one in 500 that is allowed."""
    sold = (1,) * 400 + (7,) * 97 + (9,) * 3
    found = compute_buffer(Demand(2000 * 60, sold * 60), Fraction(1, 500))
    assert (found.eaches, found.method, found.risk) == (7, Method.EMPIRICAL, Fraction(3, 2000))


def test_a_buffer_is_the_largest_of_its_rule() -> None:
    """Eaches, a part of what lies there rounded up, or what was computed where that is wanted."""
    assert BufferRule(3, Fraction(5)).size(101) == 6
    assert BufferRule(3).size(1000, computed=40) == 3
    assert BufferRule(3, risk_percent=Fraction(1)).size(1000, computed=40) == 40
