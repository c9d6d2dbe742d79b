"""A PostgreSQL that is not ours to start: it listens on TCP, asks for a password, and is known by its URL alone."""

from __future__ import annotations

import secrets
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from trueup.storage.postgres_binaries import Programs, ServerUser, find_binaries


@contextmanager
def run_separate_server(folder: Path) -> Iterator[str]:
    """Make a cluster below `folder` and serve it until the block ends; yields the URL of an empty database `shopkeeper`."""
    user = ServerUser.for_folder(folder)
    programs = Programs(find_binaries(user), user)
    cluster, password = folder / "cluster", secrets.token_urlsafe(24)
    cluster.mkdir(mode=0o700)
    (cluster / "password").write_text(password)
    for path in (cluster, cluster / "password"):
        user.own(path)
    with programs.naming(cluster) as ([place], descriptors):
        making = ("-D", f"{place}/data", "-U", "owner", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256")
        made = programs.run("initdb", *making, f"--pwfile={place}/password", pass_fds=descriptors)
        assert made.code == 0, made.said
        port = _free_port()
        options = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        said = " ".join(shlex.quote(f"-c{name}={value}") for name, value in options.items())
        begin = ("-D", f"{place}/data", "-w", "-l", f"{place}/log", "-o", said, "start")
        started = programs.run("pg_ctl", *begin, pass_fds=descriptors)
        assert started.code == 0, started.said
        try:
            server = f"postgresql://owner:{password}@127.0.0.1:{port}"
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shopkeeper ENCODING 'UTF8' TEMPLATE template0")
            yield f"{server}/shopkeeper"
        finally:
            programs.run("pg_ctl", "-D", f"{place}/data", "-m", "immediate", "-w", "stop", pass_fds=descriptors)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
