"""A worker process: DBOS launched in it, a heartbeat, and the chores of takeover, timers and retention."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from trueup.base.errors import Conflict
from trueup.durable.context import Abandoned, Replay, RunContext
from trueup.durable.dbos_log import LOST_SECONDS, WORK_QUEUE, Connections, DbosLog, is_lost, start_run
from trueup.durable.dbos_mending import Mender
from trueup.durable.engine import Program
from trueup.durable.flow import Flow, R
from trueup.durable.mending import mend_asked
from trueup.durable.retention import delete_finished
from trueup.durable.takeover import Registry, WorkerSettings
from trueup.durable.timers import Timer, is_due_by, set_timer, take_due_timers

DBOS_NAME = "trueup"
DBOS_VERSION = "trueup"
"""One version for DBOS, whatever ours: see on_dbos."""
TIMER_POLL_SECONDS = 0.1
RETENTION_SECONDS = 3600.0
KEEP_GOING_SECONDS = 60.0
DUE_AT_ONCE = 100

_LOG = logging.getLogger(__name__)
_LAUNCHED = threading.Lock()


def dbos_client(engine: sa.Engine) -> DBOSClient:
    """DBOS's administration over the given pool: no program needed, nothing launched."""
    return DBOSClient(
        system_database_engine=engine,
        serializer=DBOSPortableJSONSerializer(),
        application_name=DBOS_NAME,
        lazy=True,
        retry_connection_errors=False,
    )


def prepare(engine: sa.Engine) -> None:
    """Create or upgrade DBOS's own tables (schema `dbos`); safe to call at every start, by several processes at once."""
    _quiet_dbos()
    DBOS.migrate(engine.url.render_as_string(hide_password=False))


def fire_due(connections: Connections, program: Program[Any]) -> int:
    """Turn timers due by the program's clock into runs, one transaction a hundred; how many."""
    fired = 0
    while True:
        with connections.transactions.begin() as connection:
            timers = take_due_timers(connection, program.clock.now(), DUE_AT_ONCE)
            for timer in timers:
                start_run(connection, timer.queue, timer.flow, timer.run_id, timer.args)
        fired += len(timers)
        if len(timers) < DUE_AT_ONCE:
            return fired


def keep_going(connections: Connections, program: Program[Any]) -> int:
    """Start what goes round and will not come round by itself: its chain broke, or the clock was set back; how many."""
    started = 0
    now = program.clock.now()
    with connections.transactions.begin() as connection:
        for flow in program.flows:
            if flow.every is None or is_due_by(connection, flow.name, now + 2 * flow.every):
                continue
            # One id for every worker that sees it.
            run_id = f"{flow.name}:kept {int(now.timestamp() // flow.every.total_seconds())}"
            set_timer(connection, Timer(run_id, now, flow.name, flow.queue, "[]"))
            started += 1
    return started


class Worker(Generic[R]):
    """Runs flows until closed. Its threads survive a database that goes away and go on when it is back."""

    def __init__(self, engine: sa.Engine, program: Program[R], settings: WorkerSettings) -> None:
        self._engine = engine
        self._program = program
        self._settings = settings
        self._connections = Connections.of(engine)
        self._client = dbos_client(engine)
        self._mender = Mender(self._connections, self._client)
        self._registry = Registry(self._connections, self._client, program, settings)
        self._closing = threading.Event()
        self._stopped = threading.Event()
        self._active: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def launch(self) -> None:
        """Start working. Raises Conflict when this process already has a launched engine."""
        if not _LAUNCHED.acquire(blocking=False):
            raise Conflict(
                "This process already runs a worker: expected one a process; close that one or start another process."
            )
        try:
            with self._connections.single.connect() as connection:
                self._registry.beat(connection)
            self._mend_asked()  # before anything is taken up that was to stop
            self._launch_dbos()
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            _LAUNCHED.release()
            raise
        for name, loop in (("heartbeat", self._keep_beating), ("chores", self._do_chores)):
            thread = threading.Thread(target=loop, name=f"durable-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Let each run finish the step it is in, stop, and leave the rest to the other workers."""
        self._closing.set()
        deadline = time.monotonic() + self._settings.close_seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._active, timeout=max(0.0, deadline - time.monotonic()))
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        DBOS.destroy(destroy_registry=True)
        try:
            self._registry.hand_over()
        except Exception:
            _LOG.warning(
                "Worker %s could not hand over; others will take over.", self._settings.executor_id, exc_info=True
            )
        self._client.destroy()
        _LAUNCHED.release()

    def _launch_dbos(self) -> None:
        settings = self._settings
        prepare(self._engine)
        # Before the launch: DBOS looks for queues once a second.
        self._client.register_queue(
            WORK_QUEUE,
            partition_worker_concurrency=settings.concurrency,
            polling_interval_sec=settings.poll_seconds,
        )
        DBOS(
            config={
                "name": DBOS_NAME,
                "system_database_engine": self._engine,
                "application_version": DBOS_VERSION,
                "executor_id": settings.executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "run_migrations": False,
                "log_level": "WARNING",
            }
        )
        DBOS.listen_queues([WORK_QUEUE])
        for flow in self._program.flows:
            DBOS.workflow(name=flow.name, max_recovery_attempts=None)(self._workflow(flow))
        DBOS.launch()

    def _workflow(self, flow: Flow[R]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            run_id = str(DBOS.workflow_id)
            with self._changed:
                self._active[run_id] += 1
            try:
                return self._run(flow, run_id, args)
            finally:
                with self._changed:
                    self._active -= Counter([run_id])
                    self._changed.notify_all()

        # DBOS knows a workflow by its function's name and wants each to be its own.
        run.__name__ = run.__qualname__ = flow.name
        return run

    def _run(self, flow: Flow[R], run_id: str, args: tuple[Any, ...]) -> Any:
        log = DbosLog(run_id, self._program, self._connections, self._settings.executor_id, self._closing)
        pause_seconds, longest_seconds = LOST_SECONDS
        while True:
            log.heed_closing("start")
            try:
                return RunContext(log).run(flow.function, args)
            except Replay as replay:
                if self._closing.wait(pause_seconds):
                    raise Abandoned(run_id) from None
                cause = replay.__cause__
                if cause is not None and pause_seconds < longest_seconds <= pause_seconds * 2:
                    # What the driver says, for SQLAlchemy's words show the parameters.
                    _LOG.warning("Run %s of %s waits: %s", run_id, flow.name, getattr(cause, "orig", None) or cause)
                pause_seconds = min(longest_seconds, pause_seconds * 2)
                if not self._still_ours(log):
                    raise Abandoned(run_id) from None
            except Exception as error:
                _LOG.exception("Run %s of %s failed.", run_id, flow.name)
                self._report(run_id, flow, args, error)
                raise

    def _running(self) -> list[str]:
        with self._changed:
            return list(self._active)

    def _still_ours(self, log: DbosLog[R]) -> bool:
        try:
            return log.is_ours()
        except Exception as error:
            if is_lost(error):
                return True  # not known: the next attempt asks again
            raise

    def _report(self, run_id: str, flow: Flow[R], args: tuple[Any, ...], error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        while not self._closing.is_set():
            try:
                self._registry.fail(run_id, flow.name, args, text)
                return
            except Exception as problem:
                if not is_lost(problem):
                    raise
            self._closing.wait(LOST_SECONDS[1])
        raise Abandoned(run_id)

    def _keep_beating(self) -> None:
        # On a connection of its own: a pool that is busy with runs must not make this worker look dead.
        while not self._stopped.is_set():
            with suppress(Exception), self._connections.single.connect() as connection:
                while not self._stopped.is_set():
                    self._registry.beat(connection)
                    self._stopped.wait(self._settings.heartbeat_seconds)
            self._stopped.wait(min(1.0, self._settings.heartbeat_seconds))

    def _do_chores(self) -> None:
        beat = self._settings.heartbeat_seconds
        chores: list[tuple[float, Callable[[], object]]] = [
            (TIMER_POLL_SECONDS, lambda: fire_due(self._connections, self._program)),
            (beat, self._mend_asked),
            (beat, self._registry.take_over),
            (beat, self._registry.adopt),
            (beat, lambda: self._registry.put_back(self._running())),
            (RETENTION_SECONDS, self._delete_finished),
            (KEEP_GOING_SECONDS, lambda: keep_going(self._connections, self._program)),
        ]
        next_times = [0.0] * len(chores)
        next_times[-1] = time.monotonic() + KEEP_GOING_SECONDS  # who starts a worker sets going what goes round
        while not self._stopped.wait(TIMER_POLL_SECONDS):
            for position, (every_seconds, chore) in enumerate(chores):
                if time.monotonic() < next_times[position]:
                    continue
                try:
                    chore()
                except Exception:
                    _LOG.warning(
                        "A chore of worker %s failed; it will be done again.", self._settings.executor_id, exc_info=True
                    )
                next_times[position] = time.monotonic() + every_seconds

    def _mend_asked(self) -> int:
        return mend_asked(self._connections.transactions, self._mender.mend)

    def _delete_finished(self) -> None:
        delete_finished(self._connections.transactions, self._client, self._settings.keep_finished_days)


def _quiet_dbos() -> None:
    # With a handler present DBOS adds no console handler of its own and its words go where the program's go.
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
