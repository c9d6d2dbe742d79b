"""Reports in any order: the same history holds; every day that is known is asked for; no bytes break a reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Invalid, Unreadable
from trueup.domain.figure_history import Saying, Stated, restate
from trueup.domain.report_plans import ReportTerms, plan_reports
from trueup.domain.vendor_reports import DAY, MOST_DAYS, Program, Question, ReportKind, Scope, View
from trueup.formats.compressed import opened
from trueup.formats.vendor_reports import forecast, inventory, real_time_inventory, real_time_sales, sales

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
_WORDS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from("ab"), st.sampled_from("xyz")),
    unique_by=lambda each: each[:2],
    min_size=1,
    max_size=12,
)


def told(words: Sequence[tuple[int, str, str]]) -> tuple[Stated, ...]:
    """The history that words (minute, report, meaning) make in the order they came."""
    history: tuple[Stated, ...] = ()
    for minute, reference, meaning in words:
        history = restate(history, Saying(START + timedelta(minutes=minute), reference), meaning)
    return history


@given(_WORDS, st.randoms(use_true_random=False))
def test_in_whatever_order_reports_come_the_newest_word_holds(
    words: list[tuple[int, str, str]], chance: object
) -> None:
    """What holds is what the report that was made last says; the history is in order, and each part of it was said."""
    mixed = list(words)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    *_, newest = sorted(words)
    for history in (told(sorted(words)), told(mixed)):
        assert history[-1].meaning == newest[2]
        assert history[-1].last == Saying(START + timedelta(minutes=newest[0]), newest[1])
        assert [each.first for each in history] == sorted({each.first for each in history})
        assert all(one.last < other.first and one.meaning != other.meaning for one, other in pairwise(history))
        said = {(Saying(START + timedelta(minutes=minute), name), meaning) for minute, name, meaning in words}
        assert all((each.first, each.meaning) in said for each in history)


@given(_WORDS)
def test_a_report_taken_in_twice_changes_nothing(words: list[tuple[int, str, str]]) -> None:
    """The same words again leave the same history."""
    once = told(sorted(words))
    assert told([*sorted(words), *words]) == once


def test_words_in_their_order_are_kept_without_repetition() -> None:
    """Unchanged figures are confirmed, changed ones follow; a late word parts an older one, which holds again after it."""
    assert [each.meaning for each in told([(1, "a", "x"), (2, "a", "x"), (3, "a", "y"), (4, "a", "x")])] == [
        "x",
        "y",
        "x",
    ]
    parted = told([(1, "a", "x"), (5, "a", "x"), (3, "a", "y")])
    assert [(each.meaning, each.first.at.minute) for each in parted] == [("x", 1), ("y", 3), ("x", 5)]


@given(st.integers(1, MOST_DAYS), st.integers(0, 120), st.integers(0, 40), st.integers(0, 23))
def test_every_day_that_is_known_by_now_is_asked_for(late: int, back: int, days_running: int, hour: int) -> None:
    """Round after round, a day at a time: no gap between the oldest day wanted and the newest, and no window too long."""
    terms = ReportTerms("amazon-us", "US", late_days=late, back_fill_days=back)
    now = START.replace(hour=hour)
    known: set[datetime] = set()
    for _ in range(days_running + MOST_DAYS + 1):
        for planned in plan_reports(terms, ReportKind.SALES, known, now):
            start, end = planned.question.start, planned.question.end
            assert start is not None and end is not None and end <= now - terms.known_after
            known |= {start + place * DAY for place in range((end - start).days)}
        now += DAY
    end = (now - DAY - terms.known_after).replace(hour=0)
    assert {end - ago * DAY for ago in range(1, max(late, back) + 1)} <= known


@given(st.integers(0, 300))
def test_hours_are_asked_for_without_a_gap_as_far_as_amazon_keeps_them(quiet: int) -> None:
    """After a pause of any length the next plan begins where the last ended, or a week back."""
    terms = ReportTerms("amazon-us", "US", kinds=(ReportKind.HOUR_SALES,))
    hour = timedelta(hours=1)
    known: set[datetime] = set()
    for now in (START, START + quiet * hour):
        for planned in plan_reports(terms, ReportKind.HOUR_SALES, known, now):
            start, end = planned.question.start, planned.question.end
            assert start is not None and end is not None and end <= now and start >= now - timedelta(hours=168)
            known |= {start + place * hour for place in range(int((end - start) / hour))}
    wanted = min(quiet, 166)
    assert all(START + (quiet - 2 - ago) * hour in known for ago in range(wanted))


@pytest.mark.parametrize(("start", "days"), [(START, 16), (START, 0), (None, 1)])
def test_a_window_that_amazon_does_not_take_is_no_question(start: datetime | None, days: int) -> None:
    """Too long, empty, or missing: told before it is asked."""
    scope = Scope.of(ReportKind.SALES, View.SOURCING, Program.RETAIL)
    with pytest.raises(Invalid):
        Question(scope, start, START + days * DAY)
    with pytest.raises(Invalid):
        Question(Scope.of(ReportKind.FORECAST, View.SOURCING, Program.RETAIL), START, START + DAY)
    with pytest.raises(Invalid):
        Question(Scope(ReportKind.HOUR_SALES), START, START + timedelta(hours=25))


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text(max_size=5) | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_no_bytes_break_a_reader(content: bytes) -> None:
    """Whatever comes is read, or said to be unreadable."""
    for module in (sales, inventory, forecast, real_time_sales, real_time_inventory):
        head = b'{"reportSpecification": {"reportType": "%s"}, "x": ' % module.TABLE.report_type.encode()
        for document in (content, head + content + b"}"):
            module.FORMAT.recognise(document)
            with pytest.raises(Unreadable):
                module.FORMAT.read(document)
    for packed in (content, b"\x1f\x8b" + content):
        try:
            opened(packed, 1000)
        except Unreadable:
            assert packed.startswith(b"\x1f\x8b")
