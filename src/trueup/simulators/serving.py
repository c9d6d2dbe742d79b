"""Serves an ASGI application on a real local socket from a thread: what every simulator runs on."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

DROP = "trueup.drop"
"""Extension of the ASGI scope: a function that cuts the connection, as a network does, without a reply."""

LOCAL_ONLY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For what a simulator sends: to http:// on this machine, so it trusts no certificate and spends no time on reading any."""

_START_TIMEOUT_SECONDS = 20.0
_STOP_TIMEOUT_SECONDS = 30.0
_DRAIN_TIMEOUT_SECONDS = 1
_KEEP_ALIVE_SECONDS = 60
"""As the load balancers before the real systems. Much shorter, and on a busy machine a write would meet a connection that is
just being closed: its reply is lost, and nobody meant it to be."""


class _DroppableProtocol(H11Protocol):
    """HTTP/1.1 that lets the application cut its own connection: a lost reply is a lie a simulator must be able to tell."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application = self.app

        async def droppable(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP] = transport.abort
            await application(scope, receive, send)

        self.app = droppable


async def read_body(receive: Receive, largest: int) -> bytes | None:
    """The body of a request; None when it is larger than allowed (all of it is read, so that the reply arrives)."""
    chunks, size = [], 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= largest:
            chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks) if size <= largest else None


async def lose_reply(scope: Scope, send: Send) -> None:
    """Cut the connection without a reply; a server that cannot is left to close an unfinished one."""
    drop = scope.get("extensions", {}).get(DROP)
    if drop is not None:
        drop()
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


class _PromptServer(uvicorn.Server):
    """Uvicorn's server, which looks ten times a second whether it should end; this one is told, and ends then.

    A world of simulators is begun and ended thousands of times by those who try what happens in it.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Stop answering. Called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Until it is told to end; the date of its replies is renewed each second, as in uvicorn."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, close those that rest, and give requests under way a moment to be answered."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        until = time.monotonic() + (self.config.timeout_graceful_shutdown or 0)
        while (self.server_state.tasks or self.server_state.connections) and time.monotonic() < until:
            await asyncio.sleep(0.001)
        for task in self.server_state.tasks:
            task.cancel()


class Serving:
    """A running server. A context manager: leaving it stops the server and joins its thread."""

    def __init__(self, server: _PromptServer, listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="simulator", daemon=True
        )
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._thread.start()

    def wait_until_started(self) -> None:
        """Return once requests are answered. Raises RuntimeError when the server ended or took too long."""
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"The simulator at {self.url} did not start within {_START_TIMEOUT_SECONDS} s.")
            time.sleep(0.001)

    def stop(self) -> None:
        """Stop answering, close every connection, join the thread. Safe to call twice. Raises RuntimeError if it would not stop."""
        self._server.end()
        self._thread.join(_STOP_TIMEOUT_SECONDS)
        self._listener.close()
        if self._thread.is_alive():
            raise RuntimeError(f"The simulator at {self.url} did not stop within {_STOP_TIMEOUT_SECONDS} s.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(app: Application, port: int = 0, *, dated: bool = True) -> Serving:
    """Run `app` on 127.0.0.1 (port 0: any free one). `dated`: replies say the machine's time; one that lies about the time says its
    own. Raises OSError when the port is taken."""
    # Without the explicit IPPROTO_TCP asyncio does not set TCP_NODELAY and every reply takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
        config = uvicorn.Config(
            app,
            http=_DroppableProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=dated,
            timeout_graceful_shutdown=_DRAIN_TIMEOUT_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        serving = Serving(_PromptServer(config), listener)
    except BaseException:
        listener.close()
        raise
    try:
        serving.wait_until_started()
    except BaseException:
        serving.stop()
        raise
    return serving
