"""Discuss a case: comment on it, withdraw that, say who works on it, put it aside until a day, take it up again. Each is an act."""

from __future__ import annotations

from datetime import datetime, timedelta

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Conflict, Refused
from trueup.domain.cases import Case, CaseState
from trueup.storage import case_merges, case_talk, cases
from trueup.storage.acts import newest_act
from trueup.storage.case_course import take_up
from trueup.storage.case_talk import Snooze
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

LONGEST_COMMENT = 4000
LONGEST_SNOOZE = timedelta(days=92)
_MAY = "cases.discuss"


def comment_on(tx: Tx, case_id: int, text: str, person: Person) -> int:
    """Keep a comment; its id. Raises NotFound, Refused (role, nothing said, too much said)."""
    demand_role(person, _MAY)
    cases.load_case(tx.connection, case_id)
    if not text.strip() or len(text) > LONGEST_COMMENT:
        raise Refused(f"A comment has 1 to {LONGEST_COMMENT} characters, found {len(text.strip())}.")
    number = case_talk.add_comment(tx.connection, case_id, person.name, text.strip(), tx.now)
    record_deed(tx.connection, tx.now, person, Deed("case.commented", f"case {case_id}", None, {"text": text.strip()}))
    return number


def withdraw_comment(tx: Tx, case_id: int, comment_id: int, person: Person) -> None:
    """Take one's own comment back: it stays, and is seen to be withdrawn. Raises NotFound, Conflict (already), Refused."""
    demand_role(person, _MAY)
    text = case_talk.withdraw_comment(tx.connection, case_id, comment_id, person.name, tx.now)
    deed = Deed("case.comment-withdrawn", f"case {case_id}", {"text": text}, {"comment": comment_id})
    record_deed(tx.connection, tx.now, person, deed)


def assign_case(tx: Tx, case_id: int, to: Person | None, person: Person) -> str | None:
    """Say who works on it (None: nobody); returns who did before. From then on only what comes on top escalates.

    Raises NotFound, Conflict (resolved, merged), Refused (role).
    """
    demand_role(person, _MAY)
    _open_case(tx, case_id)
    before = case_talk.assign(tx.connection, case_id, to.name if to else None, tx.now)
    after = to.name if to else None
    was_worse = to is not None and take_up(tx.connection, case_id, tx.now)
    if before != after or was_worse:
        deed = Deed("case.assigned", f"case {case_id}", {"person": before}, {"person": after})
        record_deed(tx.connection, tx.now, person, deed)
    return before


def snooze_case(tx: Tx, case_id: int, until: datetime, reason: str, person: Person) -> Snooze | None:
    """Put it aside. It comes back by itself at its time, and before when it gets worse or is due sooner. Returns how it was before;
    whoever says again what holds already changes nothing, and is told the same.

    Raises NotFound, Conflict (resolved), Refused (role, no reason, a time that is past, too late or after the deadline).
    """
    demand_role(person, _MAY)
    case = _open_case(tx, case_id)
    if not reason.strip():
        raise Refused("Say why the case is put aside; whoever finds it will ask.")
    if not tx.now < until <= tx.now + LONGEST_SNOOZE:
        raise Refused(f"A case is put aside for {LONGEST_SNOOZE.days} days at most, and not into the past.")
    if case.draft.deadline is not None and tx.now < case.draft.deadline < until:
        raise Refused(
            f"Case {case_id} is due {write_instant(case.draft.deadline)}; put aside until {write_instant(until)} it would be late."
        )
    wanted = Snooze(until, reason.strip())
    if case_talk.load_snooze(tx.connection, case_id) == wanted:
        return _before(tx, case_id)
    risk = case.draft.money_at_risk.minor if case.draft.money_at_risk else None
    before = case_talk.snooze(tx.connection, case_id, wanted, (person.name, risk), tx.now)
    take_up(tx.connection, case_id, tx.now)
    deed = Deed("case.snoozed", f"case {case_id}", _told(before), _told(wanted))
    record_deed(tx.connection, tx.now, person, deed)
    return before


def wake_case(tx: Tx, case_id: int, person: Person) -> Snooze:
    """Take it up again. Returns how it was put aside. Raises NotFound, Conflict when it is not, Refused (role)."""
    demand_role(person, _MAY)
    cases.load_case(tx.connection, case_id, lock=True)
    before = case_talk.wake(tx.connection, case_id)
    record_deed(tx.connection, tx.now, person, Deed("case.woken", f"case {case_id}", _told(before), None))
    return before


def _before(tx: Tx, case_id: int) -> Snooze | None:
    """How a case was put aside before it was as it is."""
    done = newest_act(tx.connection, f"case {case_id}", ("case.snoozed",))
    told = done.before if done else None
    before = Snooze(read_instant(told["until"]), told["reason"]) if told else None
    return before if before is not None and before.until > tx.now else None


def _told(snooze: Snooze | None) -> dict[str, str] | None:
    return {"until": write_instant(snooze.until), "reason": snooze.reason} if snooze else None


def _open_case(tx: Tx, case_id: int) -> Case:
    case = cases.load_case(tx.connection, case_id, lock=True)
    if case.state is not CaseState.OPEN:
        raise Conflict(f"Case {case_id} was resolved by {case.resolved_by} meanwhile; nothing was changed.")
    case_merges.demand_apart(tx.connection, case_id)
    return case


__all__ = [
    "LONGEST_COMMENT",
    "LONGEST_SNOOZE",
    "Snooze",
    "assign_case",
    "comment_on",
    "snooze_case",
    "wake_case",
    "withdraw_comment",
]
