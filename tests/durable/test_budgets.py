from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.base.errors import Invalid
from trueup.durable.budgets import Budgets

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHECKOUT = Path(__file__).parents[2]
TAKE_MANY = """
import sys
import sqlalchemy as sa
from datetime import UTC, datetime
from trueup.base.clock import ManualClock
from trueup.durable.budgets import Budgets
budgets = Budgets(sa.create_engine(sys.argv[1]), ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)))
print([budgets.take("shared", 1, 2, 10) for _ in range(100)])
"""


@pytest.fixture
def budgets(pool: sa.Engine, clock: ManualClock) -> Budgets:
    """Budgets at a clock that stands."""
    clock.move_to(START)
    return Budgets(pool, clock)


def clock_of(budgets: Budgets) -> ManualClock:
    assert isinstance(budgets.clock, ManualClock)
    return budgets.clock


def test_a_burst_is_free_and_then_callers_queue(budgets: Budgets) -> None:
    """Five at once, then one every half second, each told to wait for its own turn; after a rest the burst is back."""
    waits = [budgets.take("orders", 1, 2, 5) for _ in range(8)]
    assert waits == pytest.approx([0, 0, 0, 0, 0, 0.5, 1.0, 1.5])
    clock_of(budgets).advance(timedelta(seconds=60))
    assert [budgets.take("orders", 1, 2, 5) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.5])


def test_who_is_turned_away_pays_nothing(budgets: Budgets) -> None:
    """A caller that knocks on without a rest is let in as often as one that waits: refusals put nothing off."""
    assert [budgets.admit("door", 2, 3) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    for _ in range(50):
        budgets.admit("door", 2, 3)
    clock_of(budgets).advance(timedelta(seconds=0.5))
    assert [budgets.admit("door", 2, 3) for _ in range(2)] == [0.0, 0.5]


def test_costs_of_several_tokens(budgets: Budgets) -> None:
    """A query of 60 points in a bucket of 100 that restores 50 a second waits for what is missing; more than all is refused."""
    assert budgets.take("graphql", 60, 50, 100) == 0
    assert budgets.take("graphql", 60, 50, 100) == pytest.approx(0.4)
    with pytest.raises(Invalid, match=r"a cost within the burst, found cost 101, rate 50 a second, burst 100"):
        budgets.take("graphql", 101, 50, 100)


def test_the_remotes_own_reading_wins(budgets: Budgets) -> None:
    """Less than we thought means waiting, more means going on, and those who already wait keep their turn."""
    budgets.take("graphql", 10, 50, 100)
    budgets.observe("graphql", 20, 50)
    assert budgets.take("graphql", 60, 50, 100) == pytest.approx(0.8)
    budgets.observe("graphql", 100, 50)
    assert budgets.take("graphql", 10, 50, 100) == pytest.approx(1.0)
    clock_of(budgets).advance(timedelta(seconds=1))
    budgets.observe("graphql", 90, 100)
    assert budgets.take("graphql", 100, 100, 100) == pytest.approx(0.1)


def test_a_refusal_pauses_everybody_once(budgets: Budgets) -> None:
    """After a 429 the bucket is empty for the time the remote asked for; four workers refused at once do not add up."""
    budgets.take("orders", 1, 1, 5)
    for _ in range(4):
        budgets.penalize("orders", 30)
    assert [budgets.take("orders", 1, 1, 5) for _ in range(2)] == pytest.approx([31, 32])
    budgets.penalize("never taken from", 30)


def test_a_clock_that_jumps_back_blocks_nobody(budgets: Budgets) -> None:
    """The clock was hours ahead and is set right: the bucket moves with it; a small difference between workers grants nothing."""
    clock_of(budgets).move_to(START + timedelta(hours=5))
    for _ in range(5):
        budgets.take("orders", 1, 1, 5)
    clock_of(budgets).move_to(START)
    assert [budgets.take("orders", 1, 1, 5) for _ in range(2)] == pytest.approx([1, 2])
    clock_of(budgets).move_to(START - timedelta(seconds=20))
    assert budgets.take("orders", 1, 1, 5) == pytest.approx(23)


def test_every_token_is_given_once(pool: sa.Engine, budgets: Budgets) -> None:
    """Two processes and four threads take at the same instant: the turns are exactly those of one queue."""
    url = pool.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", TAKE_MANY, url]
    processes = [subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda _: budgets.take("shared", 1, 2, 10), range(200)))
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 0
        waits += [float(text) for text in output.strip("[]\n").split(", ")]
    assert sorted(waits) == pytest.approx([max(0.0, (number - 10) / 2) for number in range(1, 401)])
