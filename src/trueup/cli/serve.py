"""`trueup serve`: the console on a local address, and the work with it unless workers do that elsewhere."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.base.errors import ConfigurationError
from trueup.cli.frame import Result, Session, command

if TYPE_CHECKING:
    from trueup.app import Application

group = typer.Typer(name="serve", no_args_is_help=True)
PORT = 8321
_START_SECONDS = 30.0
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")]


@command(group, "serve", example="trueup serve --port 8321")
def serve(
    session: Session,
    host: Annotated[
        str, typer.Option(help="The address to listen on; a proxy with TLS stands before others.")
    ] = "127.0.0.1",
    port: Port = PORT,
    work: Annotated[bool, typer.Option(help="Work too, as `trueup run` does.")] = True,
) -> Result:
    """Serve the console until Ctrl-C. The first time it shows a link by which an administrator comes in, once."""
    from trueup.app import build_web

    with session.open() as app:
        listener = listen(host, port)
        if work:
            app.work()
        url = f"http://{host}:{listener.getsockname()[1]}"
        session.remark(f"The console is at {url}. Ctrl-C stops it.")
        session.remark(_first_link(app, url))
        _server(build_web(app)).run(sockets=[listener])
    return Result({"url": url}, silent=True)


def _first_link(app: Application, url: str) -> str:
    from trueup.workflows.people import make_first_link

    made = app.act(False, make_first_link, app.settings.people)
    if made is None:
        return ""
    name, ticket = made
    return f"Nobody can sign in yet. {name} comes in by this link, once, within three days:\n    {url}/enter/{ticket}"


def listen_near(port: int) -> socket.socket:
    """A socket that listens on this machine at that port, or at another that is free when it is taken."""
    try:
        return listen("127.0.0.1", port)
    except ConfigurationError:
        return listen("127.0.0.1", 0)


def address_of(listener: socket.socket) -> str:
    """Where a browser on this machine reaches what is served there."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def in_background(web: Any, listener: socket.socket) -> Iterator[str]:
    """Serve from a thread until the block ends; gives the address."""
    server = _server(web)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="console", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the explicit IPPROTO_TCP asyncio does not set TCP_NODELAY and every reply takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = "it is taken; choose another with --port" if error.errno == errno.EADDRINUSE else error.strerror
        raise ConfigurationError(f"The console cannot listen on {host} port {port}: {why}.") from error
    listener.listen(512)
    return listener


def _server(web: Any) -> Any:
    import uvicorn

    config = uvicorn.Config(
        web, lifespan="off", access_log=False, log_config=None, server_header=False, timeout_graceful_shutdown=3
    )
    return uvicorn.Server(config)
