"""A console on a real server over a filled database, and how a test comes in: as a person, by HTTP or in a browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from trueup.app import Application, build_web
from trueup.console.server import csrf_of
from trueup.console.visit import SESSION
from trueup.remote.http import certificates
from trueup.workflows.people import all_people
from trueup.workflows.sign_in import Visitor, enter

PEOPLE = """
[[people]]
name = "Olga"
roles = ["operations"]

[[people]]
name = "Fina"
roles = ["finance"]

[[people]]
name = "Elke"
roles = ["e-commerce"]

[[people]]
name = "Ana Admin"
roles = ["admin"]

[[people]]
name = "Bo Admin"
roles = ["admin", "finance"]

[[people]]
name = "Aude"
roles = ["auditor"]
"""
ROLES = {"operations": "Olga", "finance": "Fina", "e-commerce": "Elke", "admin": "Ana Admin", "auditor": "Aude"}
"""Someone of each role."""


_SERVING: dict[str, Any] = {
    "lifespan": "off",
    "access_log": False,
    "log_config": None,
    "timeout_graceful_shutdown": 1,  # streams that are open do not keep a test from ending
}


@dataclass(frozen=True)
class Console:
    """A running console: its address, and the application behind it."""

    url: str
    app: Application

    def ticket(self, name: str) -> str:
        """A session of this person, begun without a password."""
        with self.app.database.transaction() as connection:
            person = all_people(connection, self.app.settings.people)[name]
        return self.app.act(False, enter, person, "test", Visitor("127.0.0.1", "test")).ticket

    @contextmanager
    def visitor(self, name: str = "") -> Iterator[Client]:
        """Someone who asks by HTTP, signed in when a name is given."""
        with self.holder(self.ticket(name) if name else "") as client:
            yield client

    @contextmanager
    def holder(self, ticket: str) -> Iterator[Client]:
        """Whoever holds that ticket."""
        cookies = {SESSION: ticket} if ticket else {}
        trusted = certificates(local=True)
        with httpx2.Client(base_url=self.url, cookies=cookies, timeout=60, verify=trusted) as http:
            yield Client(http, csrf_of(ticket))


@dataclass(frozen=True)
class Client:
    """A person without a browser: pages as text, and forms that are sent as a browser would."""

    http: httpx2.Client
    csrf: str

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """The answer to one request; redirects are not followed."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, **fields: Any) -> httpx2.Response:
        """A form, with the token that its page carries."""
        return self.http.post(path, data={"csrf": self.csrf, **fields})


@contextmanager
def served(app: Application, port: int = 0) -> Iterator[Console]:
    """The console on that port, or any that is free, in a thread of its own, until the block ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(build_web(app), **_SERVING))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the console did not start"
        time.sleep(0.01)
    try:
        yield Console(f"http://localhost:{listener.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
