"""Numbers and days of any country: read when there is one reading, told when there are two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from trueup.base.errors import Invalid
from trueup.formats.regional import Convention, convention_of, exact_money, read_day, read_number


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,5", "1234.5"),
        ("1'234.56", "1234.56"),
        ("12,34,567.8", "1234567.8"),
        ("1.234.567", "1234567"),
        ("(12.50)", "-12.50"),
        ("12,50-", "-12.50"),
        ("-$1,234.50", "-1234.50"),
        ("€ 5", "5"),
        (".50", "0.50"),
        ("+7", "7"),
        ("0,123", "0.123"),
        ("12345,678", "12345.678"),
    ],
)
def test_a_number_with_one_reading_is_read(cell: str, value: str) -> None:
    """Grouping, symbols and signs of many countries, exactly."""
    assert read_number(cell) == Decimal(value)


@pytest.mark.parametrize(
    "cell", ["1,234", "1.234", "", "-", ".", "1,2,3", "1..2", "1.23.456", "--1", "-1-", "(-1)", "1e5", "ten", "١"]
)
def test_a_number_with_two_readings_or_none_is_refused(cell: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Invalid):
        read_number(cell)


def test_one_cell_shows_how_its_table_is_written() -> None:
    """A single `12,5` makes every `1.234` a thousand, and 31/10 makes 03/04 the third of April; contradictions show nothing."""
    german = convention_of(["1.234", "12,5"], ["31/10/2026", "03/04/2026"])
    assert (read_number("1.234", german), read_day("03/04/2026", german)) == (Decimal(1234), date(2026, 4, 3))
    american = convention_of(["1,234", "12.5"], ["10/31/2026"])
    assert (read_number("1,234", american), read_day("03/04/2026", american)) == (Decimal(1234), date(2026, 3, 4))
    both = convention_of(["1,5", "1.5"], ["31/10/2026", "10/31/2026"])
    assert (both.decimal_mark, both.day_first, len(both.contradicts)) == ("", None, 2)
    with pytest.raises(Invalid, match="as this table writes it"):
        read_number("12,5", american)


@pytest.mark.parametrize(
    "cell",
    ["2026-10-31", "2026/10/31", "20261031", "31.10.2026", "31.10.26", "10/31/2026", "31/10/26", "31 Oct 2026",
     "31-OCT-2026", "October 31, 2026", "2026-10-31T23:59:59Z", "2026-10-31 08:00"],
)  # fmt: skip
def test_a_day_with_one_reading_is_read(cell: str) -> None:
    """ISO 8601, named months, and orders that only one calendar allows."""
    assert read_day(cell) == date(2026, 10, 31)


@pytest.mark.parametrize(
    "cell", ["03/04/2026", "26-10-31", "2026-13-01", "31/31/2026", "31 Foo 2026", "Ma 1 2026", "", "45961"]
)
def test_a_day_with_two_readings_or_none_is_refused(cell: str) -> None:
    """Nothing is guessed; a spreadsheet's day count is no day."""
    with pytest.raises(Invalid):
        read_day(cell)


def test_money_has_no_more_digits_than_its_currency() -> None:
    """Half a cent was never paid; trailing zeros are no digits."""
    assert exact_money("1.500", "USD").minor == 150
    with pytest.raises(Invalid, match="at most 2 digits"):
        exact_money("1.505", "USD")
    with pytest.raises(Invalid, match="Decimal mark"):
        Convention("/")
