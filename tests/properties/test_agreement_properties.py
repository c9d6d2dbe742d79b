"""What is agreed, whatever was decided in which order: each day that the file covers has one agreement, no other day has any."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
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
from trueup.domain.agreement_clauses import CLAUSES, Unfit, clause_text, terms_of, with_stored, with_terms
from trueup.domain.partners import Agreement, CostBasis, Fallback, Shortfall

_FIRST = date(2026, 1, 1)
_SCOPE = AgreementScope("amazon-us", "NORDA")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = ("operations", "finance", "Fay", "Ada Admin")
"""Roles, and people whom only trueup.toml may name."""
days = st.integers(0, 60).map(lambda each: _FIRST + timedelta(days=each))


@st.composite
def files(draw: st.DrawFn) -> list[Agreement]:
    """Agreements of a file, one after the other, perhaps with days between them, the last perhaps without end."""
    bounds: list[date] = sorted(set(draw(st.lists(days, min_size=2, max_size=7))))
    pairs = list(itertools.pairwise(bounds))[:: draw(st.sampled_from((1, 2)))]
    made = [_agreement(start, end, draw(st.sampled_from(OWNERS))) for start, end in pairs]
    endless: bool = draw(st.booleans())
    if made and endless:
        made[-1] = replace(made[-1], valid_to=None)
    return made or [_agreement(_FIRST, None)]


def _agreement(start: date, end: date | None, owner: str = "operations") -> Agreement:
    plain = Agreement("amazon-us", "NORDA", "USD", CostBasis.EACH, "shop", "main", backorder_days=7)
    return replace(plain, valid_from=start, valid_to=end, owner=owner)


@st.composite
def versions(draw: st.DrawFn) -> list[AgreementVersion]:
    """Versions of any days in any order; some give back to the file."""
    terms = st.fixed_dictionaries(
        {"backorder_days": st.integers(1, 90).map(str)}, optional={"owner": st.sampled_from(OWNERS)}
    )
    found = draw(st.lists(st.tuples(days, st.none() | terms), max_size=8))
    return [
        AgreementVersion(
            number,
            AgreementChange(_SCOPE, said, day, "why"),
            "Olga",
            _AT,
            Approval("Fay", _AT, "because"),
        )
        for number, (day, said) in enumerate(found, 1)
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
            terms = (version.change.terms if version else None) or {}
            assert now[0].backorder_days == int(terms.get("backorder_days", "7"))
            assert now[0].owner == terms.get("owner", in_file[0].owner)


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


def test_what_the_file_allows_and_no_form_does_hinders_no_change_of_another_clause() -> None:
    """It may be said again where it stands, it is stored and read back, and stays refused where nobody agreed it."""
    file = replace(
        _agreement(_FIRST, None, "Fay"),
        acknowledge_margin=timedelta(microseconds=600_012_000),
        cost_tolerance_percent=Decimal(150),
        fallback_words="because " * 100,
    )
    changed = with_terms(file, {**terms_of(file), "backorder_days": "9"})
    assert changed == replace(file, backorder_days=9)
    plain = _agreement(_FIRST, None)
    assert differences(with_stored(plain, terms_of(changed)), changed) == []
    assert with_terms(plain, terms_of(changed), [file]) == changed
    with pytest.raises(Unfit) as found:
        with_terms(plain, terms_of(changed))
    assert set(found.value.problems) == {
        "owner",
        "acknowledge_margin_hours",
        "cost_tolerance_percent",
        "fallback_words",
    }
