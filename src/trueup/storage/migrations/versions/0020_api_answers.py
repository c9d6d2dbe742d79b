"""What programs were answered under a key of theirs: asked again, they are told the same and nothing is done twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020_api_answers"
down_revision = "0019_api"
branch_labels = None
depends_on = None
SCHEMA = "trueup"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "api_answers",
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.CHAR(length=64), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("body", JSONB, nullable=True),
        sa.ForeignKeyConstraint(
            ["token"], [f"{SCHEMA}.access_tokens.id"], name=op.f("fk_api_answers_token_access_tokens")
        ),
        sa.PrimaryKeyConstraint("token", "key", name=op.f("pk_api_answers")),
        schema=SCHEMA,
    )
    op.create_index("ix_api_answers_at", "api_answers", ["at"], unique=False, schema=SCHEMA)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("api_answers", schema=SCHEMA)
