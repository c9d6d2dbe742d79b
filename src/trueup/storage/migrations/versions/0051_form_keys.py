"""Keys of forms that were sent: a double click acts once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051_form_keys"
down_revision = "0050_tallies"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "form_keys",
        sa.Column("key", sa.CHAR(64), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_form_keys")),
        schema=SCHEMA,
    )
    op.create_index("ix_form_keys_at", "form_keys", ["at"], unique=False, schema=SCHEMA)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("form_keys", schema=SCHEMA)
