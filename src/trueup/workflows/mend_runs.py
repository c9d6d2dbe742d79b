"""Mend runs: a person has one that stopped go on, or one that should not go on stop."""

from __future__ import annotations

from trueup.base.errors import Conflict
from trueup.storage.views.runs import show_run
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

_MAY_GO_ON = ("failed", "poisoned", "cancelled")
_MAY_STOP = ("timed", "waiting", "running")


def note_retry(tx: Tx, run_id: str, person: Person) -> str:
    """Record that a run is to go on; the status it had. Raises NotFound, Conflict when it did not stop, Refused."""
    return _note(tx, run_id, person, "run.retried", _MAY_GO_ON)


def note_cancel(tx: Tx, run_id: str, person: Person) -> str:
    """Record that a run is to stop; the status it had. Raises NotFound, Conflict when it has ended, Refused."""
    return _note(tx, run_id, person, "run.cancelled", _MAY_STOP)


def _note(tx: Tx, run_id: str, person: Person, act: str, allowed: tuple[str, ...]) -> str:
    demand_role(person, "runs.mend")
    status: str = show_run(tx.connection, run_id)["status"]
    if status not in allowed:
        raise Conflict(f"Run {run_id} is {status}: expected one that is {', '.join(allowed[:-1])} or {allowed[-1]}.")
    record_deed(tx.connection, tx.now, person, Deed(act, f"run {run_id}", {"status": status}))
    return status
