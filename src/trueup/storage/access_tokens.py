"""Access tokens in the database: what machines show instead of a session, each with what it may do and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import Conflict
from trueup.base.ids import digest_of
from trueup.storage.schema import metadata
from trueup.storage.sessions import new_ticket

access_tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("digest", sa.CHAR(64), nullable=False, unique=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("scopes", JSONB, nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("used_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Index("ix_access_tokens_person", "person"),
    sa.Index(
        "uq_access_tokens_label",
        sa.text("lower(person)"),
        sa.text("lower(label)"),
        unique=True,
        postgresql_where=sa.text("ended_by = ''"),
    ),
)
PREFIX = "trueup_"
"""Begins every token, so that one that was left somewhere can be found."""


_TOUCHED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """For whom it acts, under which name, and what it may do of what they may; `used_at`: before this time."""

    id: int
    person: str
    label: str
    scopes: frozenset[str]
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that is wanted: for whom, under which name, what it may do, who makes it, and when it ends."""

    person: str
    label: str
    scopes: Collection[str]
    made_by: str
    ends_at: datetime


def make_token(connection: sa.Connection, wanted: NewToken, now: datetime) -> tuple[int, str]:
    """Its id and its text, which is kept nowhere. Raises Conflict when one of that person's bears the name and was not ended."""
    text = PREFIX + new_ticket()
    values = {
        "digest": digest_of(text.encode()),
        "person": wanted.person,
        "label": wanted.label,
        "made_by": wanted.made_by,
        "scopes": sorted(wanted.scopes),
        "made_at": now,
        "ends_at": wanted.ends_at,
        "ended_by": "",
    }
    try:
        with connection.begin_nested():
            statement = sa.insert(access_tokens).values(values).returning(access_tokens.c.id)
            return connection.execute(statement).scalar_one(), text
    except sa.exc.IntegrityError as error:
        raise Conflict(
            f"{wanted.person} has a token {wanted.label!r} already; end that one first, or give this one another name."
        ) from error


def find_token(connection: sa.Connection, text: str, now: datetime) -> AccessToken | None:
    """The token of that text, while it holds; noted as used, to the minute."""
    table = access_tokens.c
    holds = sa.and_(table.digest == digest_of(text.encode()), table.ended_by == "", table.ends_at > now)
    row = connection.execute(sa.select(access_tokens).where(holds)).first()
    if row is None:
        return None
    if row.used_at is None or now - row.used_at > _TOUCHED_AFTER:
        connection.execute(sa.update(access_tokens).where(table.id == row.id).values(used_at=now))
    return AccessToken(row.id, row.person, row.label, frozenset(row.scopes), row.used_at)


def load_owner(connection: sa.Connection, token_id: int) -> tuple[str, str] | None:
    """Whose token that is, and its name; None when there is none that holds."""
    query = sa.select(access_tokens.c.person, access_tokens.c.label).where(
        access_tokens.c.id == token_id, access_tokens.c.ended_by == ""
    )
    row = connection.execute(query).first()
    return (row.person, row.label) if row else None


def ended_by(connection: sa.Connection, token_id: int) -> tuple[str, str] | None:
    """Whose token that was, and who ended it; None for one that holds, or that there never was."""
    query = sa.select(access_tokens.c.person, access_tokens.c.ended_by).where(
        access_tokens.c.id == token_id, access_tokens.c.ended_by != ""
    )
    row = connection.execute(query).first()
    return (row.person, row.ended_by) if row else None


def end_token(connection: sa.Connection, token_id: int, by: str) -> None:
    """It opens nothing from now on."""
    query = sa.update(access_tokens).where(access_tokens.c.id == token_id, access_tokens.c.ended_by == "")
    connection.execute(query.values(ended_by=by))


def end_tokens(connection: sa.Connection, person: str, by: str) -> None:
    """None of a person's opens anything from now on."""
    query = sa.update(access_tokens).where(access_tokens.c.person == person, access_tokens.c.ended_by == "")
    connection.execute(query.values(ended_by=by))
