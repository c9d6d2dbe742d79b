"""People come in by a provider: the addresses they were asked at, whose identity lets nobody in any more, and browsers known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026_identities"
down_revision = "0025_stock_at_size"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "addresses",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("barred_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_addresses_lower")),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_addresses")),
        schema="trueup",
    )
    op.create_index("ix_addresses_person", "addresses", ["person"], unique=False, schema="trueup")
    op.create_table(
        "known_browsers",
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("known_since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_known_browsers")),
        schema="trueup",
    )
    op.create_index("ix_known_browsers_person", "known_browsers", ["person"], unique=False, schema="trueup")
    no = sa.false()
    op.add_column("identities", sa.Column("joined", sa.Boolean(), nullable=False, server_default=no), schema="trueup")
    op.alter_column("identities", "joined", server_default=None, schema="trueup")
    op.add_column("identities", sa.Column("barred_at", sa.TIMESTAMP(timezone=True), nullable=True), schema="trueup")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("identities", "barred_at", schema="trueup")
    op.drop_column("identities", "joined", schema="trueup")
    op.drop_table("known_browsers", schema="trueup")
    op.drop_table("addresses", schema="trueup")
