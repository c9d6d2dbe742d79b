"""Counts in a file take two persons above the limit, by all of them together; what was counted meanwhile stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.channels import BOWL, KEEPER, QUIET, VASE, Channel, selling
from tests.workflows.installation import LOCATION, PARTNER, line
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import Database
from trueup.workflows.adjust_stock import Adjustment, adjust_stock
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.import_products import archive_upload
from trueup.workflows.limit_counts import declare_within, worth_of
from trueup.workflows.receive_uploads import HandedIn, archive_document
from trueup.workflows.resolve_case import Person
from trueup.workflows.take_in_counts import Declared
from trueup.workflows.world import Tx

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
LIMIT = Money.of("100.00", "USD")


def handed(shop: Channel, **on_hand: int) -> tuple[Declared, int | None]:
    """Elke hands a file in; vases and bowls cost 10.00 and more, and above 100.00 it takes two."""
    content = write_stock_counts([Count(sku.replace("_", "-"), LOCATION, each) for sku, each in on_hand.items()])

    def act(tx: Tx) -> tuple[Declared, int | None]:
        archive_upload(tx, content, "stock-counts", "counts.csv", ELKE)
        return declare_within(tx, content, ELKE, LIMIT)

    done = shop.here.engine.act(act)
    shop.pass_time(300)
    return done


def test_a_file_above_the_limit_waits_for_a_second_person_and_is_taken_as_it_was(database: Database) -> None:
    """Each count is below it, together they are above: nothing changes until another person approves, and then all of it does."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        done, proposal = handed(shop, VASE_1=6, BOWL_1=18)
        assert not done.taken and proposal is not None and shop.on_hand("VASE-1") == 12
        assert shop.here.engine.act(lambda tx: worth_of(tx, done.counts))[0].minor > LIMIT.minor
        assert handed(shop, VASE_1=6, BOWL_1=18)[1] == proposal, "the same file again is the same proposal"
        with pytest.raises(Refused, match="a second person must approve"):
            shop.here.engine.act(approve_proposal, proposal, ELKE)
        assert shop.here.engine.act(approve_proposal, proposal, KEEPER).words.startswith("2 counts of document ")
        shop.pass_time(300)
        assert (shop.on_hand("VASE-1"), shop.on_hand("BOWL-1")) == (6, 18)
        [told] = shop.rows("SELECT actor, after ->> 'proposed_by' FROM trueup.acts WHERE after ? 'proposed_by'")
        assert tuple(told) == (KEEPER.name, "Elke")
        assert handed(shop, VASE_1=7, BOWL_1=18)[0].taken, "what one count changes is below the limit"


def test_a_file_in_parts_and_counts_by_hand_count_together_for_a_day(database: Database) -> None:
    """Each part is below the limit. The one that comes to more waits, however it is said; a day later it is below again, and what a
    second person approved counts for nobody."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        assert handed(shop, VASE_1=6)[0].taken
        done, proposal = handed(shop, BOWL_1=18)
        assert not done.taken and proposal is not None and shop.on_hand("BOWL-1") == 12
        by_hand = Adjustment("VASE-1", LOCATION, "recount", change=5)
        told = shop.here.engine.act(adjust_stock, by_hand, ELKE, LIMIT)
        assert told.proposal is not None and "that its maker declared alone within a day before" in str(told)
        assert shop.here.engine.act(adjust_stock, by_hand, KEEPER, LIMIT).proposal is None, (
            "another person has a day too"
        )
        shop.pass_time(300)
        shop.here.engine.act(approve_proposal, proposal, KEEPER)
        shop.pass_time(24 * 3600)
        assert handed(shop, BOWL_1=12)[0].taken, "yesterday's, and what two decided, do not count"


def test_an_uploaded_file_counts_in_the_day_of_who_handed_it_in(database: Database) -> None:
    """It is read by a run; the next part waits for a second person."""
    with selling(database, ManualClock(START), VASE, two_persons_above=LIMIT) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(300)

        def upload(on_hand: int) -> None:
            content = write_stock_counts([Count("VASE-1", LOCATION, on_hand)])
            shop.here.engine.act(archive_document, HandedIn("stock-counts", PARTNER, "counts.csv", content), ELKE)
            shop.pass_time(300)

        upload(18)
        assert shop.on_hand("VASE-1") == 18
        upload(12)
        assert shop.on_hand("VASE-1") == 18
        [proposed] = shop.rows("SELECT proposed_by FROM trueup.proposals WHERE act = 'stock.declare'")
        assert proposed[0] == "Elke"


def test_what_was_counted_meanwhile_stands(database: Database) -> None:
    """A count between proposing and approving is newer than the file: approving is refused and says what was counted."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        _, proposal = handed(shop, VASE_1=99)
        assert proposal is not None
        shop.pass_time(60)
        shop.count(VASE_1=11)
        shop.pass_time(300)
        with pytest.raises(Conflict, match="VASE-1 at main was counted meanwhile"):
            shop.here.engine.act(approve_proposal, proposal, KEEPER)
        assert shop.on_hand("VASE-1") == 11


def test_what_left_between_proposing_and_approving_is_not_sold_twice(database: Database) -> None:
    """The proposed count is of when it was proposed: goods of an order that left and was closed since were among it."""
    with selling(database, ManualClock(START), VASE, pace=replace(QUIET, poll=timedelta(minutes=10))) as shop:
        shop.count(VASE_1=60)
        shop.here.order(line(VASE, 5))
        shop.pass_time(2 * 3600)
        [held] = shop.rows("SELECT eaches FROM trueup.reservations")
        _, proposal = handed(shop, VASE_1=40)
        assert proposal is not None
        with shop.here.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.orders SET state = 'closed'")
        shop.pass_time(600)
        shop.here.engine.act(approve_proposal, proposal, KEEPER)
        shop.pass_time(300)
        assert [tuple(each) for each in shop.rows("SELECT eaches FROM trueup.reservations")] == [tuple(held)]
        [told] = shop.rows("SELECT declared_on_hand, declared_at FROM trueup.stock WHERE sku = 'VASE-1'")
        assert told.declared_on_hand == 40 and told.declared_at < shop.here.clock.now() - timedelta(seconds=600)


def test_counts_that_a_program_hands_in_as_a_document_wait_too(database: Database) -> None:
    """A run reads them, and the one who handed them in is still one person; below the limit they are taken."""
    with selling(database, ManualClock(START), VASE, two_persons_above=LIMIT) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(300)
        for on_hand, waiting in ((13, 0), (99, 1)):
            content = write_stock_counts([Count("VASE-1", LOCATION, on_hand)])
            document = HandedIn("stock-counts", PARTNER, "counts.csv", content)
            shop.here.engine.act(archive_document, document, ELKE)
            shop.pass_time(300)
            assert shop.on_hand("VASE-1") == 13
            proposals = shop.rows("SELECT id, proposed_by FROM trueup.proposals WHERE approved_by IS NULL")
            assert len(proposals) == waiting
        assert proposals[0].proposed_by == "Elke"
        shop.here.engine.act(approve_proposal, proposals[0].id, KEEPER)
        shop.pass_time(300)
        assert shop.on_hand("VASE-1") == 99
