"""Sign in: a password or a one-time link becomes a session; who tries too often waits. Whatever failed, the words are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Refused
from trueup.base.ids import digest_of
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
    """Who knocks: the network address, what the browser calls itself, and the ticket of a browser that was here before."""

    address: str
    agent: str
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """They are in, and this ticket says so from now on; by `browser`, where there is one, the browser is known again later."""

    person: Person
    ticket: str
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """They are not, and why in words; `wait` when it is no use to try now."""

    words: str
    wait: bool = False


_WRONG = Denied("Name and password do not belong together.")


def sign_in(tx: Tx, name: str, password: str, visitor: Visitor, settled: Iterable[Named]) -> SignedIn | Denied:
    """By name and password. It returns what came of it and never raises, so that what failed is counted."""
    person = find_person(tx.connection, settled, name)
    tried = _tried_as(tx, person.name if person else name, visitor)
    waiting = check_tries(tx.connection, tried, visitor, tx.now)
    if waiting is not None:
        return waiting
    hashed = people.load_password(tx.connection, person.name) if person else None
    if not _agrees(hashed or _nobodys_hash(), password) or person is None or hashed is None:
        sessions.note_try(tx.connection, tried, visitor.address, tx.now)
        return _WRONG
    sessions.forget_tries(tx.connection, tried)
    if _hasher().check_needs_rehash(hashed):
        people.save_password(tx.connection, person.name, _hasher().hash(password), tx.now)
    return enter(tx, person, "password", visitor)


def _tried_as(tx: Tx, name: str, visitor: Visitor) -> str:
    """Under what a try is counted. A browser that the person came in from before has a count of its own, so that whoever guesses
    from elsewhere locks out other guessers, and not the person."""
    if sessions.is_known_browser(tx.connection, visitor.browser, name, tx.now):
        return f"{name} from browser {digest_of(visitor.browser.encode())[:16]}"
    return name


def check_tries(connection: sa.Connection, name: str, visitor: Visitor, now: datetime) -> Denied | None:
    """Whether too much was tried lately under this name or from this address. Tries under one name go one after the other."""
    sessions.queue_tries(connection, name)
    of_name, of_address = sessions.count_tries(connection, name, visitor.address, now - TRIES_WITHIN)
    return _TOO_MANY if of_name >= MOST_TRIES_OF_A_NAME or of_address >= MOST_TRIES_OF_AN_ADDRESS else None


def check_address(connection: sa.Connection, visitor: Visitor, now: datetime) -> Denied | None:
    """Whether too much was tried lately from this address, by a way that names nobody."""
    _, of_address = sessions.count_tries(connection, _NO_NAME, visitor.address, now - TRIES_WITHIN)
    return _TOO_MANY if of_address >= MOST_TRIES_OF_AN_ADDRESS else None


def note_address(connection: sa.Connection, visitor: Visitor, now: datetime) -> None:
    """Someone failed to come in by a way that names nobody."""
    sessions.note_try(connection, _NO_NAME, visitor.address, now)


_NO_NAME = "\n"
"""Nobody's name: a form cannot say it, for what it says is stripped."""
_TOO_MANY = Denied(
    f"Too many tries. Wait {TRIES_WITHIN // timedelta(minutes=1)} minutes, or ask an administrator for a new link.",
    wait=True,
)


def enter(tx: Tx, person: Person, way: str, visitor: Visitor) -> SignedIn:
    """Begin a session for someone who has proven who they are."""
    ticket = sessions.begin_session(tx.connection, person.name, way, visitor.agent, (tx.now, tx.now + SESSION_LASTS))
    record_deed(tx.connection, tx.now, person, Deed("session.began", f"person {person.name}", None, {"way": way}))
    known = sessions.is_known_browser(tx.connection, visitor.browser, person.name, tx.now)
    return SignedIn(person, ticket, "" if known else sessions.note_browser(tx.connection, person.name, tx.now))


class LinkState(StrEnum):
    """What a one-time link is: it OPENS, was USED, has ENDED, or is UNKNOWN here: cut off, or a newer one took its place."""

    OPENS = "opens"
    USED = "used"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A one-time link as who has it sees it: since when it is used, or has ended; None for the others."""

    state: LinkState
    at: datetime | None = None

    def __str__(self) -> str:
        at = write_instant(self.at) if self.at else ""
        match self.state:
            case LinkState.USED:
                return f"This link was used at {at}: sign in with the password that was chosen then, or have a new link made."
            case LinkState.ENDED:
                return f"This link held until {at}: an administrator can make a new one."
            case LinkState.UNKNOWN:
                return "This link opens nothing: it is not whole, or a newer one took its place."
            case LinkState.OPENS:
                return "This link opens once."


def look_at_link(connection: sa.Connection, ticket: str, now: datetime) -> LinkSeen:
    """What a link is now. Who has its ticket may know: it is for them."""
    known = sessions.when_of_link(connection, ticket)
    if known is None:
        return LinkSeen(LinkState.UNKNOWN)
    used_at, ends_at = known
    if used_at is not None:
        return LinkSeen(LinkState.USED, used_at)
    return LinkSeen(LinkState.OPENS) if ends_at > now else LinkSeen(LinkState.ENDED, ends_at)


def enter_by_link(tx: Tx, ticket: str, password: str, visitor: Visitor, settled: Iterable[Named]) -> SignedIn:
    """The first time: the link is used up, and the password chosen. Raises Refused (password), Conflict for a link that opens
    nothing (any more)."""
    check_password(password)
    name = sessions.use_link(tx.connection, ticket, tx.now)
    if name is None:
        raise Conflict(str(look_at_link(tx.connection, ticket, tx.now)))
    person = all_people(tx.connection, settled).get(name)
    if person is None:
        raise Refused(f"{name} is nobody here any more; nothing was changed. An administrator can add them again.")
    _set_password(tx, person, password)
    sessions.end_sessions(tx.connection, person.name)
    sessions.forget_browsers(tx.connection, person.name)
    sessions.forget_tries(tx.connection, person.name)
    return enter(tx, person, "link", visitor)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that somebody wants instead of the one until now; and the ticket of the session they do it in, which goes on."""

    before: str
    after: str
    ticket: str


def change_password(tx: Tx, person: Person, wanted: NewPassword, visitor: Visitor) -> Denied | None:
    """Choose another; other sessions of theirs end. A wrong one counts as a try to sign in. Raises Refused (too short)."""
    check_password(wanted.after)
    tried = _tried_as(tx, person.name, visitor)
    waiting = check_tries(tx.connection, tried, visitor, tx.now)
    if waiting is not None:
        return waiting
    hashed = people.load_password(tx.connection, person.name)
    if hashed is not None and not _agrees(hashed, wanted.before):
        sessions.note_try(tx.connection, tried, visitor.address, tx.now)
        return Denied("The password until now is not that one.")
    _set_password(tx, person, wanted.after)
    sessions.end_sessions(tx.connection, person.name, but=wanted.ticket)
    return None


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


def is_signed_in(connection: sa.Connection, ticket: str, settled: Iterable[Named], now: datetime) -> Person | None:
    """Who holds the session of this ticket, without its being used: a page that is left open does not keep it alive."""
    saved = sessions.load_session(connection, ticket, now, SESSION_RESTS)
    return all_people(connection, settled).get(saved.person) if saved else None


def sign_out(tx: Tx, ticket: str) -> str:
    """End the session; by which way it had begun, "" where there was none."""
    return sessions.end_session(tx.connection, ticket)


def sign_out_elsewhere(tx: Tx, person: Person, ticket: str) -> int:
    """End every other session of a person; how many. No browser but the next is known as theirs."""
    ended = sessions.end_sessions(tx.connection, person.name, but=ticket)
    sessions.forget_browsers(tx.connection, person.name)
    if ended:
        deed = Deed("session.ended-elsewhere", f"person {person.name}", {"sessions": ended})
        record_deed(tx.connection, tx.now, person, deed)
    return ended


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
