"""Recall a retry: while nothing of it has begun, what was to be sent or read again is called off, and the case is open as before.

Only what was merely queued is called off: a line that is decided anew, or a payment that is booked, is so at once.
"""

from __future__ import annotations

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Conflict, NotAllowed, NotFound
from trueup.domain.cases import Case, Resolution
from trueup.domain.deliveries import DeliveryState
from trueup.durable.flow import Mending
from trueup.durable.timers import Timer, set_timer
from trueup.storage import cases, deliveries
from trueup.storage.acts import list_acts, say_who
from trueup.storage.views.run_steps import list_steps
from trueup.storage.views.runs import show_run
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person, may_resolve
from trueup.workflows.started_runs import Witness
from trueup.workflows.world import Tx

RETRIED = "case.retried"
"""The act that says which runs a retry queued."""
_QUEUED = ("timed", "waiting")
_QUEUEABLE = ("resend", "hand_out_again", "settle_remittance", "receive_upload", "check_charges", "acknowledge_order")
"""The flows that begin by looking, and change nothing by being called off before."""


def note_retried(tx: Witness, case: Case, person: Person) -> bool:
    """Record what a retry queued, where it did nothing else; whether it can be called off."""
    if not tx.started or any(each.flow not in _QUEUEABLE for each in tx.started) or _did_more(tx, case):
        return False
    timers = [[each.run_id, write_instant(each.due), each.flow, each.queue, each.args] for each in tx.forgotten]
    told = {"runs": [each.run_id for each in tx.started], "timers": timers}
    record_deed(tx.connection, tx.now, person, Deed(RETRIED, f"case {case.id}", None, told))
    return True


def _did_more(tx: Tx, case: Case) -> bool:
    """Whether the retry changed something at once: a line's decision, an answer that was refused, what waits in the books."""
    kind, _, name = case.draft.subject.partition(" ")
    if cases.load_case_line(tx.connection, case.id)[1] is not None or case.draft.kind.startswith(
        ("remittance.", "shop.")
    ):
        return True
    return kind == "delivery" and deliveries.load_delivery(tx.connection, int(name)).state is DeliveryState.SUPERSEDED


def recall_retry(tx: Tx, case_id: int, person: Person) -> list[str]:
    """Open the case again. Returns the runs that are stopped; those that wait for their time are forgotten.

    Raises NotFound, Conflict when something of it has begun, or it was not closed by a retry that only queued; Refused (role).
    """
    demand_role(person, "cases.resolve")
    case = cases.load_case(tx.connection, case_id, lock=True)
    if not may_resolve(person, case):
        raise NotAllowed(f"{person.name} may not decide a {case.draft.kind} case; its owner is {case.draft.owner}.")
    act = next((each for each in list_acts(tx.connection, f"case {case_id}") if each["act"] == RETRIED), None)
    if act is None or case.resolution != Resolution.RETRY.value or act["at"] != case.resolved_at:
        who = say_who(tx.connection, f"case {case_id}", "case.recalled") if case.resolved_at is None else ""
        raise Conflict(
            f"Case {case_id} was not closed by something that is queued{f', that was called off{who}' if who else ''}; "
            "there is nothing to call off."
        )
    # Before it is looked how they stand: what has not begun by now does not begin any more.
    for run in act["after"]["runs"]:
        tx.mend(run, Mending.STOP)
    states = {run: _state(tx, run) for run in act["after"]["runs"]}
    # One that waits again, because its worker died or closed, has done what it has done.
    begun = [run for run, state in states.items() if state not in _QUEUED or list_steps(tx.connection, run)]
    if begun:
        raise Conflict(
            f"Run {begun[0]} has begun already ({states[begun[0]]}); what it does is not called off from here."
        )
    for run, state in states.items():
        if state == "timed":
            tx.cancel(run)
    for run, due, flow, queue, args in act["after"]["timers"]:
        set_timer(tx.connection, Timer(run, read_instant(due), flow, queue, args))
    cases.reopen_case(tx.connection, case_id, tx.now)
    record_deed(tx.connection, tx.now, person, Deed("case.recalled", f"case {case_id}", {"runs": list(states)}, None))
    return [run for run, state in states.items() if state == "waiting"]


def _state(tx: Tx, run: str) -> str:
    try:
        return str(show_run(tx.connection, run)["status"])
    except NotFound:
        return "done"
