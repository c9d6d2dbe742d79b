"""Long work can be called off."""

from __future__ import annotations

from alembic import op

revision = "0032_jobs_cancelled"
down_revision = "0031_quick_pages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a job have been cancelled."""
    _constrain(
        "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", "state IN ('done', 'failed', 'cancelled')"
    )


def downgrade() -> None:
    """No more: those that were have failed."""
    op.execute("UPDATE trueup.jobs SET state = 'failed' WHERE state = 'cancelled'")
    _constrain("state IN ('waiting', 'running', 'done', 'failed')", "state IN ('done', 'failed')")


def _constrain(states: str, ended: str) -> None:
    for name, words in (("ck_jobs_state", states), ("ck_jobs_ended_when", f"({ended}) = (ended_at IS NOT NULL)")):
        op.drop_constraint(op.f(name), "jobs", schema="trueup", type_="check")
        op.create_check_constraint(op.f(name), "jobs", words, schema="trueup")
