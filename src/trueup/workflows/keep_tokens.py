"""Keep access tokens: what machines show instead of a session. A token narrows what its person may do, and never widens it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from trueup.base.errors import Conflict, NotAllowed, NotFound, Refused
from trueup.base.secret import Secret
from trueup.durable.budgets import Budgets
from trueup.storage import access_tokens
from trueup.storage.acts import hold_subject, say_who
from trueup.workflows.authority import Deed, demand_role, is_allowed, permissions, record_deed
from trueup.workflows.people import Named, all_people, find_person
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx, World

LONGEST = timedelta(days=366)
LONGEST_NAME = 60
APPROVING = ("proposals.approve", "rules.approve")
"""What one person does to another's work: a token that someone else made may not, or its maker would be both."""
CALLS_A_SECOND, CALLS_AT_ONCE = 10.0, 100.0
"""What one token is answered: so many at once, and so many a second for ever."""
_RESTED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WantedToken:
    """A token as someone wants it: what it is called in the audit trail, what it is for, and for how long."""

    label: str
    scopes: Collection[str]
    lasts: timedelta
    person: str = ""
    """Whose it is; "" for who makes it."""


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that was made. Its text is told now and never again."""

    id: int
    person: str
    text: Secret


def make_token(tx: Tx, wanted: WantedToken, by: Person, settled: Iterable[Named]) -> MadeToken:
    """Make one for oneself, or as an administrator for another.

    Raises Refused (role; a name, scope or time that cannot be; made by a token), NotFound, Conflict for a name in use.
    """
    demand_role(by, "tokens.make")
    if by.token:
        raise Refused(f"Token {by.token} makes no tokens: a person does, in the console or by `trueup tokens create`.")
    owner = by if wanted.person in ("", by.name) else find_person(tx.connection, settled, wanted.person)
    if owner is None:
        raise NotFound(f"{wanted.person!r} is nobody here.")
    if owner.name != by.name:
        demand_role(by, "people.keep")
    _check(wanted, owner, by)
    new = access_tokens.NewToken(owner.name, wanted.label.strip(), wanted.scopes, by.name, tx.now + wanted.lasts)
    number, text = access_tokens.make_token(tx.connection, new, tx.now)
    after = {"name": new.label, "scopes": sorted(new.scopes), "person": owner.name, "days": wanted.lasts.days}
    record_deed(tx.connection, tx.now, by, Deed("token.made", f"token {number}", None, after))
    return MadeToken(number, owner.name, Secret(text))


def _check(wanted: WantedToken, owner: Person, by: Person) -> None:
    name = wanted.label.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(f"A token has a name of 1 to {LONGEST_NAME} characters that says what uses it; found {name!r}.")
    if not timedelta(days=1) <= wanted.lasts <= LONGEST:
        raise Refused(f"A token lasts 1 to {LONGEST.days} days, found {wanted.lasts.days}; make another when it ends.")
    unknown = sorted(set(wanted.scopes) - permissions().keys())
    if unknown or not wanted.scopes:
        known = ", ".join(sorted(permissions()))
        raise Refused(f"Scopes {', '.join(unknown) or '(none)'}: expected some of {known}.")
    more = [scope for scope in sorted(wanted.scopes) if not is_allowed(owner, scope)]
    if more:
        raise NotAllowed(f"{owner.name} may not {', '.join(more)}, so no token of theirs may; leave that scope out.")
    if owner.name != by.name and (both := sorted(set(APPROVING) & set(wanted.scopes))):
        raise Refused(
            f"A token that {by.name} makes for {owner.name} cannot have {', '.join(both)}: whoever approves makes it alone."
        )


def end_token(tx: Tx, token_id: int, by: Person) -> str:
    """It opens nothing from now on; its name. One's own, or as an administrator anybody's. Raises NotFound, Conflict when
    it was ended before, Refused."""
    hold_subject(tx.connection, f"token {token_id}")
    found = access_tokens.load_owner(tx.connection, token_id)
    ended = access_tokens.ended_by(tx.connection, token_id) if found is None else None
    if ended is not None and (ended[0] == by.name or is_allowed(by, "people.keep")):
        who = say_who(tx.connection, f"token {token_id}", "token.ended") or f" by {ended[1]}"
        raise Conflict(f"Access token {token_id} was revoked{who}; it opens nothing, and nothing was changed.")
    if found is None or (found[0] != by.name and not is_allowed(by, "people.keep")):
        raise NotFound(
            f"Access token {token_id}: you have none of that number that holds; `trueup tokens list` shows them."
        )
    person, label = found
    access_tokens.end_token(tx.connection, token_id, by.name)
    before = {"name": label, "person": person}
    record_deed(tx.connection, tx.now, by, Deed("token.ended", f"token {token_id}", before, None))
    return label


def caller_of(tx: Tx, text: str, settled: Iterable[Named]) -> tuple[Person, int] | None:
    """Who calls with a token, narrowed to what it is for, and the token's number; None for one that opens nothing, whyever.

    That it is in use again after an hour of rest is recorded; to the minute, its row says when it was used last.
    """
    token = access_tokens.find_token(tx.connection, text, tx.now) if text.startswith(access_tokens.PREFIX) else None
    person = all_people(tx.connection, settled).get(token.person) if token else None
    if token is None or person is None:
        return None
    caller = Person(person.name, person.roles, token.scopes, token.label)
    if token.used_at is None or tx.now - token.used_at > _RESTED:
        record_deed(tx.connection, tx.now, caller, Deed("token.used", f"token {token.id}"))
    return caller, token.id


def admit_call(world: World, token_id: int) -> float:
    """Whether a token may call now: 0 when it may, else the seconds until it may. Who is turned away is not charged."""
    budgets = Budgets(world.database.engine, world.clock)
    return budgets.admit(f"api token {token_id}", CALLS_A_SECOND, CALLS_AT_ONCE)
