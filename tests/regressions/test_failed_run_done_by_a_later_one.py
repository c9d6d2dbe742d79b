"""A run failed with a defect, and its work was done after all: by a later run of the same key, or by itself when it was retried."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from tests.workflows.installation import LAMP, install
from tests.workflows.scenes import CALM
from trueup.base.clock import ManualClock
from trueup.durable.engine import Program
from trueup.durable.flow import Flow
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings
from trueup.storage.database import Database
from trueup.workflows.mend_runs import close_mended
from trueup.workflows.watch import note_defect
from trueup.workflows.world import Flowing, World


def test_what_was_done_after_all_is_no_case_any_more(database: Database, clock: ManualClock) -> None:
    """Its case closes; that of a run of another key, of another piece of a job, and of one that failed since, stay."""
    broken = {"on"}

    def work(c: Flowing, number: int) -> None:
        if broken:
            raise KeyError("a defect")
        c.commit(lambda tx: None)

    def tell(connection: sa.Connection, run_id: str, flow: str, args: Any, words: str) -> None:
        note_defect(connection, clock.now(), run_id, flow, words)

    with install(database, clock, LAMP, pace=CALM) as here:
        program = Program(here.world, (Flow[World]("work", work, "proofs"),), clock, tell)
        settings = WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=0.2, dead_after_seconds=5)
        engine = DbosEngine(database.engine, program, settings)
        engine.launch()

        def run(*run_ids: str) -> None:
            for run_id in run_ids:
                engine.start("work", run_id, 1)
            wait()

        def wait() -> None:
            while any(each.status.value not in ("done", "failed") for each in engine.runs(flow="work")):
                time.sleep(0.02)

        def failed() -> set[str]:
            return {each["subject"] for each in here.open_cases() if each["kind"] == "run.failed"}

        try:
            run("send:1:1", "send:2:1", "send:12:1", "job:7:1")
            assert failed() == {"run send:1:1", "run send:2:1", "run send:12:1", "run job:7:1"}
            broken.clear()
            run("send:1:2", "job:7:2")
            engine.retry("send:2:1")
            wait()
            engine.act(close_mended)
            assert failed() == {"run send:12:1", "run job:7:1"}
            broken.add("on")
            run("send:1:3")
            engine.act(close_mended)
            assert failed() == {"run send:12:1", "run job:7:1", "run send:1:3"}
        finally:
            engine.close()
