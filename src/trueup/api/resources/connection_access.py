"""Access of connections: what the last test found, by what each is let in and until when, what that grants, and the last use."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Instant, Key, Listed, Shape
from trueup.base.errors import NotFound
from trueup.workflows.probe_connection import access_row, keep_test, known_access, probe_connection
from trueup.workflows.world import Tx

_CREDENTIAL = {
    "name": "client secret",
    "kept": "sealed:amazon-client-secret",
    "ends_at": "2027-05-12T09:00:00Z",
    "latest": True,
    "forever": False,
    "renewed": False,
    "how": "It was sealed here on 2026-11-13 and such a thing lives 180 days from when it was made.",
}
_GRANT = {
    "name": "Inventory and Order Tracking",
    "standing": "granted",
    "needed_for": ["getTransaction"],
    "how": "Amazon answers; what was asked for does not exist, as expected.",
}
_ANSWER = {
    "ability": "getTransaction",
    "verdict": "works",
    "found": "Amazon answers; what was asked for does not exist, as expected.",
    "remedy": "",
}


class AccessAnswer(Shape, json_schema_extra={"examples": [_ANSWER]}):
    """One thing that the connection must be able to do, what a test found, and what to do about it."""

    ability: str
    verdict: Literal["works", "missing", "fails", "not available", "not tried"]
    found: str
    remedy: str


class AccessCredential(Shape, json_schema_extra={"examples": [_CREDENTIAL]}):
    """A secret or token: where it is kept, never what it is. `ends_at` null: no system tells; `how` says why."""

    name: str
    kept: str
    """How trueup.toml refers to it; "" for a token that lives in memory alone."""
    ends_at: Instant | None
    latest: bool
    """Whether it ends then at the latest, perhaps before."""
    forever: bool
    """Whether it has no end by itself."""
    renewed: bool
    """Whether it is fetched anew by itself before it ends."""
    how: str


class AccessGrant(Shape, json_schema_extra={"examples": [_GRANT]}):
    """A scope or a role, by the name that the other system has for it."""

    name: str
    standing: Literal["granted", "missing", "not granted, not needed", "unknown"]
    needed_for: list[str]
    how: str


class AccessUse(Shape, json_schema_extra={"examples": [{"what": "created", "at": "2026-11-23T08:59:00Z"}]}):
    """What it was used for last with success: read, or written and read back."""

    what: str
    at: Instant


class ConnectionAccess(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "name": "amazon-us",
                "state": "ok",
                "words": "Works",
                "tested_at": "2026-11-23T09:00:00Z",
                "tested_by": "Olga",
                "answers": [_ANSWER],
                "credentials": [_CREDENTIAL],
                "grants": [_GRANT],
                "used": [{"what": "created", "at": "2026-11-23T08:59:00Z"}],
            }
        ]
    },
):
    """One connection. Never tested is `unknown`, and has no answers and no grants."""

    name: str
    state: Literal["ok", "warn", "bad", "unknown"]
    words: str
    tested_at: Instant | None
    tested_by: str | None
    answers: list[AccessAnswer]
    credentials: list[AccessCredential]
    grants: list[AccessGrant]
    used: list[AccessUse]


ConnectionName = Annotated[str, Path(max_length=200, description="The connection's name.")]


def list_connection_access(call: Calling) -> Listed[ConnectionAccess]:
    """List every connection that can be tested with what is known of it. None of them is asked."""
    world = call.desk.world
    with call.look() as connection:
        rows = known_access(connection, world, sorted(world.connections.probed))
    return Listed[ConnectionAccess](items=[ConnectionAccess.model_validate(access_row(each)) for each in rows])


def get_connection_access(call: Calling, connection: ConnectionName) -> ConnectionAccess:
    """Show what is known of one connection, without asking it."""
    if connection not in call.desk.world.connections.probed:
        raise NotFound(f"There is no connection {connection!r} that can be tested.")
    with call.look() as looking:
        [access] = known_access(looking, call.desk.world, [connection])
    return ConnectionAccess.model_validate(access_row(access))


def test_access(call: Calling, connection: ConnectionName, key: Key = None) -> ConnectionAccess:
    """Test a connection: one harmless question for each thing that must work. It takes of its rate budget, and may take a while."""
    answers = probe_connection(call.desk.world, connection, call.person)

    def act(tx: Tx) -> ConnectionAccess:
        keep_test(tx, answers, call.person)
        [access] = known_access(tx.connection, call.desk.world, [connection])
        return ConnectionAccess.model_validate(access_row(access))

    return call.once(act, key)


RESOURCE = Resource(
    "connection-access",
    "Flows",
    (
        Operation("/connection-access", list_connection_access),
        Operation("/connections/{connection}/access", get_connection_access),
        Operation("/connections/{connection}/tests", test_access, "connections.test", "POST"),
    ),
)
