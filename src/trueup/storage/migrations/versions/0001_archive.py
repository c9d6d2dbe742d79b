"""The archive of documents, the keys that seal it, and sealed secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_archive"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "subject_keys",
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
        schema=SCHEMA,
    )
    op.create_index(
        "uq_subject_keys_living",
        "subject_keys",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("erased_at IS NULL"),
        schema=SCHEMA,
    )
    op.create_table(
        "contents",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("key_id", sa.BigInteger, sa.ForeignKey(f"{SCHEMA}.subject_keys.id"), nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.UniqueConstraint("digest", "key_id"),
        sa.Index("ix_contents_key_id", "key_id"),
        schema=SCHEMA,
    )
    op.create_table(
        "content_chunks",
        sa.Column(
            "content_id",
            sa.BigInteger,
            sa.ForeignKey(f"{SCHEMA}.contents.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        ),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    # Sealed bytes do not compress: PostgreSQL should not try.
    op.execute(f"ALTER TABLE {SCHEMA}.content_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL")
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("content_id", sa.BigInteger, sa.ForeignKey(f"{SCHEMA}.contents.id"), nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lane", sa.SmallInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("prev_hash", sa.CHAR(64), nullable=False),
        sa.Column("row_hash", sa.CHAR(64), nullable=False),
        sa.UniqueConstraint("lane", "position"),
        sa.Index("ix_documents_digest", "digest"),
        sa.Index("ix_documents_kind_id", "kind", "id"),
        sa.Index("ix_documents_source_id", "source", "id"),
        schema=SCHEMA,
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("master_key", sa.CHAR(16), nullable=False),
        sa.Column("saved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        schema=SCHEMA,
    )
