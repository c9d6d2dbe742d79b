"""The key of each subject (a partner, a person, a document): what is kept about it is sealed under it, and gone without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound, Refused
from trueup.storage.schema import metadata
from trueup.storage.sealing import MasterKey, new_key

subject_keys = sa.Table(
    "subject_keys",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("master_key", sa.CHAR(16), nullable=False),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("erased_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("erased_by", sa.Text),
    sa.Column("erased_because", sa.Text),
    sa.CheckConstraint("(wrapped_key IS NULL) = (erased_at IS NOT NULL)", name="key_or_erased"),
    sa.CheckConstraint("erased_at IS NULL OR (erased_by <> '' AND erased_because <> '')", name="erased_by_someone"),
    sa.Index("uq_subject_keys_living", "subject", unique=True, postgresql_where=sa.text("erased_at IS NULL")),
)
_LIVING = (
    sa.select(subject_keys.c.id, subject_keys.c.wrapped_key, subject_keys.c.master_key)
    .where(subject_keys.c.subject == sa.bindparam("wanted"), subject_keys.c.erased_at.is_(None))
    .with_for_update(read=True, key_share=True)
)


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A subject's living key: its row, and the key in the clear (never shown)."""

    id: int
    subject: str
    key: bytes

    def __repr__(self) -> str:
        return f"SubjectKey(id={self.id}, subject={self.subject!r})"


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a subject's key was destroyed. `at` is UTC."""

    subject: str
    at: datetime
    by: str
    because: str


def hold_subject_key(connection: sa.Connection, master: MasterKey, subject: str, now: datetime) -> SubjectKey:
    """The subject's living key, made when it has none; an erasure waits until this transaction ends.

    Without that, what is written here could be sealed under a key that is destroyed at the same moment. The row lock is the
    one that a foreign key takes: writers do not wait for each other. Raises ConfigurationError (another master key), Tampered.
    """
    row = connection.execute(_LIVING, {"wanted": subject}).one_or_none()
    if row is None:
        values = {
            "subject": subject,
            "wrapped_key": master.wrap(new_key(), _about(subject)),
            "master_key": master.id,
            "created_at": now,
        }
        connection.execute(insert(subject_keys).values(values).on_conflict_do_nothing())
        row = connection.execute(_LIVING, {"wanted": subject}).one()
    return SubjectKey(row.id, subject, master.unwrap(row.wrapped_key, _about(subject), row.master_key))


def open_subject_key(master: MasterKey, row: sa.Row[Any]) -> SubjectKey:
    """The key of a content's row. Raises Refused when it was destroyed, saying when and by whom; ConfigurationError; Tampered."""
    if row.erased_at is not None:
        raise Refused(
            f"The documents of {row.subject!r} were erased on {write_instant(row.erased_at)} by {row.erased_by} "
            f"({row.erased_because}): their hashes stand, their bytes cannot be had again."
        )
    return SubjectKey(row.key_id, row.subject, master.unwrap(row.wrapped_key, _about(row.subject), row.master_key))


def destroy_subject_key(connection: sa.Connection, erasure: Erasure) -> int:
    """Destroy the subject's living key; returns its row. Waits for transactions that write under it.

    PostgreSQL forgets the old row at its next vacuum, and a backup keeps what it kept: delete backups by their age.
    Raises NotFound when there is no living key, Invalid when nobody or nothing stands for the erasure.
    """
    if not erasure.by.strip() or not erasure.because.strip():
        raise Invalid(f"Erasing {erasure.subject!r} needs who asks for it and why.")
    living = (subject_keys.c.subject == erasure.subject) & subject_keys.c.erased_at.is_(None)
    # An update alone would not wait for them, because it leaves the row's key as it is.
    connection.execute(sa.select(subject_keys.c.id).where(living).with_for_update())
    key_id: int | None = connection.execute(
        sa.update(subject_keys)
        .where(living)
        .values(wrapped_key=None, erased_at=erasure.at, erased_by=erasure.by, erased_because=erasure.because)
        .returning(subject_keys.c.id)
    ).scalar()
    if key_id is None:
        raise NotFound(f"Nothing is archived about {erasure.subject!r} that is not erased already.")
    return key_id


def _about(subject: str) -> str:
    return f"The key of {subject!r}"
