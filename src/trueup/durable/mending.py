"""Mending: that a run is to go on or to stop is kept in the transaction that says so, and done once that is committed.

Runs are moved on connections of their own, so who asked for it and what it does cannot be one transaction. What is asked is a row
of the first. Who committed it does it at once; what is left of a program that died in between, or lost its database, any worker
does. Done twice it is as once: a run that is another since is left alone.
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
    """Keep it in the caller's transaction; what was asked of the same run before and is not done yet is overtaken."""
    row = {"run_id": asked.run_id, "how": asked.how.value, "since": asked.since, "forget": asked.forget}
    statement = insert(MENDINGS).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=[MENDINGS.c.run_id], set_=row))


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
        own = sa.select(MENDINGS).where(MENDINGS.c.run_id == run_id).with_for_update(skip_locked=True)
        row = connection.execute(own).first()
        if row is None:
            return False
        # On connections of its own, before this one commits: a death in between leaves the row, and it is done again.
        with suppress(NotFound, Conflict):
            mend(Asked(row.run_id, Mending(row.how), row.since, row.forget))
        connection.execute(sa.delete(MENDINGS).where(MENDINGS.c.run_id == run_id))
    return True
