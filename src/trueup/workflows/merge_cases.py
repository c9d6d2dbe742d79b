"""Merge cases: one stands for another that is about the same matter; and take them apart again.

What is merged leaves the queue and is counted no more. Its cause is looked at all the same: when that goes away the case closes by
itself; when the case that stands for it is dismissed, it is dismissed with it; and when that closes in any other way while the
cause is still there, it is back in the queue. So nothing is lost by merging what was no duplicate.
"""

from __future__ import annotations

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotAllowed, Refused
from trueup.domain.cases import Case, CaseState
from trueup.storage import case_merges, cases
from trueup.storage.acts import find_proposal, say_who
from trueup.storage.case_course import take_up
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person, may_resolve
from trueup.workflows.world import Tx

_MAY = "cases.resolve"


def merge_case(tx: Tx, case_id: int, into: int, person: Person, note: str = "") -> list[int]:
    """Have `into` stand for a case. Returns every case that it stands for now.

    Raises NotFound, Conflict (resolved, merged already, waiting for a second person), Refused (role; a case into itself; one that
    is due sooner than the case that would stand for it).
    """
    demand_role(person, _MAY)
    if case_id == into:
        raise Refused(f"Case {case_id} cannot stand for itself; name the case that it repeats.")
    locked = {number: _standing(tx, number, person) for number in sorted((case_id, into))}
    merged, kept = locked[case_id], locked[into]
    if merged.draft.deadline and (kept.draft.deadline is None or kept.draft.deadline > merged.draft.deadline):
        due = write_instant(merged.draft.deadline)
        raise Refused(f"Case {case_id} is due {due}, before case {into}: merge {into} into {case_id} instead.")
    case_merges.set_merged(tx.connection, case_id, into)
    take_up(tx.connection, into, tx.now)
    after = {"into": into, "note": note.strip(), "money_at_risk": str(merged.draft.money_at_risk or "")}
    record_deed(tx.connection, tx.now, person, Deed("case.merged", f"case {case_id}", {"into": None}, after))
    record_deed(tx.connection, tx.now, person, Deed("case.stands-for", f"case {into}", None, {"case": case_id}))
    return case_merges.merged_into(tx.connection, into)


def unmerge_case(tx: Tx, case_id: int, person: Person) -> int:
    """Take a case apart from the one that stands for it. Returns which that was. Raises NotFound, Conflict, Refused (role)."""
    demand_role(person, _MAY)
    case = cases.load_case(tx.connection, case_id, lock=True)
    _demand_right(case, person)
    into = case_merges.stands_for(tx.connection, case_id)
    if into is None or case.state is not CaseState.OPEN:
        who = say_who(tx.connection, f"case {case_id}", "case.unmerged")
        apart = f": it was taken apart{who}" if who else ""
        raise Conflict(f"Case {case_id} is merged into no other{apart}; nothing was changed.")
    case_merges.set_apart(tx.connection, case_id)
    record_deed(tx.connection, tx.now, person, Deed("case.unmerged", f"case {case_id}", {"into": into}, {"into": None}))
    record_deed(tx.connection, tx.now, person, Deed("case.stands-apart", f"case {into}", {"case": case_id}, None))
    return into


def _standing(tx: Tx, number: int, person: Person) -> Case:
    """A case that is open and stands for itself, locked; and the person may decide it."""
    case = cases.load_case(tx.connection, number, lock=True)
    _demand_right(case, person)
    if case.state is not CaseState.OPEN:
        raise Conflict(f"Case {number} was resolved by {case.resolved_by} meanwhile; nothing was changed.")
    case_merges.demand_apart(tx.connection, number)
    if (proposal := find_proposal(tx.connection, "case.resolve", f"case {number}")) is not None:
        raise Conflict(
            f"Case {number} waits for a second person (proposal {proposal}); it is merged when that is answered."
        )
    return case


def _demand_right(case: Case, person: Person) -> None:
    if not may_resolve(person, case):
        raise NotAllowed(
            f"{person.name} may not decide a {case.draft.kind} case, and so not merge it; its owner is {case.draft.owner}."
        )
