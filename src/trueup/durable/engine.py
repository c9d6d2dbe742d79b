"""What the application, the command line and the API see of durable work: start, look, retry, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, TypeVarTuple

import sqlalchemy as sa

from trueup.base.clock import Clock
from trueup.base.errors import ConfigurationError
from trueup.durable.flow import Flow, Json, R, Transaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

OnDefect: TypeAlias = Callable[[sa.Connection, str, str, Sequence[Any], str], None]
"""`(connection, run_id, flow, args, error)`: called once a failed or poisoned run, in the transaction that marks it."""


class RunStatus(StrEnum):
    """Where a run stands."""

    TIMED = "timed"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    POISONED = "poisoned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `since` is when it took this status (for a timer: when it is due).

    `attempts` counts its starts since it last got on.
    """

    run_id: str
    flow: str
    status: RunStatus
    attempts: int
    error: str
    since: datetime


def ignore_defects(connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
    """An OnDefect for programs that look at `runs` alone."""


@dataclass(frozen=True)
class Program(Generic[R]):
    """What an engine runs: flows, the resources they are given, the clock, and whom to tell of a run that failed."""

    resources: R
    flows: Sequence[Flow[R]]
    clock: Clock
    on_defect: OnDefect = ignore_defects
    by_name: Mapping[str, Flow[R]] = field(init=False)

    def __post_init__(self) -> None:
        by_name = {flow.name: flow for flow in self.flows}
        if len(by_name) != len(self.flows):
            raise ConfigurationError(
                "Two flows have the same name: found " + ", ".join(flow.name for flow in self.flows)
            )
        object.__setattr__(self, "by_name", by_name)

    def flow(self, name: str) -> Flow[R]:
        """The flow of that name. Raises ConfigurationError when there is none."""
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise ConfigurationError(f"Flow {name!r} is unknown: expected one of {known}.")
        return self.by_name[name]


class Engine(Protocol[R]):
    """Runs flows so that each commit happens once whatever crashes."""

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        """Start a run now; nothing happens when `run_id` was started before."""
        ...

    def start_in(self, connection: sa.Connection, flow: str, run_id: str, *args: Json) -> None:
        """Start a run if and only if the caller's transaction commits."""
        ...

    def act(self, fn: Callable[[Transaction[R], *Ts], T], *args: *Ts) -> T:
        """Call a commit function outside any flow, because a person acts: one transaction, its starts and timers included."""
        ...

    def runs(self, *, status: RunStatus | None = None, flow: str = "", limit: int = 100) -> list[Run]:
        """Runs and timers, the latest change first."""
        ...

    def retry(self, run_id: str) -> None:
        """Continue a failed, poisoned or cancelled run after its last good checkpoint. Raises NotFound, Conflict."""
        ...

    def cancel(self, run_id: str) -> None:
        """Stop a run before its next step, or forget its timer. Raises NotFound, Conflict."""
        ...

    def mend_asked(self) -> int:
        """Do what transactions asked of runs (`Transaction.mend`) and is not done yet, as a worker does by itself; how many."""
        ...

    def close(self) -> None:
        """Stop running flows; what is unfinished continues elsewhere or at the next launch."""
        ...
