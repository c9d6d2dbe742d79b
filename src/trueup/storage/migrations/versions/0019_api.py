"""What machines act by: who made a token, and names that tell the tokens of one person apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_api"
down_revision = "0018_pauses"
branch_labels = None
depends_on = None
SCHEMA = "trueup"


def upgrade() -> None:
    """Until now nothing could make a token, so no row needs a maker."""
    op.add_column("access_tokens", sa.Column("made_by", sa.Text(), nullable=False), schema=SCHEMA)
    op.create_index(
        "uq_access_tokens_label",
        "access_tokens",
        [sa.text("lower(person)"), sa.text("lower(label)")],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("ended_by = ''"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("uq_access_tokens_label", table_name="access_tokens", schema=SCHEMA)
    op.drop_column("access_tokens", "made_by", schema=SCHEMA)
