"""Years of orders in the tables: the path of an order reads no more of them."""

from __future__ import annotations

from bench.history import load_history
from tests.rows_read import rows_read
from tests.workflows.installation import CHAIR, LAMP, Installation, install, line
from tests.workflows.scenes import CALM, HOUR, scarce, standing
from trueup.base.clock import ManualClock
from trueup.storage.database import Database

HISTORY, HANDFUL = 1_000, 200


def rows_of_an_order(here: Installation) -> dict[str, int]:
    """How many rows of each table are read while an order goes the whole path, and everything else goes its rounds."""
    before = rows_read(here.database)
    number = here.order(line(LAMP, 2), line(CHAIR, 2))
    here.pass_time(2 * HOUR)
    assert standing(here, number) == "accepted" and here.case_kinds() == []
    return {name: rows - before.get(name, 0) for name, rows in rows_read(here.database).items()}


def test_an_order_reads_no_more_rows_with_history_than_without(database: Database, clock: ManualClock) -> None:
    """Of no table more than a handful of rows beyond what it read when there was one order before it."""
    with install(database, clock, scarce(LAMP, 10_000), scarce(CHAIR, 10_000), pace=CALM) as here:
        rows_of_an_order(here)  # the first of all, which history is made of
        without = rows_of_an_order(here)
        load_history(database.engine, HISTORY)
        beyond = {
            name: (without.get(name, 0), rows)
            for name, rows in rows_of_an_order(here).items()
            if rows > without.get(name, 0) + HANDFUL
        }
        assert beyond == {}, "rows read without and with history, by table"
