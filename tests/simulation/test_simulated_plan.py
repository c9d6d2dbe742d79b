"""The plan of a simulated world: one seed, one world; everything that it promises is in it."""

from __future__ import annotations

import pytest

from trueup.base.errors import Refused
from trueup.demo.folder import MARK, prepare_folder
from trueup.formats.item_master import read_item_master
from trueup.simulation.catalogue import item_master
from trueup.simulation.operator import Operator
from trueup.simulation.plan import make_plan


def test_one_seed_is_one_world_and_another_seed_another() -> None:
    """The same seed gives the same vendor, orders and happenings; another seed does not."""
    one, same, other = make_plan(3), make_plan(3), make_plan(4)
    assert one.vendor == same.vendor
    assert one.happenings == same.happenings
    assert one.vendor != other.vendor


@pytest.mark.parametrize("seed", range(6))
def test_every_world_has_sixty_orders_of_its_own_numbers_and_an_item_master_without_findings(seed: int) -> None:
    """Whatever the seed: 60 orders, 200 products, every expectation about an order that there is."""
    plan = make_plan(seed)
    numbers = {order.number for order in plan.orders}
    assert len(numbers) == len(plan.orders) == 60
    assert len(plan.products) == 200
    assert {wanted["order"] for wanted in plan.vendor["expected"]["cases"]} <= numbers
    reading = read_item_master(item_master(plan.products))
    assert len(reading.values) == 800
    assert reading.findings == ()


def test_the_operator_makes_each_planned_decision_once_and_leaves_the_rest() -> None:
    """A planned decision is made about its own order's case alone, and never again."""
    planned = [{"kind": "held.cost-differs", "order": "PO1", "resolution": "reject", "note": "no"}]
    cases = [
        {"id": 1, "kind": "held.cost-differs", "subject": "order amazon-us/PO2 line 1"},
        {"id": 2, "kind": "held.cost-differs", "subject": "order amazon-us/PO1 line 1"},
    ]
    operator = Operator(list(planned))
    assert [(choice.case, choice.resolution) for choice in operator.choose(cases)] == [(2, "reject")]
    assert operator.choose(cases) == []


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The demo replaces only what an earlier demo made; anything else is refused and stays."""
    precious = tmp_path / "data"
    precious.mkdir()
    (precious / "letter.txt").write_text("mine")
    with pytest.raises(Refused):
        prepare_folder(tmp_path / ".demo", precious)
    assert (precious / "letter.txt").read_text() == "mine"
    assert not (tmp_path / ".demo").exists()


def test_what_an_earlier_demo_made_is_replaced(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Its files are gone and its mark is new."""
    folder = tmp_path / ".demo"
    prepare_folder(folder, folder / "data")
    (folder / "old.txt").write_text("old")
    prepare_folder(folder, folder / "data")
    assert not (folder / "old.txt").exists()
    assert (folder / MARK).is_file()
