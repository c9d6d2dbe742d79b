"""The shop's webhook about our own write is read at the very instant at which the write was taken: that read proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.workflows.channels import BOWL, VASE, selling
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


@pytest.mark.parametrize("told", ["now", "late"])
def test_a_write_is_read_back_after_it_was_taken_whatever_its_echo_showed(database: Database, told: str) -> None:
    """However the echo comes, what the shop holds is read again after our write was taken."""
    with selling(database, ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)), VASE, BOWL) as shop:
        if told == "late":
            shop.here.shopify.add_fault("webhook_reorder", operation="INVENTORY_LEVELS_UPDATE", count=2)
        for eaches in (12, 13):
            shop.count(VASE_1=eaches, BOWL_1=eaches)
            shop.pass_time(600)
            rows = shop.rows("SELECT published, on_hand, shown_at > accepted_at FROM trueup.publications ORDER BY sku")
            assert rows == [(eaches, eaches, True)] * 2
