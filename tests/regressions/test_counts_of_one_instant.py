"""Counts were ordered by their instant alone: of one that was proposed at the instant of an earlier one, stock kept the earlier's
number where that was smaller, and another proposal of that instant, or a count by hand, was approved over it unseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.channels import BOWL, KEEPER, VASE, Channel, selling
from tests.workflows.installation import LOCATION, NO_EVIDENCE
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import Database
from trueup.storage.stock import declare_count
from trueup.workflows.adjust_stock import Adjustment, adjust_stock
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.import_products import archive_upload
from trueup.workflows.limit_counts import declare_within
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
LIMIT = Money.of("10.00", "USD")


def proposed(shop: Channel, **on_hand: int) -> int:
    """Elke hands a file in that takes two; no time passes."""
    content = write_stock_counts([Count(sku.replace("_", "-"), LOCATION, each) for sku, each in on_hand.items()])

    def act(tx: Tx) -> int | None:
        archive_upload(tx, content, "stock-counts", "counts.csv", ELKE)
        return declare_within(tx, content, ELKE, LIMIT)[1]

    number = shop.here.engine.act(act)
    assert number is not None
    return number


def approved(shop: Channel, proposal: int) -> None:
    """A minute later."""
    shop.pass_time(60)
    shop.here.engine.act(approve_proposal, proposal, KEEPER)
    shop.pass_time(300)


def test_what_was_proposed_at_the_instant_of_a_count_is_taken_in_its_place(database: Database) -> None:
    """Also where it is more: by the count's table, by the levels, by history, and in the shop."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        approved(shop, proposed(shop, VASE_1=30))
        assert shop.on_hand("VASE-1") == 30
        assert [tuple(row) for row in shop.rows("SELECT declared_on_hand FROM trueup.stock")] == [(30,)]
        query = "SELECT on_hand FROM trueup.stock_observations WHERE counted = 'declared' ORDER BY observed_at, id"
        assert [row[0] for row in shop.rows(query)] == [12, 30]


def test_of_two_that_are_declared_at_one_instant_the_later_one_is_believed(database: Database) -> None:
    """The table of counts and the levels say the same."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        shop.count(VASE_1=15)
        assert [tuple(row) for row in shop.rows("SELECT declared_on_hand FROM trueup.stock")] == [(15,)]
        shop.pass_time(300)
        assert shop.on_hand("VASE-1") == 15


def test_another_count_of_that_instant_was_counted_meanwhile(database: Database) -> None:
    """Of two that were proposed at one instant, and of one by hand beside them, the first that is approved stands."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        by_hand = shop.here.engine.act(adjust_stock, Adjustment("VASE-1", LOCATION, "recount", change=9), ELKE, LIMIT)
        first, second = proposed(shop, VASE_1=40, BOWL_1=3), proposed(shop, VASE_1=50)
        assert by_hand.proposal is not None
        approved(shop, second)
        for late in (first, by_hand.proposal):
            with pytest.raises(Conflict, match="VASE-1 at main was counted meanwhile"):
                shop.here.engine.act(approve_proposal, late, KEEPER)
        assert (shop.on_hand("VASE-1"), shop.on_hand("BOWL-1")) == (50, 12)


def test_an_older_count_that_waited_does_not_replace_a_newer_one(database: Database) -> None:
    """Who began earlier and got the place later says what was: the table of counts and the levels both keep what is."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        with database.transaction() as connection:
            declare_count(connection, [("VASE-1", LOCATION, 40)], NO_EVIDENCE, START - timedelta(seconds=5))
        assert [tuple(row) for row in shop.rows("SELECT declared_on_hand FROM trueup.stock")] == [(12,)]
        shop.pass_time(300)
        assert shop.on_hand("VASE-1") == 12
