"""Mending: that a run is to go on or to stop is kept in the transaction that says so, and done once that is committed.

Runs are moved on connections of their own, so who asked for it and what it does cannot be one transaction. What is asked is a row
of the first. Who committed it does it at once; what is left of a program that died in between, or lost its database, any worker
does. Done twice it is as once: a run that is another since is left alone. A run that is to stop looks for that itself, when it
begins and with each commit, so that it does not go on for as long as nobody has stopped it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.errors import Conflict, NotFound
from trueup.durable.flow import Mending
from trueup.durable.tables import MENDINGS

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(run)s, 40))"
_BESIDE = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%(run)s, 40))"
_TO_STOP = "SELECT 1 FROM durable.mendings WHERE run_id = %(run)s AND how = 'stop'"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of which run."""

    run_id: str
    how: Mending
    since: datetime | None
    """Since when the run stood as whoever asked saw it; None where that does not matter."""
    forget: int | None = None
    """The position of the error at which the run stopped: forgotten once, however often it is had to go on."""


def ask_mending(connection: sa.Connection, asked: Asked) -> None:
    """Keep it in the caller's transaction; what was asked of the same run before and is not done yet is overtaken.

    Asked to stop, the run neither begins nor commits until the caller's transaction has ended: how it stands, seen after this,
    stays so but for a step that is under way.
    """
    if asked.how is Mending.STOP:
        hold_alone(connection, asked.run_id)
    row = {"run_id": asked.run_id, "how": asked.how.value, "since": asked.since, "forget": asked.forget}
    statement = insert(MENDINGS).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=[MENDINGS.c.run_id], set_=row))


def hold_alone(connection: sa.Connection, run_id: str) -> None:
    """Until the transaction ends nobody else asks this run to stop, stops it or puts it back; it neither begins nor commits."""
    connection.exec_driver_sql(_ALONE, {"run": run_id})


def is_to_stop(connection: sa.Connection, run_id: str) -> bool:
    """Whether the run is asked to stop and nobody has stopped it yet. Waits for whoever is asking; within a transaction nobody asks
    from here to its end, so it is to be called last."""
    connection.exec_driver_sql(_BESIDE, {"run": run_id})
    # A statement of its own: one that waited would not see what it waited for.
    return connection.exec_driver_sql(_TO_STOP, {"run": run_id}).first() is not None


def mend_asked(transactions: sa.Engine, mend: Callable[[Asked], None]) -> int:
    """Do what was asked and is not done yet, but for what another does now; how many.

    `mend` may raise NotFound or Conflict: somebody was faster, or the run ended by itself. What fails otherwise is logged and stays
    to be done again; it fails for nobody, for it was asked for already, and keeps no other run.
    """
    try:
        with transactions.begin() as connection:
            waiting = list(connection.execute(sa.select(MENDINGS.c.run_id).order_by(MENDINGS.c.run_id)).scalars())
    except Exception:
        _LOG.warning("What was asked of runs is not done yet; a worker does it.", exc_info=True)
        return 0
    done = 0
    for run_id in waiting:
        try:
            done += _mend_one(transactions, run_id, mend)
        except Exception:
            _LOG.warning("What was asked of run %s is not done yet; a worker does it.", run_id, exc_info=True)
    return done


def _mend_one(transactions: sa.Engine, run_id: str, mend: Callable[[Asked], None]) -> bool:
    with transactions.begin() as connection:
        # Before its row, as whoever asks does. Who puts back what a worker left sees the run as it was or as it is then.
        hold_alone(connection, run_id)
        own = sa.select(MENDINGS).where(MENDINGS.c.run_id == run_id).with_for_update(skip_locked=True)
        row = connection.execute(own).first()
        if row is None:
            return False
        # On connections of its own, before this one commits: a death in between leaves the row, and it is done again.
        with suppress(NotFound, Conflict):
            mend(Asked(row.run_id, Mending(row.how), row.since, row.forget))
        connection.execute(sa.delete(MENDINGS).where(MENDINGS.c.run_id == run_id))
    return True
