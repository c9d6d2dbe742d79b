"""A disk that fills up and a database that goes away: a clear error, nothing half written, and on with it when it is back."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, Transient
from trueup.storage.database import Database, create_database
from trueup.storage.documents import Archive, Arrival, DocumentFilter, check_chain, list_documents
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.sealing import MasterKey


@pytest.fixture
def arrival(clock: ManualClock) -> Arrival:
    """How a document came."""
    return Arrival(kind="file", source="folder", name="x", received_at=clock.now(), subject="partner")


def small_disk(size_megabytes: int) -> Iterator[Path]:
    """A file system of that size, in memory. Skips where we may not mount one."""
    with tempfile.TemporaryDirectory(prefix="tu-") as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_megabytes}m", "tmpfs", place]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("a small disk can only be mounted by root")
        try:
            yield Path(place)
            EmbeddedServer(Path(place) / "data").stop()
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """Too small for a cluster."""
    yield from small_disk(8)


@pytest.fixture
def disk() -> Iterator[Path]:
    """Large enough for a cluster and a few documents."""
    yield from small_disk(160)


def fill(disk: Path, leave_bytes: int) -> Path:
    """Take all of the disk but a little."""
    free = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("ab") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - leave_bytes)))
    return ballast


def test_a_disk_too_small_for_a_database_is_named(tiny_disk: Path) -> None:
    """Creating one fails with a sentence about the disk and leaves nothing half made."""
    with pytest.raises(
        ConfigurationError, match=r"disk of the data folder .* is full: the database could not be created"
    ):
        EmbeddedServer(tiny_disk / "data").start()
    assert not (tiny_disk / "data" / "postgres").exists()
    assert not (tiny_disk / "data" / "postgres.new").exists()


def test_a_full_disk_is_an_error_with_a_sentence_and_nothing_is_lost(disk: Path, arrival: Arrival) -> None:
    """Documents arrive until the disk is full. What was kept is whole, what failed is not there, and space is all it takes."""
    archive, chance = Archive(MasterKey(os.urandom(32))), random.Random(1)
    settings = {"max_wal_size": "32MB", "min_wal_size": "32MB"}
    with EmbeddedServer(disk / "data", settings=settings) as server:
        database = Database(create_database(server.start(), "trueup"))
        database.migrate()
        ballast = fill(disk, leave_bytes=24_000_000)
        kept = 0
        with pytest.raises(Transient, match=r"disk is full|crashed|connection was lost|starting up"):
            for _ in range(200):
                with database.transaction() as connection:
                    archive.append(connection, chance.randbytes(1_000_000), arrival)
                kept += 1
        assert 0 < kept < 200
        ballast.unlink()
        server.start()  # a log that cannot be written stops the server itself: then it recovers here
        database.close()  # connections from before the recovery are dead, and told so at their next use
        with database.transaction() as connection:
            found = list_documents(connection, DocumentFilter(), limit=1000)
            # the last one may have been committed although the answer was lost
            assert len(found) in (kept, kept + 1)
            assert [archive.verify(connection, document.digest) for document in found] == [1_000_000] * len(found)
            assert check_chain(connection).breaks == ()
            archive.append(connection, b"and on", arrival)
        database.close()


def test_a_server_on_a_full_disk_says_so_when_it_starts(disk: Path) -> None:
    """It does not come up for want of space: a sentence about the disk, and it works once there is some."""
    server = EmbeddedServer(disk / "data")
    server.start()
    server.stop()
    ballast = fill(disk, leave_bytes=0)
    with pytest.raises(ConfigurationError, match="is full: the database did not start"):
        server.start()
    ballast.unlink()
    server.start()
    server.stop()


def test_a_database_that_goes_away_mid_transaction_is_transient_and_back_when_it_is_back(arrival: Arrival) -> None:
    """The server stops under an open transaction and starts again: an error with a sentence, then the same object works."""
    archive = Archive(MasterKey(os.urandom(32)))
    with tempfile.TemporaryDirectory(prefix="tu-") as place, EmbeddedServer(Path(place) / "data") as server:
        database = Database(create_database(server.start(), "trueup"))
        database.migrate()
        with pytest.raises(Transient, match=r"shut down|connection was lost"), database.transaction() as connection:
            archive.append(connection, b"half", arrival)
            server.stop()
            archive.append(connection, b"whole", arrival)
        with (
            pytest.raises(Transient, match="connection was lost or not to be had"),
            database.transaction() as connection,
        ):
            archive.append(connection, b"while it is away", arrival)
        server.start()
        with database.transaction() as connection:
            assert list_documents(connection, DocumentFilter()) == []
            archive.append(connection, b"back", arrival)
        with database.transaction() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM trueup.documents")).scalar() == 1
        database.close()
