"""A person calls off a retry whose run waits, and the program that did it dies before the run is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.durable.programs import create_tables, effects, write
from tests.workflows.installation import LAMP, install
from trueup.base.clock import ManualClock, SystemClock
from trueup.base.errors import Conflict
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.durable.dbos_log import DbosTransaction
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Context, Flow
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.tables import TIMERS
from trueup.durable.takeover import WorkerSettings
from trueup.storage.cases import load_case, open_case
from trueup.storage.database import Database
from trueup.workflows.preview_case import Decision, resolve_each
from trueup.workflows.recall_retry import recall_retry
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import World

BO = Person("Bo", frozenset({Role.ADMIN}))


@contextmanager
def retried(database: Database, clock: ManualClock) -> Iterator[tuple[DbosEngine[World], DbosTransaction[World], int]]:
    """An engine that works on nothing yet, a transaction, and a case whose retry waits for a worker."""
    create_tables(database.engine)

    def charged(c: Context[World], *_: object) -> None:
        c.commit(lambda tx: write(tx, c.run_id, "done"))  # type: ignore[arg-type]

    draft = CaseDraft(
        "charge.overcharged", "charge amazon-us/P-1 line 1", "Charged too much", "1.00 USD", "2.00 USD",
        Money(100, "USD"), None, "finance", (Resolution.RETRY, Resolution.DISMISS),
    )  # fmt: skip
    with install(database, clock, LAMP) as here, database.engine.connect() as connection:
        program = Program(here.world, [Flow("check_charges", charged)], clock)
        # It stops nobody but when it is told to, as the asker that died would have.
        engine = DbosEngine(database.engine, program, WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=60))
        try:
            connection.execute(sa.delete(TIMERS))  # of what goes round
            case = open_case(connection, draft, clock.now())
            connection.commit()
            [outcome] = engine.act(lambda tx: resolve_each(tx, [Decision(case, Resolution.RETRY)], BO))
            assert outcome.queued and engine.fire_due() == 1
            yield engine, DbosTransaction(connection, here.world, clock.now(), program), case
        finally:
            engine.close()


def test_what_was_called_off_does_not_begin(database: Database, clock: ManualClock) -> None:
    """The case is open and its acts say "called off": no worker does it in the moment until the run is stopped."""
    with retried(database, clock) as (engine, tx, case):
        recall_retry(tx, case, BO)
        engine.launch()
        while not engine.runs(status=RunStatus.RUNNING):
            SystemClock().sleep(0.01)
        SystemClock().sleep(0.3)
        assert effects(database.engine) == [], "it waits for who calls it off"
        tx.connection.commit()
        SystemClock().sleep(0.3)
        assert engine.mend_asked() == 1
        engine.settle()
        assert [run.status for run in engine.runs()] == [RunStatus.CANCELLED] and effects(database.engine) == []
        assert load_case(tx.connection, case).state.value == "open"


def test_what_was_called_off_is_done_when_it_is_retried_again(database: Database, clock: ManualClock) -> None:
    """The run that was called off is not begun again under its id: the second retry has one of its own."""
    with retried(database, clock) as (engine, _, case):
        engine.act(lambda tx: recall_retry(tx, case, BO))
        clock.advance(timedelta(minutes=1))
        [outcome] = engine.act(lambda tx: resolve_each(tx, [Decision(case, Resolution.RETRY)], BO))
        assert outcome.queued and engine.fire_due() == 1
        engine.launch()
        engine.settle()
        assert sorted(run.status for run in engine.runs()) == [RunStatus.CANCELLED, RunStatus.DONE]
        assert len(effects(database.engine)) == 1


def test_what_waits_again_is_not_called_off(database: Database, clock: ManualClock) -> None:
    """A worker took it up and died: some of it is done, though it waits for another."""
    with retried(database, clock) as (_, tx, case):
        done = "INSERT INTO durable.checkpoints SELECT workflow_uuid, 0, 'commit charged', '{\"ok\":null}', now()"
        tx.connection.exec_driver_sql(f"{done} FROM dbos.workflow_status")
        with pytest.raises(Conflict, match="has begun already"):
            recall_retry(tx, case, BO)
