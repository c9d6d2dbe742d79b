"""Crash matrices over a whole installation: what counts as an effect, and time that goes on over crashes."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from tests.workflows.installation import Installation
from trueup.durable.in_process import Crashed


def count_commits(here: Installation) -> None:
    """Count each transaction that a step commits for itself; the engine's own are counted by itself."""

    def committing(connection: sa.Connection) -> None:
        if connection.engine is here.database.engine:
            try:
                here.engine.count_effect("commit of a transaction")
            except Crashed:
                connection.connection.rollback()  # as the server does when its client dies
                raise

    sa.event.listen(here.database.engine, "commit", committing)


def pass_time_over_crashes(here: Installation, by: timedelta) -> None:
    """Let time pass; whatever is killed on the way is taken over by a worker of which nothing is older."""
    until = here.clock.now() + by
    while True:
        try:
            here.pass_time(until - here.clock.now())
            return
        except Crashed:
            # A worker that takes over starts later, and so do its clients: nothing is left of the old one's memory.
            here.engine.resume()
