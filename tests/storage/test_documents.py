"""The archive: what arrives is kept byte for byte, found by its hash, chained, sealed, and erased for ever when asked."""

from __future__ import annotations

import os
import random
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, Invalid, NotFound, Refused
from trueup.base.ids import Digest, digest_of
from trueup.storage import chain
from trueup.storage.contents import CHUNK_BYTES
from trueup.storage.database import Database
from trueup.storage.documents import (
    Archive,
    Arrival,
    ChainCheck,
    Document,
    DocumentFilter,
    check_chain,
    list_documents,
    load_document,
)
from trueup.storage.sealing import MasterKey, Tampered
from trueup.storage.subject_keys import Erasure

ORDER = b'{"purchaseOrderNumber": "4ABCD123"}'


@pytest.fixture
def archive() -> Archive:
    """An archive under a key of its own."""
    return Archive(MasterKey(os.urandom(32)))


@pytest.fixture
def arrival(clock: ManualClock) -> Arrival:
    """How a document came."""
    return Arrival(
        kind="order",
        source="amazon-us",
        name="page 1",
        received_at=clock.now(),
        subject="amazon",
        media_type="application/json",
    )


def keep(database: Database, archive: Archive, content: bytes | Iterator[bytes], arrival: Arrival) -> Document:
    """Append in a transaction of its own."""
    with database.transaction() as connection:
        return archive.append(connection, content, arrival)


def read(database: Database, archive: Archive, digest: Digest) -> bytes:
    """The bytes in a transaction of their own."""
    with database.transaction() as connection:
        return archive.load_content(connection, digest)


def pieces(total_bytes: int, seed: int = 1) -> Iterator[bytes]:
    """A long stream that does not compress, in pieces of an odd size."""
    chance = random.Random(seed)
    for start in range(0, total_bytes, 99_991):
        yield chance.randbytes(min(99_991, total_bytes - start))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES])
def test_what_comes_out_is_what_went_in(database: Database, archive: Archive, arrival: Arrival, size: int) -> None:
    """Every byte, at every size around a chunk's, random or repetitive, whole or as a stream, under its SHA-256."""
    for content in (os.urandom(size), b"ab" * (size // 2)):
        for given in (content, iter([content[:7], b"", content[7:]])):
            document = keep(database, archive, given, arrival)
            assert document.digest == digest_of(content)
            assert document.size_bytes == len(content)
            assert read(database, archive, document.digest) == content


def test_every_arrival_is_a_row_and_the_bytes_are_kept_once(
    database: Database, archive: Archive, arrival: Arrival
) -> None:
    """The same bytes, again and as a stream, are new arrivals of one content."""
    first = keep(database, archive, ORDER, arrival)
    second = keep(database, archive, ORDER, replace(arrival, name="page 1 again"))
    third = keep(database, archive, iter([ORDER[:5], ORDER[5:]]), arrival)
    assert len({first.id, second.id, third.id}) == 3
    with database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM trueup.contents")).scalar() == 1
        assert connection.execute(sa.text("SELECT count(*) FROM trueup.content_chunks")).scalar() == 1
        assert load_document(connection, second.id) == second
        with pytest.raises(NotFound, match="No document 999"):
            load_document(connection, 999)


def test_a_huge_document_passes_through_in_bounded_memory(
    database: Database, archive: Archive, arrival: Arrival
) -> None:
    """200 MB in and out, and a gigabyte's worth of zeros, never hold more than 16 MB."""
    tracemalloc.start()
    try:
        document = keep(database, archive, pieces(200_000_000), arrival)
        with database.transaction() as connection:
            assert archive.verify(connection, document.digest) == 200_000_000
        zeros = keep(database, archive, (bytes(1_000_000) for _ in range(200)), arrival)
        with database.transaction() as connection:
            assert archive.verify(connection, zeros.digest) == 200_000_000
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 16_000_000


def test_a_stream_that_breaks_leaves_nothing(database: Database, archive: Archive, arrival: Arrival) -> None:
    """A connection that breaks after some megabytes: the error goes through and no chunk stays."""

    def breaking() -> Iterator[bytes]:
        yield from pieces(5_000_000)
        raise ConnectionResetError("the line went dead")

    with pytest.raises(ConnectionResetError):
        keep(database, archive, breaking(), arrival)
    with database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM trueup.content_chunks")).scalar() == 0


def test_documents_are_unreadable_in_the_database(database: Database, archive: Archive, arrival: Arrival) -> None:
    """Neither the chunks nor the key hold what was sealed; equal contents of two subjects look different."""
    keep(database, archive, ORDER, arrival)
    keep(database, archive, ORDER, replace(arrival, subject="another"))
    with database.transaction() as connection:
        sealed = list(connection.execute(sa.text("SELECT sealed FROM trueup.content_chunks")).scalars())
    assert len(set(sealed)) == 2
    assert not any(b"purchaseOrder" in chunk for chunk in sealed)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE trueup.content_chunks SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE sequence = 1",
        "DELETE FROM trueup.content_chunks WHERE sequence = 1",
        "DELETE FROM trueup.content_chunks WHERE sequence = (SELECT max(sequence) FROM trueup.content_chunks)",
        "UPDATE trueup.contents SET chunks = chunks - 1",
        "UPDATE trueup.contents SET digest = repeat('0', 64)",
        "UPDATE trueup.contents SET salt = set_byte(salt, 0, get_byte(salt, 0) # 1)",
        "UPDATE trueup.subject_keys SET wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)",
        "UPDATE trueup.content_chunks b SET sealed = a.sealed FROM trueup.content_chunks a WHERE a.sequence = 0 AND b.sequence = 1",
    ],
)
def test_tampering_with_stored_bytes_is_a_defect(
    database: Database, archive: Archive, arrival: Arrival, harm: str
) -> None:
    """Whatever is changed, swapped or cut off in the database, reading never returns other bytes as if they were right."""
    document = keep(database, archive, pieces(4 * CHUNK_BYTES), arrival)
    with database.transaction() as connection:
        connection.execute(sa.text(harm))
        changed = connection.execute(sa.text("SELECT digest FROM trueup.contents")).scalar_one()
    with pytest.raises(Tampered), database.transaction() as connection:
        archive.verify(connection, changed)
    assert document.digest == digest_of(pieces(4 * CHUNK_BYTES))


def test_an_erased_subject_is_gone_for_ever_and_its_hashes_stand(
    database: Database, archive: Archive, arrival: Arrival, clock: ManualClock
) -> None:
    """Reading says when, by whom and why; rows and chain stand; other subjects and later arrivals are readable."""
    other = keep(database, archive, ORDER, replace(arrival, subject="another"))
    kept = keep(database, archive, b"about Ann", arrival)
    both = keep(database, archive, ORDER, arrival)
    with database.transaction() as connection:
        freed = archive.erase(connection, Erasure("amazon", clock.now(), "maria", "asked for by Ann"))
    assert freed > 0
    with pytest.raises(Refused, match=r"erased on 2026-11-23T09:00:00Z by maria \(asked for by Ann\)"):
        read(database, archive, kept.digest)
    assert read(database, archive, both.digest) == ORDER  # the other subject's copy
    with database.transaction() as connection:
        assert load_document(connection, kept.id) == kept
        assert check_chain(connection).breaks == ()
        assert archive.verify(connection, other.digest) == len(ORDER)
        left = connection.execute(sa.text("SELECT count(*) FROM trueup.content_chunks")).scalar()
        assert left == 1
        assert not connection.execute(
            sa.text("SELECT count(*) FROM trueup.subject_keys WHERE subject = 'amazon' AND wrapped_key IS NOT NULL")
        ).scalar()
        with pytest.raises(NotFound, match="'amazon'"):
            archive.erase(connection, Erasure("amazon", clock.now(), "maria", "again"))
    again = keep(database, archive, b"about Ann", arrival)
    assert read(database, archive, again.digest) == b"about Ann"


def test_an_erasure_needs_who_and_why(
    database: Database, archive: Archive, arrival: Arrival, clock: ManualClock
) -> None:
    """Nobody erases without a name and a reason, in code and in the table."""
    keep(database, archive, ORDER, arrival)
    with pytest.raises(Invalid, match="who asks"), database.transaction() as connection:
        archive.erase(connection, Erasure("amazon", clock.now(), " ", "why"))
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as connection:
        connection.execute(sa.text("UPDATE trueup.subject_keys SET wrapped_key = NULL"))


def test_an_erasure_waits_for_whoever_writes_under_the_key(
    database: Database, archive: Archive, arrival: Arrival, clock: ManualClock
) -> None:
    """A document in the making is erased with the rest, never kept under a key that is gone."""
    keep(database, archive, ORDER, arrival)
    erased = threading.Event()

    def erase() -> None:
        with database.transaction() as connection:
            archive.erase(connection, Erasure("amazon", clock.now(), "maria", "asked"))
        erased.set()

    with database.transaction() as connection:
        late = archive.append(connection, b"late", arrival)
        eraser = threading.Thread(target=erase)
        eraser.start()
        assert not erased.wait(0.5)
    eraser.join()
    with pytest.raises(Refused, match="erased on"):
        read(database, archive, late.digest)


def test_writers_at_once_do_not_wait_for_each_other_and_the_chain_holds(
    database: Database, archive: Archive, arrival: Arrival
) -> None:
    """Four open transactions append side by side without blocking; then every lane checks out."""
    keep(database, archive, ORDER, arrival)
    connections = [database.engine.connect() for _ in range(4)]
    for turn in range(3):
        for number, connection in enumerate(connections):
            connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            archive.append(connection, b"%d %d" % (turn, number), arrival)
    connections[0].rollback()
    for connection in connections:
        connection.commit()
        connection.close()
    with database.transaction() as connection:
        checked = check_chain(connection)
    assert (checked.rows, checked.lanes, checked.breaks) == (10, 4, ())
    last = keep(database, archive, b"alone again", arrival)
    assert last.lane == 0


def test_with_all_lanes_taken_a_writer_waits_and_the_chain_holds(
    database: Database, archive: Archive, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lane for two writers: the second goes on when the first has committed, right behind it."""
    monkeypatch.setattr(chain, "LANES", 1)
    done = threading.Event()

    def write_second() -> None:
        keep(database, archive, b"second", arrival)
        done.set()

    with database.transaction() as connection:
        archive.append(connection, b"first", arrival)
        writer = threading.Thread(target=write_second)
        writer.start()
        assert not done.wait(0.5)
    writer.join()
    with database.transaction() as connection:
        assert check_chain(connection) == ChainCheck(rows=2, lanes=1, breaks=())


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE trueup.documents SET name = 'other' WHERE position = 2", "position 2): its row was changed"),
        ("UPDATE trueup.documents SET received_at = received_at + interval '1 us' WHERE position = 2", "was changed"),
        ("DELETE FROM trueup.documents WHERE position = 2", "position 3): expected position 2"),
        ("UPDATE trueup.documents SET prev_hash = repeat('0', 64) WHERE position = 3", "expected to follow"),
    ],
)
def test_the_chain_shows_what_was_done_to_its_rows(
    database: Database, archive: Archive, arrival: Arrival, harm: str, said: str
) -> None:
    """A changed, removed or re-linked row is named."""
    for number in range(4):
        keep(database, archive, b"%d" % number, arrival)
    with database.transaction() as connection:
        assert check_chain(connection).breaks == ()
        connection.execute(sa.text(harm))
        breaks = check_chain(connection).breaks
    assert any(said in each for each in breaks), breaks


def test_documents_are_listed_by_pages_and_filters(
    database: Database, archive: Archive, arrival: Arrival, clock: ManualClock
) -> None:
    """The latest first, page after page without gap or repetition, also by kind, source, subject, hash and time."""
    made = [keep(database, archive, b"%d" % n, replace(arrival, kind="order" if n % 2 else "file")) for n in range(7)]
    clock.advance(timedelta(hours=1))
    made.append(
        keep(database, archive, b"late", replace(arrival, source="folder", subject="x", received_at=clock.now()))
    )
    with database.transaction() as connection:
        pages: list[list[int]] = []
        before = None
        while page := list_documents(connection, DocumentFilter(), before=before, limit=3):
            pages.append([document.id for document in page])
            before = page[-1].id
        assert [len(page) for page in pages] == [3, 3, 2]
        assert [number for page in pages for number in page] == [document.id for document in reversed(made)]

        def count(**wanted: object) -> int:
            return len(list_documents(connection, DocumentFilter(**wanted)))  # type: ignore[arg-type]

        assert (count(kind="file"), count(source="folder"), count(subject="x")) == (4, 1, 1)
        assert (count(digest=made[2].digest), count(since=clock.now()), count(until=clock.now())) == (1, 1, 7)


def test_another_master_key_is_named_not_guessed(database: Database, archive: Archive, arrival: Arrival) -> None:
    """With the wrong key nothing is read or written, and the sentence says which key is needed."""
    document = keep(database, archive, ORDER, arrival)
    stranger = Archive(MasterKey(os.urandom(32)))
    with pytest.raises(ConfigurationError, match=archive.master.id):
        read(database, stranger, document.digest)
    with pytest.raises(ConfigurationError, match=archive.master.id):
        keep(database, stranger, ORDER, arrival)


def test_an_arrival_must_say_what_it_is(database: Database, archive: Archive, arrival: Arrival) -> None:
    """Kind, source and subject are needed; a name from the wild is stored whatever it holds."""
    with pytest.raises(Invalid, match="its kind is ''"):
        keep(database, archive, ORDER, replace(arrival, kind=""))
    wild = keep(database, archive, ORDER, replace(arrival, name="a\0b\udcff\U0001f600"))
    with database.transaction() as connection:
        assert load_document(connection, wild.id) == wild
        assert check_chain(connection).breaks == ()
        with pytest.raises(NotFound, match="No document with hash"):
            archive.open_document(connection, digest_of(b"never came"))
