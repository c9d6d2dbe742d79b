"""The tables of durable work, schema `durable`; migration 0002 creates them. DBOS keeps its own in schema `dbos`."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData(schema="durable")

CHECKPOINTS = sa.Table(
    "checkpoints",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("tally", sa.Text),
)
"""What each step and commit of a run came to, and counted. By the key a commit happens once: the row is of its transaction."""

TIMERS = sa.Table(
    "timers",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("due", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("args", sa.Text, nullable=False),
)
"""Runs that start later, by the engine's clock."""

WORKERS = sa.Table(
    "workers",
    METADATA,
    sa.Column("executor_id", sa.Text, primary_key=True),
    sa.Column("application_version", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
)
"""Worker processes that are alive, by the database's own clock: a machine's may be wrong."""

TROUBLES = sa.Table(
    "troubles",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reached", sa.Integer, nullable=False, server_default="0"),
    sa.Column("kind", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('failed', 'poisoned')", name="troubles_kind"),
)
"""Runs whose worker died, how often since `reached` checkpoints were there, and runs that failed or were given up."""

MENDINGS = sa.Table(
    "mendings",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True)),
    sa.Column("forget", sa.Integer),
    sa.CheckConstraint("how IN ('go-on', 'stop')", name="mendings_how"),
)
"""What is asked of runs and not done yet: to go on, without the error at that position, where they stand so since; or to stop."""

BUDGETS = sa.Table(
    "budgets",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rate_per_second", sa.Double, nullable=False),
    sa.Column("burst", sa.Double, nullable=False),
)
"""Rate budgets shared by all workers: when the bucket is full again if nobody takes."""
