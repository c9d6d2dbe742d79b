"""Months, accruals and lights: what a close says of numbers that are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.accruals import Charged, Receipts, accrue
from trueup.domain.closing import (
    Accrual,
    Chain,
    ClosePack,
    Figures,
    Item,
    Month,
    Observed,
    Receivable,
    Received,
    Roll,
    Setting,
    Waits,
    shown,
    sums_of,
)
from trueup.domain.closing_checklist import Light, Point, against_closing, checklist
from trueup.domain.terms import Basis, Term

SETTING = Setting("1050", "1200", "2950", "1230", "1295", ("1210",), {}, {})
FIGURES = Figures((), (), (), (), (), (), (), (), (), (), ())
OBSERVED = Observed({}, (), (), (), (), (), (), (), 0, (), (), "")
PACK = ClosePack(date(2026, 10, 1), datetime(2026, 11, 2, tzinfo=UTC), SETTING, FIGURES, OBSERVED, ())
ITEM = Item("case 7", "something", -12_00, "USD")
SINCE = date(2026, 10, 2)


def test_a_month_knows_its_days_and_neighbours() -> None:
    """Leap years and turns of the year among them; what is no month is refused."""
    assert Month.read("2028-02").last == date(2028, 2, 29)
    assert str(Month.read("2026-12").next) == "2027-01"
    assert str(Month.read("2027-01").before) == "2026-12"
    assert Month.of(date(2026, 10, 31)) == Month.read("2026-10") < Month.read("2026-11")
    for text in ("2026", "2026-13", "2026-1", "10-2026", "2026-10-01", ""):
        with pytest.raises(Invalid, match="expected year and month"):
            Month.read(text)


def light(pack: ClosePack, name: str) -> Point:
    (found,) = [point for point in checklist(pack) if point.name == name]
    return found


def test_nothing_at_all_is_green_but_for_what_was_not_compared() -> None:
    """Every point is there, and none is red."""
    points = checklist(PACK)
    assert len(points) == 14 and not against_closing(points)
    assert [point.name for point in points if point.light is Light.YELLOW] == ["accruals"]


@pytest.mark.parametrize(
    ("name", "expected", "pack"),
    [
        ("journal", Light.RED, replace(PACK, figures=replace(FIGURES, balances=(Roll("1050", "USD", 0, 1, 0),)))),
        ("clearing", Light.RED, replace(PACK, figures=replace(FIGURES, balances=(Roll("1295", "USD", 0, 1, 0),)))),
        (
            "suspense",
            Light.RED,
            replace(PACK, figures=replace(FIGURES, waiting=(Waits("a b", "USD", 0, 2, 2, SINCE),))),
        ),
        (
            "suspense",
            Light.YELLOW,
            replace(
                PACK,
                figures=replace(FIGURES, waiting=(Waits("a b", "USD", 0, 2, 2, SINCE),)),
                observed=replace(OBSERVED, cases={"a b": 3}),
            ),
        ),
        (
            "disputed",
            Light.RED,
            replace(PACK, figures=replace(FIGURES, claims=(Chain("", "", "1210", "USD", 5, SINCE),))),
        ),
        ("disputed", Light.RED, replace(PACK, observed=replace(OBSERVED, claims_apart=(ITEM,)))),
        (
            "provisions",
            Light.YELLOW,
            replace(PACK, figures=replace(FIGURES, open_provisions=(Chain("a", "p/1", "1230", "USD", 5, SINCE),))),
        ),
        (
            "provisions",
            Light.RED,
            replace(
                PACK, figures=replace(FIGURES, open_provisions=(Chain("a", "p/1", "1230", "USD", 5, date(2026, 5, 3)),))
            ),
        ),
        (
            "receivables",
            Light.RED,
            replace(
                PACK, figures=replace(FIGURES, receivables=(Receivable("a", "N", "USD", 1, 0, 0, 0, 0, 0, 0, 0, 0),))
            ),
        ),
        ("tie", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, not_tying=(ITEM,)))),
        ("tie", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, hidden=(ITEM,)))),
        ("documents", Light.RED, replace(PACK, observed=replace(OBSERVED, unread=(ITEM,)))),
        ("held", Light.RED, replace(PACK, observed=replace(OBSERVED, held=(ITEM,)))),
        ("sources", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, differing=(ITEM,)))),
        ("bank", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, bank=(ITEM,)))),
        ("bank", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, untied=(ITEM,)))),
        ("copies", Light.YELLOW, replace(PACK, observed=replace(OBSERVED, without_copy=(ITEM,)))),
        ("order", Light.RED, replace(PACK, observed=replace(OBSERVED, earlier_open="2026-09"))),
        ("accruals", Light.YELLOW, replace(PACK, accruals=(Accrual("a", "N", "co-op", "USD", 100, 10, 11, "x"),))),
        ("accruals", Light.YELLOW, replace(PACK, accruals=(Accrual("a", "N", "co-op", "USD", 100, None, 10, "x"),))),
        ("accruals", Light.GREEN, replace(PACK, accruals=(Accrual("a", "N", "co-op", "USD", 100, 10, 10, "x"),))),
    ],
)
def test_each_light_turns_for_its_reason(name: str, expected: Light, pack: ClosePack) -> None:
    """One thing wrong turns its light, and says what with its number or its name."""
    found = light(pack, name)
    assert found.light is expected
    assert len(found.text) > 10


def test_what_stands_for_many_counts_as_many() -> None:
    """A long list ends with one item for the rest; the sentence counts them all, and sums both signs."""
    items = (ITEM, Item("further ones", "", 88_00, "USD", 41))
    assert (
        "42 deductions, 100.00 USD"
        in light(replace(PACK, observed=replace(OBSERVED, without_copy=items)), "copies").text
    )


def test_money_in_words() -> None:
    """Currencies are never added; digits are those of the currency, and a minus is kept below one."""
    assert sums_of([("USD", 1_204_00), ("EUR", -50), ("USD", 1)]) == "-0.50 EUR and 1,204.01 USD"
    assert sums_of([("USD", 1), ("USD", -1)]) == "nothing"
    assert shown(Money(-123456789, "JPY")) == "-123,456,789 JPY"


def test_accruals_are_of_net_receipts() -> None:
    """The rate in force at the month's end, the vendor code's own first; a reversal is of its kind; no rate is said to be none."""
    day, last = date(2026, 1, 1), date(2026, 10, 31)
    co_op = Term("co-op", "amazon", Basis.NET_RECEIPTS, day, day, "agreement", percent=Decimal(10))
    own = replace(co_op, marketplace="NORDA", percent=Decimal(8))
    receipts = [Receipts("amazon", "NORDA", "USD", 100_00), Receipts("amazon", "OTHER", "USD", 50_00)]
    charged = [
        Charged("amazon", "NORDA", "co-op", "USD", 12_00),
        Charged("amazon", "NORDA", "co-op-reversal", "USD", -1_00),
        Charged("amazon", "NORDA", "allowance-damage", "USD", 3_00),
    ]
    found = accrue([co_op, own], receipts, charged, last, last)
    assert [(each.payee, each.kind, each.net_receipts, each.expected, each.charged) for each in found] == [
        ("NORDA", "allowance-damage", 100_00, None, 3_00),
        ("NORDA", "co-op", 100_00, 8_00, 11_00),
        ("OTHER", "co-op", 50_00, 5_00, 0),
    ]
    assert "3.00 USD too much" in found[1].words and "no rate" in found[0].words
    again = accrue([co_op, replace(co_op, percent=Decimal(9))], receipts[1:], [], last, last)
    assert again == ()
    doubled = [Charged("amazon", "OTHER", "co-op", "USD", 1_00)]
    (row,) = accrue([co_op, replace(co_op, percent=Decimal(9))], receipts[1:], doubled, last, last)
    assert row.expected is None and "both known from" in row.words


def test_received_without_a_statement_is_not_proven() -> None:
    """Yellow, until a bank statement is taken in."""
    pack = replace(
        PACK, figures=replace(FIGURES, received=(Received("USD", 1, 1),)), observed=replace(OBSERVED, untied=(ITEM,))
    )
    assert "No bank statement" in light(pack, "bank").text
    tied = replace(pack, observed=replace(OBSERVED, untied=(ITEM,), bank_statements=1))
    assert "Not tied to a bank line: 1 payment, 12.00 USD" in light(tied, "bank").text
