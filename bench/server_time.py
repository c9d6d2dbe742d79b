"""The processor time that PostgreSQL takes: its half of what a bench that writes to it costs. Linux tells it; elsewhere it is 0."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

_PROCESSES = Path("/proc")


def server_seconds(url: str) -> float:
    """Processor seconds of the server behind a URL since it was started, with those of its processes that have ended.

    The server must run on this machine: it is the parent of whoever serves our connection.
    """
    if not (_PROCESSES / "self" / "stat").exists():
        return 0.0
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        own = _read(str(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()))
        server = own[0] if own else 0
        ticks = 0
        for name in filter(str.isdigit, (path.name for path in _PROCESSES.iterdir())):
            if found := _read(name):
                parent, working, ended = found
                ticks += working + ended if int(name) == server else working if parent == server else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _read(process: str) -> tuple[int, int, int] | None:
    """Its parent, and the ticks of itself and of its children that have ended; None when it is gone."""
    try:
        fields = (_PROCESSES / process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
