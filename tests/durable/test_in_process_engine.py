from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.durable.programs import (
    Flowing,
    Tx,
    World,
    calls,
    defects,
    effects,
    program,
    reserve,
    send,
    write,
    write_defect,
)
from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, Conflict, NotFound
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Flow
from trueup.durable.in_process import Crashed, InProcessEngine
from trueup.durable.simulated import run_until

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
END = START + timedelta(days=10)


def clear(pool: sa.Engine) -> None:
    with pool.begin() as connection:
        connection.exec_driver_sql("TRUNCATE effects, calls, defects, durable.timers")


def run_orders(pool: sa.Engine, crashes: list[int]) -> tuple[InProcessEngine[World], int]:
    """Two orders through ten days, killed at each of `crashes` (effects counted on from the last); how often it died."""
    clock, died = ManualClock(START), 0
    sample = program(pool, clock)
    engine = InProcessEngine(pool, sample, crash_at=crashes[0] if crashes else None)
    sample.resources.count_effect = engine.count_effect
    for order in ("A", "B"):
        engine.start("order_path", order, order)
    left = crashes[1:]
    while True:
        try:
            if died:
                engine.resume(engine.effects + left.pop(0) if left else None)
            run_until(engine, clock, END)
            return engine, died
        except Crashed:
            died += 1


def test_killed_at_every_effect_it_ends_as_if_nothing_had_happened(pool: sa.Engine) -> None:
    """Whatever the effect at which the program dies, commits happened once, calls at most twice, the end is the same."""
    engine, _ = run_orders(pool, [])
    expected, expected_calls = effects(pool), calls(pool)
    ended = [(run.run_id, run.status, run.since) for run in engine.runs()]
    assert len(expected) == 12 and set(Counter(expected).values()) == {1}
    for crash_at in range(1, engine.effects + 1):
        clear(pool)
        crashed, died = run_orders(pool, [crash_at])
        assert died == 1
        assert effects(pool) == expected, f"killed at effect {crash_at}"
        repeated = Counter(calls(pool)) - Counter(expected_calls)
        assert set(calls(pool)) == set(expected_calls) and sum(repeated.values()) <= 1
        assert [(run.run_id, run.status, run.since) for run in crashed.runs()] == ended


def test_an_effect_has_one_name_whatever_was_killed_before(pool: sa.Engine) -> None:
    """Killed at every third effect of one run, by name, it comes to the same effects: the same names, and no others."""

    def live(doomed: set[str]) -> list[str]:
        clear(pool)
        clock, met = ManualClock(START), list[str]()
        sample = program(pool, clock)
        engine = InProcessEngine(pool, sample)
        sample.resources.count_effect = engine.count_effect

        def fate(name: str) -> bool:
            dies = name in doomed and name not in met
            met.append(name)
            return dies

        engine.fate = fate
        engine.start("order_path", "A", "A")
        while True:
            try:
                engine.resume()
                run_until(engine, clock, END)
                return met
            except Crashed:
                continue

    names = live(set())
    expected = effects(pool)
    assert len(set(names)) == len(names)
    again = live(set(names[::3]))
    assert effects(pool) == expected
    assert set(again) == set(names) and len(again) > len(names)


def test_killed_again_while_it_replays(pool: sa.Engine) -> None:
    """A second crash, some effects after the first, changes nothing either."""
    engine, _ = run_orders(pool, [])
    expected = effects(pool)
    for first in range(1, engine.effects + 1, 5):
        clear(pool)
        _, died = run_orders(pool, [first, 1, 2])
        assert died == 3 or first + 3 > engine.effects
        assert effects(pool) == expected


def test_days_pass_in_a_moment(pool: sa.Engine) -> None:
    """Timers fire in order at their virtual time, and the clock ends where it was sent."""
    clock = ManualClock(START)
    engine = InProcessEngine(pool, program(pool, clock))
    engine.start("order_path", "A", "A")
    jumps = run_until(engine, clock, END)
    done = [(run.run_id, run.since - START) for run in reversed(engine.runs())]
    assert done[-3:] == [(f"check:A:{day}", timedelta(days=day)) for day in (1, 2, 3)]
    assert (jumps, clock.now()) == (3, END)


def test_the_clock_stops_where_the_world_does_something(pool: sa.Engine) -> None:
    """A simulator's own events are stops on the way, in order with the timers; those after the end are not reached."""
    clock = ManualClock(START)
    engine = InProcessEngine(pool, program(pool, clock))
    world = [START + timedelta(hours=hours) for hours in (1, 30, 24 * 11)]
    engine.act(lambda tx: tx.at(START + timedelta(days=1), "print_label", "A", "A"))
    seen = []

    def next_event() -> datetime | None:
        seen.append(clock.now())
        return next((event for event in world if event > clock.now()), None)

    assert run_until(engine, clock, END, next_event) == 3
    assert seen == [START, START + timedelta(hours=1), START + timedelta(days=1), START + timedelta(hours=30)]


def test_a_flow_that_changed_its_way_fails_with_a_sentence(pool: sa.Engine, clock: ManualClock) -> None:
    """A replay that meets another step than the recorded one is a defect, not a guess."""
    way = ["first"]

    def flow(c: Flowing) -> None:
        if way[0] == "first":
            c.step(send, "A")
        else:
            c.commit(reserve, "A")
        c.commit(write, "A", "end")

    engine = InProcessEngine(pool, Program(World(pool), [Flow[World]("flow", flow)], clock), crash_at=3)
    engine.start("flow", "A")
    with pytest.raises(Crashed):
        engine.settle()
    way[0] = "second"
    with pytest.raises(
        RuntimeError, match="Run A, position 0: recorded was 'step send', the flow now does 'commit reserve'"
    ):
        engine.resume()
    assert effects(pool) == []


def test_a_swallowed_defect_still_fails_the_run(pool: sa.Engine, clock: ManualClock) -> None:
    """A flow cannot hide a defect; whoever is told of it is told once, and a retry goes on behind the last good checkpoint."""
    sample = program(pool, clock, on_defect=write_defect)
    sample.resources.broken.add("A")
    engine = InProcessEngine(pool, sample)
    engine.start("fragile", "A")
    engine.settle()
    assert [(run.status, run.error) for run in engine.runs()] == [(RunStatus.FAILED, "ZeroDivisionError: A is broken")]
    assert defects(pool) == [("A", "ZeroDivisionError: A is broken")]
    sample.resources.broken.clear()
    engine.retry("A")
    engine.settle()
    assert effects(pool) == [("A", "mended"), ("A", "saw ['Rejected', 'A rejected', 'E42', False]")]
    assert calls(pool) == [("A", "read 2")]
    with pytest.raises(Conflict, match="Run A is done"):
        engine.retry("A")


def test_time_is_recorded(pool: sa.Engine) -> None:
    """A replay an hour later sees the times of the first run, also when the time is the first thing a flow asks for."""
    clock, seen = ManualClock(START), list[list[datetime]]()

    def flow(c: Flowing) -> None:
        times = [c.now()]
        seen.append(times)
        c.step(send, "A")
        times.append(c.now())
        c.commit(reserve, "A")
        times.append(c.now())

    for crash_at in (2, 3, 4):
        sample = Program(World(pool), [Flow[World]("flow", flow)], clock)
        engine = InProcessEngine(pool, sample, crash_at=crash_at)
        engine.start("flow", f"run {crash_at}")
        began = clock.now()
        with pytest.raises(Crashed):
            engine.settle()
        clock.sleep(3600)
        engine.resume()
        first, second = seen[-2:]
        assert first == second[: len(first)] and first[0] == began


def test_what_is_not_json_is_a_defect(pool: sa.Engine, clock: ManualClock) -> None:
    """A step that returns what JSON cannot hold fails the run and names the step."""

    def fetch(world: World) -> object:
        return object()

    def flow(c: Flowing) -> None:
        c.step(fetch)

    engine = InProcessEngine(pool, Program(World(pool), [Flow[World]("flow", flow)], clock))
    engine.start("flow", "A")
    with pytest.raises(TypeError, match="step fetch of A: expected None, bool, int, str, list or dict"):
        engine.settle()


def test_starts_and_timers_share_the_fate_of_their_transaction(pool: sa.Engine, clock: ManualClock) -> None:
    """What a person's act starts is there exactly when the act is; an unknown flow is refused before anything happens."""
    engine = InProcessEngine(pool, program(pool, clock))

    def act(tx: Tx, fail: bool) -> None:
        write(tx, "act", "done")
        tx.start("print_label", "label:A", "A")
        tx.at(tx.now + timedelta(days=1), "check", "check:A", "A", 3)
        if fail:
            raise NotFound("no")

    with pytest.raises(NotFound):
        engine.act(act, True)
    assert engine.runs() == [] and effects(pool) == []
    with pool.connect() as connection:
        engine.start_in(connection, "print_label", "label:B", "B")
        connection.rollback()
        engine.start_in(connection, "print_label", "label:C", "C")
        connection.commit()
    engine.act(act, False)
    engine.settle()
    assert effects(pool) == [("act", "done"), ("label:A", "label"), ("label:C", "label")]
    assert [run.run_id for run in engine.runs(status=RunStatus.TIMED)] == ["check:A"]
    engine.cancel("check:A")
    assert engine.next_due() is None
    with pytest.raises(ConfigurationError, match="Flow 'nonsense' is unknown: expected one of check,"):
        engine.start("nonsense", "x")
