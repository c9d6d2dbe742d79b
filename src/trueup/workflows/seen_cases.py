"""Act on a case as it was seen: whose page was drawn before somebody else did the like is told so, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict
from trueup.storage import acts, cases
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

T = TypeVar("T")
ASSIGNED, SET_ASIDE = ("case.assigned",), ("case.snoozed", "case.woken")
"""The acts that say who works on a case, and whether it waits."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it was seen: with its newest act of then (None: nothing is compared), and the acts that must be no newer."""

    case: int
    act: int | None
    kinds: tuple[str, ...]


def act_as_seen(tx: Tx, seen: Seen, person: Person, act: Callable[..., T], *args: Any) -> T:
    """Act, unless somebody else did the like since. Raises NotFound, Conflict, and what the act raises."""
    cases.load_case(tx.connection, seen.case, lock=True)
    newest = acts.newest_act(tx.connection, f"case {seen.case}", seen.kinds)
    if seen.act is not None and newest is not None and newest.id > seen.act and newest.actor != person.name:
        raise Conflict(
            f"Case {seen.case}: {newest.actor} {_did(newest)} at {write_instant(newest.at)}, after what you saw of it; "
            "nothing was changed. Look at what it is now, and send it again if you still mean it."
        )
    return act(tx, *args)


def _did(act: acts.Done) -> str:
    match act.act, act.after:
        case "case.assigned", {"person": str(name)}:
            return f"gave it to {name}"
        case "case.assigned", _:
            return "gave it to nobody"
        case "case.snoozed", {"until": str(until)}:
            return f"put it aside until {until}"
    return "took it up again"
