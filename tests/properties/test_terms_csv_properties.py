"""Files of terms: what is written is read again, and no bytes break the reader."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Invalid, Unreadable
from trueup.base.money import UnitPrice
from trueup.domain.terms import ROUNDINGS, Basis, Term
from trueup.formats.terms_csv import kind_of, read_terms, write_terms

KINDS = ("co-op", "quick-pay", "chargeback-asn", "allowance-damage")
DAY = date(2026, 11, 2)
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
_DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@st.composite
def terms(draw: st.DrawFn) -> Term:
    basis = draw(st.sampled_from(Basis))
    unit = basis is Basis.UNITS
    rate = draw(st.none() | st.decimals(0, 100, places=3))
    first = draw(_DAYS)
    return Term(
        kind=draw(st.sampled_from(KINDS)),
        marketplace=draw(st.just("") | _WORDS),
        basis=basis,
        valid_from=first,
        known_from=draw(_DAYS),
        source=draw(_WORDS),
        percent=None if unit else rate,
        per_unit=UnitPrice(rate, "USD") if unit and rate is not None else None,
        valid_to=draw(st.none() | st.dates(date(2090, 1, 2), date(2100, 1, 1))),
        rounding=draw(st.sampled_from(ROUNDINGS)),
        within_days=draw(st.none() | st.integers(0, 120)) if basis is Basis.INVOICE else None,
    )


@given(st.lists(terms(), max_size=5))
def test_what_is_written_is_read_again(written: list[Term]) -> None:
    """Every field, exactly."""
    if not written:
        return
    reading = read_terms(write_terms(written), DAY, KINDS)
    assert (reading.values, reading.findings) == (tuple(written), ())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """Each part that cannot be read is a finding, and what is no table at all says so."""
    for content_ in (content, b"kind,basis,percent,valid_from,source\n" + content):
        try:
            reading = read_terms(content_, DAY, KINDS)
        except Unreadable:
            continue
        assert all(str(finding) for finding in reading.findings)


def test_rows_that_are_no_term_are_told_with_their_place() -> None:
    """Two rates, a rate of the wrong thing, a currency that is missing: each names its row."""
    head = "kind,basis,percent,per_unit,currency,valid_from,valid_to,source\n"
    rows = (
        "co-op,net-receipts,4,,,2026-01-01,2025-01-01,x\n"
        "co-op,net-receipts,,4,USD,2026-01-01,,x\n"
        "chargeback:asn-accuracy,units,,0.5,,2026-01-01,,x\n"
        "co-op,net-receipts,104,,,2026-01-01,,x\n"
        "co-op,net-receipts,4,,,01/02/2026,,x\n"
    )
    reading = read_terms((head + rows).encode(), DAY, KINDS)
    assert reading.values == ()
    assert [finding.location.path.split(",")[0] for finding in reading.findings] == [f"row {n}" for n in range(2, 7)]


def test_kinds_go_by_amazons_words_too() -> None:
    """And what is none is refused with what there is."""
    assert kind_of("Chargeback:ASN accuracy", KINDS) == "chargeback-asn"
    assert kind_of("damage_allowance", KINDS) == "allowance-damage"
    with pytest.raises(Invalid, match="expected one of allowance-damage, chargeback-asn, co-op, quick-pay"):
        kind_of("chargeback:routing", KINDS)
