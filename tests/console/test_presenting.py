"""How sentences that the program keeps are read by a person: days, amounts and minus in their way, names as they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.console.presenting import MINUS, present_in

_NOW = datetime(2026, 11, 7, 6, tzinfo=UTC)
BRITISH, GERMAN = (present_in(locale, "", "Europe/Berlin", _NOW) for locale in ("en_GB", "de_DE"))


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("payment 51, 19782.13 GBP on 2026-11-02", "Payment 51, 19,782.13\N{NO-BREAK SPACE}GBP on 2 Nov 2026"),
        ("251 eaches = 268 on hand - 17 committed", f"251 eaches = 268 on hand {MINUS} 17 committed"),
        ("it would move -7.00 USD", f"It would move {MINUS}7.00\N{NO-BREAK SPACE}USD"),
        ("changed at 2026-11-05T10:10:00Z", "Changed at 5 Nov 2026, 11:10"),
        ("of gid://shopify/Customer/689", "Of Customer 689"),
        ("RW26-000801, file-2026-10-31.csv, 10-12 days, 24 EAN", "RW26-000801, file-2026-10-31.csv, 10-12 days, 24 EAN"),
        ("2026-13-45 is a number of theirs", "2026-13-45 is a number of theirs"),
        ("short by 1 eaches: 0 eaches, 21 units", "Short by 1 each: 0 eaches, 21 units"),
        ("line 1 units, 0.1 units, 1 units not offered", "Line 1 units, 0.1 units, 1 unit not offered"),
        ("amazon-de is paused", "amazon-de is paused"),
        ("1,001.00 CAD and 2.00 EUR and 3.50 USD wait", "1,001.00 CAD, 2.00\xa0EUR and 3.50\xa0USD wait"),
        ("1.00 CAD and 2.00 EUR", "1.00\xa0CAD and 2.00\xa0EUR"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_is_read_in_the_readers_way(kept: str, read: str) -> None:
    """What is a day, a moment or an amount is written as everywhere on the page; what merely looks like one stays."""
    assert BRITISH.prose(kept) == read


def test_what_names_a_day_alone_is_shown_without_a_time() -> None:
    """An 850 names the day: no midnight is shown, and no zone makes the day before of it; what has a time keeps it."""
    new_york = present_in("en_US", "", "America/New_York", _NOW)
    assert ">5 Nov 2026</time>" in new_york.ordered("2026-11-05T00:00:00Z").replace("Nov 5, 2026", "5 Nov 2026")
    assert ">5 Nov 2026, 09:10</time>" in BRITISH.ordered("2026-11-05T08:10:00Z")


def test_a_deadline_in_a_sentence_says_in_or_late() -> None:
    """What is over is late, not due late."""
    assert ">due in 4 d<" in BRITISH.due("2026-11-11T06:00:00Z") and ">2 d late<" in BRITISH.due("2026-11-05T06:00:00Z")
    assert "no deadline" in BRITISH.due(None)


def test_numbers_are_written_by_a_choice_of_their_own() -> None:
    """The days of Britain with the figures of Germany: in numbers, in money, and in sentences; nothing else changes."""
    reader = present_in("en_GB", "", "Europe/Berlin", _NOW, "point-comma")
    assert reader.prose("1234.50 EUR on 2026-11-02") == "1.234,50\N{NO-BREAK SPACE}EUR on 2 Nov 2026"
    assert (reader.number(1234567), reader.day("2026-11-02")) == ("1.234.567", "2 Nov 2026")
    spaced = present_in("en_US", "", "UTC", _NOW, "space-comma")
    assert (
        re.sub(r"\s", " ", str(spaced.money("-1234.50 EUR", code=False)))
        == f'<span class="money negative">{MINUS}1 234,50</span>'
    )


def test_another_reader_reads_another_number() -> None:
    """The same sentence, with the groups and the days of the reader."""
    assert GERMAN.prose("1234.50 EUR on 2026-11-02") == "1.234,50\N{NO-BREAK SPACE}EUR on 2 Nov. 2026"
    assert BRITISH.month("2026-11") == BRITISH.month(date(2026, 11, 30)) == "November 2026"


@given(st.text(alphabet="a1-. :/,=()TZUSD", max_size=40))
def test_no_sentence_breaks_its_reading(text: str) -> None:
    """Whatever stands in it; and read twice it is the same."""
    once = BRITISH.prose(text)
    assert BRITISH.prose(once) == once
