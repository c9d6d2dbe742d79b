"""An 850 names the day of the order and not the hour; its envelopes say when it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflows.installation import LAMP
from tests.workflows.scenes import CALM, MINUTE, edi_partner, file_of, order_850, po1
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


@pytest.mark.parametrize(
    ("ordered", "sent", "due"),
    [
        ("20261123", "0830", "2026-11-24T08:30:00Z"),
        ("20261122", "0830", "2026-11-24T08:30:00Z"),
        ("20261123", "2330", "2026-11-24T00:00:00Z"),
        ("20261121", "0830", "2026-11-22T00:00:00Z"),
        ("20261124", "0830", "2026-11-24T10:00:00Z"),
    ],
    ids=["that day", "the next day", "not sent yet", "days later", "ordered tomorrow"],
)
def test_the_day_begins_when_the_envelope_was_sent_where_that_can_be_believed(
    database: Database, clock: ManualClock, tmp_path: Path, ordered: str, sent: str, due: str
) -> None:
    """A time on the day of the order or the next and before its receipt; else midnight, and never later than the receipt."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.pass_time(MINUTE)
        content = file_of(order_850("EDI1", *po1(LAMP, 4), day=ordered), at=sent)
        partner.drop("orders.edi", content.replace(b"*261123*1000*", f"*261123*{sent}*".encode()))
        partner.pass_time(CALM.files + MINUTE)
        assert partner.here.shown("EDI1")["answer_due_at"] == due
