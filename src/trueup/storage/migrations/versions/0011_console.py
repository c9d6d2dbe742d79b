"""The console: people and how they sign in, sessions, access tokens, preferences, and what people say about cases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011_console"
down_revision = "0010_claims"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_TIME = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create them."""
    _create_people()
    _create_sessions()
    _create_case_talk()


def downgrade() -> None:
    """Drop them."""
    for table in (
        *("case_snoozes", "case_assignments", "case_comments", "access_tokens", "ceremonies", "sign_in_tries"),
        *("one_time_links", "sessions", "preferences", "identities", "passkeys", "passwords", "people"),
    ):
        op.drop_table(table, schema=SCHEMA)


def _create_people() -> None:
    op.create_table(
        "people",
        _text("name"),
        sa.Column("roles", JSONB, nullable=False),
        _text("added_by"),
        _time("added_at"),
        sa.Column("left_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_people")),
        schema=SCHEMA,
    )
    op.create_index("uq_people_name", "people", [sa.text("lower(name)")], unique=True, schema=SCHEMA)
    op.create_table(
        "passwords",
        _text("person"),
        _text("hash"),
        _time("set_at"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_passwords")),
        schema=SCHEMA,
    )
    op.create_table(
        "passkeys",
        _text("id"),
        _text("person"),
        _text("label"),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        _time("added_at"),
        sa.Column("used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        schema=SCHEMA,
    )
    op.create_index("ix_passkeys_person", "passkeys", ["person"], unique=False, schema=SCHEMA)
    op.create_table(
        "identities",
        _text("issuer"),
        _text("subject"),
        _text("person"),
        _time("linked_at"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
        schema=SCHEMA,
    )
    op.create_index("ix_identities_person", "identities", ["person"], unique=False, schema=SCHEMA)
    op.create_table(
        "preferences",
        _text("person"),
        sa.Column("body", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preferences")),
        schema=SCHEMA,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        *(_text(name) for name in ("person", "way", "agent")),
        *(_time(name) for name in ("began_at", "seen_at", "ends_at")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        schema=SCHEMA,
    )
    op.create_index("ix_sessions_person", "sessions", ["person"], unique=False, schema=SCHEMA)
    op.create_index("ix_sessions_ends", "sessions", ["ends_at"], unique=False, schema=SCHEMA)
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        *(_text(name) for name in ("person", "made_by")),
        *(_time(name) for name in ("made_at", "ends_at")),
        sa.Column("used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_one_time_links")),
        schema=SCHEMA,
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _time("at"),
        _text("name"),
        _text("address"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_tries")),
        schema=SCHEMA,
    )
    op.create_index("ix_sign_in_tries_name", "sign_in_tries", ["name", "at"], unique=False, schema=SCHEMA)
    op.create_index("ix_sign_in_tries_address", "sign_in_tries", ["address", "at"], unique=False, schema=SCHEMA)
    op.create_table(
        "ceremonies",
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        _text("kind"),
        sa.Column("body", JSONB, nullable=False),
        _time("ends_at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ceremonies")),
        schema=SCHEMA,
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        *(_text(name) for name in ("person", "label")),
        sa.Column("scopes", JSONB, nullable=False),
        *(_time(name) for name in ("made_at", "ends_at")),
        sa.Column("used_at", _TIME, nullable=True),
        _text("ended_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_access_tokens_digest")),
        schema=SCHEMA,
    )
    op.create_index("ix_access_tokens_person", "access_tokens", ["person"], unique=False, schema=SCHEMA)


def _create_case_talk() -> None:
    op.create_table(
        "case_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        _text("actor"),
        _time("at"),
        _text("text"),
        _of_case("case_comments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_comments")),
        schema=SCHEMA,
    )
    op.create_index("ix_case_comments_case", "case_comments", ["case_id", "id"], unique=False, schema=SCHEMA)
    op.create_table(
        "case_assignments",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        _text("person"),
        _time("at"),
        _of_case("case_assignments"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_assignments")),
        schema=SCHEMA,
    )
    op.create_index("ix_case_assignments_person", "case_assignments", ["person"], unique=False, schema=SCHEMA)
    op.create_table(
        "case_snoozes",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        _time("until"),
        *(_text(name) for name in ("reason", "actor")),
        _time("at"),
        sa.Column("risk_minor", sa.BigInteger(), nullable=True),
        _of_case("case_snoozes"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_snoozes")),
        schema=SCHEMA,
    )


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, _TIME, nullable=False)


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], [f"{SCHEMA}.cases.id"], name=op.f(f"fk_{table}_case_id_cases"))
