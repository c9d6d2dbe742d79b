"""A person stops a run that works on an order."""

from __future__ import annotations

import sqlalchemy as sa

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.domain.cases import Role
from trueup.durable.engine import Program, RunStatus
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings
from trueup.storage import order_runs, orders
from trueup.storage.database import Database
from trueup.workflows.mend_runs import cancel_run
from trueup.workflows.resolve_case import Person


def test_the_order_of_a_cancelled_run_is_worked_on_again(database: Database, clock: ManualClock) -> None:
    """Else every later run would wait for it for ever, the fallback before the deadline too."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        engine = DbosEngine(database.engine, Program(here.world, here.engine.program.flows, clock), WorkerSettings("1"))
        with database.transaction() as connection:
            order_id = connection.execute(sa.select(orders.orders.c.id)).scalar_one()
            run_id = f"acknowledge:{order_id}:77"
            engine.start("acknowledge_order", run_id, order_id)
            assert order_runs.take_lease(connection, order_id, run_id)
            assert not order_runs.take_lease(connection, order_id, "acknowledge:1:78")
        engine.act(cancel_run, run_id, Person("Ana", frozenset({Role.ADMIN})))
        assert [run.run_id for run in engine.runs(status=RunStatus.CANCELLED)] == [run_id]
        waiting = [run.run_id for run in engine.runs(flow="acknowledge_order") if run.status.value == "waiting"]
        engine.close()
        with database.transaction() as connection:
            assert order_runs.take_lease(connection, order_id, "deadline:1:1")
        assert len(waiting) == 1, "the run that asked meanwhile is called"
