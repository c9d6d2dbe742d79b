"""The embedded server: made, adopted, recovered from whatever a crash leaves, and stopped, without opening anything to others."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from trueup.base.errors import ConfigurationError, Refused
from trueup.storage.embedded import EmbeddedServer, default_data_folder
from trueup.storage.postgres_binaries import ServerUser, find_binaries
from trueup.storage.postmaster import read_pid_file

FAST = {"fsync": "off"}
AS_ROOT = os.geteuid() == 0
START = """
import pathlib, sys
from trueup.storage.embedded import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]))
print(server.start(), flush=True)
print(server.owned, flush=True)
sys.stdin.read()
server.close()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a cluster and a table of three rows, stopped. Its parent is ours alone; its path has a space."""
    with tempfile.TemporaryDirectory(prefix="tu ") as parent:
        data = Path(parent) / "data"
        with EmbeddedServer(data, settings=FAST) as server:
            ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 3) AS n")
        yield data


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """A copy of it for this test alone; whatever runs on it at the end is stopped."""
    copied = made.parent / f"d{time.monotonic_ns()}"
    shutil.copytree(made, copied, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    if AS_ROOT:
        user = ServerUser.for_folder(made / "postgres")
        for path in (copied / "postgres", *(copied / "postgres").rglob("*"), copied / "run"):
            os.chown(path, user.uid, user.gid)
    yield copied
    EmbeddedServer(copied).stop()
    shutil.rmtree(copied)


def ask(server: EmbeddedServer, statement: str) -> object:
    """The first value of a statement's answer, by a new connection."""
    with psycopg.connect(server.start().replace("+psycopg", "", 1), autocommit=True) as connection:
        answer = connection.execute(statement.encode())
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None


def count_kept(server: EmbeddedServer) -> object:
    """What the cluster must still hold."""
    return ask(server, "SELECT count(*) FROM kept")


def server_user(data: Path) -> dict[str, object]:
    """Arguments that run a process as the server's own user."""
    return dict(ServerUser.for_folder(data / "postgres").identity())


def test_a_server_is_made_and_leaves_nothing_running(made: Path) -> None:
    """It survives its owner's end as data, not as a process; a path with a space is no trouble."""
    assert " " in str(made)
    status = EmbeddedServer(made).status()
    assert (status.running, status.pid, status.version) == (False, None, "18")
    assert not list((made / "run").iterdir())


def test_commits_are_durable_and_the_server_is_private(data: Path) -> None:
    """fsync and synchronous_commit are on, it listens to no network, and its user is not root."""
    with EmbeddedServer(data) as server:
        shown = {
            name: ask(server, f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "listen_addresses", "timezone")
        }
        assert shown == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "", "timezone": "UTC"}
        postmaster = read_pid_file(data / "postgres")
        assert postmaster
        if Path("/proc").is_dir():
            assert Path(f"/proc/{postmaster.pid}").stat().st_uid != 0


def test_no_folder_becomes_readable_to_others(made: Path) -> None:
    """The folders above stay as they were (0700), and what is ours is ours alone."""
    with EmbeddedServer(made, settings=FAST):
        for path in (made.parent, made, made / "postgres", made / "run"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
        for path in (made / "postgres.password", made / "postgres.lock"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_server_does_not_inherit_our_secrets(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in our environment is not in its, which other processes of its user could read."""
    monkeypatch.setenv("TRUEUP_MASTER_KEY", "no-key-of-yours")
    with EmbeddedServer(data, settings=FAST) as server:
        pid = server.status().pid
        if not Path(f"/proc/{pid}/environ").exists():
            pytest.skip("this system does not show a process's environment")
        assert b"no-key-of-yours" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_second_process_adopts_the_server_and_leaves_it(data: Path) -> None:
    """The owner alone stops it by leaving; anybody stops it by asking."""
    owner = EmbeddedServer(data, settings=FAST)
    url = owner.start()
    done = subprocess.run([sys.executable, "-c", START, str(data)], input="", capture_output=True, text=True)
    assert done.stdout.splitlines() == [url, "False"], done.stderr
    assert owner.owned
    assert owner.status().running
    EmbeddedServer(data).stop()
    assert not owner.status().running
    owner.close()  # already stopped: no error
    EmbeddedServer(data).stop()


def test_a_killed_owner_leaves_the_server_to_the_next(data: Path) -> None:
    """The server outlives a killed process, and the next one finds the data through it."""
    owner = subprocess.Popen(
        [sys.executable, "-c", START, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    assert [owner.stdout.readline().strip() != "", owner.stdout.readline().strip()] == [True, "True"]
    owner.kill()
    owner.communicate()
    server = EmbeddedServer(data)
    assert server.status().running
    assert count_kept(server) == 3
    assert not server.owned


def test_two_processes_that_start_at_once_share_one_server(data: Path) -> None:
    """Both connect to the same; one owns it."""
    commands = [[sys.executable, "-c", START, str(data)] for _ in range(2)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands]
    said = []
    for process in both:
        assert process.stdout
        said.append((process.stdout.readline().strip(), process.stdout.readline().strip()))
    for process in both:
        process.communicate("")
    assert len({url for url, _ in said}) == 1
    assert sorted(owned for _, owned in said) == ["False", "True"]
    assert not EmbeddedServer(data).status().running


def test_a_killed_server_recovers_with_every_commit(data: Path) -> None:
    """SIGKILL the server while it is at work: the next start brings back what was committed."""
    server = EmbeddedServer(data)
    ask(server, "INSERT INTO kept VALUES (4)")
    pid = server.status().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert count_kept(server) == 4
    server.stop()


@pytest.mark.parametrize(
    "content", ["", "12", "garbage\n\n", "{live}\n/elsewhere\n1\n5432\n", "{zombie}\n/elsewhere\n1\n5432\n"]
)
def test_a_pid_file_that_lies_does_not_block_the_start(data: Path, content: str) -> None:
    """Empty, cut off, garbage, or a pid that by now is another process (or a zombie) of the server's own user."""
    live = subprocess.Popen(["sleep", "60"], cwd="/", **server_user(data))  # type: ignore[call-overload]
    zombie = subprocess.Popen(["true"], cwd="/", **server_user(data))  # type: ignore[call-overload]
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    try:
        text = content.format(live=live.pid, zombie=zombie.pid)
        for path in (data / "postgres" / "postmaster.pid", data / "run" / ".s.PGSQL.5432.lock"):
            path.write_text(text)
            ServerUser.for_folder(data / "postgres").own(path)
        with EmbeddedServer(data, settings=FAST) as server:
            assert count_kept(server) == 3
        assert live.poll() is None
    finally:
        live.kill()
        live.wait()
        zombie.wait()


def test_a_long_path_is_served_over_tcp_with_a_password(made: Path) -> None:
    """A socket's path has 107 bytes; beyond, the server listens to this machine alone and asks for a password."""
    data = made.parent / ("long" * 30)
    with EmbeddedServer(data, settings=FAST) as server:
        url = server.start().replace("+psycopg", "", 1)
        assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
        status = server.status()
        assert (status.running, status.socket, status.port is not None) == (True, None, True)
        password = (data / "postgres.password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(password, "wrong"))
        other = EmbeddedServer(data)
        assert other.start() == server.start()
        other.close()
    assert not EmbeddedServer(data).status().running


def test_a_comma_in_the_path_is_no_list_of_hosts(made: Path) -> None:
    """libpq would take the socket's path for two hosts."""
    with EmbeddedServer(made.parent / "a,b", settings=FAST) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_half_made_cluster_is_made_again(data: Path) -> None:
    """A kill while the cluster was made leaves no database that is none."""
    shutil.rmtree(data / "postgres")
    (data / "postgres.new").mkdir()
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(data, settings=FAST) as server:
        assert ask(server, "SELECT count(*) FROM pg_database") == 3
    assert not (data / "postgres.new").exists()


@pytest.mark.parametrize(("found", "advice"), [("16", "pg_dump"), ("19", "newer Trueup")])
def test_another_major_version_is_refused(data: Path, found: str, advice: str) -> None:
    """Neither older nor newer data is touched; the sentence names both versions and what to do."""
    version_file = data / "postgres" / "PG_VERSION"
    version_file.write_text(found + "\n")
    with pytest.raises(Refused, match=rf"PostgreSQL {found}, .* PostgreSQL 18: .*{advice}"):
        EmbeddedServer(data).start()
    version_file.write_text("18\n")


def test_a_broken_cluster_says_what_is_wrong_with_it(data: Path) -> None:
    """The server's own reason is in the sentence, at once and not after a long wait."""
    (data / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ConfigurationError, match="no_such_setting"):
        EmbeddedServer(data).start()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file in the way, or a place where nobody may write."""
    (tmp_path / "file").write_text("")
    places = [tmp_path / "file" / "data", tmp_path / "file"]
    if sys.platform == "linux":
        places.append(Path("/proc/trueup"))
    for place in places:
        with pytest.raises(ConfigurationError, match=r"data folder .* cannot be used .* choose another"):
            EmbeddedServer(place).start()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_an_ordinary_user_needs_no_root(made: Path) -> None:
    """As nobody, in nobody's own folder; root then uses the same data as its owner, and another user is refused."""
    with tempfile.TemporaryDirectory(prefix="tu-") as home:
        data = Path(home) / "data"
        os.chown(home, 65534, 65534)
        assert as_user(65534, lambda: start_and_close(data)) == "owned: True"
        assert data.stat().st_uid == (data / "postgres").stat().st_uid == 65534
        with EmbeddedServer(data, settings=FAST) as server:
            assert ask(server, "SELECT 1") == 1
        Path(home).chmod(0o755)
        data.chmod(0o777)
        said = as_user(65533, lambda: start_and_close(data))
        assert "belongs to user 65534, and this is user 65533: run Trueup as its owner" in said


def start_and_close(data: Path) -> str:
    """Start a server, and tell whose it is."""
    with EmbeddedServer(data, settings=FAST) as server:
        return f"owned: {server.owned}"


def as_user(uid: int, act: Callable[[], str]) -> str:
    """What `act` returns or raises in a forked process of that user, who may be unable to read this Python's own files."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            said = act()
        except BaseException as error:
            said = repr(error)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.skipif(not AS_ROOT, reason="only root steps down to another user")
def test_programs_hidden_in_a_private_home_are_copied_for_the_server(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment below a 0700 home stays 0700: the server's user gets a copy that works."""
    user = ServerUser.for_folder(made / "postgres")
    package = find_binaries(user).parent.parent
    hidden = made.parent / "home"  # made.parent is 0700
    for folder in (package, package.with_name(package.name + ".libs")):
        skipped = shutil.ignore_patterns("pginstall", "include", "*.a")
        shutil.copytree(folder, hidden / folder.name, symlinks=True, ignore=skipped)
    monkeypatch.syspath_prepend(str(hidden))
    with tempfile.TemporaryDirectory(prefix="tu-cache-") as cache:
        Path(cache).chmod(0o755)
        binaries = find_binaries(user, cache=Path(cache))
        assert binaries.is_relative_to(cache)
        assert find_binaries(user, cache=Path(cache)) == binaries
        for program in ("postgres", "initdb", "pg_ctl", "psql"):
            done = subprocess.run([binaries / program, "--version"], capture_output=True, cwd="/", **user.identity())
            assert b" 18." in done.stdout, done.stderr
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700


def test_the_default_folder_is_the_platforms_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG on Linux."""
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/share")
    if sys.platform == "linux":
        assert default_data_folder() == Path("/somewhere/share/trueup")


def test_the_last_to_leave_stops_the_server_whoever_started_it(data: Path) -> None:
    """A short command that happens to start the server does not stop it under a worker that adopted it."""
    starter, worker = EmbeddedServer(data, settings=FAST), EmbeddedServer(data)
    starter.start()
    worker.start()
    starter.close()
    assert worker.status().running
    worker.close()
    assert not worker.status().running
