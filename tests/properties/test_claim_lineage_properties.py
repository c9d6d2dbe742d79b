"""Claim chains: one story with one balance, however its lines arrive."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.domain.claims import ClaimChain, ClaimSlice, ClaimState, join
from trueup.domain.deduction import Family

DAY = date(2026, 10, 3)


@st.composite
def chains(draw: st.DrawFn) -> list[ClaimSlice]:
    """Slices of one chain: claims and reversals in turn, each cut over several payments, some of them of one day."""
    slices: list[ClaimSlice] = []
    for link in range(1, draw(st.integers(1, 5)) + 1):
        for _ in range(draw(st.integers(1, 4))):
            minor = draw(st.integers(1, 1_000_00)) * (-1 if link % 2 else 1)
            day = DAY + timedelta(days=draw(st.integers(0, 60)))
            slices.append(ClaimSlice(link, f"P{draw(st.integers(1, 3))}", len(slices) + 1, minor, day))
    return slices


def story(slices: list[ClaimSlice]) -> ClaimChain:
    return ClaimChain("PAYEE", Family.SHORTAGE, "INV1", tuple(slices))


@given(chains(), st.randoms(use_true_random=False), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_order_and_repetition_are_nothing(slices: list[ClaimSlice], chance: Random, times: int) -> None:
    """Shuffled, repeated, or joined in pieces, the story is the same value with the same words."""
    expected = story(slices)
    repeated = slices * times
    chance.shuffle(repeated)
    pieces = story(repeated[:1])
    while repeated:
        cut = chance.randint(1, len(repeated))
        pieces, repeated = join(pieces, repeated[:cut]), repeated[cut:]
    assert pieces == expected
    assert pieces.story("USD") == expected.story("USD")


@given(chains())
@settings(max_examples=150, deadline=None)
def test_a_chain_sums_to_its_balance(slices: list[ClaimSlice]) -> None:
    """What Amazon holds is what it took less what it gave; the state, the open item and the words say the same."""
    chain = story(slices)
    taken = -sum(each.settled for each in slices if each.link % 2)
    given_back = sum(each.settled for each in slices if each.link % 2 == 0)
    assert chain.balance == taken - given_back
    assert chain.claimed == taken
    expected = (
        ClaimState.OPEN
        if taken > given_back
        else ClaimState.REVERSED
        if taken == given_back
        else ClaimState.OVER_REVERSED
    )
    assert chain.state is expected
    item = chain.open_item()
    assert (item.open if item else 0) == chain.balance
    told = abs(chain.balance)
    amount = f"{told // 100:,}.{told % 100:02}"
    endings = {
        ClaimState.OPEN: f", {amount} open",
        ClaimState.REVERSED: ", nothing open",
        ClaimState.OVER_REVERSED: f", {amount} given back too much",
    }
    assert chain.story("USD").endswith(endings[chain.state])


@given(chains(), st.integers(2, 5))
@settings(max_examples=100, deadline=None)
def test_slicing_changes_no_balance(slices: list[ClaimSlice], pieces: int) -> None:
    """A slice cut over more payments leaves balance, state and all discrepancies but those about single lines as they were."""
    first, rest = slices[0], slices[1:]
    cut = [
        ClaimSlice(first.link, f"CUT{at}", 1, first.settled // pieces + (at < first.settled % pieces), first.day)
        for at in range(pieces)
    ]
    whole, sliced = story(slices), story([*cut, *rest])
    assert (sliced.balance, sliced.state, sliced.missing) == (whole.balance, whole.state, whole.missing)
