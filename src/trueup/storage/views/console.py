"""What the console remembers about a person, to look at: preferences, passkeys, sessions, access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage import people
from trueup.storage.access_tokens import access_tokens
from trueup.storage.sessions import one_time_links, sessions

NOTHING: Mapping[str, Any] = {
    "password": False, "passkeys": 0, "provider": False, "seen_at": None, "link": None, "email": None,
}  # fmt: skip
"""What is known of someone who never came in and was not asked."""


def load_preferences(connection: sa.Connection, person: str) -> dict[str, Any]:
    """How a person wants to see things; empty when they never said."""
    return people.load_preferences(connection, person)


def list_people(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """By name, of everyone who can sign in or was asked to: by what means, and when they were seen last."""
    found: dict[str, dict[str, Any]] = {}

    def of(name: str) -> dict[str, Any]:
        return found.setdefault(name, dict(NOTHING))

    for name in connection.execute(sa.select(people.passwords.c.person)).scalars():
        of(name)["password"] = True
    counted = sa.select(people.passkeys.c.person, sa.func.count()).group_by(people.passkeys.c.person)
    for name, count in connection.execute(counted):
        of(name)["passkeys"] = count
    linked = sa.select(people.identities.c.person).where(people.identities.c.barred_at.is_(None))
    for name in connection.execute(linked).scalars():
        of(name)["provider"] = True
    asked = sa.select(people.addresses.c.person, people.addresses.c.email).where(people.addresses.c.barred_at.is_(None))
    for name, email in connection.execute(asked):
        of(name)["email"] = email
    seen = sa.select(sessions.c.person, sa.func.max(sessions.c.seen_at)).group_by(sessions.c.person)
    for name, at in connection.execute(seen):
        of(name)["seen_at"] = write_instant(at)
    waiting = sa.select(one_time_links.c.person, one_time_links.c.ends_at).where(one_time_links.c.used_at.is_(None))
    for name, ends_at in connection.execute(waiting):
        of(name)["link"] = write_instant(ends_at)
    return found


def has_provider(connection: sa.Connection, person: str) -> bool:
    """Whether a person comes in by a provider."""
    linked = sa.and_(people.identities.c.person == person, people.identities.c.barred_at.is_(None))
    return bool(connection.execute(sa.select(sa.exists().where(linked))).scalar_one())


def list_passkeys(connection: sa.Connection, person: str) -> list[dict[str, Any]]:
    """A person's passkeys, the oldest first."""
    keys = people.passkeys
    query = sa.select(keys.c.id, keys.c.label, keys.c.added_at, keys.c.used_at).where(keys.c.person == person)
    return [
        {
            "id": row.id,
            "label": row.label,
            "added_at": write_instant(row.added_at),
            "used_at": write_instant(row.used_at) if row.used_at else None,
        }
        for row in connection.execute(query.order_by(keys.c.added_at, keys.c.id))
    ]


def list_sessions(connection: sa.Connection, person: str) -> list[dict[str, Any]]:
    """Where a person is signed in, the latest used first."""
    query = sa.select(sessions).where(sessions.c.person == person).order_by(sessions.c.seen_at.desc())
    return [
        {
            "way": row.way,
            "agent": row.agent,
            "began_at": write_instant(row.began_at),
            "seen_at": write_instant(row.seen_at),
            "ends_at": write_instant(row.ends_at),
        }
        for row in connection.execute(query)
    ]


def list_tokens(connection: sa.Connection, person: str | None = None) -> list[dict[str, Any]]:
    """Access tokens, the newest first; of one person or of all. Never their text."""
    query = sa.select(access_tokens).order_by(access_tokens.c.id.desc())
    if person is not None:
        query = query.where(access_tokens.c.person == person)
    return [_token_json(row) for row in connection.execute(query)]


def _token_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "person": row.person,
        "label": row.label,
        "made_by": row.made_by,
        "scopes": list(row.scopes),
        "made_at": write_instant(row.made_at),
        "ends_at": write_instant(row.ends_at),
        "used_at": write_instant(row.used_at) if row.used_at else None,
        "ended_by": row.ended_by or None,
    }
