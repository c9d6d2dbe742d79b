"""Sign in by a provider of identities: whom it vouches for becomes a person of ours, or stays out.

A person is a provider's issuer and subject, never an address: addresses are given to others. An address counts once, to link the
account of somebody whom an administrator asked at it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Conflict, Refused
from trueup.domain.cases import Role
from trueup.remote.identity import Attempt, Identity
from trueup.storage import acts, people, sessions
from trueup.storage.people import LinkedIdentity
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.people import Named, all_people, find_person, start_anew
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_in import Denied, SignedIn, Visitor, check_address, enter, note_address
from trueup.workflows.world import ACTOR, Tx

ATTEMPT_LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider."""
WAY = "provider"
"""How a session that began so is called."""
_KIND = "provider.enter"


class Doors(Protocol):
    """Who comes in without having been asked, as the settings say."""

    @property
    def name(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def domains(self) -> Collection[str]: ...
    @property
    def join_as(self) -> Collection[Role]: ...
    @property
    def roles(self) -> Mapping[str, Collection[Role]]: ...


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attempt is for: the address to go on at; and whose account is to be linked, "" to sign in."""

    next: str
    person: str = ""


def begin_attempt(tx: Tx, aim: Aim, visitor: Visitor) -> tuple[str, Attempt] | Denied:
    """The ticket that the browser keeps, and what its answer will be held against."""
    waiting = check_address(tx.connection, visitor, tx.now)
    if waiting is not None:
        return waiting
    attempt = Attempt(sessions.new_ticket(), sessions.new_ticket(), sessions.new_ticket(), tx.now)
    body = {
        "state": attempt.state,
        "nonce": attempt.nonce,
        "verifier": attempt.verifier,
        "began_at": write_instant(tx.now),
        "next": aim.next,
        "person": aim.person,
    }
    return sessions.begin_ceremony(tx.connection, _KIND, body, tx.now, tx.now + ATTEMPT_LASTS), attempt


def end_attempt(tx: Tx, ticket: str, person: str) -> tuple[Aim, Attempt] | Denied:
    """What was remembered, once. Of an attempt to link, only to whom it was begun for."""
    kept = sessions.end_ceremony(tx.connection, _KIND, ticket, tx.now)
    if kept is None or (kept["person"] and kept["person"] != person):
        return Denied("This took too long, or was begun in another browser; nobody was signed in. Sign in again.")
    attempt = Attempt(kept["state"], kept["nonce"], kept["verifier"], read_instant(kept["began_at"]))
    return Aim(kept["next"], kept["person"]), attempt


def note_failure(tx: Tx, visitor: Visitor) -> None:
    """An answer of the provider was worth nothing: too many of them from one place, and it waits."""
    note_address(tx.connection, visitor, tx.now)


def enter_by_provider(
    tx: Tx, identity: Identity, visitor: Visitor, doors: Doors, settled: Iterable[Named]
) -> SignedIn | Denied:
    """Let in whom the provider vouches for, or say why not; either is recorded."""
    found = _person_of(tx, identity, doors, settled)
    if isinstance(found, Denied):
        after = {"issuer": identity.issuer, "subject": identity.subject, "email": identity.email, "why": found.words}
        acts.append_act(tx.connection, tx.now, acts.Act(ACTOR, "", "session.refused", "sign-in", None, after))
        note_address(tx.connection, visitor, tx.now)
        return found
    return enter(tx, found, WAY, visitor)


def link_account(tx: Tx, identity: Identity, person: Person, doors: Doors) -> None:
    """Somebody who is signed in adds their account at the provider. Raises Conflict: it is somebody's, or they have one."""
    if people.has_identity(tx.connection, person.name, identity.issuer):
        raise Conflict(f"{person.name} has an account of {doors.name} already; forget that one first.")
    _link(tx, identity, person, doors, by=person)


def forget_account(tx: Tx, person: Person, doors: Doors) -> None:
    """Their account at the provider opens nothing here any more. Raises Refused when nothing else would let them in."""
    if not people.drop_identities(tx.connection, person.name):
        raise Refused(f"{person.name} has no account of {doors.name} here.")
    if not people.can_sign_in(tx.connection, person.name):
        raise Refused("Nothing else would let you in; choose a password or add a passkey first.")
    record_deed(tx.connection, tx.now, person, Deed("person.identity-dropped", f"person {person.name}"))


def _person_of(tx: Tx, identity: Identity, doors: Doors, settled: Iterable[Named]) -> Person | Denied:
    known = people.find_identity(tx.connection, identity.issuer, identity.subject)
    if known is not None and not known.barred:
        return _known(tx, identity, known, doors, settled)
    asked = _asked_at(tx, identity.email, settled) if identity.email else None
    if asked is not None:
        if people.has_identity(tx.connection, asked.name, identity.issuer):
            return Denied(
                f"{identity.email} came in by another account of {doors.name} before. An administrator can ask you anew."
            )
        _link(tx, identity, asked, doors, by=asked)
        return asked
    if known is not None or _is_barred(tx, identity.email):
        return Denied("You had an account here, and it was closed. An administrator can add you again.")
    return _joined(tx, identity, doors, settled)


def _known(
    tx: Tx, identity: Identity, known: LinkedIdentity, doors: Doors, settled: Iterable[Named]
) -> Person | Denied:
    person = all_people(tx.connection, settled).get(known.person)
    if person is None:
        return Denied(f"{known.person} has no account here any more. An administrator can add you again.")
    if not known.joined or not doors.roles or any(each.name == person.name for each in settled):
        return person
    roles = _roles_of(identity, doors)
    if not roles:
        sessions.end_sessions(tx.connection, person.name)
        return Denied(f"{doors.name} has you in no group that may use Trueup. Whoever keeps its groups can add you.")
    if roles != person.roles:
        people.set_roles(tx.connection, person.name, roles)
        before, after = _said(person.roles), _said(roles)
        act = acts.Act(ACTOR, doors.name, "person.changed", f"person {person.name}", before, after)
        acts.append_act(tx.connection, tx.now, act)
    return Person(person.name, roles)


def _asked_at(tx: Tx, email: str, settled: Iterable[Named]) -> Person | None:
    """Whom somebody asked at that address: a person of trueup.toml, or one that an administrator added."""
    everyone = all_people(tx.connection, settled)
    for each in settled:
        if (each.email or "").lower() == email:
            return everyone.get(each.name)
    found = people.find_address(tx.connection, email)
    return everyone.get(found[0]) if found and not found[1] else None


def _is_barred(tx: Tx, email: str) -> bool:
    found = people.find_address(tx.connection, email) if email else None
    return found is not None and found[1]


def _joined(tx: Tx, identity: Identity, doors: Doors, settled: Iterable[Named]) -> Person | Denied:
    """Somebody new, whom the settings let in unasked."""
    roles = _roles_of(identity, doors)
    if not roles:
        who = f" as {identity.email}" if identity.email else ", with an e-mail address that is verified there"
        return Denied(f"{doors.name} knows you, and nobody here does yet. Ask an administrator to add you{who}.")
    name = _free_name(tx, identity, settled)
    if name is None:
        return Denied(f"Somebody is called {identity.name!r} here already. Ask an administrator to add you.")
    people.add_person(tx.connection, name, roles, by=doors.name, now=tx.now)
    start_anew(tx, name, doors.name)
    person = Person(name, roles)
    after = {**_said(roles), "email": identity.email}
    act = acts.Act(ACTOR, doors.name, "person.added", f"person {name}", None, after)
    acts.append_act(tx.connection, tx.now, act)
    _link(tx, identity, person, doors, by=person, joined=True)
    return person


def _roles_of(identity: Identity, doors: Doors) -> frozenset[Role]:
    """What somebody who was not asked may be here; nothing for who comes from elsewhere."""
    domain = identity.email.rpartition("@")[2]
    if doors.domains and domain not in doors.domains:
        return frozenset()
    given = {role for group in identity.groups for role in doors.roles.get(group, ())}
    return frozenset(given | set(doors.join_as if doors.domains else ()))


def _free_name(tx: Tx, identity: Identity, settled: Iterable[Named]) -> str | None:
    """A name that nobody bears or ever bore here: acts are told by names."""
    plain = "".join(letter for letter in identity.name if letter.isprintable() and letter not in "<>").strip()
    local = identity.email.partition("@")[0]
    shown = plain or local
    for name in (shown[:80].strip(), f"{shown[:40]} ({identity.email or identity.subject})"[:80].strip()):
        taken = find_person(tx.connection, settled, name) is not None or people.is_known(tx.connection, name)
        if name and not taken and name.lower() != ACTOR.lower():
            return name
    return None


def _link(tx: Tx, identity: Identity, person: Person, doors: Doors, *, by: Person, joined: bool = False) -> None:
    made = LinkedIdentity(identity.issuer, identity.subject, person.name, joined)
    people.link_identity(tx.connection, made, tx.now)
    after = {"provider": doors.name, "issuer": identity.issuer, "subject": identity.subject, "email": identity.email}
    record_deed(tx.connection, tx.now, by, Deed("person.identity-linked", f"person {person.name}", None, after))


def _said(roles: Collection[Role]) -> dict[str, list[str]]:
    return {"roles": sorted(role.value for role in roles)}
