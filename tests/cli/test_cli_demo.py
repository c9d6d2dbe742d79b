"""`trueup demo` for those who watch it without a terminal."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.seeded import CommandLine
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


def test_a_demo_that_is_asked_to_end_leaves_no_database_behind(tmp_path: Path) -> None:
    """SIGTERM, which is how whatever runs it ends it, closes all that it started, as Ctrl-C does."""
    running = CommandLine(tmp_path, {}).start("demo")
    assert running.stderr is not None
    told = [running.stderr.readline()]
    while "five days begin" not in told[-1]:
        assert told[-1], told
        told.append(running.stderr.readline())
    server = tmp_path / ".demo" / "data" / "postgres" / "postmaster.pid"
    assert server.exists()
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130 and "Traceback" not in err, err
    assert not server.exists()
