"""Live: streams of server-sent events for pages that change while they are looked at. No page needs one to be whole.

A stream looks again and again and sends what it shows when that is new; each message is whole and has an id, so that one that was
cut and resumed doubles nothing. Streams are few and short: a browser that is told nothing for a while asks again, and is asked
again who it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from trueup.console.visit import Visit
from trueup.workflows.authority import LOOK, is_allowed
from trueup.workflows.sign_in import is_signed_in

_LOOKS, _PAUSE_SECONDS = 60, 1.0
_END = "event: ended\ndata: over\n\n"


@dataclass(frozen=True, slots=True)
class Message:
    """What a look shows: HTML, an id that is another whenever it is, and whether nothing follows it."""

    id: str
    html: str
    last: bool = False


Look = Callable[[sa.Connection], Message]


def is_streamed(path: str) -> bool:
    """Whether a route answers with a stream: by a part of its path."""
    return "live" in path.split("/")


def stream(visit: Visit, look: Look) -> Response:
    """What `look` shows, as long as it changes; nothing (204) where there are too many streams already."""
    streams = visit.house.streams
    if not streams.enter(visit.ticket):
        return Response(status_code=204)
    known = visit.request.headers.get("last-event-id", "")
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_messages(visit, look, known), media_type="text/event-stream", headers=headers)


async def _messages(visit: Visit, look: Look, known: str) -> AsyncIterator[str]:
    database = visit.desk.world.database

    def ask() -> Message | None:
        with database.transaction() as connection:
            return look(connection) if _still_may(visit, connection) else None

    try:
        for _ in range(_LOOKS):
            message = await run_in_threadpool(ask)
            if message is None:
                yield _END
                return
            if message.id != known:
                known = message.id
                yield written(message)
            if message.last:
                yield _END
                return
            await asyncio.sleep(_PAUSE_SECONDS)
    finally:
        visit.house.streams.leave(visit.ticket)


def _still_may(visit: Visit, connection: sa.Connection) -> bool:
    """Whether the session still holds and its person may still look: who signs out, or is removed, is shown nothing more."""
    desk = visit.desk
    person = is_signed_in(connection, visit.ticket, desk.settings.people, desk.world.clock.now())
    return person is not None and is_allowed(person, LOOK)


def written(message: Message) -> str:
    """A message as the protocol has it: every line of the HTML is a line of data."""
    lines = "\n".join(f"data: {line}" for line in message.html.splitlines() or [""])
    return f"id: {message.id}\n{lines}\n\n"
