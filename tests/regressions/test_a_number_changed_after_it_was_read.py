"""A sweep passed over what had been read within half its interval: a number that was changed after that read stood another hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.workflows.channels import QUIET, VASE, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_a_number_changed_after_it_was_read_is_found_by_the_next_sweep(database: Database) -> None:
    """A sale brings a read twenty minutes before the sweep; then somebody raises the number, and no word of it comes."""
    pace = replace(QUIET, stock_sweep=timedelta(hours=1))
    with selling(database, ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)), VASE, pace=pace, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(40 * 60)
        shop.here.shopify.sell("VASE-1", 1)
        shop.pass_time(60)
        shop.here.shopify.add_fault("webhook_lost")
        shop.here.shopify.count_by_hand("VASE-1", LOCATION, 4)
        shop.pass_time(23 * 60)
        assert shop.here.case_kinds() == ["stock.drift"]
