"""Who counted took stock before the proposal, or before the person, and said what a file is worth before all were held.

Who approved and who proposed otherwise waited for each other in a circle, and a file passed the limit by what had lain there.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from tests.waiting import count_waiting
from tests.workflows.channels import BOWL, KEEPER, VASE, Channel, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage import acts, stock
from trueup.storage.database import Database
from trueup.workflows.adjust_stock import Adjusted, Adjustment, Made, adjust_stock, undo_adjustment
from trueup.workflows.import_products import archive_upload
from trueup.workflows.limit_counts import declare_within
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
LIMIT = Money.of("50.00", "USD")


def adjusted(shop: Channel, change: int, sku: str = "VASE-1") -> Adjusted:
    """Elke says so; vases and bowls cost 10.00 and more, and above 50.00 it takes two."""
    return shop.here.engine.act(adjust_stock, Adjustment(sku, LOCATION, "recount", change=change), ELKE, LIMIT)


def handed(shop: Channel, **on_hand: int) -> int | None:
    """Elke hands a file in; the number of its proposal, None where it was taken."""
    content = write_stock_counts([Count(sku.replace("_", "-"), LOCATION, each) for sku, each in on_hand.items()])

    def act(tx: Tx) -> int | None:
        archive_upload(tx, content, "stock-counts", "counts.csv", ELKE)
        return declare_within(tx, content, ELKE, LIMIT)[1]

    return shop.here.engine.act(act)


def waits(connection: sa.Connection, at_work: Future[Any], count: int = 1) -> None:
    """Until so many of this database wait for another's transaction."""
    while count_waiting(connection) < count:
        assert not at_work.done(), at_work.result()


def beside(shop: Channel, held: Callable[[sa.Connection], object], act: Callable[[], Any]) -> Any:
    """What an act comes to that begins while another connection holds something and takes the vases' stock after that."""
    with ThreadPoolExecutor(1) as pool:
        with shop.here.database.transaction() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
            held(connection)
            at_work = pool.submit(act)
            waits(connection, at_work)
            stock.lock_stock(connection, ["VASE-1"], LOCATION)
        return at_work.result(timeout=60)


def test_who_waits_for_a_person_or_a_proposal_holds_no_stock(database: Database) -> None:
    """Person, then proposal, then stock: the other takes the stock in time, and both are done."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        shop.pass_time(300)
        done = adjusted(shop, 3)
        shop.pass_time(300)
        waiting = adjusted(shop, 20).proposal
        assert waiting is not None and done.proposal is None

        def approves(connection: sa.Connection) -> None:
            acts.approve(connection, waiting, KEEPER.name, shop.here.clock.now())

        def counts(connection: sa.Connection) -> None:
            acts.hold_subject(connection, "counts by Elke")

        assert beside(shop, approves, lambda: adjusted(shop, 21)).proposal > waiting
        assert beside(shop, counts, lambda: adjusted(shop, 22)).proposal > waiting
        assert beside(shop, counts, lambda: handed(shop, VASE_1=30)) > waiting
        made = Made("VASE-1", LOCATION, done.at)
        back = beside(shop, counts, lambda: shop.here.engine.act(undo_adjustment, made, ELKE, LIMIT))
        assert back.proposal is None and back.on_hand == 12


def test_what_a_file_changes_is_worked_out_of_what_lies_there_then(database: Database) -> None:
    """Of two who count the same at once, the second's worth is of what the first left; above the limit it takes two."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(300)

        def counts(connection: sa.Connection) -> None:
            stock.lock_stock(connection, ["VASE-1"], LOCATION)
            stock.declare_count(connection, [("VASE-1", LOCATION, 0)], "0" * 64, shop.here.clock.now())

        assert beside(shop, counts, lambda: handed(shop, VASE_1=15)) is not None, "it changes 15, no longer 3"


def test_two_at_once_do_not_pass_the_limit_together(database: Database) -> None:
    """Each is below it alone; by hand and by a file, one of them waits for a second person."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        shop.pass_time(300)
        with ThreadPoolExecutor(2) as pool:
            with shop.here.database.transaction() as connection:
                acts.hold_subject(connection, "counts by Elke")
                by_hand = pool.submit(adjusted, shop, 4)
                in_a_file = pool.submit(handed, shop, BOWL_1=16)
                waits(connection, by_hand, 2)
            found = [by_hand.result(timeout=60).proposal, in_a_file.result(timeout=60)]
        assert sum(each is not None for each in found) == 1
