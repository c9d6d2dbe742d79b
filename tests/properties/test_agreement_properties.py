"""What is agreed, whatever was decided in which order: each day that the file covers has one agreement, no other day has any."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueup.domain.agreement_changes import (
    AgreementChange,
    AgreementScope,
    AgreementVersion,
    Approval,
    differences,
    spliced,
    version_on,
)
from trueup.domain.agreement_clauses import CLAUSES, clause_text, terms_of, with_terms
from trueup.domain.partners import Agreement, CostBasis, Fallback, Shortfall

_FIRST = date(2026, 1, 1)
_SCOPE = AgreementScope("amazon-us", "NORDA")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
days = st.integers(0, 60).map(lambda each: _FIRST + timedelta(days=each))


@st.composite
def files(draw: st.DrawFn) -> list[Agreement]:
    """Agreements of a file, one after the other, perhaps with days between them, the last perhaps without end."""
    bounds: list[date] = sorted(set(draw(st.lists(days, min_size=2, max_size=7))))
    pairs = list(itertools.pairwise(bounds))[:: draw(st.sampled_from((1, 2)))]
    made = [_agreement(start, end) for start, end in pairs]
    endless: bool = draw(st.booleans())
    if made and endless:
        made[-1] = _agreement(made[-1].valid_from, None)
    return made or [_agreement(_FIRST, None)]


def _agreement(start: date, end: date | None) -> Agreement:
    return Agreement(
        "amazon-us", "NORDA", "USD", CostBasis.EACH, "shop", "main", valid_from=start, valid_to=end, backorder_days=7
    )


@st.composite
def versions(draw: st.DrawFn) -> list[AgreementVersion]:
    """Versions of any days in any order; some give back to the file."""
    found = draw(st.lists(st.tuples(days, st.none() | st.integers(1, 90)), max_size=8))
    return [
        AgreementVersion(
            number,
            AgreementChange(_SCOPE, None if backorder is None else {"backorder_days": str(backorder)}, day, "why"),
            "Olga",
            _AT,
            Approval("Fay", _AT, "because"),
        )
        for number, (day, backorder) in enumerate(found, 1)
    ]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(files(), versions())
def test_ranges_never_overlap_and_leave_no_gap(file: list[Agreement], decided: list[AgreementVersion]) -> None:
    """On every day: as many as the file has, with the terms of the version that began last, or the file's."""
    made = spliced(file, decided)
    for offset in range(-1, 63):
        day = _FIRST + timedelta(days=offset)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        in_file, now = ([each for each in several if each.covers(noon)] for several in (file, made))
        assert len(now) == len(in_file) <= 1
        version = version_on(decided, day)
        if now:
            assert now[0].version == (version.id if version else 0)
            terms = version.change.terms if version else None
            assert now[0].backorder_days == int(terms["backorder_days"] if terms else "7")


numbers = st.decimals(0, 99, places=4).map(lambda each: each.normalize())


@given(
    numbers,
    numbers,
    st.integers(1, 999_999_999),
    st.sampled_from(Shortfall),
    st.sampled_from(Fallback),
    st.integers(2, 500_000),
    st.booleans(),
)
def test_what_is_written_is_read_back(
    cost: Decimal, percent: Decimal, most: int, short: Shortfall, fallback: Fallback, hundredths: int, packs: bool
) -> None:
    """Every clause of any agreement travels as text and is the same agreement again."""
    terms = Agreement(
        "amazon-us",
        "NORDA",
        "USD",
        CostBasis.CASE,
        "shop",
        "main",
        sells_by_pack=packs,
        cost_tolerance=cost,
        cost_tolerance_percent=percent,
        absurd_factor=most,
        shortfall=short,
        fallback=fallback,
        fallback_words="we mean to reject these lines",
        acknowledge_within=timedelta(seconds=36 * hundredths),
        acknowledge_margin=timedelta(seconds=36),
    )
    plain = _agreement(_FIRST, None)
    assert differences(with_terms(plain, terms_of(terms)), terms) == []
    assert all(clause.words(clause_text(clause, terms), "USD") for clause in CLAUSES)
