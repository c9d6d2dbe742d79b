"""`trueup demo` for those who watch it without a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trueup.base.clock import ManualClock
from trueup.cli.demo import tell_days
from trueup.cli.frame import Session
from trueup.demo.running import Moment


def test_each_simulated_day_is_told_once_where_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """A line as each day begins, with how far the parts are, on standard error; nothing where quiet was asked for."""
    clock = ManualClock(datetime(2026, 11, 2, 6, tzinfo=UTC))
    watches = [tell_days(Session(environ={}), clock), tell_days(Session(environ={}, quiet=True), clock)]
    for hours in (0, 5, 24, 30, 48):
        clock.advance(timedelta(hours=hours) - (clock.now() - datetime(2026, 11, 2, 6, tzinfo=UTC)))
        for watch in watches:
            watch(lambda: Moment(clock.now(), 0, 1, [("trade-ins", "T-1001 received")]))
    told = capsys.readouterr()
    assert told.out == ""
    _, *days = told.err.splitlines()
    assert [day.partition(" ")[0] for day in days] == ["Monday", "Tuesday", "Wednesday"]
    assert all(day.endswith("trade-ins: T-1001 received") for day in days)
