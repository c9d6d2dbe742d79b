"""Flows for the tests of durable work: a small order path whose database effects and remote calls can be counted."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import Clock
from trueup.base.errors import NotFound, Rejected, Throttled
from trueup.durable.engine import OnDefect, Program, ignore_defects
from trueup.durable.flow import Context, Flow, Transaction


def nothing(label: str) -> None:
    """A transport that counts no effects."""


@dataclass
class World:
    """What the flows are given: a "remote system" (a table written outside of any commit) and switches for the tests."""

    engine: sa.Engine
    count_effect: Callable[[str], None] = nothing
    broken: set[str] = field(default_factory=set)
    seen: list[Any] = field(default_factory=list)
    pause_seconds: float = 0.0

    def call(self, run: str, label: str) -> None:
        """One request to the remote system, as a transport makes it."""
        self.count_effect(f"before {label}")
        time.sleep(self.pause_seconds)
        with self.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO calls VALUES (%s, %s)", (run, label))
        self.count_effect(f"after {label}")


Tx = Transaction[World]
Flowing = Context[World]


def create_tables(engine: sa.Engine) -> None:
    """Tables for effects of commits, for calls to the remote system, and for what `on_defect` was told."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE effects (run text, label text)")
        connection.exec_driver_sql("CREATE TABLE calls (run text, label text)")
        connection.exec_driver_sql("CREATE TABLE defects (run text, flow text, args text, error text)")


def effects(engine: sa.Engine) -> list[tuple[str, str]]:
    """All effects of commits, sorted: one that happened twice is there twice."""
    return _rows(engine, "SELECT run, label FROM effects ORDER BY run, label")


def calls(engine: sa.Engine) -> list[tuple[str, str]]:
    """All calls to the remote system, sorted."""
    return _rows(engine, "SELECT run, label FROM calls ORDER BY run, label")


def defects(engine: sa.Engine) -> list[tuple[str, str]]:
    """What `on_defect` was told: run and error."""
    return _rows(engine, "SELECT run, error FROM defects ORDER BY run, error")


def write_defect(connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
    """An OnDefect that writes a row in the transaction it is given."""
    connection.exec_driver_sql("INSERT INTO defects VALUES (%s, %s, %s, %s)", (run_id, flow, str(list(args)), error))


def _rows(engine: sa.Engine, query: str) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]


def write(tx: Tx, run: str, label: str) -> None:
    tx.connection.exec_driver_sql("INSERT INTO effects VALUES (%s, %s)", (run, label))


def reserve(tx: Tx, order: str) -> dict[str, object]:
    write(tx, order, "reserved")
    return {"order": order, "lines": (1, 2)}


def send(world: World, order: str) -> str:
    world.call(order, "send")
    return f"receipt of {order}"


def note_sent(tx: Tx, order: str, receipt: str, moment: str) -> None:
    write(tx, order, f"sent with {receipt} at {moment}")
    tx.start("print_label", f"label:{order}", order)
    tx.at(tx.now + timedelta(days=1), "check", f"check:{order}:1", order, 1)


def order_path(c: Flowing, order: str) -> str:
    """Reserve, send, note: then a label at once and a check each day."""
    started = c.now()
    reserved = c.commit(reserve, order)
    assert reserved == {"order": order, "lines": [1, 2]}  # JSON's list, on the first run too
    receipt = c.step(send, order)
    c.commit(note_sent, order, receipt, started.isoformat())
    return receipt


def print_label(c: Flowing, order: str) -> None:
    c.commit(write, c.run_id, "label")


def read_back(world: World, order: str, round_: int) -> str:
    world.call(order, f"read {round_}")
    if round_ == 1:
        raise Throttled(f"{order} throttled", retry_after_seconds=7.5)
    if round_ == 2:
        raise Rejected(f"{order} rejected", code="E42")
    return "landed"


def ask_again(tx: Tx, order: str, round_: int, why: str) -> None:
    write(tx, order, why)
    tx.at(tx.now + timedelta(days=1), "check", f"check:{order}:{round_ + 1}", order, round_ + 1)


def refuse(tx: Tx, order: str) -> None:
    write(tx, order, "must never be seen")
    tx.start("print_label", f"never:{order}", order)
    raise NotFound(f"nothing to close for {order}")


def check(c: Flowing, order: str, round_: int) -> None:
    """Ask whether it landed; what is thrown is an outcome, the same on replay."""
    try:
        answer = c.step(read_back, order, round_)
    except Throttled as error:
        c.commit(ask_again, order, round_, f"throttled {error.retry_after_seconds} {error.maybe_applied}")
        return
    except Rejected as error:
        c.commit(ask_again, order, round_, f"rejected {error.code}: {error}")
        return
    try:
        c.commit(refuse, order)
    except NotFound as error:
        c.commit(write, order, f"{answer}, {error}")


def repeated(c: Flowing, times: int) -> None:
    """`times` steps and commits in turn."""
    for k in range(times):
        c.step(touch, c.run_id, k)
        c.commit(write, c.run_id, str(k))


def touch(world: World, run: str, k: int) -> None:
    world.call(run, str(k))


def die(world: World, run: str) -> None:
    world.call(run, "die")
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(c: Flowing) -> None:
    """Kills the worker that runs it, each time."""
    c.commit(write, c.run_id, "before")
    c.step(die, c.run_id)


def fail_if_broken(world: World, run: str) -> str:
    if run in world.broken:
        raise ZeroDivisionError(f"{run} is broken")
    return "whole"


def fragile(c: Flowing) -> None:
    """Fails while the world is broken, and swallows what it must not."""
    try:
        c.step(read_back, c.run_id, 2)
    except Rejected as error:
        world_saw = [type(error).__name__, str(error), error.code, error.maybe_applied]
        c.commit(write, c.run_id, f"saw {world_saw}")
    try:
        c.step(fail_if_broken, c.run_id)
    except Exception:  # a defect: the engine must fail the run all the same
        return
    c.commit(write, c.run_id, "mended")


def program(
    engine: sa.Engine, clock: Clock, *, on_defect: OnDefect = ignore_defects, without: Sequence[str] = ()
) -> Program[World]:
    """All flows of this page."""
    functions = (order_path, print_label, check, repeated, deadly, fragile)
    flows = [Flow[World](function.__name__, function) for function in functions if function.__name__ not in without]
    return Program(World(engine), flows, clock, on_defect)
