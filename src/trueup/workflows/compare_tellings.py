"""Compare tellings: two sources of one payment must say the same, to the cent, reference by reference. A difference is a case."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import Remittance
from trueup.storage import case_batches, cases
from trueup.storage.remittances import SavedRemittance
from trueup.workflows.books_cases import DIFFERS, OWNER
from trueup.workflows.world import Tx

_MOST_SHOWN = 10


def note_tellings(tx: Tx, saved: SavedRemittance) -> None:
    """Compare what the books follow with every other telling of the payment; open or close the case of it."""
    followed = saved.remittance
    subject = f"payment {saved.partner}/{followed.payment}"
    words, risk = [], 0
    for source, telling in saved.tellings.items():
        if source is not followed.source:
            said, money = compare(followed, telling.remittance)
            words += said
            risk = max(risk, money)
    if not words:
        case_batches.close_cases_of(tx.connection, [(DIFFERS, subject)], why="its sources agree", now=tx.now)
        return
    draft = CaseDraft(
        kind=DIFFERS,
        subject=subject,
        title=f"Sources of payment {followed.payment} differ: {words[0]}",
        expected=f"what {followed.source.value} says, which the books follow",
        found="; ".join(words[:_MOST_SHOWN])
        + (f"; and {len(words) - _MOST_SHOWN} more" if len(words) > _MOST_SHOWN else ""),
        money_at_risk=Money(risk, followed.currency),
        deadline=tx.now + timedelta(days=14),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=saved.primary.evidence,
    )
    cases.open_case(tx.connection, draft, tx.now)


def compare(one: Remittance, other: Remittance) -> tuple[list[str], int]:
    """What differs, in words with both numbers, and how much money it is about. Sources without lines are compared by amount.

    Lines are compared by reference, as sums: sources cut one claim into slices in different places.
    """
    names = one.source.value, other.source.value
    if one.currency != other.currency:
        return [f"{names[0]} is of {one.expected}, {names[1]} of {other.expected}"], abs(one.expected.minor)
    words, risk = [], 0
    for what, left, right in (
        ("the payment", one.amount, other.amount),
        ("it in the invoices' currency", one.expected, other.expected),
    ):
        if left != right:
            words.append(f"{what} is {left} in {names[0]}, {right} in {names[1]}")
            risk = max(risk, abs(left.minor - right.minor) if left.currency == right.currency else abs(left.minor))
    if one.state is not other.state:
        words.append(f"{names[0]} says {one.state.value}, {names[1]} {other.state.value}")
        risk = max(risk, abs(one.expected.minor))
    if one.lines and other.lines:
        left_sums, right_sums = _sums(one), _sums(other)
        apart = 0
        for reference in sorted(left_sums.keys() | right_sums.keys()):
            mine, theirs = left_sums[reference], right_sums[reference]
            if mine != theirs:
                apart += abs(mine - theirs)
                shown = Money(mine, one.currency), Money(theirs, one.currency)
                words.append(f"{reference} is {shown[0]} in {names[0]}, {shown[1]} in {names[1]}")
        risk = max(risk, apart)
    return words, risk


def _sums(told: Remittance) -> Counter[str]:
    sums: Counter[str] = Counter()
    for line in told.lines:
        sums[normal_reference(line.reference)] += line.paid
    return sums
