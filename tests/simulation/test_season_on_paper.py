"""The statements about a season of stock, proved on paper: a careful policy breaks none, each careless one breaks its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from trueup.simulation.auditor import audit_season
from trueup.simulation.season.best_policy import replay
from trueup.simulation.season.happenings import Act
from trueup.simulation.season.paper import PaperSeason
from trueup.simulation.season.plan import SeasonPlan, make_season

SEEDS = range(12)


class Careful:
    """Publishes what the warehouse counts, compares what is read back, keeps renters and wholesale apart."""

    def __init__(self, plan: SeasonPlan) -> None:
        self.counts = {product.sku: product.units for product in plan.products if product.counted_by == "warehouse"}
        self.stands = dict(self.counts)
        circular = [product for product in plan.products if product.counted_by == "circular"]
        self.units = {product.sku: [f"{product.sku}/{n}" for n in range(product.units)] for product in circular}
        self.held: dict[int, str] = {}
        self.given: set[str] = set()

    def counted(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)

    def rented(self, number: int, item: str, days: tuple[date, date]) -> None:
        self.held[number] = item

    def freed(self, number: int) -> None:
        self.held.pop(number, None)

    def published(self, sku: str, on_hand: int) -> None:
        self.stands[sku] = on_hand

    def sold(self, sku: str, eaches: int) -> None:
        """The shop commits its own sales: a number on hand does not change by them."""

    def read(self, shown: Mapping[str, int]) -> Sequence[tuple[str, int, int]]:
        drifts = [(sku, self.stands[sku], theirs) for sku, theirs in shown.items() if theirs != self.stands[sku]]
        self.stands.update(shown)
        return drifts

    def wants(self) -> Mapping[str, int]:
        return self.counts

    def asked(self, order: str, sku: str, eaches: int) -> int:
        return eaches

    def picks(self, order: str, sku: str, eaches: int) -> Sequence[str]:
        free = [unit for unit in self.units[sku] if unit not in self.given and unit not in self.held.values()]
        self.given |= set(free[:eaches])
        return free[:eaches]


class RaisesOnly(Careful):
    """Never lowers a number: what was broken in the warehouse stays on sale."""

    def counted(self, counts: Mapping[str, int]) -> None:
        self.counts = {sku: max(count, self.counts[sku]) for sku, count in counts.items()}


class AddsSalesBack(Careful):
    """Takes a sale that it is told of for one that the shop undid: told twice, it is added twice."""

    def sold(self, sku: str, eaches: int) -> None:
        self.counts = {**self.counts, sku: self.counts[sku] + eaches}


class ForgetsToClaim(Careful):
    """Promises to wholesale what the shop goes on selling."""

    claims = False


class Timid(Careful):
    """Keeps six of everything back."""

    def wants(self) -> Mapping[str, int]:
        return {sku: count - 6 for sku, count in self.counts.items()}


class Blind(Careful):
    """Does not compare what it reads back."""

    def read(self, shown: Mapping[str, int]) -> Sequence[tuple[str, int, int]]:
        self.stands.update(shown)
        return []


class CriesWolf(Careful):
    """Takes its own writes for somebody else's."""

    def published(self, sku: str, on_hand: int) -> None:
        """It does not remember what it wrote."""


class TakesRentedUnits(Careful):
    """Gives wholesale the units that renters hold."""

    def rented(self, number: int, item: str, days: tuple[date, date]) -> None:
        """It does not listen to renters."""


class LeavesItWrong(Careful):
    """Tells of what it finds and repairs nothing."""

    def published(self, sku: str, on_hand: int) -> None:
        super().published(sku, on_hand)

    def wants(self) -> Mapping[str, int]:
        return {**self.counts, **{sku: self.stands[sku] for sku in list(self.counts)[:3]}}


def broken(policy: type[Careful], seed: int) -> set[str]:
    """The names of the statements that do not hold."""
    plan = make_season(seed)
    evidence = PaperSeason(plan, policy(plan)).play()
    return {statement.name for statement in audit_season(evidence) if not statement.holds}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_careful_policy_breaks_nothing(seed: int) -> None:
    """Every statement holds for whoever publishes what is counted, claims what it promises and compares what it reads."""
    plan = make_season(seed)
    for statement in audit_season(PaperSeason(plan, Careful(plan)).play()):
        assert statement.holds, (statement.name, statement.violations)


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (RaisesOnly, {"no-oversell-of-ours", "right-at-the-end"}),
        (AddsSalesBack, {"no-oversell-of-ours"}),
        (ForgetsToClaim, {"no-oversell-of-ours", "right-at-the-end"}),
        (Timid, {"sales-near-the-best", "right-at-the-end"}),
        (Blind, {"drift-found"}),
        (CriesWolf, {"no-false-drift"}),
        (TakesRentedUnits, {"no-unit-promised-twice"}),
        (LeavesItWrong, {"right-at-the-end"}),
    ],
)
def test_a_careless_policy_is_found_out(policy: type[Careful], names: set[str]) -> None:
    """Over a few seasons each carelessness breaks the statements that are about it."""
    found = set().union(*(broken(policy, seed) for seed in SEEDS))
    assert names <= found, found


def test_a_season_without_its_troubles_is_no_proof() -> None:
    """Nothing told twice, no crash, no drift: said, not passed over."""
    plan = make_season(1)
    quiet = tuple(each for each in plan.happenings if each.act not in (Act.CRASH, Act.DRIFT, Act.SWEEP))
    fair = SeasonPlan(plan.seed, plan.start, plan.end, plan.products, quiet)
    evidence = PaperSeason(fair, Careful(fair)).play()
    evidence["troubles"]["planned"]["crash"] = 4
    names = {statement.name for statement in audit_season(evidence) if not statement.holds}
    assert names >= {"troubles-happened", "drift-found"}


def test_one_seed_is_one_season() -> None:
    """The same seed gives the same happenings, another does not; every kind of act is in each."""
    assert make_season(3) == make_season(3)
    assert make_season(3).happenings != make_season(4).happenings
    for seed in SEEDS:
        assert {happening.act for happening in make_season(seed).happenings} == set(Act)


def row(at: str, **given: Any) -> dict[str, Any]:
    """A row of evidence on one morning."""
    return {"sku": "A", "at": f"2026-10-05T{at}:00Z", **given}


def test_the_best_policy_knows_what_reached_us_and_no_more() -> None:
    """Three lie there; three more came at eight and were told at ten: four wanted at nine are lost, at eleven they are sold."""
    products = [{"sku": "A", "units": 3}]
    came = row("08:00", eaches=3, reached_at="2026-10-05T10:00:00Z", due_at="2026-10-05T13:00:00Z")
    wishes = [row("09:00", wanted=4), row("11:00", wanted=4), row("12:00", wanted=3)]
    told = replay(products, [came], wishes)
    assert (told.wanted, told.sold, told.lost) == (11, 4, 4), "at twelve two are left: three were not to be had"
    late = {**came, "reached_at": None}
    assert replay(products, [late], wishes).lost == 8, "what never reached us is known when it is due, at one"
