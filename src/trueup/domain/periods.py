"""Periods that words name: the days for which Amazon charges an accrual, as the line's description says them.

Read are two days (`2026-09-07 to 2026-09-13`), a month (`Sep 2026`, `September 2026`, `2026-09`) and a quarter (`Q3 2026`).
Days whose order could be read in two ways (`03/04/2026`) are not read: a wrong period would be a wrong charge.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_DAY = r"(\d{4})-(\d{2})-(\d{2})"
_SPAN = re.compile(rf"\b{_DAY}\s*(?:TO|UNTIL|THROUGH|THRU|AND|/|-|\u2013|\.\.)\s*{_DAY}\b")
_NAMED = re.compile(
    r"\b(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(?:UARY|RUARY|CH|IL|E|Y|UST|T|TEMBER|OBER|EMBER)?\.?[\s,'-]*(20\d{2})\b"
)
_NUMBERED = re.compile(r"(?<![\d-])(20\d{2})-(0[1-9]|1[0-2])(?![\d-])")
_QUARTER = re.compile(r"\bQ([1-4])[\s,'-]*(20\d{2})\b")


def period_in(words: str) -> tuple[date, date] | None:
    """The first and last day of the one period that is named; None where there is none, or more than one."""
    said = words.upper()
    found = {period for period in _named(said) if period[0] <= period[1]}
    return found.pop() if len(found) == 1 else None


def _named(said: str) -> list[tuple[date, date]]:
    spans = [(_date(*match.groups()[:3]), _date(*match.groups()[3:])) for match in _SPAN.finditer(said)]
    if spans:
        return [(first, last) for first, last in spans if first is not None and last is not None]
    months = [(int(year), _MONTHS.index(name) + 1, 1) for name, year in _NAMED.findall(said)]
    months += [(int(year), int(month), 1) for year, month in _NUMBERED.findall(said)]
    months += [(int(year), 3 * int(quarter) - 2, 3) for quarter, year in _QUARTER.findall(said)]
    return [_months(*each) for each in months]


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = month + count
    following = date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)
