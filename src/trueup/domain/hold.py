"""Holds: the rules by which an order line is kept back for a person instead of being answered.

A rule is one small file in `holds/` with a constant `HOLD`; it looks at one line and says nothing, or what differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from trueup.base.money import Money
from trueup.base.quantity import Unit
from trueup.domain.case_causes import item_cause
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import Listing, Product
from trueup.domain.orders import OrderLine, PurchaseOrder
from trueup.domain.partners import Agreement, CostBasis
from trueup.domain.units import LineUnits, agreed_each_cost


@dataclass(frozen=True, slots=True)
class LineFacts:
    """All that a hold rule may look at. `units` is None unless exactly one product was found.

    `largest_before` is the largest line in eaches of that product ever ordered by that vendor code, None without history.
    """

    order: PurchaseOrder
    line: OrderLine
    candidates: tuple[tuple[Product, Listing], ...]
    units: LineUnits | None
    agreement: Agreement
    largest_before: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What differs: both numbers in words."""

    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A rule. `order` is its place among the others: the first that holds a line names its case.

    `resolutions` are what a person may decide.
    """

    name: str
    title: str
    order: int
    resolutions: tuple[Resolution, ...]
    look: Callable[[LineFacts], Held | None]


def hold_line(facts: LineFacts, rules: tuple[Hold, ...], lifted: frozenset[str]) -> tuple[tuple[Hold, Held], ...]:
    """Every rule that holds the line, in order, leaving out those a person has lifted for this revision.

    Zero is Amazon's cancelled line: a change, never a case.
    """
    if facts.line.ordered.amount == 0:
        return ()
    findings = ((rule, rule.look(facts)) for rule in rules if rule.name not in lifted)
    return tuple((rule, held) for rule, held in findings if held is not None)


def money_at_risk(facts: LineFacts) -> Money | None:
    """What the line is worth: all of it may be lost when it is not answered in time.

    A line priced by weight is worth what was agreed for so many pieces.
    """
    units = facts.units
    if units is not None and facts.line.priced_by:
        agreed = agreed_each_cost(units.listing, facts.line, units.product, facts.agreement)
        currency = units.listing.cost.currency if units.listing.cost else units.currency
        return replace(units, each_cost=agreed, currency=currency).value()
    if units is not None:
        return units.value()
    if facts.line.priced_by:
        return None
    cost, ordered = facts.line.net_cost, facts.line.ordered
    priced_by_each = ordered.unit is Unit.CASE and facts.agreement.cost_basis is CostBasis.EACH
    size = (ordered.unit_size or 1) if priced_by_each else 1
    return cost.times(abs(ordered.amount) * size) if cost else None


def hold_case(facts: LineFacts, rule: Hold, held: Held, deadline: datetime) -> CaseDraft:
    """The case that a held line becomes."""
    return CaseDraft(
        kind=f"held.{rule.name}",
        subject=f"order {facts.order.key} line {facts.line.sequence}",
        title=f"{rule.title}: {held.found}, expected {held.expected}",
        expected=f"{held.expected} ({facts.agreement.stands})" if facts.agreement.version else held.expected,
        found=held.found,
        money_at_risk=money_at_risk(facts),
        deadline=deadline,
        owner=facts.agreement.owner,
        resolutions=rule.resolutions,
        cause=item_cause(_item(facts)),
    )


def _item(facts: LineFacts) -> str | None:
    """What the line asks for: our SKU, or the buyer's name of it where we know none, or several."""
    if facts.units is not None:
        return facts.units.product.sku
    return facts.line.asin or next((code for _, code in facts.line.product_ids), None)
