"""The embedded PostgreSQL of a data folder: created, started, adopted, recovered and stopped. Not for servers given by URL.

    DATA/                   0700 when we create it
      postgres/             the cluster, 0700, owned by the server's user
      run/                  the Unix socket, 0700: who can enter it is trusted
      postgres.password     0600: asked for over TCP, where a socket's path would be too long or there are no sockets
      postgres.lock         held while one process starts or stops the server
      postgres.users        held, shared, by every process that uses the server: the last one stops it

Success means that we can connect, not what a pid file claims. Commits are durable: fsync and synchronous_commit stay on.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import platformdirs
import psycopg
import sqlalchemy as sa

from trueup.base.errors import ConfigurationError, Refused, Transient
from trueup.storage.postgres_binaries import MAJOR, Programs, ServerUser, find_binaries
from trueup.storage.postgres_settings import lasting_settings
from trueup.storage.postmaster import find_postmaster, forget_dead_postmaster

_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103  # sockaddr_un holds 108 or 104 bytes, the last is zero
_REFUSED_SECONDS = 30.0  # a killed server's children and zombie need a while to go
_START_SECONDS = 300.0  # a recovery may read much of its log
_FULL_BYTES = 1_000_000
_PASSING = ("already exists", "still in use", "is empty", "could not bind", "Address already in use", "starting up")


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The server of a folder at this moment. `socket` is None for TCP or when it does not run."""

    data: Path
    running: bool
    pid: int | None
    version: str | None
    socket: Path | None
    port: int | None


def default_data_folder() -> Path:
    """Where the platform keeps a program's data: ~/.local/share/trueup, ~/Library/Application Support/trueup, ..."""
    return Path(platformdirs.user_data_dir("trueup", appauthor=False))


class EmbeddedServer:
    """PostgreSQL on one data folder, shared by every process that opens the folder; the last one that closes stops it.

    `settings` are PostgreSQL's own, for this start. As a context manager it yields itself, started.
    """

    def __init__(self, data: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.data = data.expanduser().absolute()
        self._cluster = self.data / "postgres"
        self._sockets = self.data / "run"
        self._password_file = self.data / "postgres.password"
        self._settings = dict(settings or {})
        self._started_by: int | None = None  # our pid, if we started it: a forked child is not the owner
        self._use: int | None = None  # holds a shared lock while we use the server; the system frees it when we die
        path = os.fsencode(self._sockets / _SOCKET_NAME)
        unfit = len(path) > _LONGEST_SOCKET_PATH or b"," in path  # libpq takes a comma for a list of hosts
        self._over_tcp = sys.platform == "win32" or unfit

    @property
    def owned(self) -> bool:
        """Whether this process started the server."""
        return self._started_by == os.getpid()

    def start(self) -> str:
        """Start the server, or adopt the one that runs; returns its URL for SQLAlchemy (over TCP it holds a password).

        Raises ConfigurationError for a folder that cannot be used or a disk that is full, Refused for a cluster of another
        major version, Transient when the server does not come up in time.
        """
        self._prepare_folder()
        with self._locked():
            self._share_use()
            if find_postmaster(self._cluster) and self._connects():
                return self._url()
            self._check_version()
            programs = self._programs()
            if not (self._cluster / "PG_VERSION").exists():
                self._create(programs)
            self._launch(programs)
            self._started_by = os.getpid()
            return self._url()

    def stop(self) -> None:
        """Stop the server, whoever started it: open transactions are rolled back, data is flushed. No server is no error."""
        if not self._cluster.is_dir():
            return
        with self._locked():
            self._stop()

    def _stop(self) -> None:
        self._started_by = None
        programs = self._programs()
        for mode, seconds in (("fast", "60"), ("immediate", "60")):
            if not find_postmaster(self._cluster):
                return
            with programs.naming(self._cluster) as ([cluster], descriptors):
                arguments = ("-D", cluster, "-m", mode, "-w", "-t", seconds, "stop")
                said = programs.run("pg_ctl", *arguments, pass_fds=descriptors).said
        if find_postmaster(self._cluster):
            raise Transient(f"The database server in {self._cluster} does not stop: {said.strip()}")

    def close(self) -> None:
        """Use it no longer: the last of all processes that used it stops it. A second close is no error."""
        if self._use is None:
            return
        with self._locked():
            use, self._use = self._use, None
            try:
                if self._is_last(use):
                    self._stop()
            finally:
                os.close(use)

    def _share_use(self) -> None:
        """Hold the shared lock that says that we use the server, taken while nobody can be stopping it."""
        if self._use is None:
            self._use = os.open(self.data / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(self._use, fcntl.LOCK_SH)

    def _is_last(self, use: int) -> bool:
        if sys.platform == "win32":
            return self.owned  # its locks are never shared: there the starter stops it
        import fcntl

        try:
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def status(self) -> ServerStatus:
        """What is there now. Starts nothing. Raises ConfigurationError for a folder we may not look into."""
        try:
            postmaster = find_postmaster(self._cluster)
            version_file = self._cluster / "PG_VERSION"
            version = version_file.read_text().strip() if version_file.exists() else None
        except PermissionError as error:
            raise self._unusable(error) from error
        running = postmaster is not None and self._connects()
        return ServerStatus(
            self.data,
            running,
            postmaster.pid if postmaster else None,
            version,
            self._sockets / _SOCKET_NAME if running and not self._over_tcp else None,
            postmaster.port if postmaster and running and self._over_tcp else None,
        )

    def _prepare_folder(self) -> None:
        try:
            self.data.mkdir(parents=True, mode=0o700, exist_ok=True)
            if self._cluster.exists() and sys.platform != "win32":
                owner, user = self._cluster.stat().st_uid, os.geteuid()
                if user not in (0, owner):
                    raise ConfigurationError(
                        f"The database in {self._cluster} belongs to user {owner}, and this is user {user}: "
                        "run Trueup as its owner, or choose another data folder."
                    )
            if not os.access(self.data, os.W_OK | os.X_OK):
                raise PermissionError(f"{self.data} is not writable")
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"The data folder {self.data} cannot be used ({error.strerror or error}): "
            "free or grant it, or choose another data folder."
        )

    def _programs(self) -> Programs:
        user = ServerUser.for_folder(self._cluster if self._cluster.exists() else self.data)
        return Programs(find_binaries(user), user)

    def _check_version(self) -> None:
        file = self._cluster / "PG_VERSION"
        found = file.read_text().strip() if file.exists() else str(MAJOR)
        if found != str(MAJOR):
            newer = found.isdigit() and int(found) > MAJOR
            advice = (
                "use a newer Trueup"
                if newer
                else "dump it with PostgreSQL's own pg_dump and restore it into a new folder"
            )
            raise Refused(
                f"The database in {self._cluster} is of PostgreSQL {found or '(unknown)'}, "
                f"and this Trueup brings PostgreSQL {MAJOR}: {advice}."
            )

    def _create(self, programs: Programs) -> None:
        """Create the cluster beside its place and move it there whole: a half-made one is never taken for a database."""
        making = self.data / "postgres.new"
        try:
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(mode=0o700)
            self._sockets.mkdir(mode=0o700, exist_ok=True)
            password_file = (
                self._sockets / "password"
            )  # where the server's user can read it; the lasting copy is ours alone
            password_file.touch(mode=0o600)
            password_file.write_text(self._save_password())
            for path in (making, self._sockets, password_file):
                programs.user.own(path)
            with programs.naming(making, self._sockets) as ([cluster, sockets], descriptors):
                chosen = [part for name, value in lasting_settings().items() for part in ("-c", f"{name}={value}")]
                arguments = ["-D", cluster, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--auth-local=trust"]
                arguments += ["--auth-host=scram-sha-256", f"--pwfile={sockets}/password", *chosen]
                done = programs.run("initdb", *arguments, pass_fds=descriptors)
            password_file.unlink()
            if done.code != 0:
                raise self._failed("could not be created", done.said)
            making.rename(self._cluster)
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _save_password(self) -> str:
        password = secrets.token_urlsafe(32)
        self._password_file.unlink(missing_ok=True)
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        return password

    def _launch(self, programs: Programs) -> None:
        """Start until we can connect. What passes by itself (a zombie, an orphan's memory, a taken port) is waited for."""
        refused_until = time.monotonic() + _REFUSED_SECONDS
        starting_until = time.monotonic() + _START_SECONDS
        while True:
            forget_dead_postmaster(self._cluster, self._sockets)
            if not find_postmaster(self._cluster):
                self._run_pg_ctl(programs)
            if find_postmaster(self._cluster):
                obstacle = self._try_to_connect()
                if obstacle is None:
                    return
                deadline = starting_until  # it may still be reading its log after a crash
            else:
                obstacle = self._last_words()
                if not any(sign in obstacle for sign in _PASSING):
                    raise self._failed("did not start", obstacle)
                deadline = refused_until
            if time.monotonic() > deadline:
                raise Transient(f"The database server in {self._cluster} does not come up: {obstacle}")
            time.sleep(0.1)

    def _run_pg_ctl(self, programs: Programs) -> None:
        log = self._cluster / "start.log"
        log.unlink(missing_ok=True)
        with programs.naming(self._cluster, self._sockets) as ([cluster, sockets], descriptors):
            settings = {**self._settings, **self._transport(sockets)}
            options = " ".join(shlex.quote(f"-c{name}={value}") for name, value in settings.items())
            arguments = ("-D", cluster, "-w", "-t", "60", "-l", f"{cluster}/start.log", "-o", options, "start")
            programs.run("pg_ctl", *arguments, pass_fds=descriptors)

    def _transport(self, sockets: str) -> dict[str, str]:
        if not self._over_tcp:
            return {"listen_addresses": "", "unix_socket_directories": _quoted_for_list(sockets), "port": "5432"}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        return {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(port)}

    def _url(self) -> str:
        place, mark, query = self._address().render_as_string(hide_password=False).partition("?")
        return place + mark + query.replace("+", "%20")  # libpq's own URLs do not know + for a space

    def _address(self) -> sa.URL:
        driver, user = "postgresql+psycopg", "postgres"
        if not self._over_tcp:
            return sa.URL.create(driver, username=user, database="postgres", query={"host": str(self._sockets)})
        postmaster = find_postmaster(self._cluster)
        return sa.URL.create(
            driver,
            username=user,
            password=self._password_file.read_text(),
            host="127.0.0.1",
            port=postmaster.port if postmaster else None,
            database="postgres",
        )

    def _connects(self) -> bool:
        return self._try_to_connect() is None

    def _try_to_connect(self) -> str | None:
        """None when it works, otherwise why not."""
        try:
            psycopg.connect(self._url().replace("+psycopg", "", 1), connect_timeout=10).close()
        except (psycopg.OperationalError, FileNotFoundError) as error:
            return str(error).strip()
        return None

    def _last_words(self) -> str:
        """What the server said of its failure: in its first log, and once that is redirected in the newest of its own."""
        words = _last_lines(self._cluster / "start.log")
        if "redirecting log output" in words or not words:
            logs = sorted((self._cluster / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
            words = _last_lines(logs[-1]) if logs else words
        return words

    def _failed(self, what: str, said: str) -> ConfigurationError:
        full = "No space left on device" in said or "Disk quota exceeded" in said
        if full or shutil.disk_usage(self.data).free < _FULL_BYTES:  # with no space left nothing could be said
            return ConfigurationError(
                f"The disk of the data folder {self.data} is full: the database {what}. Free some space."
            )
        return ConfigurationError(f"The database in {self._cluster} {what}: {said.strip()[-600:] or 'it said nothing'}")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts or stops this folder's server. The system frees the lock of a killed process."""
        try:
            descriptor = os.open(self.data / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _last_lines(log: Path) -> str:
    """The last lines without their time and process, as one."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-5:]
    except FileNotFoundError:
        return ""
    return " ".join((line.partition("] ")[2] or line).strip() for line in lines)


def _quoted_for_list(path: str) -> str:
    """A folder as one item of a setting that takes a list: commas and spaces in it are its own."""
    escaped = path.replace('"', '""')
    return f'"{escaped}"'
