"""A round fails with a defect, is lost, or is due when the clock stood days ahead: no worker is started anew for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from tests.workflows.crashing import alive
from tests.workflows.installation import LAMP, Installation, install, line
from tests.workflows.scenes import CALM, DAY, HOUR, MINUTE, rows, standing
from trueup.base.clock import ManualClock
from trueup.durable.dbos_log import Connections
from trueup.durable.worker import keep_going
from trueup.storage.database import Database
from trueup.workflows.watch import ensure_watch, note_defect

PACE = replace(CALM, products=HOUR)
ROUNDS = {"poll_orders": 2, "sync_products": 1, "watch": 1}


def _defective(name: str) -> bool:
    """Polls meet a defect; whoever is told of defects is told."""
    if name.startswith("poll:") and "step fetch_page" in name:
        raise KeyError("a defect")
    return False


@contextmanager
def _watched(database: Database, clock: ManualClock) -> Iterator[Installation]:
    with install(database, clock, LAMP, pace=PACE) as here:

        def tell(connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
            note_defect(connection, clock.now(), run_id, flow, error)

        here.engine.program = replace(here.engine.program, on_defect=tell)
        here.engine.act(ensure_watch)
        yield here


def _timed(here: Installation) -> dict[str, int]:
    found = rows(
        here,
        "SELECT flow, count(*) AS timers FROM durable.timers WHERE flow = ANY(:flows) GROUP BY flow",
        flows=list(ROUNDS),
    )
    return {row["flow"]: row["timers"] for row in found}


def test_polls_that_failed_with_a_defect_go_on_when_it_is_mended(database: Database, clock: ManualClock) -> None:
    """However often they failed it is one case a chain, which closes itself, and one chain of each afterwards."""
    with _watched(database, clock) as here:
        here.engine.fate = _defective
        number = here.order(line(LAMP, 4))
        here.pass_time(5 * HOUR)
        assert here.case_kinds(state="open").count("run.failed") == 2
        here.engine.fate = alive
        here.pass_time(HOUR)
        assert standing(here, number) == "accepted" and "run.failed" not in here.case_kinds()
        here.pass_time(3 * HOUR)
        assert _timed(here) == ROUNDS


def test_a_chain_that_is_lost_is_set_going_by_the_watch(database: Database, clock: ManualClock) -> None:
    """A person cancelled its timer, or its run vanished: within hours it goes on."""
    with _watched(database, clock) as here:
        here.pass_time(MINUTE)
        with database.transaction() as connection:
            connection.execute(sa.text("DELETE FROM durable.timers WHERE flow IN ('poll_orders', 'sync_products')"))
        number = here.order(line(LAMP, 4))
        here.pass_time(5 * HOUR)
        assert standing(here, number) == "accepted"
        assert _timed(here) == ROUNDS


def test_a_clock_that_is_set_back_by_days_stalls_nothing(database: Database, clock: ManualClock) -> None:
    """Every timer is due days later than its pace allows: a worker's chore starts the watch, and the watch pulls them in."""
    with _watched(database, clock) as here:
        here.pass_time(MINUTE)
        clock.move_to(clock.now() - 5 * DAY)
        here.pass_time(HOUR)
        assert _latest(here) > clock.now() + DAY
        assert keep_going(Connections.of(database.engine), here.engine.program) == 1
        here.pass_time(HOUR)
        assert clock.now() - HOUR <= _latest(here) <= clock.now()
        assert _timed(here) == ROUNDS
        assert keep_going(Connections.of(database.engine), here.engine.program) == 0


def _latest(here: Installation) -> Any:
    [found] = rows(here, "SELECT min(last_success_at) AS latest FROM trueup.sources WHERE name <> 'trueup'")
    return found["latest"]
