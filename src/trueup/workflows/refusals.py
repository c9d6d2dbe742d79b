"""Refusals: that somebody was not let do something is kept beside what was done to the same thing, with who, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from trueup.storage import acts
from trueup.storage.views.subjects import subject_of
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

_ONCE_IN = timedelta(minutes=10)
"""Who is refused the same with the same words again within this is not told anew: a program that does not stop fills no table."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not let be done: the things that an address or a command names, what was asked for, and why it was refused."""

    named: Mapping[str, object]
    asked: str
    why: str


def note_refusal(tx: Tx, person: Person, refusal: Refusal) -> None:
    """Keep it among the acts on what it was about; where that has no name of its own, on what was asked for."""
    subject = subject_of(tx.connection, refusal.named) or refusal.asked
    told = {"asked_for": refusal.asked, "why": refusal.why}
    acts.hold_subject(tx.connection, subject)
    last = acts.newest_act(tx.connection, subject, (acts.REFUSED,), actor=person.name)
    if last is not None and last.after == told and tx.now - last.at < _ONCE_IN:
        return
    record_deed(tx.connection, tx.now, person, Deed(acts.REFUSED, subject, None, told))
