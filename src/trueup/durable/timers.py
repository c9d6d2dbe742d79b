"""Timers: rows that become runs when they are due by the engine's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.durable.tables import TIMERS


@dataclass(frozen=True, slots=True)
class Timer:
    """A run that starts at `due`; `args` is the JSON text of a list."""

    run_id: str
    due: datetime
    flow: str
    queue: str
    args: str


_SET = insert(TIMERS)
_SET = _SET.on_conflict_do_update(
    index_elements=[TIMERS.c.run_id],
    set_={column.name: column for column in _SET.excluded if column.name != "run_id"},
)
_CANCEL = sa.delete(TIMERS).where(TIMERS.c.run_id == sa.bindparam("id"))
_NEXT_DUE = sa.select(sa.func.min(TIMERS.c.due))
_DUE = (
    sa.select(TIMERS.c.run_id)
    .where(TIMERS.c.due <= sa.bindparam("moment", type_=TIMERS.c.due.type))
    .order_by(TIMERS.c.due, TIMERS.c.run_id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE_DUE = sa.delete(TIMERS).where(TIMERS.c.run_id.in_(_DUE)).returning(*TIMERS.c)


def set_timer(connection: sa.Connection, timer: Timer) -> None:
    """Write the timer, replacing one of the same run."""
    row = {"run_id": timer.run_id, "due": timer.due, "flow": timer.flow, "queue": timer.queue, "args": timer.args}
    connection.execute(_SET, row)


def cancel_timer(connection: sa.Connection, run_id: str) -> bool:
    """Delete the timer; whether there was one."""
    return connection.execute(_CANCEL, {"id": run_id}).rowcount > 0


def find_timers(connection: sa.Connection, prefix: str) -> list[Timer]:
    """The timers of runs whose id begins so, the earliest first."""
    found = sa.select(TIMERS).where(TIMERS.c.run_id.startswith(prefix, autoescape=True)).order_by(TIMERS.c.due)
    return [Timer(row.run_id, row.due, row.flow, row.queue, row.args) for row in connection.execute(found)]


def is_due_by(connection: sa.Connection, flow: str, moment: datetime) -> bool:
    """Whether a timer starts a run of that flow up to then."""
    query = sa.select(TIMERS.c.run_id).where(TIMERS.c.flow == flow, TIMERS.c.due <= moment).limit(1)
    return connection.execute(query).first() is not None


def next_due(connection: sa.Connection) -> datetime | None:
    """When the earliest timer is due."""
    found: datetime | None = connection.execute(_NEXT_DUE).scalar()
    return found


def take_due_timers(connection: sa.Connection, moment: datetime, most: int) -> list[Timer]:
    """Delete up to `most` timers due at `moment` and return them in order; other workers' takes are skipped, not waited for."""
    rows = connection.execute(_TAKE_DUE, {"moment": moment, "most": most})
    timers = [Timer(row.run_id, row.due, row.flow, row.queue, row.args) for row in rows]
    return sorted(timers, key=lambda timer: (timer.due, timer.run_id))
