"""How urgent a case is stands in its row: money at risk by the hours that were left when they were counted last; decision 0033.

Both columns are computed of the row alone. What makes them other as time passes is `counted_at`, which a worker sets when a case
comes to its next step: so the queue is read from an index, in one order, however long it is. Causes are found by theirs.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0055_urgency_of_cases"
down_revision = "0054_orders_by_due"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_STEPS = "ARRAY[1,2,3,4,6,8,12,16,24,32,48,64,96,128,192,256,384,512,768,1024,1536,2048,3072,4096,6144]"
_FUNCTIONS = f"""
CREATE FUNCTION trueup.step_of_hours(deadline timestamptz, at timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN deadline IS NOT NULL THEN least(width_bucket(
    least(greatest(ceil(extract(epoch FROM deadline - at) / 3600), 1), 1000000)::integer - 1, {_STEPS}) + 1, 25) END $$;
CREATE FUNCTION trueup.urgency(risk_minor bigint, deadline timestamptz, at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT abs(coalesce(risk_minor, 0)) / coalesce(({_STEPS})[trueup.step_of_hours(deadline, at)], 720) $$;
CREATE FUNCTION trueup.urgency_until(deadline timestamptz, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT to_timestamp((extract(epoch FROM deadline - timestamptz '1970-01-01 00:00:00+00')
    - 3600 * ({_STEPS})[trueup.step_of_hours(deadline, at) - 1])::float8) $$;
"""
_COUNTED = "coalesce(counted_at, opened_at)"
_STANDS = "state = 'open' AND merged_into IS NULL"
_INDEXES: dict[str, list[str]] = {
    "ix_cases_urgency": ["urgency", "id"],
    "ix_cases_due": ["coalesce(deadline, '9999-12-31 00:00:00+00'::timestamp with time zone)", "id"],
    "ix_cases_money": ["abs(coalesce(risk_minor, 0))", "id"],
    "ix_cases_age": ["opened_at", "id"],
    "ix_cases_cause": ["kind", "cause", "urgency", "id"],
}


def upgrade() -> None:
    """Add the columns, count the cases that are open as of now, and make an index for each order of the queue."""
    op.execute(_FUNCTIONS)
    op.add_column("cases", sa.Column("counted_at", sa.TIMESTAMP(timezone=True)), schema=SCHEMA)
    op.execute("UPDATE trueup.cases SET counted_at = now() WHERE state = 'open'")
    computed: dict[str, tuple[Any, str]] = {
        "urgency": (sa.BigInteger, f"trueup.urgency(risk_minor, deadline, {_COUNTED})"),
        "urgency_until": (sa.TIMESTAMP(timezone=True), f"trueup.urgency_until(deadline, {_COUNTED})"),
    }
    for name, (kind, said) in computed.items():
        op.add_column("cases", sa.Column(name, kind, sa.Computed(said, persisted=True)), schema=SCHEMA)
    for name, columns in _INDEXES.items():
        keys = [sa.text(each) for each in columns]
        op.create_index(name, "cases", keys, schema=SCHEMA, postgresql_where=sa.text(_STANDS))
    op.create_index("ix_cases_of_causes", "cases", ["kind", "cause", "id"], schema=SCHEMA)
    waits = sa.text("state = 'open' AND urgency_until IS NOT NULL")
    op.create_index("ix_cases_urgency_until", "cases", ["urgency_until"], schema=SCHEMA, postgresql_where=waits)


def downgrade() -> None:
    """Drop them: the queue works out its order of all open cases again."""
    for name in (*_INDEXES, "ix_cases_of_causes", "ix_cases_urgency_until"):
        op.drop_index(name, table_name="cases", schema=SCHEMA)
    for column in ("urgency_until", "urgency", "counted_at"):
        op.drop_column("cases", column, schema=SCHEMA)
    op.execute("DROP FUNCTION trueup.urgency_until, trueup.urgency, trueup.step_of_hours")
