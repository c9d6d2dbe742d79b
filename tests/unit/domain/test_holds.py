"""Each hold rule holds the line it is for, says both numbers, and lets an ordinary line pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.domain.made import AGREEMENT, LINE, LISTING, NOW, PRODUCT, facts, order
from trueup.app import hold_rules
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.hold import LineFacts, hold_case, hold_line
from trueup.domain.orders import OrderState, Window
from trueup.domain.partners import CostBasis

RULES = hold_rules()


def held(looked_at: LineFacts, lifted: frozenset[str] = frozenset()) -> list[str]:
    """The names of the rules that hold."""
    return [rule.name for rule, _ in hold_line(looked_at, RULES, lifted)]


def test_an_ordinary_line_passes_every_rule() -> None:
    """Nothing is held without a reason."""
    assert held(facts()) == []


def test_all_ten_rules_are_found_in_their_order() -> None:
    """A rule is a file: adding one is enough, and their order is stated."""
    assert [rule.name for rule in RULES] == [
        "product-unknown",
        "order-closed",
        "window-past",
        "quantity-negative",
        "case-size-differs",
        "not-whole-packs",
        "priced-by-weight",
        "cost-differs",
        "quantity-absurd",
        "stock-uncounted",
    ]


HELD = {
    "product-unknown": facts(candidates=(), units=None),
    "product-unknown, ambiguous": facts(
        candidates=((PRODUCT, LISTING), (replace(PRODUCT, sku="LAMP-2"), LISTING)), units=None
    ),
    "order-closed": facts(order=order(state=OrderState.CLOSED)),
    "window-past": facts(order=order(delivery_window=Window(None, NOW - timedelta(minutes=1)))),
    "quantity-negative": facts(replace(LINE, ordered=Quantity(-4, Unit.CASE, 6))),
    "case-size-differs": facts(replace(LINE, ordered=Quantity(6, Unit.CASE, 12))),
    "case-size-differs, ours unknown": facts(product=replace(PRODUCT, case_size=None)),
    "not-whole-packs": facts(replace(LINE, ordered=Quantity(13, Unit.EACH))),
    "priced-by-weight": facts(replace(LINE, priced_by="POUNDS")),
    "cost-differs": facts(replace(LINE, net_cost=UnitPrice.of("10.26", "USD"))),
    "cost-differs, currency": facts(replace(LINE, net_cost=UnitPrice.of("10.25", "EUR"))),
    "cost-differs, none": facts(replace(LINE, net_cost=None)),
    "quantity-absurd": facts(replace(LINE, ordered=Quantity(10**9, Unit.CASE, 6))),
    "quantity-absurd, against history": facts(largest_before=2),
    "stock-uncounted, untracked": facts(product=replace(PRODUCT, tracked=False)),
    "stock-uncounted, taken over by Supercycle": facts(product=replace(PRODUCT, circular=True)),
    "stock-uncounted, not in the shop": facts(product=replace(PRODUCT, tracked=None)),
}


@pytest.mark.parametrize("name", HELD)
def test_what_a_rule_is_for_is_held_by_it(name: str) -> None:
    """And the case names the rule, both numbers, the money at risk and the deadline."""
    looked_at, rule_name = HELD[name], name.split(",")[0]
    found = {rule.name: (rule, said) for rule, said in hold_line(looked_at, RULES, frozenset())}
    assert rule_name in found
    rule, said = found[rule_name]
    case = hold_case(looked_at, rule, said, NOW + timedelta(hours=23))
    assert case.kind == f"held.{rule_name}"
    assert case.expected and case.found and case.expected != case.found
    assert case.deadline == NOW + timedelta(hours=23)
    assert case.money_at_risk is not None or looked_at.line.net_cost is None
    assert case.resolutions


def test_zero_is_a_cancelled_line_and_never_held() -> None:
    """Amazon cancels by ordering nothing: a change, not a case."""
    assert held(facts(replace(LINE, ordered=Quantity(0, Unit.CASE, 12), net_cost=None))) == []


def test_a_lifted_rule_lets_the_line_pass_and_no_other() -> None:
    """What a person accepted is accepted; another rule still holds."""
    looked_at = facts(replace(LINE, ordered=Quantity(13, Unit.EACH), net_cost=UnitPrice.of("9.00", "USD")))
    assert held(looked_at) == ["not-whole-packs", "cost-differs"]
    assert held(looked_at, frozenset({"cost-differs"})) == ["not-whole-packs"]


def test_the_basis_of_the_cost_is_agreed_and_never_guessed() -> None:
    """61.50 a case of six is 10.25 each under one agreement, and six times too much under the other."""
    line = replace(LINE, net_cost=UnitPrice.of("61.50", "USD"))
    by_case = replace(AGREEMENT, cost_basis=CostBasis.CASE)
    agreed_by_case = replace(LISTING, cost=UnitPrice.of("61.50", "USD"))
    assert held(facts(line, listing=agreed_by_case, agreement=by_case)) == []
    assert held(facts(line)) == ["cost-differs"]


@pytest.mark.parametrize(("cost", "holds"), [("10.30", False), ("10.31", True), ("10.20", False), ("10.19", True)])
def test_tolerance_is_exact_at_its_edge(cost: str, holds: bool) -> None:
    """Five cents are five cents, both ways."""
    looked_at = facts(
        replace(LINE, net_cost=UnitPrice.of(cost, "USD")), agreement=replace(AGREEMENT, cost_tolerance=Decimal("0.05"))
    )
    assert (held(looked_at) == ["cost-differs"]) is holds


def test_eaches_pass_where_the_agreement_does_not_sell_by_the_pack() -> None:
    """The rule is the agreement's, not the product's."""
    line = replace(LINE, ordered=Quantity(13, Unit.EACH))
    assert held(facts(line, agreement=replace(AGREEMENT, sells_by_pack=False))) == []


def test_a_declared_source_counts_what_the_shop_does_not() -> None:
    """A merchant who declares where a product is counted has its lines decided."""
    assert held(facts(product=replace(PRODUCT, tracked=False, circular=True, declared_source="warehouse"))) == []
