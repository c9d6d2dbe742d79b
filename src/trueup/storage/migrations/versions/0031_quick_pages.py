"""What pages ask is found by an index: open cases with what is summed of them, what was made of a document, what is new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031_quick_pages"
down_revision = "0030_suspense_groups"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_SUMMED = ["id", "owner", "risk_minor", "risk_currency", "deadline", "opened_at", "order_id"]
_REFERENCE = r"upper(regexp_replace(regexp_replace(name, '\.[A-Za-z0-9]{1,5}$', ''), '[\s_*/.-]+', '', 'g'))"
_MADE_OF = (
    ("order_revisions", "evidence"),
    ("decisions", "evidence"),
    ("deliveries", "digest"),
    ("sales_orders", "evidence"),
)


def upgrade() -> None:
    """Create the indexes."""
    for table, column in _MADE_OF:
        op.create_index(f"ix_{table}_{column}", table, [column], schema=SCHEMA)
    _create_part("ix_cases_evidence", "cases", ["evidence"], "evidence <> ''")
    _create_part("ix_acts_evidence", "acts", ["evidence"], "evidence <> ''")
    _create_part("ix_acts_people", "acts", ["actor", "at"], "actor <> 'trueup'")
    _create_part("ix_cases_by_people", "cases", ["id"], "state = 'resolved' AND resolved_by <> 'trueup'")
    _create_part("ix_cases_resolved_at", "cases", ["resolved_at"], "resolved_at IS NOT NULL")
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"], schema=SCHEMA)
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_cases_open", "cases", ["kind"], schema=SCHEMA, postgresql_include=_SUMMED, postgresql_where=is_open
    )
    op.create_index("ix_documents_received_at", "documents", ["received_at"], schema=SCHEMA, postgresql_using="brin")
    named = sa.text("name <> ''")
    op.create_index("ix_documents_reference", "documents", [sa.text(_REFERENCE)], schema=SCHEMA, postgresql_where=named)


def downgrade() -> None:
    """Drop them."""
    for table, names in {
        "documents": ("reference", "received_at"),
        "cases": ("open", "opened_at", "resolved_at", "by_people", "evidence"),
        "acts": ("people", "evidence"),
    }.items():
        for name in names:
            op.drop_index(f"ix_{table}_{name}", table_name=table, schema=SCHEMA)
    for table, column in _MADE_OF:
        op.drop_index(f"ix_{table}_{column}", table_name=table, schema=SCHEMA)


def _create_part(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, schema=SCHEMA, postgresql_where=sa.text(where))
