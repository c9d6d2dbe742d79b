"""Mend runs: a person has one that stopped go on, or one that should not go on stop; what was done after all is no case."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotFound
from trueup.durable.engine import RunStatus
from trueup.durable.flow import Mending
from trueup.storage import cases, deliveries, order_runs
from trueup.storage.acts import hold_subject, newest_act
from trueup.storage.views.run_steps import list_steps, plain_step
from trueup.storage.views.runs import ended_well, show_run
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.rounds import RUN_FAILED
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import Tx

_MAY_GO_ON = ("failed", "poisoned", "cancelled")
_ASKED = timedelta(minutes=1)
"""For so long whoever keeps runs may take to do what was asked; what came to nothing is asked again afterwards."""
_MAY_STOP = ("timed", "waiting", "running")


def retry_run(tx: Tx, run_id: str, person: Person) -> str:
    """Have a run go on; the status it had. It takes its order back.

    Raises NotFound, Conflict when it did not stop or another run works on its order now, Refused.
    """
    was = _note(tx, run_id, person, "run.retried", _MAY_GO_ON)
    order_id = _order_of(tx, run_id)
    if order_id is not None and not order_runs.take_lease(tx.connection, order_id, run_id, note=False):
        raise Conflict(f"Run {run_id}: another run works on its order now and does what this one would have done.")
    tx.mend(run_id, Mending.GO_ON)
    return was


def cancel_run(tx: Tx, run_id: str, person: Person) -> str:
    """Have a run stop, and free its order; the status it had.

    Raises NotFound, Conflict when it has ended, Refused.
    """
    was = _note(tx, run_id, person, "run.cancelled", _MAY_STOP)
    for order_id in order_runs.free_orders(tx.connection, run_id):
        start_answering(tx, order_id)
    tx.mend(run_id, Mending.STOP)
    return was


def close_mended(tx: Tx) -> None:
    """Close the cases of runs whose work was done after all, by themselves or by a later run of the same key."""
    failed = {subject.removeprefix("run "): subject for subject in cases.open_subjects(tx.connection, RUN_FAILED)}
    for run_id in sorted(ended_well(tx.connection, sorted(failed))):
        why = "it was retried and ended, or a later run of the same key did"
        cases.close_case(tx.connection, RUN_FAILED, failed[run_id], why=why, now=tx.now)


def what_retry_means(connection: sa.Connection, run_id: str) -> list[str]:
    """What going on does, in sentences: for whoever is to say that it should."""
    steps = list_steps(connection, run_id)
    if not steps:
        done = "It begins at its beginning: none of its steps was done."
    else:
        last = plain_step(steps[-1]["name"])
        done = f"It goes on after {_so_many(len(steps))} done, the last “{last}”; none of them is done again."
    return [
        done,
        "A send that may have happened is looked for before it is repeated.",
        "If it stops at the same place, its cause is still there: the trouble is shown with it.",
    ]


def what_cancel_means(connection: sa.Connection, run_id: str) -> list[str]:
    """What stopping it does, in sentences."""
    if show_run(connection, run_id)["status"] == RunStatus.TIMED.value:
        return ["Its timer is forgotten: it never begins.", "What goes round comes again by itself within two hours."]
    done = len(list_steps(connection, run_id))
    return [
        f"It stops before its next step; {_so_many(done)} done stay done."
        if done
        else "It stops before its first step.",
        "An order that it worked on is given back and answered by a run of its own.",
        "It can be let go on afterwards.",
    ]


def _so_many(steps: int) -> str:
    return "1 step that is" if steps == 1 else f"{steps} steps that are"


def _order_of(tx: Tx, run_id: str) -> int | None:
    """The order that a run takes for itself; its id says which."""
    flow, _, rest = run_id.partition(":")
    about = rest.partition(":")[0]
    match flow:
        case "acknowledge" | "deadline":
            return int(about)
        case "send":
            return deliveries.load_delivery(tx.connection, int(about)).order_id
    return None


def _note(tx: Tx, run_id: str, person: Person, act: str, allowed: tuple[str, ...]) -> str:
    demand_role(person, "runs.mend")
    hold_subject(tx.connection, f"run {run_id}")
    last = newest_act(tx.connection, f"run {run_id}", ("run.retried", "run.cancelled"))
    asked = "let go on" if last is not None and last.act == "run.retried" else "stopped"
    who = f"it was {asked} by {last.actor} at {write_instant(last.at)}" if last is not None else ""
    try:
        run = show_run(tx.connection, run_id)
    except NotFound:
        if not who:
            raise
        raise Conflict(f"Run {run_id} is gone: {who}; nothing was changed.") from None
    status: str = run["status"]
    before = {"status": status, "since": run["machine_at"]}
    if last is not None and last.before == before and tx.now - last.at < _ASKED:
        raise Conflict(f"Run {run_id}: {who} already; nothing was changed.")
    if status not in allowed:
        raise Conflict(
            f"Run {run_id} is {status}: expected one that is {', '.join(allowed[:-1])} or {allowed[-1]}{f'; {who}' if who else ''}."
        )
    record_deed(tx.connection, tx.now, person, Deed(act, f"run {run_id}", before))
    return status
