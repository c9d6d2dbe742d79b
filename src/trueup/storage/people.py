"""People in the database: who was added in the console, with which roles, how they prove who they are, and what they prefer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.errors import Conflict, NotFound
from trueup.domain.cases import Role
from trueup.storage.schema import metadata

people = sa.Table(
    "people",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("roles", JSONB, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("left_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("uq_people_name", sa.text("lower(name)"), unique=True),
)
passwords = sa.Table(
    "passwords",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("set_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("used_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_passkeys_person", "person"),
)
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("linked_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_identities_person", "person"),
)
preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("body", JSONB, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that a person's device keeps: its id, the half that checks, and how often it says it was used."""

    id: str
    person: str
    label: str
    public_key: bytes
    uses: int


def add_person(connection: sa.Connection, name: str, roles: Collection[Role], *, by: str, now: datetime) -> None:
    """Add them; who left comes back with these roles. Raises Conflict when the name is taken."""
    values = {"roles": sorted(role.value for role in roles), "added_by": by, "added_at": now, "left_at": None}
    statement = insert(people).values(name=name, **values)
    back = statement.on_conflict_do_update(
        index_elements=["name"], set_=values, where=people.c.left_at.is_not(None)
    ).returning(people.c.name)
    try:
        with connection.begin_nested():
            added = connection.execute(back).first()
    except sa.exc.IntegrityError:
        added = None
    if added is None:
        raise Conflict(f"{name!r} is someone already; choose another name.")


def set_roles(connection: sa.Connection, name: str, roles: Collection[Role]) -> None:
    """Give these roles instead of the ones before. Raises NotFound."""
    values = {"roles": sorted(role.value for role in roles)}
    if not connection.execute(sa.update(people).where(_here(name)).values(values)).rowcount:
        raise NotFound(f"{name!r} is nobody who was added in the console.")


def remove_person(connection: sa.Connection, name: str, now: datetime) -> None:
    """They left: what they did stays under their name, and nothing lets them in. Raises NotFound."""
    if not connection.execute(sa.update(people).where(_here(name)).values(left_at=now)).rowcount:
        raise NotFound(f"{name!r} is nobody who was added in the console.")
    for table in (passwords, passkeys, identities):
        connection.execute(sa.delete(table).where(table.c.person == name))


def list_added(connection: sa.Connection) -> dict[str, frozenset[Role]]:
    """Everyone who was added here and has not left."""
    query = sa.select(people.c.name, people.c.roles).where(people.c.left_at.is_(None)).order_by(people.c.name)
    return {row.name: frozenset(Role(role) for role in row.roles) for row in connection.execute(query)}


def save_password(connection: sa.Connection, person: str, hashed: str, now: datetime) -> None:
    """Keep the hash of a password, instead of the one before."""
    values = {"hash": hashed, "set_at": now}
    statement = insert(passwords).values(person=person, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))


def load_password(connection: sa.Connection, person: str) -> str | None:
    """The hash of a person's password, if they have one."""
    found: str | None = connection.execute(sa.select(passwords.c.hash).where(passwords.c.person == person)).scalar()
    return found


def save_passkey(connection: sa.Connection, key: Passkey, now: datetime) -> None:
    """Keep a new key. Raises Conflict when it is known."""
    values = {"person": key.person, "label": key.label, "public_key": key.public_key, "uses": key.uses}
    statement = insert(passkeys).values(id=key.id, added_at=now, **values).on_conflict_do_nothing()
    if not connection.execute(statement.returning(passkeys.c.id)).first():
        raise Conflict("This passkey is known already.")


def load_passkey(connection: sa.Connection, key_id: str) -> Passkey | None:
    """The key of that id."""
    row = connection.execute(sa.select(passkeys).where(passkeys.c.id == key_id)).first()
    return Passkey(row.id, row.person, row.label, row.public_key, row.uses) if row else None


def note_passkey(connection: sa.Connection, key_id: str, uses: int, now: datetime) -> None:
    """It was used, for so many times as it says."""
    connection.execute(sa.update(passkeys).where(passkeys.c.id == key_id).values(uses=uses, used_at=now))


def drop_passkey(connection: sa.Connection, person: str, key_id: str) -> None:
    """Forget a person's key. Raises NotFound."""
    query = sa.delete(passkeys).where(passkeys.c.id == key_id, passkeys.c.person == person)
    if not connection.execute(query).rowcount:
        raise NotFound(f"{person} has no such passkey.")


def link_identity(connection: sa.Connection, issuer: str, subject: str, person: str, now: datetime) -> None:
    """Whom a provider's subject is; the first word stands."""
    values = {"issuer": issuer, "subject": subject, "person": person, "linked_at": now}
    connection.execute(insert(identities).values(values).on_conflict_do_nothing())


def find_identity(connection: sa.Connection, issuer: str, subject: str) -> str | None:
    """The person that a provider's subject is."""
    query = sa.select(identities.c.person).where(identities.c.issuer == issuer, identities.c.subject == subject)
    found: str | None = connection.execute(query).scalar()
    return found


def can_sign_in(connection: sa.Connection, person: str) -> bool:
    """Whether anything that they hold lets them in."""
    ways = [sa.exists().where(table.c.person == person) for table in (passwords, passkeys, identities)]
    return bool(connection.execute(sa.select(sa.or_(*ways))).scalar_one())


def save_preferences(connection: sa.Connection, person: str, body: dict[str, Any]) -> None:
    """Keep how a person wants to see things."""
    statement = insert(preferences).values(person=person, body=body)
    connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_={"body": body}))


def load_preferences(connection: sa.Connection, person: str) -> dict[str, Any]:
    """How a person wants to see things; empty when they never said."""
    found = connection.execute(sa.select(preferences.c.body).where(preferences.c.person == person)).scalar()
    return dict(found or {})


def _here(name: str) -> sa.ColumnElement[bool]:
    return sa.and_(people.c.name == name, people.c.left_at.is_(None))
