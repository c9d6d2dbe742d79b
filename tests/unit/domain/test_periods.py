"""Periods in words: two days, a month, a quarter; and nothing where it could be two."""

from __future__ import annotations

from datetime import date

import pytest

from trueup.domain.periods import period_in

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("Base accrual 2026-09-07 to 2026-09-13", (date(2026, 9, 7), date(2026, 9, 13))),
        ("accrual 2026-09-07/2026-09-13, MDF", (date(2026, 9, 7), date(2026, 9, 13))),
        ("Co-op September 2026", SEPTEMBER),
        ("Co-op SEP-2026", SEPTEMBER),
        ("co-op sept. 2026", SEPTEMBER),
        ("Accrual 2026-09", SEPTEMBER),
        ("Accrual 2026-09 (Sep 2026)", SEPTEMBER),
        ("MDF Q4 2026", (date(2026, 10, 1), date(2026, 12, 31))),
        ("Damage allowance Feb 2028", (date(2028, 2, 1), date(2028, 2, 29))),
        ("Accrual December 2026", (date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_a_period_is_read_as_it_is_written(words: str, period: tuple[date, date]) -> None:
    """Both days are in it."""
    assert period_in(words) == period


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Vine enrolment",
        "Base accrual 2026-09-07",
        "accrual 03/04/2026 to 05/04/2026",
        "accrual Aug 2026 and Sep 2026",
        "accrual 2026-09-13 to 2026-09-07",
        "accrual 2026-09-31 to 2026-10-05",
        "6268-1490899880",
        "marketing 2026",
        "maybe 2026",
    ],
)
def test_what_could_be_another_period_is_none(words: str) -> None:
    """A wrong period would be a wrong charge."""
    assert period_in(words) is None
