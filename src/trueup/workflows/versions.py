"""Versions that people make over what stands: on which look a change stands, and how what two people must agree on waits.

What is changed by two people goes one way, whatever it is: one proposes, and a proposal that waits for the same is replaced;
another approves the very look that was seen, with a reason, or either takes it off the table. A look is of all that was shown: what
the proposal says, what it changes in what stands, and, to whom that was shown too, what the past would have come to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotFound, TrueupError
from trueup.base.ids import digest_of_json
from trueup.domain.agreement_changes import check_reason
from trueup.storage import acts
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

LONGEST_AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a change stands: the newest version of its scope that its maker saw (None: any; 0: none), and what it takes back."""

    seen: int | None = None
    undoes: int | None = None


ON_ANY = Basis()


@dataclass(frozen=True, slots=True)
class Changing:
    """What two people change: the act of its proposals, the noun that its deeds begin with ("agreement.proposed"), what it is about
    in words, and the permission to propose."""

    act: str
    noun: str
    about: str
    propose: str

    @property
    def taken_off(self) -> tuple[str, str]:
        """The deeds that take a proposal off the table: by its proposer, and by another."""
        return f"{self.noun}.withdrawn", f"{self.noun}.declined"


class Proposed(Protocol):
    """A proposal that waits, as it was looked at; as text it says what it changes."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def subject(self) -> str:
        """What it is about."""

    @property
    def proposed_by(self) -> str:
        """Who said it last."""

    @property
    def look(self) -> str:
        """The look of it, as `look_of` makes it."""

    @property
    def told(self) -> dict[str, Any]:
        """What it changes, as an act tells it."""

    @property
    def trouble(self) -> TrueupError | None:
        """Why it cannot come into force any more."""


P = TypeVar("P", bound=Proposed)


def put_forward(tx: Tx, changing: Changing, wanted: acts.Proposal, person: Person, told: Mapping[str, Any]) -> int:
    """Have a change wait for a second person; returns its number. One that waits for the same subject is replaced.

    `wanted.arguments` has its `words`; `told`: as acts tell it. Raises Conflict where the same waits already.
    """
    waiting = acts.find_proposal(tx.connection, changing.act, wanted.subject)
    replaced = acts.load_proposal(tx.connection, waiting) if waiting is not None else None
    if replaced and (replaced["arguments"], replaced["reason"]) == (wanted.arguments, wanted.reason):
        raise Conflict(
            f"The {wanted.subject}: {replaced['proposed_by']} proposed the same at"
            f" {write_instant(replaced['proposed_at'])}; proposal {waiting} waits for a second person."
        )
    number = acts.edit(tx.connection, wanted, tx.now)
    before = {"proposal": replaced["arguments"]["words"], "by": replaced["proposed_by"]} if replaced else None
    after = {**told, "reason": wanted.reason, "proposal": number}
    record_deed(tx.connection, tx.now, person, Deed(f"{changing.noun}.proposed", wanted.subject, before, after))
    return number


def waiting_row(tx: Tx, changing: Changing, number: int) -> dict[str, Any]:
    """A proposal that waits, as it is kept. Raises NotFound for one about something else or that never was.

    Conflict for one that was approved, withdrawn or declined, saying by whom and when.
    """
    try:
        row = acts.load_proposal(tx.connection, number)
    except NotFound:
        off = acts.act_on_proposal(tx.connection, number, changing.taken_off)
        if off is None:
            raise
        how = off.act.removeprefix(f"{changing.noun}.")
        raise Conflict(
            f"Proposal {number} was {how} by {off.actor} at {write_instant(off.at)}: “{off.after['reason']}”."
        ) from None
    if row["act"] != changing.act:
        raise NotFound(f"Proposal {number} is to {row['act']}; expected one about {changing.about}.")
    if row["approved_by"] is not None:
        raise Conflict(
            f"Proposal {number} was approved by {row['approved_by']} at {write_instant(row['approved_at'])}."
        )
    return row


def untroubled(found: P) -> P:
    """The proposal. Raises its trouble, where it cannot come into force any more."""
    if found.trouble is not None:
        raise found.trouble
    return found


_PART = 32
"""So much of each hash stands in a look."""


def look_of(row: Mapping[str, Any], stands: object) -> str:
    """What is looked at by who decides a proposal, as text: the hashes of what it says, and of what it changes in what stands.

    One that was edited has another, and so has one beneath which another version came into force. `stands`: as plain JSON.
    """
    said = {"arguments": row["arguments"], "by": row["proposed_by"], "reason": row["reason"]}
    return f"{digest_of_json(said)[:_PART]}.{digest_of_json(stands)[:_PART]}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRIAL_HOLDS = timedelta(days=1)
"""So long a trial that was shown can be approved by: what came in since was not shown, and must not be much."""


def look_with_trial(look: str, months: int, until: datetime, effects: object) -> str:
    """The look of whom it was shown too what so many months up to an instant would have come to. `effects`: that, as plain JSON.

    The instant is part of it, in microseconds: what comes in later was not shown, and voids nothing for a day.
    """
    return f"{look}.{months}.{(until - _EPOCH) // _MICROSECOND}.{digest_of_json(effects)[:_PART]}"


def demand_look(found: Proposed, look: str | None, now: datetime, tried: Callable[[int, datetime], str]) -> None:
    """Raises Conflict where something else was seen than what would come into force now, or what it would have come to.

    None: as it is. `tried`: the look with a trial of so many months up to an instant; it may raise for a number that nothing is
    tried on.
    """
    if look is None:
        return
    _demand_words(found, look)
    seen = look.split(".")
    if ".".join(seen[:2]) != found.look:
        raise Conflict(
            f"Proposal {found.id} changes something else than when it was looked at, for what stands is another since: {found}."
            " Look at it again."
        )
    if len(seen) > 2:
        _demand_trial(found, look, now, tried)


def _demand_trial(found: Proposed, look: str, now: datetime, tried: Callable[[int, datetime], str]) -> None:
    """Raises Conflict for a trial that was shown too long ago, or where one of what was there then comes to something else."""
    span = re.fullmatch(r"[^.]*\.[^.]*\.([0-9]{1,2})\.([0-9]{1,17})\.[^.]*", look)
    until = _EPOCH + int(span[2]) * _MICROSECOND if span else now
    if until < now - _TRIAL_HOLDS:
        raise Conflict(
            f"Proposal {found.id}: what the past would have come to was shown at {write_instant(until)}, more than a day ago."
            " Look at it again."
        )
    if span is None or until > now or tried(int(span[1]), until) != look:
        raise Conflict(
            f"Proposal {found.id}: the past would have come to something else than when it was looked at, for what it was tried on"
            " changed since. Look at it again."
        )


def _demand_words(found: Proposed, look: str | None) -> None:
    """Raises Conflict where the proposal says something else than what was seen."""
    if look is not None and look.split(".")[0] != found.look.split(".")[0]:
        raise Conflict(f"Proposal {found.id} was edited meanwhile by {found.proposed_by}: {found}. Look at it again.")


@dataclass(frozen=True, slots=True)
class Off:
    """That a proposal is taken back or declined: which, why, and which look of it (None: as it is; only its words count here)."""

    number: int
    reason: str
    look: str | None = None


def take_off(
    tx: Tx, changing: Changing, off: Off, person: Person, find: Callable[[], P], lock: Callable[[P], None]
) -> P:
    """Take a proposal back, or decline what another proposed; nothing changes.

    `find` looks at it, `lock` makes whoever changes the same wait. Raises Refused for a role, Invalid without a reason, NotFound,
    Conflict where it was edited or decided meanwhile.
    """
    demand_role(person, changing.propose)
    check_reason(off.reason, f"Proposal {off.number}: say why it is taken back or declined")
    found = find()
    lock(found)
    found = find()
    _demand_words(found, off.look)
    if not acts.withdraw(tx.connection, off.number):
        by = acts.say_who(tx.connection, found.subject, f"{changing.noun}.approved", *changing.taken_off)
        raise Conflict(f"Proposal {off.number} was decided meanwhile{by}; look at {changing.about} again.")
    withdrawn, declined = changing.taken_off
    own = found.proposed_by.lower() == person.name.lower()
    before = {**found.told, "proposed_by": found.proposed_by}
    after = {"reason": off.reason.strip(), "proposal": off.number}
    deed = Deed(withdrawn if own else declined, found.subject, before, after)
    record_deed(tx.connection, tx.now, person, deed)
    return found
