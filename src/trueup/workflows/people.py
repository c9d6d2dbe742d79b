"""Who may act here: the people of trueup.toml and those who were added in the console, and the acts of keeping them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotAllowed, NotFound, Refused
from trueup.domain.cases import Role
from trueup.storage import access_tokens, people, sessions
from trueup.storage.acts import hold_subject, newest_act, say_who
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import ACTOR, Tx

_ADDRESS = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,189}")
LINK_LASTS = timedelta(days=3)
FIRST_PERSON = "Administrator"
"""Who comes in by the first link of an installation whose settings name no administrator."""


class Named(Protocol):
    """Someone of trueup.toml."""

    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> Collection[Role]: ...
    @property
    def email(self) -> str | None: ...


def all_people(connection: sa.Connection, settled: Iterable[Named]) -> dict[str, Person]:
    """Everyone by name. What trueup.toml says of someone stands above what was said in the console."""
    found = {name: Person(name, roles) for name, roles in people.list_added(connection).items()}
    return found | {each.name: Person(each.name, frozenset(each.roles)) for each in settled}


def find_person(connection: sa.Connection, settled: Iterable[Named], name: str) -> Person | None:
    """The person of that name, however it is written."""
    everyone = all_people(connection, settled)
    return next((person for person in everyone.values() if person.name.lower() == name.strip().lower()), None)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Someone who is to be added. With an `email`, they come in by the provider once that has verified it."""

    name: str
    roles: Collection[Role]
    email: str = ""


def add_person(tx: Tx, wanted: NewPerson, by: Person, settled: Iterable[Named]) -> str:
    """Add someone; returns the ticket of the link by which they come in for the first time.

    Raises Refused (role, no name, no roles, an address that is none), Conflict when the name or the address is taken.
    """
    name, roles = wanted.name, wanted.roles
    demand_role(by, "people.keep")
    if not name.strip() or len(name) > 80 or not roles:
        raise Refused(f"A person has a name of 1 to 80 characters and a role at least; found {name.strip()!r}.")
    hold_subject(tx.connection, f"person {name.strip()}")
    if find_person(tx.connection, settled, name):
        who = say_who(tx.connection, f"person {name.strip()}", "person.added")
        raise Conflict(f"{name.strip()!r} is someone already{f', added{who}' if who else ''}; choose another name.")
    people.add_person(tx.connection, name.strip(), roles, by=by.name, now=tx.now)
    start_anew(tx, name.strip(), by.name)
    after = dict(_said(roles))
    if wanted.email:
        after["email"] = _save_address(tx, wanted.email, name.strip(), by, settled)
    record_deed(tx.connection, tx.now, by, Deed("person.added", f"person {name.strip()}", None, after))
    return sessions.make_link(tx.connection, name.strip(), by.name, tx.now, tx.now + LINK_LASTS)


def start_anew(tx: Tx, name: str, by: str) -> None:
    """Nothing that somebody else of that name ever held lets in whoever bears it now: keys, provider, sessions, tokens."""
    people.forget_keys(tx.connection, name)
    people.drop_identities(tx.connection, name)
    sessions.end_sessions(tx.connection, name)
    access_tokens.end_tokens(tx.connection, name, by)


def ask_by_address(tx: Tx, name: str, email: str, by: Person, settled: Iterable[Named]) -> None:
    """Have a person come in by the provider under this address, once it is verified there; their account there until now, if
    any, opens nothing more. Raises Refused (role, an address that is none), NotFound, Conflict when it is another's.
    """
    demand_role(by, "people.keep")
    _added(tx, name)
    if people.find_address(tx.connection, email.strip()) == (name, False):
        _demand_mine(tx, name, "person.invited", by)
        return
    people.drop_identities(tx.connection, name)
    after = {"email": _save_address(tx, email, name, by, settled)}
    record_deed(tx.connection, tx.now, by, Deed("person.invited", f"person {name}", None, after))


def _save_address(tx: Tx, email: str, name: str, by: Person, settled: Iterable[Named]) -> str:
    found = email.strip().lower()
    if not _ADDRESS.fullmatch(found):
        raise Refused(f"{email.strip()[:80]!r} is no e-mail address; expected one such as ada@example.com.")
    if any((each.email or "").lower() == found for each in settled):
        raise Conflict(f"{found} is the address of somebody of trueup.toml already.")
    people.save_address(tx.connection, found, name, by.name, tx.now)
    return found


def change_roles(tx: Tx, name: str, roles: Collection[Role], by: Person, seen: Collection[Role] | None = None) -> None:
    """Give other roles; they hold at once. `seen`: those that whoever changes them saw, None for any.

    Raises Refused (role, no roles, oneself), NotFound, Conflict when somebody else changed them since.
    """
    demand_role(by, "people.keep")
    before = _added(tx, name)
    if name == by.name:
        raise NotAllowed(f"{by.name} cannot change their own roles; another administrator can.")
    if not roles:
        raise Refused(f"{name} needs a role at least; remove them instead.")
    if before == frozenset(roles):
        _demand_mine(tx, name, "person.changed", by)
        return
    if seen is not None and before != frozenset(seen):
        _demand_mine(tx, name, "person.changed", by)
    people.set_roles(tx.connection, name, roles)
    record_deed(tx.connection, tx.now, by, Deed("person.changed", f"person {name}", _said(before), _said(roles)))


def remove_person(tx: Tx, name: str, by: Person) -> None:
    """They left: their sessions and tokens end, and nothing lets them in. Raises Refused (role, oneself), NotFound."""
    demand_role(by, "people.keep")
    before = _added(tx, name)
    if name == by.name:
        raise Refused(f"{by.name} cannot remove themselves; another administrator can.")
    people.remove_person(tx.connection, name, tx.now)
    sessions.end_sessions(tx.connection, name)
    access_tokens.end_tokens(tx.connection, name, by.name)
    record_deed(tx.connection, tx.now, by, Deed("person.removed", f"person {name}", _said(before), None))


def invite(tx: Tx, name: str, by: Person, settled: Iterable[Named]) -> str:
    """A new link for someone who is known: their first, or because they lost what they came in with.

    Raises Refused (role), NotFound.
    """
    demand_role(by, "people.keep")
    found = find_person(tx.connection, settled, name)
    if found is None:
        raise NotFound(f"{name!r} is nobody here.")
    hold_subject(tx.connection, f"person {found.name}")
    record_deed(tx.connection, tx.now, by, Deed("person.invited", f"person {found.name}"))
    return sessions.make_link(tx.connection, found.name, by.name, tx.now, tx.now + LINK_LASTS)


def make_first_link(tx: Tx, settled: Iterable[Named]) -> tuple[str, str] | None:
    """Where no administrator can sign in yet: who comes in first, and the ticket of their link. Otherwise None.

    It is the first administrator of trueup.toml; where that names none, one is added.
    """
    admins = [person for person in all_people(tx.connection, settled).values() if Role.ADMIN in person.roles]
    if any(people.can_sign_in(tx.connection, person.name) for person in admins):
        return None
    if not admins:
        people.add_person(tx.connection, FIRST_PERSON, (Role.ADMIN,), by=ACTOR, now=tx.now)
        admins = [Person(FIRST_PERSON, frozenset({Role.ADMIN}))]
    first = admins[0].name
    return first, sessions.make_link(tx.connection, first, ACTOR, tx.now, tx.now + LINK_LASTS)


def _demand_mine(tx: Tx, name: str, act: str, by: Person) -> None:
    """Raises Conflict where somebody else did the like last: whoever acts now has not seen it."""
    done = newest_act(tx.connection, f"person {name}", (act,))
    if done is not None and done.actor != by.name:
        said = ", ".join((done.after or {}).get("roles", ())) or (done.after or {}).get("email", "")
        raise Conflict(
            f"{done.actor} changed {name} at {write_instant(done.at)}{f' to {said}' if said else ''}; nothing was changed now. "
            "Look at it again."
        )


def _added(tx: Tx, name: str) -> frozenset[Role]:
    """The roles of somebody who was added; whoever acts on them at the same time waits."""
    hold_subject(tx.connection, f"person {name}")
    found = people.list_added(tx.connection).get(name)
    who = say_who(tx.connection, f"person {name}", "person.removed") if found is None else ""
    if who:
        raise Conflict(f"{name} was removed{who}; nothing was changed.")
    if found is None:
        raise NotFound(f"{name!r} was not added in the console; people of trueup.toml are changed there.")
    return found


def _said(roles: Collection[Role]) -> Mapping[str, Any]:
    return {"roles": sorted(role.value for role in roles)}
