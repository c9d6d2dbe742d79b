"""Started runs: a transaction that remembers what it starts, so that a look says what is sent, and a person can call it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trueup.base.clock import write_instant
from trueup.durable.flow import Json, Mending, Transaction
from trueup.durable.timers import Timer, find_timers
from trueup.storage import deliveries, orders
from trueup.workflows.world import Tx, World


@dataclass(frozen=True, slots=True)
class Started:
    """A run that begins with a transaction: its flow, its id, and what it is about. `due`: it begins then, if not at once."""

    flow: str
    run_id: str
    args: tuple[Json, ...]
    due: datetime | None = None


@dataclass(frozen=True)
class Witness(Transaction[World]):
    """The transaction `inner`, with the runs that were started or set in it."""

    inner: Tx
    started: list[Started] = field(default_factory=list)
    forgotten: list[Timer] = field(default_factory=list)
    """Timers that were cancelled: whoever takes the start back sets them again."""

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        """See `Transaction`."""
        self.inner.start(flow, run_id, *args)
        self.started.append(Started(flow, run_id, args))

    def at(self, due: datetime, flow: str, run_id: str, *args: Json) -> None:
        """See `Transaction`."""
        self.inner.at(due, flow, run_id, *args)
        self.started.append(Started(flow, run_id, args, due if due > self.now else None))

    def cancel(self, run_id: str) -> None:
        """See `Transaction`."""
        self.forgotten.extend(each for each in find_timers(self.connection, run_id) if each.run_id == run_id)
        self.inner.cancel(run_id)

    def mend(self, run_id: str, how: Mending) -> None:
        """See `Transaction`."""
        self.inner.mend(run_id, how)


def witness(tx: Tx) -> Witness:
    """That transaction, watched."""
    return Witness(tx.connection, tx.resources, tx.now, tx)


def words_of_runs(tx: Tx, started: Sequence[Started]) -> tuple[str, ...]:
    """What they do, each in a sentence; the same once."""
    return tuple(dict.fromkeys(_words(tx, each) for each in started))


def sent_by(tx: Tx, started: Sequence[Started]) -> tuple[str, ...]:
    """The documents that they send, by their hashes."""
    found = (each for run in started for each in _deliveries(run))
    return tuple(dict.fromkeys(str(deliveries.load_delivery(tx.connection, each).digest) for each in found))


def _deliveries(run: Started) -> list[int]:
    """What a run sends, of what is written already."""
    match run.flow, run.args:
        case "resend", (int(number), *_):
            return [number]
        case "hand_out_again", (list(numbers), *_):
            return [each for each in numbers if isinstance(each, int)]
    return []


def _words(tx: Tx, run: Started) -> str:
    when = f" at {write_instant(run.due)}" if run.due else ""
    if sends := _deliveries(run):
        told = (deliveries.load_delivery(tx.connection, each) for each in sends)
        return "Sent again as it is: " + "; ".join(f"{each.kind} {each.key} by {each.channel}" for each in told) + "."
    match run.flow, run.args:
        case "acknowledge_order" | "answer_before_deadline", (int(number), *_):
            order = orders.load_order(tx.connection, number).order
            return f"Order {order.key} is decided anew with what is known and in stock now, and answered{when}."
        case "prove_delivery", (int(number), *_):
            delivery = deliveries.load_delivery(tx.connection, number)
            return f"{delivery.channel} is asked for {delivery.kind} {delivery.key}{when}; it is not sent again unseen."
        case "settle_remittance" | "receive_upload", _:
            return "The document is read again, as the archive has it, and taken in."
        case "check_charges", (str(partner), *_):
            return f"What {partner} charged is held against its terms again."
        case "reconcile_remittances", (str(partner), *_):
            return f"What waits of {partner} is matched again with all that is open."
    about = f" of {run.args[0]}" if run.args and isinstance(run.args[0], str) else ""
    return f"{run.flow.replace('_', ' ').capitalize()}{about}{when or ' at once'}."
