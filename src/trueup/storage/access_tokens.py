"""Access tokens in the database: what machines show instead of a session, each with what it may do and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotFound
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
    sa.Column("scopes", JSONB, nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("used_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Index("ix_access_tokens_person", "person"),
)
PREFIX = "trueup_"
"""Begins every token, so that one that was left somewhere can be found."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """For whom it acts, and what it may do of what they may."""

    id: int
    person: str
    scopes: frozenset[str]


def make_token(
    connection: sa.Connection, person: str, label: str, scopes: Collection[str], times: tuple[datetime, datetime]
) -> tuple[int, str]:
    """Its id and its text, which is kept nowhere; from now until its end."""
    now, ends_at = times
    text = PREFIX + new_ticket()
    values = {"person": person, "label": label, "scopes": sorted(scopes), "made_at": now, "ends_at": ends_at}
    statement = sa.insert(access_tokens).values(digest=digest_of(text.encode()), ended_by="", **values)
    return connection.execute(statement.returning(access_tokens.c.id)).scalar_one(), text


def find_token(connection: sa.Connection, text: str, now: datetime) -> AccessToken | None:
    """The token of that text, while it holds; noted as used."""
    query = (
        sa.update(access_tokens)
        .where(
            access_tokens.c.digest == digest_of(text.encode()),
            access_tokens.c.ended_by == "",
            access_tokens.c.ends_at > now,
        )
        .values(used_at=now)
        .returning(access_tokens.c.id, access_tokens.c.person, access_tokens.c.scopes)
    )
    row = connection.execute(query).first()
    return AccessToken(row.id, row.person, frozenset(row.scopes)) if row else None


def end_token(connection: sa.Connection, token_id: int, by: str) -> None:
    """It opens nothing from now on. Raises NotFound."""
    query = sa.update(access_tokens).where(access_tokens.c.id == token_id, access_tokens.c.ended_by == "")
    if not connection.execute(query.values(ended_by=by)).rowcount:
        raise NotFound(f"Access token {token_id}: there is none that holds.")
