"""Replays: a window of a connection is read again from an earlier time on, and how far that is, is followed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import AskedInstant, DryRun, Key, Told
from trueup.base.clock import aware_utc
from trueup.workflows.jobs.read_again import ask_reading
from trueup.workflows.world import Tx


class ReplayWanted(Told, json_schema_extra={"examples": [{"query": "created", "since": "2026-11-20T00:00:00Z"}]}):
    """What is read again, and from when on."""

    query: str = Field(max_length=100, pattern=r"^[^\x00]*$")
    since: AskedInstant


ConnectionName = Annotated[str, Path(max_length=200, description="The connection.", examples=["amazon-us"])]


def replay_window(
    call: Calling, connection: ConnectionName, told: ReplayWanted, dry_run: DryRun = False, key: Key = None
) -> WholeWork:
    """Read a window again. What is known stays as it is, and what was missed arrives; the job says how far it is.

    `dry_run` tells whether it can be, and how long the window is.
    """

    def act(tx: Tx) -> WholeWork:
        number, _ = ask_reading(tx, connection, told.query, aware_utc(told.since), call.person)
        return whole_work(tx.connection, number)

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "replays",
    "Replays",
    (Operation("/connections/{connection}/replays", replay_window, "connections.pause", "POST", 202),),
)
