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
    sa.Column("joined", sa.Boolean, nullable=False),
    sa.Column("barred_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_identities_person", "person"),
)
addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("barred_at", sa.TIMESTAMP(timezone=True)),
    sa.CheckConstraint("email = lower(email)", name="lower"),
    sa.Index("ix_addresses_person", "person"),
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


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """Whom a provider's subject is. `joined`: the person came here by it, unasked; `barred`: they left, and it opens nothing."""

    issuer: str
    subject: str
    person: str
    joined: bool = False
    barred: bool = False


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
    """They left: what they did stays under their name, and nothing lets them in. Raises NotFound.

    What a provider calls them, and the address they were asked at, are kept as barred: neither may join again by itself.
    """
    if not connection.execute(sa.update(people).where(_here(name)).values(left_at=now)).rowcount:
        raise NotFound(f"{name!r} is nobody who was added in the console.")
    for table in (identities, addresses):
        open_ones = sa.and_(table.c.person == name, table.c.barred_at.is_(None))
        connection.execute(sa.update(table).where(open_ones).values(barred_at=now))
    forget_keys(connection, name)


def forget_keys(connection: sa.Connection, name: str) -> None:
    """No password and no passkey of that name opens anything from now on: who bears it next is another."""
    for table in (passwords, passkeys):
        connection.execute(sa.delete(table).where(table.c.person == name))


def is_known(connection: sa.Connection, name: str) -> bool:
    """Whether anyone was ever added under that name, however it is written."""
    query = sa.select(sa.exists().where(sa.func.lower(people.c.name) == name.lower()))
    return bool(connection.execute(query).scalar_one())


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


def link_identity(connection: sa.Connection, made: LinkedIdentity, now: datetime) -> None:
    """Whom a provider's subject is from now on; one that was barred is another's now. Raises Conflict while it is somebody's."""
    values = {"person": made.person, "linked_at": now, "joined": made.joined, "barred_at": None}
    statement = insert(identities).values(issuer=made.issuer, subject=made.subject, **values)
    again = statement.on_conflict_do_update(
        index_elements=["issuer", "subject"], set_=values, where=identities.c.barred_at.is_not(None)
    )
    if connection.execute(again.returning(identities.c.person)).first() is None:
        raise Conflict("This account of the provider is somebody's already.")


def find_identity(connection: sa.Connection, issuer: str, subject: str) -> LinkedIdentity | None:
    """The person that a provider's subject is, or was."""
    query = sa.select(identities).where(identities.c.issuer == issuer, identities.c.subject == subject)
    row = connection.execute(query).first()
    return LinkedIdentity(issuer, subject, row.person, row.joined, row.barred_at is not None) if row else None


def has_identity(connection: sa.Connection, person: str, issuer: str) -> bool:
    """Whether a subject of that provider is the person already."""
    open_one = sa.and_(identities.c.person == person, identities.c.issuer == issuer, identities.c.barred_at.is_(None))
    return bool(connection.execute(sa.select(sa.exists().where(open_one))).scalar_one())


def drop_identities(connection: sa.Connection, person: str) -> int:
    """No provider's subject is that person any more; how many were."""
    return connection.execute(sa.delete(identities).where(identities.c.person == person)).rowcount


def save_address(connection: sa.Connection, email: str, person: str, by: str, now: datetime) -> None:
    """The address that a person is asked at, instead of the one before. Raises Conflict when it is another's."""
    connection.execute(sa.delete(addresses).where(addresses.c.person == person))
    values = {"person": person, "added_by": by, "added_at": now, "barred_at": None}
    statement = insert(addresses).values(email=email.lower(), **values)
    again = statement.on_conflict_do_update(
        index_elements=["email"], set_=values, where=addresses.c.barred_at.is_not(None)
    )
    if connection.execute(again.returning(addresses.c.email)).first() is None:
        raise Conflict(f"{email} is the address of somebody else already.")


def find_address(connection: sa.Connection, email: str) -> tuple[str, bool] | None:
    """Whose address it is, and whether they left."""
    row = connection.execute(sa.select(addresses).where(addresses.c.email == email.lower())).first()
    return (row.person, row.barred_at is not None) if row else None


def can_sign_in(connection: sa.Connection, person: str) -> bool:
    """Whether anything that they hold lets them in."""
    ways = [sa.exists().where(table.c.person == person) for table in (passwords, passkeys)]
    ways.append(sa.exists().where(identities.c.person == person, identities.c.barred_at.is_(None)))
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
