from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOSClient

from tests.durable.programs import World, defects, effects, program, write_defect
from trueup.base.clock import ManualClock, SystemClock
from trueup.durable.dbos_log import Connections, start_run
from trueup.durable.engine import OnDefect, Program, RunStatus
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import Registry, WorkerSettings
from trueup.durable.worker import dbos_client

SETTINGS = WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=0.1, most_takeovers=3)


@pytest.fixture
def engine(pool: sa.Engine, clock: ManualClock) -> Iterator[DbosEngine[World]]:
    """An engine that is not launched: it runs nothing."""
    engine = DbosEngine(pool, program(pool, clock), SETTINGS)
    yield engine
    engine.close()


def execute(pool: sa.Engine, statement: str, *parameters: object) -> None:
    with pool.begin() as connection:
        connection.exec_driver_sql(statement, parameters)


def die_with(pool: sa.Engine, *run_ids: str) -> None:
    """As a worker leaves it that was killed while it ran these."""
    execute(
        pool,
        "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = 'dead' WHERE workflow_uuid = ANY(%s)",
        list(run_ids),
    )
    execute(pool, "INSERT INTO durable.workers VALUES ('dead', 'test', 'here', 1, now(), now() - interval '1 hour')")


def take_over(pool: sa.Engine, sample: Program[World]) -> list[str]:
    client = dbos_client(pool)
    try:
        return sorted(Registry(Connections.of(pool), client, sample, SETTINGS).take_over())
    finally:
        client.destroy()


def statuses(engine: DbosEngine[World]) -> dict[str, str]:
    return {run.run_id: run.status.value for run in engine.runs()}


def test_only_a_run_that_does_not_get_on_is_given_up(
    pool: sa.Engine, clock: ManualClock, engine: DbosEngine[World]
) -> None:
    """Two runs are on board each time a worker dies; the one that reached a new checkpoint in between is innocent."""
    sample = program(pool, clock, on_defect=write_defect)
    for run in ("guilty", "innocent"):
        engine.start("repeated", run, 9)
    for death in range(3):
        execute(pool, "INSERT INTO durable.checkpoints VALUES ('innocent', %s, 'step', '{}', now())", death)
        assert set(statuses(engine).values()) == {RunStatus.WAITING}
        die_with(pool, "guilty", "innocent")
        assert take_over(pool, sample) == ["guilty", "innocent"]
    assert statuses(engine) == {"guilty": "poisoned", "innocent": "waiting"}
    assert [run for run, _ in defects(pool)] == ["guilty"]
    engine.retry("guilty")
    assert statuses(engine)["guilty"] == "waiting"


def test_a_broken_hook_does_not_stop_takeovers(pool: sa.Engine, clock: ManualClock, engine: DbosEngine[World]) -> None:
    """A mistake in `on_defect` undoes what the hook did and nothing else."""

    def broken(connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
        write_defect(connection, run_id, flow, args, error)
        raise ValueError("a mistake in the hook")

    hook: OnDefect = broken
    engine.start("repeated", "A", 9)
    for _ in range(3):
        die_with(pool, "A")
        take_over(pool, program(pool, clock, on_defect=hook))
    assert statuses(engine) == {"A": "poisoned"}
    assert defects(pool) == []


def test_what_is_stopped_while_it_is_put_back_stays_stopped(
    pool: sa.Engine, clock: ManualClock, engine: DbosEngine[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed as running by a worker that died, and stopped by a person before it is handed on: DBOS itself would have it go on."""
    for run in ("A", "B"):
        engine.start("repeated", run, 1)
    die_with(pool, "A", "B")
    listing = DBOSClient.list_workflows
    asked: list[object] = []

    def listed(client: DBOSClient, **wanted: Any) -> Any:
        found = listing(client, **wanted)
        if wanted.get("status") == "PENDING" and not asked:
            asked.append(wanted)
            engine.cancel("A")
        return found

    monkeypatch.setattr(DBOSClient, "list_workflows", listed)
    assert take_over(pool, program(pool, clock)) == ["A", "B"]
    assert asked and statuses(engine) == {"A": "cancelled", "B": "waiting"}


def test_a_living_workers_runs_are_left_alone(pool: sa.Engine, clock: ManualClock, engine: DbosEngine[World]) -> None:
    """A heartbeat within the limit keeps its runs; nobody else takes them."""
    engine.start("repeated", "A", 1)
    die_with(pool, "A")
    execute(pool, "UPDATE durable.workers SET beat_at = now() - interval '14 seconds'")
    assert take_over(pool, program(pool, clock)) == []
    assert statuses(engine) == {"A": "running"}


def test_a_claim_whose_answer_was_lost_is_run_after_all(pool: sa.Engine) -> None:
    """DBOS says that this worker runs it, the worker knows nothing of it: it is put back and done."""
    engine = DbosEngine(pool, program(pool, SystemClock()), SETTINGS)
    engine.start("repeated", "A", 1)
    own = SETTINGS.executor_id
    claim = "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = %s, started_at_epoch_ms = 0"
    execute(
        pool, claim + ", application_version = 'mislaid'", own
    )  # a version that DBOS itself does not recover at launch
    execute(pool, "UPDATE dbos.workflow_status SET recovery_attempts = 1")
    engine.launch()
    try:
        execute(pool, "UPDATE dbos.workflow_status SET application_version = NULL")
        engine.settle()
    finally:
        engine.close()
    assert effects(pool) == [("A", "0")]


def start_as_before(pool: sa.Engine, run: str, state: str) -> None:
    """As the version did that gave each of our queues one of DBOS's."""
    with pool.begin() as connection:
        start_run(connection, "default", "print_label", run, f'["{run}"]')
        connection.exec_driver_sql(
            f"UPDATE dbos.workflow_status SET queue_name = 'default', queue_partition_key = NULL, {state}"
            " WHERE workflow_uuid = %s",
            (run,),
        )


def test_runs_that_an_earlier_version_queues_are_worked_on(pool: sa.Engine) -> None:
    """What its workers left is done, and what they put there later, running beside ours: waiting, put off, or under way
    as they died."""
    engine = DbosEngine(pool, program(pool, SystemClock()), SETTINGS)
    start_as_before(pool, "A", "status = 'ENQUEUED'")
    engine.launch()
    try:
        engine.settle()
        assert effects(pool) == [("A", "label")]
        start_as_before(pool, "B", "status = 'ENQUEUED'")
        start_as_before(pool, "C", "status = 'DELAYED', delay_until_epoch_ms = 1")
        start_as_before(pool, "D", "status = 'PENDING', executor_id = 'dead'")
        execute(pool, "INSERT INTO durable.workers VALUES ('dead', 'old', 'here', 1, now(), now() - interval '1 hour')")
        engine.settle()
        assert effects(pool) == [(run, "label") for run in "ABCD"]
    finally:
        engine.close()
