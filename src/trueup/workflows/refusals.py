"""Refusals: that somebody was not let do something is kept beside what was done to the same thing, with who, when and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from trueup.storage import acts
from trueup.storage.views.subjects import subject_of
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

_LOG = structlog.get_logger("trueup.refusals")
_ONCE_IN, _MOST = timedelta(minutes=10), 60
"""Within this the same is not kept again of the same person, nor more of one kind than so many: a program that does not stop fills
no table. The last one says that it is the last."""
_LONGEST = 300
"""So much of a name that no thing has is kept: an index does not hold the longest address."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not let be done: the things that an address or a command names, what was asked for, and why it was refused."""

    named: Mapping[str, object]
    asked: str
    why: str


def note_refusal(tx: Tx, person: Person, refusal: Refusal, *, bounded: bool = False) -> None:
    """Keep it among the acts on what it was about; where that has no name of its own, on what was asked for.

    `bounded`: one of many that were asked for at once, of which there are no more than one asks for at once: each is kept.
    """
    named = {
        name: str(value).replace("\0", "?")[:_LONGEST] for name, value in refusal.named.items() if value is not None
    }
    subject = (subject_of(tx.connection, named) or refusal.asked)[:_LONGEST]
    told = {"asked_for": refusal.asked, "why": refusal.why}
    # Whoever acts on the thing is not waited for: only the same person's refusals are compared.
    acts.hold_subject(tx.connection, f"refusals of {person.name}")
    since = tx.now - _ONCE_IN
    known = acts.list_refused(tx.connection, subject, person.name, since)
    if any({name: each[name] for name in told} == told for each in known):
        return
    alike = 0 if bounded else acts.count_refused(tx.connection, refusal.asked, person.name, since)
    if alike >= _MOST:
        return
    if alike == _MOST - 1:
        told["then"] = (
            f"{_MOST} of this within {_ONCE_IN.seconds // 60} minutes: what follows of it is not kept until they are over"
        )
    record_deed(tx.connection, tx.now, person, Deed(acts.REFUSED, subject, None, told))


def keep_refusal(act: Callable[..., object], person: Person, refusal: Refusal) -> None:
    """The same in a transaction of its own, by `act(dry_run, fn, *args)`. What goes wrong with it is logged: the refusal stands."""
    try:
        act(False, note_refusal, person, refusal)
    except Exception as error:
        _LOG.warning(
            "refusal not kept", person=person.name, asked=refusal.asked, error=f"{type(error).__name__}: {error}"[:500]
        )
