"""The Context that both engines give to flows: replay what is recorded, do the rest, refuse a flow that changed its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple

from trueup.base.clock import Clock
from trueup.durable.flow import R, Transaction
from trueup.durable.outcomes import outcome_of, revealed, written_result

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Replay(BaseException):
    """The log may know more than this execution does (lost connection, another owner): start again from the log.

    Not an Exception, so that no flow can catch it.
    """


class Abandoned(BaseException):
    """The engine is closing, the run is another worker's now, or is to stop: stop without an outcome. No flow may catch it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One recorded outcome of a run."""

    position: int
    name: str
    outcome: str
    at: datetime
    tally: str | None = None
    """What the commit counted, as `written_tallies` writes it."""


class Log(Protocol[R]):
    """Where an engine keeps the checkpoints of one run."""

    @property
    def run_id(self) -> str: ...

    @property
    def resources(self) -> R: ...

    @property
    def clock(self) -> Clock: ...

    def load(self) -> Sequence[Checkpoint]:
        """All checkpoints of the run, by position. Raises Replay or Abandoned when it is asked to stop, as all below."""
        ...

    def before_effect(self, name: str) -> None:
        """Called before a step is done. Raises Abandoned when the engine is closing, Replay when the run is not ours any more."""
        ...

    def passes(self, error: Exception) -> bool:
        """Whether it is the database's state of the moment and no defect: the same may succeed later."""
        ...

    def append(self, checkpoint: Checkpoint) -> None:
        """Record durably. Raises Replay when the position is taken or the run is not ours any more."""
        ...

    def commit(
        self, position: int, name: str, work: Callable[[Transaction[R]], Any], pending: Sequence[Checkpoint]
    ) -> Checkpoint:
        """Do `work`, record `pending` and its outcome, all in one transaction; a TrueupError keeps the records alone.

        Raises Replay like `append`.
        """
        ...


class RunContext(Generic[R]):
    """A flow's Context over a Log.

    `now()` needs no checkpoint of its own when one came before it: it is that one's time. A run's first words being
    `now()`, the time is recorded together with the next commit, or before the next step.
    """

    def __init__(self, log: Log[R]) -> None:
        self._log = log
        self._recorded = log.load()
        self._pending: list[Checkpoint] = []
        self._position = 0
        self._latest: datetime | None = None
        self._defect: Exception | None = None

    @property
    def run_id(self) -> str:
        return self._log.run_id

    def step(self, fn: Callable[[R, *Ts], T], *args: *Ts) -> Any:
        name = f"step {fn.__name__}"
        found = self._replayed(name)
        if found is None:
            self._write_pending()
            found = self._guarded(lambda: self._do_step(name, fn, args))
        return self._passed(found)

    def commit(self, fn: Callable[[Transaction[R], *Ts], T], *args: *Ts) -> Any:
        name = f"commit {fn.__name__}"
        found = self._replayed(name)
        if found is None:
            pending, self._pending = self._pending, []
            found = self._guarded(lambda: self._log.commit(self._position, name, lambda tx: fn(tx, *args), pending))
        return self._passed(found)

    def now(self) -> datetime:
        if self._latest is not None:
            return self._latest
        found = self._replayed("now")
        if found is None:
            found = Checkpoint(self._position, "now", written_result(None, "now"), self._log.clock.now())
            self._pending.append(found)
        self._position += 1
        self._latest = found.at
        return found.at

    def run(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Run a flow to its end. Raises what it raised, and a defect even when the flow swallowed it."""
        result = function(self, *args)
        if self._defect is not None:
            raise self._defect
        return revealed(written_result(result, f"Result of {self.run_id}"))

    def _do_step(self, name: str, fn: Callable[..., Any], args: Sequence[Any]) -> Checkpoint:
        self._log.before_effect(name)
        outcome = outcome_of(lambda: fn(self._log.resources, *args), f"{name} of {self.run_id}")
        checkpoint = Checkpoint(self._position, name, outcome, self._log.clock.now())
        self._log.append(checkpoint)
        return checkpoint

    def _replayed(self, name: str) -> Checkpoint | None:
        if self._defect is not None:
            raise self._defect
        if self._position >= len(self._recorded):
            return None
        found = self._recorded[self._position]
        if found.name != name or found.position != self._position:
            where = f"Run {self.run_id}, position {self._position}"
            self._defect = RuntimeError(
                f"{where}: recorded was {found.name!r}, the flow now does {name!r}. A flow must take the same way on every "
                "replay; give a changed flow a new name while runs of the old one are unfinished."
            )
            raise self._defect
        return found

    def _guarded(self, effect: Callable[[], Checkpoint]) -> Checkpoint:
        try:
            return effect()
        except Exception as error:
            if self._log.passes(error):
                raise Replay(self.run_id) from error
            self._defect = error
            raise

    def _passed(self, checkpoint: Checkpoint) -> Any:
        self._position += 1
        self._latest = checkpoint.at
        return revealed(checkpoint.outcome)

    def _write_pending(self) -> None:
        for checkpoint in self._pending:
            self._log.append(checkpoint)
        self._pending = []
