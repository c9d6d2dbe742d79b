"""Found while declaring 70,000 counts in a new installation: each was looked for among those that the same statement had added."""

from __future__ import annotations

from trueup.base.clock import ManualClock
from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level
from trueup.storage.database import Database
from trueup.storage.stock_ledger import record_levels

COUNTS = 3_000
_ANALYSED = "ANALYZE trueup.stock_observations"
_READ = "SELECT heap_blks_hit + heap_blks_read FROM pg_statio_user_tables WHERE relid = 'trueup.stock_observations'::regclass"


def test_what_a_statement_adds_to_history_is_not_read_by_it(database: Database, clock: ManualClock) -> None:
    """History was empty when it was analysed, so it is read from end to end: blocks are touched to add to them alone."""
    levels = [
        Level(f"SKU-{each:05}", "main", 7, 0, 7, True, clock.now(), source="warehouse", evidence="e" * 64)
        for each in range(COUNTS)
    ]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(_ANALYSED)
        before = connection.exec_driver_sql(_READ).scalar_one()
    with database.transaction() as connection:
        assert record_levels(connection, levels, CountSource.DECLARED) == COUNTS
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        touched = connection.exec_driver_sql(_READ).scalar_one() - before
    assert COUNTS // 100 < touched < 10 * COUNTS, f"{touched} blocks for {COUNTS} counts"
