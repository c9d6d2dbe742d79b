"""What nearly every line is takes a short way: it leads where the long one does, whatever a payment holds and whoever answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_deductions_properties import LINES, TEXT
from tests.unit.domain.deduction_lines import GRAMMAR
from trueup.base.money import Money
from trueup.domain.deduction import stems
from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import Remittance, RemittanceLine, RemittanceSource
from trueup.domain.settlement import Ground, KnownInvoice, LineDecision, settle
from trueup.formats.regional import Convention
from trueup.formats.remittance._amounts import CellReader
from trueup.settings.chart import default_chart

_CHART = default_chart()
_PLAIN = st.builds(
    RemittanceLine,
    st.just(1),
    TEXT | st.from_regex(r"\s?[A-Z]{2}[-_]?[0-9]{3,6}\*?", fullmatch=True),
    st.integers(-3, 10**6),
    discount=st.sampled_from([0, 0, 5]),
    withheld=st.sampled_from([0, 0, 2]),
    gross=st.none() | st.integers(-5, 5),
    description=st.sampled_from(["", "6WC7C2MA/MDW2/##NOT_AVAILABLE", "Shortage", "CO-OP Agreement"]),
)


@given(st.text(max_size=24) | st.text(" \t-_*/.aBc1", max_size=12))
def test_a_reference_is_compared_the_same_whatever_else_it_holds(text: str) -> None:
    """Its plain letters are read by a quicker way than others."""
    assert normal_reference(text) + "Ü" == normal_reference(text + "ü")


@given(st.sampled_from(["", "-"]), st.integers(0, 10**12), st.integers(0, 99), st.sampled_from([".", ","]))
def test_an_amount_is_the_same_as_it_is_nearly_always_written_and_with_a_blank(
    sign: str, whole: int, part: int, mark: str
) -> None:
    """The quick way reads what the other does."""
    text, minor = f"{sign}{whole}{mark}{part:02d}", whole * 100 + part
    reader = CellReader(Convention(mark))
    assert reader.minor(text, "USD") == reader.minor(f" {text}", "USD") == (-minor if sign else minor)


@given(
    st.lists(_PLAIN | LINES, max_size=8),
    st.sets(st.integers(0, 20)),
    st.dictionaries(st.integers(1, 8), st.just(LineDecision("fee", _CHART.accounts[0].code, "ana")), max_size=2),
)
def test_the_short_way_of_plain_lines_leads_where_the_long_one_does(
    told: list[RemittanceLine], known: set[int], decided: dict[int, LineDecision]
) -> None:
    """With and without it, a payment has the same placements and the same lines in suspense; a plain line has but its stem."""
    lines = tuple(replace(line, number=number) for number, line in enumerate(told, start=1))
    payment = Remittance(RemittanceSource.EXPORT, "510", "RIVR1", date(2026, 10, 1), Money(5, "USD"), lines)
    plain = [GRAMMAR.plain(line) for line in lines]
    for line, stem in zip(lines, plain, strict=True):
        assert not stem or stems(GRAMMAR.sight(line)) == {stem}
    wanted = sorted({stem for line in lines for stem in stems(GRAMMAR.sight(line))})
    ours = {stem: KnownInvoice(place, stem, "USD") for place, stem in enumerate(wanted) if place in known}
    long = Ground("amazon-us", _CHART, GRAMMAR.types, GRAMMAR.sight, ours, decided)
    short = replace(long, plain=plain, plain_type=GRAMMAR.plain_type)
    assert settle(payment, short) == settle(payment, long)
