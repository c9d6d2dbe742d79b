"""The simulated history of remittances: what it plants is there, what it says is true adds up, and a seed is a world."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from functools import cache

import pytest

from trueup.simulation.remittances import planting
from trueup.simulation.remittances.desk import PLAIN
from trueup.simulation.remittances.records import Line, Payment, Period
from trueup.simulation.remittances.truth import Truth
from trueup.simulation.remittances.world import END, History

SEEDS = (1, 2, 3)
KINDS = {
    "unknown-form", "unknown-invoice", "ambiguous", "untied", "hidden-items", "sources-differ", "overcharge-co-op",
    "overcharge-chargeback", "overcharge-discount", "bank-missing", "bank-other-amount", "bank-unannounced",
}  # fmt: skip


@cache
def world(seed: int, months: int = 1) -> tuple[tuple[Period, ...], Truth]:
    """A history, whole, and its truth."""
    periods, truth = tuple(History(seed, months).periods()), Truth(seed)
    for period in periods:
        truth.add(period)
    return periods, truth


def payments(seed: int, months: int = 1) -> list[Payment]:
    """Its payments in order."""
    return [payment for period in world(seed, months)[0] for payment in period.payments]


def lines(seed: int, months: int = 1) -> list[Line]:
    """The lines of payments that stand."""
    standing = [each for each in payments(seed, months) if each.planted not in planting.UNPAID]
    return [line for payment in standing for line in payment.lines]


def test_a_seed_is_a_world() -> None:
    """The same seed makes the same payments and the same truth, another seed others."""
    first, second = History(1, 1), History(1, 1)
    assert list(first.periods()) == list(second.periods())
    assert world(1)[1].rows() != world(2)[1].rows()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_has_everything(seed: int) -> None:
    """Every kind of case, every anomaly of a payment, every source, in each world of a month."""
    truth = world(seed)[1]
    assert {each.kind for each in truth.suspicions} == KINDS
    assert {each.planted for each in payments(seed)} >= set(planting.ALL)
    assert {source for each in payments(seed) for source in each.sources} == {"portal-export", "x12-820", "advice"}
    assert truth.comparisons
    assert len(truth.voided) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_postings_balance(seed: int) -> None:
    """Every payment's postings come to zero in each currency."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in world(seed)[1].rows():
        sums[row.payment, row.currency] += row.minor
    assert sums
    assert not any(sums.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shape_is_that_of_the_real_world(seed: int) -> None:
    """Three to four payments a working day of some sixty lines; a tenth of the deductions in forms nobody knows."""
    count = len(payments(seed))
    assert 60 <= count <= 85
    assert 40 * count <= len(lines(seed)) <= 80 * count
    deductions = [line for line in lines(seed) if line.paid < 0 or line.cause == "unknown-form"]
    unknown = sum(line.cause == "unknown-form" for line in deductions)
    assert 0.085 <= unknown / len(deductions) <= 0.115


@pytest.mark.parametrize("seed", SEEDS)
def test_an_invoice_is_paid_whole_or_not(seed: int) -> None:
    """Amazon pays no invoice in part: what is open of each is nothing or everything, and never less than nothing."""
    totals = {invoice.number: invoice.total for period in world(seed)[0] for invoice in period.invoices}
    for balance in world(seed)[1].invoices():
        assert balance.open in (0, totals[balance.number])


@pytest.mark.parametrize("seed", SEEDS)
def test_headers_and_lines_differ_by_what_was_planted(seed: int) -> None:
    """A payment is the sum of what its sources show, but for hidden items and ties that were broken on purpose."""
    missing = {each.payment: each.minor for each in world(seed)[1].suspicions if each.line == 0}
    for payment in payments(seed):
        shown = sum(line.paid for line in payment.shown)
        planted = payment.planted in (planting.HIDDEN, planting.UNTIED)
        assert payment.invoiced - shown == (missing[payment.number] if planted else 0)


def test_slices_come_to_their_claim() -> None:
    """The slices of a claim, each in a payment of its own, add up to the claim that each repeats."""
    told: defaultdict[tuple[str, str, int], list[Line]] = defaultdict(list)
    for payment in payments(4, 3):
        if payment.planted not in planting.UNPAID:
            for line in payment.lines:
                if line.planted == "sliced":
                    told[payment.market.name, line.reference, line.gross].append(line)
    whole = [slices for slices in told.values() if slices[-1].remaining == 0]
    assert len(whole) > 5
    for slices in whole:
        assert 2 <= len(slices) <= 9
        assert sum(line.paid for line in slices) == slices[0].gross
        remaining = [line.remaining for line in slices]
        assert remaining == sorted(remaining, key=abs, reverse=True)


def test_chains_hold_what_their_lines_took() -> None:
    """A chain's balance is the sum of its lines with the other sign; some are open, some closed again."""
    sums: Counter[tuple[str, str]] = Counter()
    for payment in payments(4, 3):
        for line in payment.shown if payment.planted not in planting.UNPAID else ():
            if line.chain:
                sums[payment.market.partner, line.chain] -= line.settled
    balances = world(4, 3)[1].chains()
    assert {(each.partner, each.chain): each.minor for each in balances} == dict(sums)
    assert {each.minor > 0 for each in balances} == {True, False}
    longest = max(each.lines for each in balances if each.chain.startswith("shortage/"))
    assert longest >= 3


def test_awkward_numbers_are_no_claims() -> None:
    """Invoices whose numbers end as claims do exist, and no claim is written as the number of an invoice."""
    numbers = {invoice.number for period in world(4, 3)[0] for invoice in period.invoices}
    awkward = {number for number in numbers if number[-1].isalpha()}
    assert awkward
    assert awkward & {line.reference for line in lines(4, 3) if line.cause == "invoice"}
    assert not numbers & {line.reference for line in lines(4, 3) if line.cause != "invoice"}


def test_what_nobody_can_know_looks_like_nothing_known() -> None:
    """Lines that must be held name no invoice of ours and take no invoice's amount; two invoices fit the ambiguous ones."""
    for seed in SEEDS:
        issued = [invoice for period in world(seed)[0] for invoice in period.invoices]
        numbers, orders = {each.number for each in issued}, defaultdict(list)
        for invoice in issued:
            orders[invoice.purchase_order].append(invoice.total)
        held = [line for line in lines(seed) if not line.posts]
        assert held
        for line in held:
            assert line.reference not in numbers
            if line.cause == "ambiguous":
                assert orders[line.reference] == [line.paid, line.paid]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bank_differs_where_it_was_planted(seed: int) -> None:
    """Every payment that stands is credited within two days, but for those that were planted not to be."""
    entries = {entry.payment: entry for period in world(seed)[0] for entry in period.bank if entry.payment}
    for payment in payments(seed):
        entry = entries.get(payment.number)
        if payment.planted in (planting.BANK_MISSING, *planting.UNPAID) or not payment.amount:
            assert entry is None
        else:
            assert entry is not None
            assert (entry.minor == payment.amount) == (payment.planted != planting.BANK_OTHER)
            assert timedelta() <= entry.booked_on - payment.paid_on <= timedelta(days=2)


def test_overcharges_are_above_their_rate() -> None:
    """Each overcharge states what the agreement allows, and takes more; every other rated charge takes exactly that."""
    rated = [line for line in lines(1) if line.expected is not None and line.planted != planting.LATE_DISCOUNT]
    high = [line for line in rated if line.planted.startswith("overcharge")]
    assert high
    assert all(line.paid < (line.expected or 0) < 0 for line in high)
    assert all(line.paid == line.expected for line in rated if line not in high and line.planted != planting.HIDDEN)


def test_the_plain_profile_grows_with_its_scale() -> None:
    """For a bench: nothing but known kinds that tie, twice the payments at twice the scale, until the same last day."""
    counts = []
    for scale in (Fraction(1), Fraction(2)):
        truth, told = Truth(1, keep_lines=False), []
        for period in History(1, 1, scale, PLAIN).periods():
            truth.add(period)
            told += period.payments
        assert not truth.suspicions
        assert not any(row.treatment == "suspense" for row in truth.rows())
        assert max(payment.paid_on for payment in told) <= END
        counts.append(len(told))
    assert 1.8 * counts[0] <= counts[1] <= 2.2 * counts[0]
