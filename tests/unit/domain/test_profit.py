"""Profit: what is deducted is borne by SKUs, by a rule that is said, and not a cent is lost or made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trueup.base.money import UnitPrice
from trueup.domain.profit import NO_SKU, Part, Rule, Sold, Taken, allocate, by_channel, by_sku, causes
from trueup.domain.profit_cells import Booked, Cell, shares_of

LAMP, CHAIR = Sold("amazon", "NORDA", "LAMP", "USD", 100_00, 10), Sold("amazon", "NORDA", "CHAIR", "USD", 50_00, 1)


def test_a_claim_on_an_invoice_is_borne_by_its_lines() -> None:
    """By their amounts, and the odd cent goes to the largest remainder."""
    taken = Taken("amazon", "NORDA", Part.DEDUCTIONS, "USD", 1_00, (("CHAIR", 1), ("LAMP", 2)))
    found = {each.sku: (each.deductions, each.rules) for each in allocate([LAMP, CHAIR], [taken], {})}
    assert found == {"CHAIR": (33, ((Rule.LINES, 33),)), "LAMP": (67, ((Rule.LINES, 67),))}


def test_what_names_no_invoice_is_borne_by_net_receipts_of_its_vendor_code() -> None:
    """Less what came back; another vendor code of the partner bears nothing of it."""
    returned = Taken("amazon", "NORDA", Part.RETURNS, "USD", 50_00, (("LAMP", 1),))
    co_op = Taken("amazon", "NORDA", Part.DEDUCTIONS, "USD", 10_00)
    other = Sold("amazon", "OTHER", "LAMP", "USD", 900_00, 9)
    found = {(each.payee, each.sku): each for each in allocate([LAMP, CHAIR, other], [returned, co_op], {})}
    assert found["NORDA", "LAMP"].deductions == found["NORDA", "CHAIR"].deductions == 5_00
    assert found["OTHER", "LAMP"].deductions == 0
    assert found["NORDA", "CHAIR"].rules == ((Rule.VENDOR_CODE, 5_00),)
    assert found["NORDA", "LAMP"].net == 100_00 - 50_00 - 5_00


def test_the_rules_follow_each_other() -> None:
    """A payee that billed nothing falls to the partner's receipts, another currency stands alone."""
    unknown = Taken("amazon", "GHOST", Part.DEDUCTIONS, "USD", 3_00)
    exchange = Taken("amazon", "NORDA", Part.OTHER, "EUR", -7)
    found = {(each.payee, each.sku, each.currency): each for each in allocate([LAMP, CHAIR], [unknown, exchange], {})}
    assert found["NORDA", "LAMP", "USD"].rules == ((Rule.PARTNER, 2_00),)
    alone = found["NORDA", NO_SKU, "EUR"]
    assert (alone.other, alone.net, alone.rules) == (-7, 7, ((Rule.ALONE, -7),))


def test_a_margin_is_only_said_where_every_cost_is_known() -> None:
    """One SKU without a cost leaves its channel without a margin; nothing is guessed."""
    costs = {"LAMP": UnitPrice(Decimal("4.005"), "USD")}
    found = {each.sku: each for each in allocate([LAMP, CHAIR], [], costs)}
    assert (found["LAMP"].cost, found["LAMP"].margin) == (40_05, 59_95)
    assert found["CHAIR"].margin is None
    assert by_channel(found.values())[0].margin is None
    assert by_channel(allocate([LAMP], [], costs))[0].margin == 59_95


SKUS = st.sampled_from(["A", "B", "C", NO_SKU])
NAMES = st.sampled_from(["X", "Y"])
AMOUNTS = st.integers(-(10**9), 10**9)
SOLD = st.builds(Sold, NAMES, NAMES, SKUS, st.sampled_from(["USD", "JPY"]), AMOUNTS, st.integers(0, 1000))
WEIGHTS = st.lists(st.tuples(SKUS, st.integers(0, 10**6)), max_size=3, unique_by=lambda each: each[0]).map(tuple)
TAKEN = st.builds(Taken, NAMES, NAMES, st.sampled_from(Part), st.sampled_from(["USD", "JPY"]), AMOUNTS, WEIGHTS)


@given(st.lists(SOLD, max_size=8), st.lists(TAKEN, max_size=12))
def test_nothing_is_lost_or_made(sold: list[Sold], taken: list[Taken]) -> None:
    """Gross and every part sum to what came in, in each currency, by channel and SKU, by SKU and by channel."""
    margins = allocate(sold, taken, {})
    for rows in (margins, by_sku(margins), by_channel(margins)):
        for currency in ("USD", "JPY"):
            mine = [each for each in rows if each.currency == currency]
            assert sum(each.gross for each in mine) == sum(each.minor for each in sold if each.currency == currency)
            for part in Part:
                came = sum(each.minor for each in taken if (each.currency, each.part) == (currency, part))
                assert sum(getattr(each, part.value) for each in mine) == came
            came = sum(each.minor for each in taken if each.currency == currency)
            assert sum(minor for each in mine for _, minor in each.rules) == came
            assert sum(each.net for each in mine) == sum(each.gross for each in mine) - came


@given(st.lists(SOLD, max_size=6), st.lists(TAKEN, max_size=6), st.lists(SOLD, max_size=6), st.lists(TAKEN, max_size=6))
def test_causes_come_to_the_difference(
    sold: list[Sold], taken: list[Taken], then: list[Sold], before: list[Taken]
) -> None:
    """Of two periods, in each currency, the causes sum to the difference of what is left; the largest stands first."""
    old, new = allocate(then, before, {}), allocate(sold, taken, {})
    found = causes(old, new)
    for currency in ("USD", "JPY"):
        nets = [sum(each.net for each in rows if each.currency == currency) for rows in (old, new)]
        assert sum(each.minor for each in found if each.currency == currency) == nets[1] - nets[0]
    assert [abs(each.minor) for each in found] == sorted((abs(each.minor) for each in found), reverse=True)


@given(st.permutations([LAMP, CHAIR]), st.lists(TAKEN, max_size=6))
def test_the_order_changes_nothing(sold: list[Sold], taken: list[Taken]) -> None:
    """Rows in any order give the same shares."""
    assert allocate(sold, taken, {}) == allocate([LAMP, CHAIR], list(reversed(taken)), {})


BOOKED = st.lists(st.tuples(TAKEN, st.sampled_from([None, 1, 2])), max_size=10)


@given(st.lists(SOLD, max_size=5), BOOKED)
def test_lines_come_to_every_cell_and_cells_to_every_line(
    sold: list[Sold], told: list[tuple[Taken, int | None]]
) -> None:
    """To the cent, whatever the signs: what a cell bears of lines is the cell, what cells bear of a line is the line."""
    # An invoice is to one channel and has one set of lines.
    of_invoice: dict[int, Taken] = {}
    booked = []
    for number, (taken, about) in enumerate(told):
        first = of_invoice.setdefault(about, taken) if about else replace(taken, weights=())
        same = replace(taken, partner=first.partner, payee=first.payee, weights=first.weights)
        booked.append(Booked(same, about, date(2026, 10, 1), number, 1))
    margins = allocate(sold, [each.taken for each in _summed(booked)], {})
    borne: defaultdict[int, int] = defaultdict(int)
    for each in margins:
        alone = Cell(each.currency, (each.partner, each.payee), each.sku)
        cells = (alone, Cell(each.currency, sku=each.sku), Cell(each.currency, alone.channel), Cell(each.currency))
        for cell in cells:
            shares = list(shares_of(cell, sold, [line for line in booked if line.taken.currency == cell.currency]))
            for part in Part:
                mine = sum(share.minor for share in shares if share.booked.taken.part is part)
                assert mine == cell.amount(margins, part.value).minor
            if cell is alone:
                for share in shares:
                    borne[share.booked.entry] += share.minor
    assert {line.entry: line.taken.minor for line in booked if line.taken.minor} == {
        k: v for k, v in borne.items() if v
    }


def _summed(booked: list[Booked]) -> list[Booked]:
    """As the books are summed: all of an invoice and part together."""
    groups: defaultdict[object, list[Booked]] = defaultdict(list)
    for each in booked:
        groups[replace(each.taken, minor=0), each.invoice].append(each)
    return [
        replace(rows[0], taken=replace(rows[0].taken, minor=sum(each.taken.minor for each in rows)))
        for rows in groups.values()
    ]
