"""A folder as a source and a sink of documents: whole files only, nothing lost, nothing left twice."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from trueup.base.clock import ManualClock, read_instant
from trueup.base.errors import ConfigurationError, Conflict, Invalid, NotFound, Transient
from trueup.connectors.folder import SENT, Folder, FolderPlaces
from trueup.remote.capability import DocumentSink, DocumentSource, Probed, Verdict

needs_links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(read_instant("2026-11-23T09:00:00Z"))


@pytest.fixture
def folder(tmp_path: Path, clock: ManualClock) -> Folder:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return Folder(FolderPlaces("edi", tmp_path / "in", tmp_path / "out"), clock)


def drop(tmp_path: Path, name: str, content: bytes = b"ISA*00*") -> Path:
    path = tmp_path / "in" / name
    path.write_bytes(content)
    return path


def waiting(folder: Folder, clock: ManualClock) -> list[str]:
    """Names found by two looks as far apart as the folder demands."""
    folder.find_waiting()
    clock.sleep(5)
    return [document.name for document in folder.find_waiting()]


def test_it_is_a_source_a_sink_and_can_be_probed(folder: Folder) -> None:
    """The contracts that workflows know are kept."""
    assert isinstance(folder, DocumentSource)
    assert isinstance(folder, DocumentSink)
    assert isinstance(folder, Probed)


def test_a_document_is_found_read_and_taken_away(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """What was dropped is read byte for byte and then lies in processed; settling twice is harmless."""
    drop(tmp_path, "order.edi", b"ISA~whole")
    folder.find_waiting()
    clock.sleep(5)
    (found,) = folder.find_waiting()
    assert (found.name, found.size_bytes) == ("order.edi", 9)
    assert b"".join(folder.fetch_document(found.reference)) == b"ISA~whole"
    folder.settle_document(found.reference)
    folder.settle_document(found.reference)
    assert not (tmp_path / "in" / "order.edi").exists()
    assert (tmp_path / "in" / "processed" / "order.edi").read_bytes() == b"ISA~whole"
    assert waiting(folder, clock) == []


def test_a_growing_file_waits_until_it_rests(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """A file is whole only when it did not change for the quiet time, however long it takes to be written."""
    path = drop(tmp_path, "order.edi", b"ISA")
    for _ in range(4):
        assert folder.find_waiting() == []
        clock.sleep(5)
        path.write_bytes(path.read_bytes() + b"*")
    assert folder.find_waiting() == []
    clock.sleep(4.9)
    assert folder.find_waiting() == []
    clock.sleep(0.1)
    assert [document.name for document in folder.find_waiting()] == ["order.edi"]


@pytest.mark.parametrize(
    "name", [".order.edi", "~order.edi", "order.edi.tmp", "order.edi.PART", "order.filepart", "order.edi~"]
)
def test_temporary_names_are_passed_over(folder: Folder, clock: ManualClock, tmp_path: Path, name: str) -> None:
    """Names by which uploaders mark unfinished files are never documents."""
    drop(tmp_path, name)
    drop(tmp_path, "whole.edi")
    assert waiting(folder, clock) == ["whole.edi"]


@needs_links
def test_links_and_pipes_are_no_documents(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """A link could lead anywhere and a pipe could hold us for ever: neither is taken, nor a folder."""
    secret = tmp_path / "secret.txt"
    secret.write_text("not for reading", encoding="utf-8")
    (tmp_path / "in" / "link.edi").symlink_to(secret)
    (tmp_path / "in" / "folder.edi").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.edi")
    assert waiting(folder, clock) == []


@needs_links
def test_a_file_that_becomes_a_link_is_not_followed(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """Between finding and reading nobody can lead us out of the folder."""
    path = drop(tmp_path, "order.edi")
    folder.find_waiting()
    clock.sleep(5)
    (found,) = folder.find_waiting()
    path.unlink()
    path.symlink_to(tmp_path / "out")
    with pytest.raises(NotFound, match="symbolic link, which is not followed"):
        list(folder.fetch_document(found.reference))


@pytest.mark.parametrize(
    "reference", ["", "order.edi", "1-2-3/../secret", "1-2-3/", "x-y-z/order.edi", "1-2-3/a/b", "1-2-3/.."]
)
def test_references_of_others_lead_nowhere(folder: Folder, reference: str) -> None:
    """Only what the folder gave out itself is opened."""
    with pytest.raises(NotFound):
        list(folder.fetch_document(reference))
    with pytest.raises(NotFound):
        folder.settle_document(reference)


def test_a_file_written_anew_is_another_document(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """When the same name gets new content after it was read, settling the old one does not lose the new one."""
    path = drop(tmp_path, "order.edi", b"first")
    folder.find_waiting()
    clock.sleep(5)
    (first,) = folder.find_waiting()
    assert b"".join(folder.fetch_document(first.reference)) == b"first"
    path.unlink()
    drop(tmp_path, "order.edi", b"second, and longer")
    folder.settle_document(first.reference)
    with pytest.raises(NotFound, match="was replaced by another file"):
        list(folder.fetch_document(first.reference))
    assert waiting(folder, clock) == ["order.edi"]
    assert path.read_bytes() == b"second, and longer"


def test_a_file_that_changes_while_it_is_read_is_read_again_later(
    folder: Folder, clock: ManualClock, tmp_path: Path
) -> None:
    """Half of one version and half of another is never a document."""
    path = drop(tmp_path, "order.edi", b"x" * (3 << 20))
    folder.find_waiting()
    clock.sleep(5)
    (found,) = folder.find_waiting()
    chunks = folder.fetch_document(found.reference)
    next(chunks)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(Transient, match="changed while it was read"):
        list(chunks)


def test_settled_names_never_collide(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """A partner may use one file name for ever; every document is kept."""
    for number in range(3):
        drop(tmp_path, "order.edi", b"%d" % number)
        folder.find_waiting()
        clock.sleep(5)
        (found,) = folder.find_waiting()
        folder.settle_document(found.reference)
    kept = sorted((path.name, path.read_bytes()) for path in (tmp_path / "in" / "processed").iterdir())
    assert kept == [("order.1.edi", b"1"), ("order.2.edi", b"2"), ("order.edi", b"0")]


def test_the_oldest_comes_first(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """An order precedes its change, whatever their names are."""
    for name, seconds in (("b.edi", 100), ("c.edi", 50), ("a.edi", 200)):
        os.utime(drop(tmp_path, name), (seconds, seconds))
    assert waiting(folder, clock) == ["c.edi", "b.edi", "a.edi"]


def test_a_gigabyte_is_never_in_memory(folder: Folder, clock: ManualClock, tmp_path: Path) -> None:
    """A file of 1 GB (sparse here) comes in chunks; memory stays at a few of them."""
    with (tmp_path / "in" / "huge.edi").open("wb") as file:
        file.truncate(1 << 30)
    folder.find_waiting()
    clock.sleep(5)
    (found,) = folder.find_waiting()
    tracemalloc.start()
    total = sum(len(chunk) for chunk in folder.fetch_document(found.reference))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 1 << 30
    assert peak < 8 << 20


def test_a_folder_that_is_not_there_says_so(folder: Folder, tmp_path: Path) -> None:
    """A disk that is not mounted may come back: transient, with what to do."""
    (tmp_path / "in").rmdir()
    with pytest.raises(Transient, match="create the folder, or mount the disk"):
        folder.find_waiting()


def test_a_place_that_is_not_set_says_which(clock: ManualClock, tmp_path: Path) -> None:
    """A folder for one direction cannot be used for the other."""
    with pytest.raises(ConfigurationError, match="Folder edi has no `out`"):
        Folder(FolderPlaces("edi", inbox=tmp_path), clock).send_document("a.edi", b"")
    with pytest.raises(ConfigurationError, match="Folder edi has no `in`"):
        Folder(FolderPlaces("edi", outbox=tmp_path), clock).find_waiting()


def as_nobody(code: str, tmp_path: Path) -> str:
    """Run code as a user without rights: root is stopped by no mode bits."""
    if os.name == "nt":
        pytest.skip("mode bits do not bind on Windows")
    drop_rights = "import os; os.getuid() or os.setuid(65534)\n" if os.getuid() == 0 else ""
    done = subprocess.run(
        [sys.executable, "-c", f"from trueup.connectors import folder as f\n{drop_rights}{code}", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_missing_rights_are_told_with_their_place(tmp_path: Path) -> None:
    """A folder that may not be read is Unauthorized, by its path, with what to do."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    try:
        out = as_nobody(
            "import pathlib, sys\n"
            "from trueup.base.clock import SystemClock\n"
            "places = f.FolderPlaces('edi', pathlib.Path(sys.argv[1], 'locked'))\n"
            "try: f.Folder(places, SystemClock()).find_waiting()\n"
            "except Exception as e: print(type(e).__name__, e)\n",
            tmp_path,
        )
    finally:
        locked.chmod(0o700)
    assert out.startswith("Unauthorized Folder edi: ")
    assert "give the user Trueup runs as its rights" in out


def test_what_is_left_is_whole_and_found(folder: Folder, tmp_path: Path) -> None:
    """A document left is visible under its name alone, and is found by it."""
    assert folder.find_document("855.edi") is None
    receipt = folder.send_document("855.edi", b"ISA~ack")
    assert receipt.reference == "edi/855.edi"
    assert folder.find_document("855.edi") == b"ISA~ack"
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")] == ["855.edi"]
    assert not list(tmp_path.rglob("*.writing"))


def test_the_same_twice_is_one_other_bytes_are_a_conflict(folder: Folder, tmp_path: Path) -> None:
    """The name is the key: repeating is harmless, replacing is refused."""
    folder.send_document("855.edi", b"ISA~ack")
    folder.send_document("855.edi", b"ISA~ack")
    with pytest.raises(Conflict, match="holds 7 other bytes under that name, 9 were to be left"):
        folder.send_document("855.edi", b"ISA~other")
    assert (tmp_path / "out" / "855.edi").read_bytes() == b"ISA~ack"


def test_what_the_receiver_took_away_is_not_left_again(folder: Folder, tmp_path: Path) -> None:
    """EDI software empties the folder; asking first still finds what was sent, so it is not sent twice."""
    folder.send_document("855.edi", b"ISA~ack")
    (tmp_path / "out" / "855.edi").unlink()
    assert folder.find_document("855.edi") == b"ISA~ack"
    folder.send_document("855.edi", b"ISA~ack")
    assert not (tmp_path / "out" / "855.edi").exists()


def test_many_writers_of_one_name_leave_one_document(folder: Folder, tmp_path: Path) -> None:
    """Two workers with the same name and different bytes: one wins, the others are told, nothing is mixed."""
    told: list[str] = []

    def leave(content: bytes) -> None:
        try:
            folder.send_document("855.edi", content)
            told.append("left")
        except Conflict:
            told.append("conflict")

    threads = [threading.Thread(target=leave, args=(bytes([65 + n]) * 100_000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["conflict"] * 7 + ["left"]
    content = (tmp_path / "out" / "855.edi").read_bytes()
    assert len(content) == 100_000 and len(set(content)) == 1
    assert (tmp_path / "out" / SENT / "855.edi").read_bytes() == content


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "x.tmp", "a\0b", "y" * 201])
def test_names_that_would_leave_or_hide_are_refused(folder: Folder, name: str) -> None:
    """A name is a name in this folder, and not one that readers pass over."""
    with pytest.raises(Invalid, match="expected a plain file name"):
        folder.send_document(name, b"x")


@pytest.mark.skipif(not Path("/dev/full").exists() or os.name == "nt", reason="needs limits of the operating system")
def test_a_full_disk_is_transient_and_leaves_nothing(tmp_path: Path) -> None:
    """A real full disk (a mounted one of 64 KB where root, else a limit on file size): words, no half file, and on it goes."""
    if (
        os.getuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "t", tmp_path], check=False).returncode
    ):
        pytest.skip("only root may mount a small disk")
    try:
        folder = Folder(FolderPlaces("edi", outbox=tmp_path), ManualClock(read_instant("2026-11-23T09:00:00Z")))
        with pytest.raises(Transient, match="is full, nothing was written; make room") as caught:
            folder.send_document("855.edi", b"x" * 200_000)
        assert not caught.value.maybe_applied
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
        folder.send_document("855.edi", b"small")
        assert folder.find_document("855.edi") == b"small"
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_the_probe_tries_for_real(folder: Folder, tmp_path: Path) -> None:
    """Every ability is tried, a missing folder is told with its remedy, and nothing stays behind."""
    assert {probe.verdict for probe in folder.probe()} == {Verdict.WORKS}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    (tmp_path / "in" / "processed").rmdir()
    (tmp_path / "in").rmdir()
    failing = [probe for probe in folder.probe() if probe.verdict is not Verdict.WORKS]
    assert [probe.ability for probe in failing] == ["see documents", "take documents away"]
    assert all(probe.remedy for probe in failing)
