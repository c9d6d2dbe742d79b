"""Claim lineage: the state of a story, its words, and what does not agree in it."""

from __future__ import annotations

from datetime import date

import pytest

from trueup.base.errors import Conflict, Invalid
from trueup.domain.claims import ClaimChain, ClaimSlice, ClaimState, join
from trueup.domain.deduction import Family

OCT, NOV, DEC = date(2026, 10, 3), date(2026, 11, 9), date(2026, 12, 1)


def story(*slices: ClaimSlice) -> ClaimChain:
    return ClaimChain("PAYEE", Family.SHORTAGE, "INV1", slices)


CLAIM = ClaimSlice(1, "P1", 4, -1_200_00, OCT)
BACK = ClaimSlice(2, "P2", 9, 800_00, NOV)


def test_a_story_in_words() -> None:
    """What was claimed, what was given back, what is open: with amounts and days."""
    assert story(CLAIM, BACK).story("USD") == (
        "claimed 1,200.00 on 3 Oct 2026, given back 800.00 on 9 Nov 2026, 400.00 open"
    )
    again = story(CLAIM, BACK, ClaimSlice(3, "P3", 1, -800_00, DEC))
    assert again.story("USD").endswith(
        "given back 800.00 on 9 Nov 2026, claimed again 800.00 on 1 Dec 2026, 1,200.00 open"
    )
    assert story(ClaimSlice(1, "P1", 4, -1200, OCT)).story("JPY") == "claimed 1,200 on 3 Oct 2026, 1,200 open"


def test_slices_are_told_as_one() -> None:
    """A claim sliced over payments is one sentence with its days."""
    slices = [ClaimSlice(1, f"P{number}", 1, -100_00, day) for number, day in enumerate((OCT, NOV, DEC))]
    told = story(*slices).story("USD")
    assert told == "claimed 300.00 in 3 slices from 3 Oct 2026 to 1 Dec 2026, 300.00 open"
    assert story(*slices).claimed == 300_00


@pytest.mark.parametrize(
    ("back", "state", "ending"),
    [
        (1_199_99, ClaimState.OPEN, "0.01 open"),
        (1_200_00, ClaimState.REVERSED, "nothing open"),
        (1_200_01, ClaimState.OVER_REVERSED, "0.01 given back too much"),
    ],
)
def test_the_state_is_the_balance(back: int, state: ClaimState, ending: str) -> None:
    """A cent decides between open, reversed, and more given back than was taken."""
    chain = story(CLAIM, ClaimSlice(2, "P2", 9, back, NOV))
    assert chain.state is state
    assert chain.story("USD").endswith(ending)
    assert ("more was given back than was claimed" in chain.discrepancies) == (state is ClaimState.OVER_REVERSED)


def test_a_reversal_may_come_first() -> None:
    """Until its claim arrives the story is over-reversed and says which link was never seen; then both are gone."""
    chain = story(BACK)
    assert chain.state is ClaimState.OVER_REVERSED
    assert "the claim was never seen; import the earlier payments" in chain.discrepancies
    assert join(chain, [CLAIM]).discrepancies == ()


def test_a_sign_against_its_link_is_told() -> None:
    """A reversal that takes, or a claim that gives, counts as it stands and is a discrepancy."""
    chain = story(CLAIM, ClaimSlice(2, "P2", 9, -1_00, NOV))
    assert chain.balance == 1_201_00
    assert chain.discrepancies == ("payment P2 line 9 is the reversal with a minus sign",)


def test_the_same_line_with_other_content_is_a_conflict() -> None:
    """Two documents that tell one line differently are compared, never added: both numbers are in the message."""
    with pytest.raises(Conflict, match=r"payment P1 line 4 settles -120000 .* again -120001"):
        join(story(CLAIM), [ClaimSlice(1, "P1", 4, -1_200_01, OCT)])


def test_an_open_claim_can_be_settled() -> None:
    """What Amazon holds is an open item about its invoice; a story that came out even is none."""
    item = story(CLAIM, BACK).open_item()
    assert item is not None
    assert (item.key, item.open, item.about, item.day) == ("shortage:INV1@PAYEE", 400_00, "INV1", OCT)
    assert story(CLAIM, ClaimSlice(2, "P2", 9, 1_200_00, NOV)).open_item() is None


def test_a_story_needs_a_slice_and_a_slice_its_place() -> None:
    """Neither an empty chain nor a slice without payment, line or link is a claim."""
    with pytest.raises(Invalid, match="at least one slice"):
        story()
    for wrong in ((0, "P", 1), (1, "", 1), (1, "P", 0)):
        with pytest.raises(Invalid, match="link from 1"):
            ClaimSlice(*wrong, -1, OCT)
