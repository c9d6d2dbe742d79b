"""The port that workflows are written against: a flow is a plain function of a Context; two engines run it.

    def acknowledge(c: Context[World], order_id: str) -> None:
        answer = c.commit(decide_and_reserve, order_id)       # database effects and checkpoint: exactly once, together
        try:
            receipt = c.step(send_acknowledgement, answer)    # a remote call: at least once
        except Rejected as error:                             # the same class and words on every replay
            return c.commit(open_case, order_id, str(error))
        c.commit(note_sent, order_id, receipt)                # its tx.at(...) asks for the next run

The rules, kept by both engines:

- A flow takes every decision from its arguments, from results of `step` and `commit`, and from `now()`; nothing else,
  so that a replay after a crash takes the same way. The steps of a run are known by their order and their function's name.
- `step` happens at least once: a crash between the remote's doing and our knowing repeats it, and so does a
  database that goes away in the middle, so find before you send.
- `commit` happens exactly once. It is run again from its start when the database asks for it (lost connection, deadlock),
  so nothing in it may leave the transaction.
- What a step or commit returns travels as JSON, on the first run too: a tuple arrives as a list, keys as text.
- A TrueupError raised inside is an outcome: recorded and raised again as the same class. A commit that raises one keeps
  none of its effects. Any other exception is a defect: the run fails and stays visible.
- No flow waits. It ends with a timer (`tx.at`) that starts the next run.
- A commit counts what it was given and what became of it (`tx.count`), for people: kept beside the outcome, seen by no flow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, TypeVarTuple

import sqlalchemy as sa

from trueup.durable.tally import Tally

R = TypeVar("R")
"""Resources: whatever the application hands to its flows (connectors, archive, settings)."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
"""What travels between steps and runs. Pass ids, not documents."""


class Mending(StrEnum):
    """What is asked of a run that is there."""

    GO_ON = "go-on"
    STOP = "stop"


@dataclass(frozen=True)
class Transaction(ABC, Generic[R]):
    """What a commit function works with: one open READ COMMITTED transaction that ends when the function returns."""

    connection: sa.Connection
    resources: R
    now: datetime
    """The engine's clock when the transaction began."""
    tallies: list[Tally] = field(default_factory=list, kw_only=True, compare=False)
    """What was counted so far."""
    mended: list[str] = field(default_factory=list, kw_only=True, compare=False)
    """The runs of which something is asked."""

    def count(self, tally: Tally) -> None:
        """Keep how many came in, went out and are held, with the checkpoint of this commit; outside a run it is kept nowhere.

        To be called of what the transaction keeps, not within a savepoint that may be taken back.
        """
        self.tallies.append(tally)

    @abstractmethod
    def start(self, flow: str, run_id: str, *args: Json) -> None:
        """That run starts if and only if this transaction commits. The same `run_id` starts once, for as long as the
        engine remembers finished runs.

        Raises ConfigurationError when no flow has that name.
        """

    @abstractmethod
    def at(self, due: datetime, flow: str, run_id: str, *args: Json) -> None:
        """That run starts when it is due by the engine's clock. A later call with the same `run_id` replaces the timer.

        Raises ConfigurationError when no flow has that name, Invalid for a time without a zone.
        """

    @abstractmethod
    def cancel(self, run_id: str) -> None:
        """Forget a timer that is not due yet. A run that has started is not touched."""

    @abstractmethod
    def mend(self, run_id: str, how: Mending) -> None:
        """That run goes on after its last good checkpoint, or stops before its next step, once this transaction has committed; then
        whatever becomes of who committed it. A run that is another by then is left alone."""


class Context(Protocol[R]):
    """What a flow works with."""

    @property
    def run_id(self) -> str:
        """The id this run was started with."""
        ...

    def step(self, fn: Callable[[R, *Ts], T], *args: *Ts) -> T:
        """`fn(resources, *args)`: a remote call. Raises again what TrueupError it raised."""
        ...

    def commit(self, fn: Callable[[Transaction[R], *Ts], T], *args: *Ts) -> T:
        """`fn(tx, *args)`: database effects and their checkpoint in one transaction. Raises again what TrueupError it raised."""
        ...

    def now(self) -> datetime:
        """The engine's clock, recorded: a replay sees the same time."""
        ...


@dataclass(frozen=True)
class Flow(Generic[R]):
    """A function that engines can run. `name` is kept in the database: it must outlive renamed functions."""

    name: str
    function: Callable[..., Any]
    """`function(context, *args)`; returns JSON or None."""
    queue: str = "default"
    """Flows of one queue share its workers; a slow remote system gets its own so that it starves nobody."""
    every: timedelta | None = None
    """Of a flow without arguments that goes round: workers start it when no timer says that it comes within twice as long."""
