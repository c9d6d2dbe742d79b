"""Plain lines are settled by a short way: it leads where the long one does, whatever a payment holds and whoever answered what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_deductions_properties import LINES, TEXT
from tests.unit.domain.deduction_lines import GRAMMAR
from trueup.base.money import Money
from trueup.domain.deduction import stems
from trueup.domain.remittances import Remittance, RemittanceLine, RemittanceSource
from trueup.domain.settlement import Ground, KnownInvoice, LineDecision, settle
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
