"""Keys of forms in the database: each rendering of a form acts once, however often it is sent as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.storage.schema import metadata

form_keys = sa.Table(
    "form_keys",
    metadata,
    sa.Column("key", sa.CHAR(64), primary_key=True),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_form_keys_at", "at"),
)
KEPT = timedelta(days=1)
"""How long a form that was sent does nothing more."""


def claim_key(connection: sa.Connection, key: str, now: datetime) -> bool:
    """Whether it is sent for the first time. Who sends it at the same time waits here until this transaction ends."""
    old = sa.select(form_keys.c.key).where(form_keys.c.at < now - KEPT).with_for_update(skip_locked=True)
    connection.execute(sa.delete(form_keys).where(form_keys.c.key.in_(old.scalar_subquery())))
    new = insert(form_keys).values(key=key, at=now).on_conflict_do_nothing().returning(form_keys.c.key)
    return connection.execute(new).first() is not None


def release_key(connection: sa.Connection, key: str) -> None:
    """What it asked for was refused after all: it may be sent again as it is."""
    connection.execute(sa.delete(form_keys).where(form_keys.c.key == key))


def sent_at(connection: sa.Connection, key: str) -> datetime | None:
    """When it was sent; None where it was not."""
    found: datetime | None = connection.execute(sa.select(form_keys.c.at).where(form_keys.c.key == key)).scalar()
    return found
