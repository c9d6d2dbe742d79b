"""Disputes: when a claim can be contested, how often, and what that is worth with honest uncertainty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import Refused
from trueup.domain.deduction import Family
from trueup.domain.disputes import Attempt, DisputableClaim, DisputeState, Outcome, standing, submissions, submit
from trueup.domain.recovery import Experience, chance, share, urgency, worth

DAY = date(2026, 10, 1)
SHORTAGE = DisputableClaim(Family.SHORTAGE, 500_00, DAY, due_on=DAY)
CHARGEBACK = DisputableClaim(Family.CHARGEBACK, 12_00, DAY)


def lost(number: int, on: date) -> Attempt:
    return Attempt(number, on, f"D-{number}", "Fina", Outcome.LOST, on + timedelta(days=5), 0)


@pytest.mark.parametrize(
    ("claim", "days", "state"),
    [
        (SHORTAGE, 34, DisputeState.EARLY),
        (SHORTAGE, 35, DisputeState.OPEN),
        (SHORTAGE, 730, DisputeState.OPEN),
        (SHORTAGE, 731, DisputeState.EXPIRED),
        (CHARGEBACK, 0, DisputeState.OPEN),
        (CHARGEBACK, 30, DisputeState.OPEN),
        (CHARGEBACK, 31, DisputeState.EXPIRED),
        (replace(CHARGEBACK, open=0), 3, DisputeState.REPAID),
        (replace(SHORTAGE, due_on=None, noticed_on=DAY + timedelta(days=10)), 44, DisputeState.EARLY),
    ],
)
def test_a_window_opens_and_closes_on_its_day(claim: DisputableClaim, days: int, state: DisputeState) -> None:
    """Shortages are counted from when the invoice was due, chargebacks from their notice; both ends are included."""
    assert standing(claim, DAY + timedelta(days=days)).state is state


def test_a_refused_dispute_can_be_made_once_more_within_thirty_days() -> None:
    """Two attempts at most; the second within thirty days of the refusal, even when the first window is over."""
    once = replace(CHARGEBACK, attempts=(lost(1, DAY + timedelta(days=20)),))
    assert standing(once, DAY + timedelta(days=55)).state is DisputeState.OPEN
    assert standing(once, DAY + timedelta(days=56)).state is DisputeState.EXPIRED
    twice = replace(once, attempts=(*once.attempts, lost(2, DAY + timedelta(days=50))))
    assert standing(twice, DAY + timedelta(days=52)).state is DisputeState.EXHAUSTED
    price = replace(CHARGEBACK, family=Family.PRICE, attempts=(lost(1, DAY),))
    assert standing(price, DAY + timedelta(days=6)).state is DisputeState.EXHAUSTED


def test_what_cannot_be_submitted_is_refused_with_the_day_it_can() -> None:
    """Too early, too late, and while one is under way."""
    with pytest.raises(Refused, match="can be disputed from 2026-11-05 on"):
        submit(SHORTAGE, (DAY, "D-1", "Fina"))
    with pytest.raises(Refused, match="could be disputed until 2026-10-31"):
        submit(CHARGEBACK, (DAY + timedelta(days=40), "D-1", "Fina"))
    waiting = replace(CHARGEBACK, attempts=(submit(CHARGEBACK, (DAY, "D-1", "Fina")),))
    with pytest.raises(Refused, match="record its outcome first"):
        submit(waiting, (DAY, "D-2", "Fina"))


def test_claims_are_submitted_ten_at_a_time_and_families_apart() -> None:
    """As many as the portal takes at once."""
    claims = [(f"S{number:02d}", Family.SHORTAGE) for number in range(23)] + [("P1", Family.PRICE)]
    batches = submissions(claims)
    assert [len(names) for _, names in batches] == [1, 10, 10, 3]
    assert {name for _, names in batches for name in names} == {name for name, _ in claims}


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_more_outcomes_narrow_the_interval_around_the_mean(won: int, lost_: int) -> None:
    """The interval holds the mean, lies between nothing and certainty, and the prior alone spans nearly all of it."""
    found = chance(Experience(won, lost_))
    assert 0 <= found.low <= found.mean + Fraction(1, 200) and found.mean <= found.high <= 1
    more = chance(Experience(won * 4 + 3, lost_ * 4 + 3))
    assert more.high - more.low <= found.high - found.low + Fraction(1, 100)


def test_without_outcomes_everything_is_possible_and_said_to_be() -> None:
    """Even chances, nine tenths of the interval from a twentieth to nineteen twentieths."""
    found = chance(Experience())
    assert (found.mean, found.low, found.high, found.outcomes) == (Fraction(1, 2), Fraction(1, 20), Fraction(19, 20), 0)
    assert share(Experience(won=4, claimed_minor=400, won_minor=400)) == Fraction(475, 500)


def test_what_brings_more_goes_first_and_of_equals_what_ends_sooner() -> None:
    """Expected value orders the work; what cannot be disputed is worth nothing."""
    today = DAY + timedelta(days=40)
    known = Experience(8, 2, 1000_00, 900_00)
    big = worth(500_00, known, standing(SHORTAGE, today), today, 10_00)
    late = worth(12_00, known, standing(CHARGEBACK, today), today, 10_00)
    assert big.expected > big.low > 0 and big.high > big.expected
    assert late.expected == 0
    assert sorted([late, big], key=urgency) == [big, late]


def test_less_that_ends_soon_goes_before_more_that_has_two_years() -> None:
    """Money x chance x deadline: what is expected is weighed by the days that are left, and what brings nothing comes last."""
    today = DAY + timedelta(days=40)
    known = Experience(8, 2, 1000_00, 900_00)
    years = worth(800_00, known, standing(SHORTAGE, today), today, 10_00)
    soon = replace(worth(100_00, known, standing(SHORTAGE, today), today, 10_00), days_left=2)
    nothing = replace(soon, expected=-5_00, days_left=1)
    assert years.expected > soon.expected and (years.days_left or 0) > 300
    assert sorted([nothing, years, soon], key=urgency) == [soon, years, nothing]
