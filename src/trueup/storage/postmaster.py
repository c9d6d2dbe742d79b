"""The running server of a data folder, as `postmaster.pid` tells it and the system confirms it: files lie after a crash."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What the pid file says: the process and, once it listens, its port."""

    pid: int
    port: int | None


def read_pid_file(cluster: Path) -> Postmaster | None:
    """The pid file's content; None when there is none or it is cut off (a crash or a full disk leaves such).

    Source: PostgreSQL's src/include/utils/pidfile.h: line 1 is the pid, line 4 the port.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    try:
        port = int(lines[3]) if len(lines) > 3 else None
        return Postmaster(abs(int(lines[0])), port)
    except (ValueError, IndexError):
        return None


def find_postmaster(cluster: Path) -> Postmaster | None:
    """The live server of this folder; None when the pid is dead, a zombie, or another program's by now."""
    postmaster = read_pid_file(cluster)
    return postmaster if postmaster and _serves(postmaster.pid, cluster) else None


def forget_dead_postmaster(cluster: Path, sockets: Path) -> bool:
    """Remove what a dead server left behind. PostgreSQL believes any live pid in these files, so a re-used one blocks it.

    Call it only under the folder's lock. True when something was removed. The server's shared memory still protects the data
    from a second server, should children of the dead one be alive.
    """
    if find_postmaster(cluster):
        return False
    left = [cluster / "postmaster.pid", *sockets.glob(".s.PGSQL.*")]
    found = [path for path in left if path.exists() or path.is_socket()]
    for path in found:
        path.unlink(missing_ok=True)
    return bool(found)


def _serves(pid: int, cluster: Path) -> bool:
    """Whether the process is a PostgreSQL at work in this folder. A server's working folder is its data folder."""
    if Path("/proc/self/stat").exists():
        process = Path("/proc") / str(pid)
        try:
            # "pid (name) state ...": the name may hold spaces and brackets, the state never does
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
            return name == "postgres" and rest.split()[0] not in "ZX" and (process / "cwd").samefile(cluster)
        except OSError:  # gone, or of a user whose processes we may not look at: not ours
            return False
    return _serves_by_listing(pid, cluster)


def _serves_by_listing(pid: int, cluster: Path) -> bool:
    """The same where there is no /proc: by the system's own list of processes."""
    if os.name == "nt":
        shown = subprocess.run(
            ["tasklist", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH"], capture_output=True, text=True, check=False
        )
        return shown.stdout.strip().strip('"').lower().startswith("postgres")
    shown = subprocess.run(
        ["ps", "-ww", "-p", str(pid), "-o", "stat=,command="], capture_output=True, text=True, check=False
    )
    state, _, command = shown.stdout.strip().partition(" ")
    return bool(command) and not state.startswith("Z") and f"-D {cluster}" in command
