"""Sign in: a password or a one-time link becomes a session; who tries too often waits. Whatever failed, the words are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trueup.base.errors import Refused
from trueup.storage import people, sessions
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.people import Named, all_people, find_person
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

SESSION_LASTS = timedelta(days=14)
SESSION_RESTS = timedelta(hours=12)
"""A session that nobody used for so long has ended."""
TRIES_WITHIN = timedelta(minutes=15)
MOST_TRIES_OF_A_NAME = 5
MOST_TRIES_OF_AN_ADDRESS = 30
LEAST_LETTERS = 12
_TOUCHED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who knocks: the network address, and what the browser calls itself."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """They are in, and this ticket says so from now on."""

    person: Person
    ticket: str


@dataclass(frozen=True, slots=True)
class Denied:
    """They are not, and why in words; `wait` when it is no use to try now."""

    words: str
    wait: bool = False


_WRONG = Denied("Name and password do not belong together.")


def sign_in(tx: Tx, name: str, password: str, visitor: Visitor, settled: Iterable[Named]) -> SignedIn | Denied:
    """By name and password. It returns what came of it and never raises, so that what failed is counted."""
    waiting = check_tries(tx.connection, name, visitor, tx.now)
    if waiting is not None:
        return waiting
    person = find_person(tx.connection, settled, name)
    hashed = people.load_password(tx.connection, person.name) if person else None
    if not _agrees(hashed or _nobodys_hash(), password) or person is None or hashed is None:
        sessions.note_try(tx.connection, name, visitor.address, tx.now)
        return _WRONG
    if _hasher().check_needs_rehash(hashed):
        people.save_password(tx.connection, person.name, _hasher().hash(password), tx.now)
    return enter(tx, person, "password", visitor)


def check_tries(connection: sa.Connection, name: str, visitor: Visitor, now: datetime) -> Denied | None:
    """Whether too much was tried lately under this name or from this address."""
    of_name, of_address = sessions.count_tries(connection, name, visitor.address, now - TRIES_WITHIN)
    if of_name < MOST_TRIES_OF_A_NAME and of_address < MOST_TRIES_OF_AN_ADDRESS:
        return None
    minutes = TRIES_WITHIN // timedelta(minutes=1)
    return Denied(f"Too many tries. Wait {minutes} minutes, or ask an administrator for a new link.", wait=True)


def enter(tx: Tx, person: Person, way: str, visitor: Visitor) -> SignedIn:
    """Begin a session for someone who has proven who they are."""
    sessions.forget_tries(tx.connection, person.name)
    ticket = sessions.begin_session(tx.connection, person.name, way, visitor.agent, (tx.now, tx.now + SESSION_LASTS))
    record_deed(tx.connection, tx.now, person, Deed("session.began", f"person {person.name}", None, {"way": way}))
    return SignedIn(person, ticket)


def enter_by_link(tx: Tx, ticket: str, password: str, visitor: Visitor, settled: Iterable[Named]) -> SignedIn:
    """The first time: the link is used up, and the password chosen. Raises Refused (link, password)."""
    check_password(password)
    name = sessions.use_link(tx.connection, ticket, tx.now)
    person = all_people(tx.connection, settled).get(name) if name is not None else None
    if person is None:
        raise Refused("This link was used already, or it is too old. An administrator can make a new one.")
    _set_password(tx, person, password)
    sessions.end_sessions(tx.connection, person.name)
    return enter(tx, person, "link", visitor)


def change_password(tx: Tx, person: Person, before: str, after: str, ticket: str) -> None:
    """Choose another; other sessions of theirs end. Raises Refused (the one before is wrong, the new one too short)."""
    hashed = people.load_password(tx.connection, person.name)
    if hashed is not None and not _agrees(hashed, before):
        raise Refused("The password until now is not that one.")
    check_password(after)
    _set_password(tx, person, after)
    sessions.end_sessions(tx.connection, person.name, but=ticket)


def check_password(password: str) -> None:
    """Raises Refused for one that can be guessed."""
    if not LEAST_LETTERS <= len(password) <= 1024:
        raise Refused(f"A password has {LEAST_LETTERS} characters at least; a sentence is easy to keep in mind.")
    if len(set(password)) < 5:
        raise Refused("This password repeats itself; choose another.")


def session_of(tx: Tx, ticket: str, settled: Iterable[Named]) -> tuple[Person, str] | None:
    """Who holds the session of this ticket, and how they came in. Who is nobody any more, is let in no more."""
    saved = sessions.load_session(tx.connection, ticket, tx.now, SESSION_RESTS)
    person = all_people(tx.connection, settled).get(saved.person) if saved else None
    if saved is None or person is None:
        return None
    if tx.now - saved.seen_at > _TOUCHED_AFTER:
        sessions.touch_session(tx.connection, ticket, tx.now)
    return person, saved.way


def sign_out(tx: Tx, ticket: str) -> None:
    """End the session."""
    sessions.end_session(tx.connection, ticket)


def _set_password(tx: Tx, person: Person, password: str) -> None:
    people.save_password(tx.connection, person.name, _hasher().hash(password), tx.now)
    record_deed(tx.connection, tx.now, person, Deed("person.password-set", f"person {person.name}"))


def _agrees(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with the library's parameters, which are those of RFC 9106 for small memory."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What an unknown name's password is held against, so that both take the same time."""
    return _hasher().hash(sessions.new_ticket())
