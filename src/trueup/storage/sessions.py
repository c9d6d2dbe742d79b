"""Sessions in the database, and what leads to one: one-time links, tries to sign in, ceremonies under way.

Whoever holds a session or a link shows a random text; kept is its hash alone, so a copy of the database opens nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.ids import digest_of
from trueup.storage.schema import metadata

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.CHAR(64), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_sessions_person", "person"),
    sa.Index("ix_sessions_ends", "ends_at"),
)
one_time_links = sa.Table(
    "one_time_links",
    metadata,
    sa.Column("digest", sa.CHAR(64), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("used_at", sa.TIMESTAMP(timezone=True)),
)
sign_in_tries = sa.Table(
    "sign_in_tries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Index("ix_sign_in_tries_name", "name", "at"),
    sa.Index("ix_sign_in_tries_address", "address", "at"),
)
known_browsers = sa.Table(
    "known_browsers",
    metadata,
    sa.Column("digest", sa.CHAR(64), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("known_since", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_known_browsers_person", "person"),
)
ceremonies = sa.Table(
    "ceremonies",
    metadata,
    sa.Column("digest", sa.CHAR(64), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
)


BROWSER_LASTS = timedelta(days=365)
"""How long a browser is known as a person's."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """Who is signed in, how they came in, and since when."""

    person: str
    way: str
    began_at: datetime
    seen_at: datetime


def new_ticket() -> str:
    """A text that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


def begin_session(
    connection: sa.Connection, person: str, way: str, agent: str, times: tuple[datetime, datetime]
) -> str:
    """Begin one, from now until its end; returns the ticket that its holder shows."""
    now, ends_at = times
    ticket = new_ticket()
    connection.execute(sa.delete(sessions).where(sessions.c.ends_at <= now))
    values = {"person": person, "way": way, "agent": agent[:200], "began_at": now, "seen_at": now, "ends_at": ends_at}
    connection.execute(sa.insert(sessions).values(digest=_digest(ticket), **values))
    return ticket


def load_session(connection: sa.Connection, ticket: str, now: datetime, rest: timedelta) -> SavedSession | None:
    """The session of a ticket, unless it has ended or rested for longer than `rest`."""
    query = sa.select(sessions).where(
        sessions.c.digest == _digest(ticket), sessions.c.ends_at > now, sessions.c.seen_at > now - rest
    )
    row = connection.execute(query).first()
    return SavedSession(row.person, row.way, row.began_at, row.seen_at) if row else None


def touch_session(connection: sa.Connection, ticket: str, now: datetime) -> None:
    """It is in use."""
    connection.execute(sa.update(sessions).where(sessions.c.digest == _digest(ticket)).values(seen_at=now))


def end_session(connection: sa.Connection, ticket: str) -> str:
    """Its ticket opens nothing from now on. By which way it had begun; "" when there was none."""
    query = sa.delete(sessions).where(sessions.c.digest == _digest(ticket)).returning(sessions.c.way)
    return connection.execute(query).scalar() or ""


def end_sessions(connection: sa.Connection, person: str, *, but: str = "") -> int:
    """End all sessions of a person, but the one of a ticket; how many."""
    query = sa.delete(sessions).where(sessions.c.person == person)
    if but:
        query = query.where(sessions.c.digest != _digest(but))
    return connection.execute(query).rowcount


def make_link(connection: sa.Connection, person: str, by: str, now: datetime, ends_at: datetime) -> str:
    """A ticket by which a person comes in once; those made for them before open nothing more."""
    ticket = new_ticket()
    connection.execute(sa.delete(one_time_links).where(one_time_links.c.person == person))
    values = {"person": person, "made_by": by, "made_at": now, "ends_at": ends_at}
    connection.execute(sa.insert(one_time_links).values(digest=_digest(ticket), **values))
    return ticket


def find_link(connection: sa.Connection, ticket: str, now: datetime) -> str | None:
    """Whom a link is for, while it was not used and has not ended."""
    found: str | None = connection.execute(sa.select(one_time_links.c.person).where(_usable(ticket, now))).scalar()
    return found


def use_link(connection: sa.Connection, ticket: str, now: datetime) -> str | None:
    """Whom it was for, and it is used; of two at once one gets nobody."""
    query = sa.update(one_time_links).where(_usable(ticket, now)).values(used_at=now)
    found: str | None = connection.execute(query.returning(one_time_links.c.person)).scalar()
    return found


def when_of_link(connection: sa.Connection, ticket: str) -> tuple[datetime | None, datetime] | None:
    """When a link was used (None: not yet) and until when it holds; None where there is none: it never was, or a newer one
    took its place."""
    here = one_time_links.c
    row = connection.execute(sa.select(here.used_at, here.ends_at).where(here.digest == _digest(ticket))).first()
    return None if row is None else (row.used_at, row.ends_at)


def note_browser(connection: sa.Connection, person: str, now: datetime) -> str:
    """A person came in from a browser: it keeps this ticket, by which it is known again for a year."""
    connection.execute(sa.delete(known_browsers).where(known_browsers.c.known_since < now - BROWSER_LASTS))
    ticket = new_ticket()
    values = {"digest": _digest(ticket), "person": person, "known_since": now}
    connection.execute(sa.insert(known_browsers).values(values))
    return ticket


def is_known_browser(connection: sa.Connection, ticket: str, person: str, now: datetime) -> bool:
    """Whether that person came in from the browser with this ticket before."""
    ours = sa.and_(
        known_browsers.c.digest == _digest(ticket),
        known_browsers.c.person == person,
        known_browsers.c.known_since > now - BROWSER_LASTS,
    )
    return bool(ticket) and bool(connection.execute(sa.select(sa.exists().where(ours))).scalar_one())


def forget_browsers(connection: sa.Connection, person: str) -> None:
    """None is known as that person's any more."""
    connection.execute(sa.delete(known_browsers).where(known_browsers.c.person == person))


def queue_tries(connection: sa.Connection, name: str) -> None:
    """Wait until nobody else tries under this name; the next one waits for the end of this transaction.

    Otherwise many tries at once would each find that none has failed yet.
    """
    key = sa.func.hashtextextended(f"sign-in {name.lower()[:200]}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def note_try(connection: sa.Connection, name: str, address: str, now: datetime) -> None:
    """Someone failed to sign in."""
    connection.execute(sa.delete(sign_in_tries).where(sign_in_tries.c.at < now - timedelta(days=1)))
    connection.execute(sa.insert(sign_in_tries).values(at=now, name=name.lower()[:200], address=address))


def count_tries(connection: sa.Connection, name: str, address: str, since: datetime) -> tuple[int, int]:
    """How often it failed since then: under this name, and from this address."""
    row = connection.execute(
        sa.select(
            sa.func.count().filter(sign_in_tries.c.name == name.lower()[:200]),
            sa.func.count().filter(sign_in_tries.c.address == address),
        ).where(
            sign_in_tries.c.at > since,
            sa.or_(sign_in_tries.c.name == name.lower()[:200], sign_in_tries.c.address == address),
        )
    ).one()
    return row[0], row[1]


def forget_tries(connection: sa.Connection, name: str) -> None:
    """What failed before under this name counts no more."""
    connection.execute(sa.delete(sign_in_tries).where(sign_in_tries.c.name == name.lower()[:200]))


def begin_ceremony(connection: sa.Connection, kind: str, body: dict[str, Any], now: datetime, ends_at: datetime) -> str:
    """Keep what a ceremony of several steps must remember; returns the ticket to ask for it with."""
    ticket = new_ticket()
    connection.execute(sa.delete(ceremonies).where(ceremonies.c.ends_at <= now))
    connection.execute(sa.insert(ceremonies).values(digest=_digest(ticket), kind=kind, body=body, ends_at=ends_at))
    return ticket


def end_ceremony(connection: sa.Connection, kind: str, ticket: str, now: datetime) -> dict[str, Any] | None:
    """What was remembered, once."""
    query = sa.delete(ceremonies).where(
        ceremonies.c.digest == _digest(ticket), ceremonies.c.kind == kind, ceremonies.c.ends_at > now
    )
    found: dict[str, Any] | None = connection.execute(query.returning(ceremonies.c.body)).scalar()
    return found


def _usable(ticket: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        one_time_links.c.digest == _digest(ticket),
        one_time_links.c.used_at.is_(None),
        one_time_links.c.ends_at > now,
    )


def _digest(ticket: str) -> str:
    return digest_of(ticket.encode())
