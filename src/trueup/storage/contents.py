"""Contents: bytes by their hash, compressed, sealed and cut into chunks, written and read as streams of bounded memory.

They live in PostgreSQL and not in files: one backup holds everything, and a document and the rows made from it commit together.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
import zstandard
from sqlalchemy.dialects.postgresql import insert

from trueup.base.ids import Digest, digest_of
from trueup.storage.schema import metadata
from trueup.storage.sealing import ContentCipher, Tampered, new_key
from trueup.storage.subject_keys import SubjectKey, subject_keys

CHUNK_BYTES = 256 * 1024
_BATCH = 8  # chunks a round trip: 2 MiB of memory
_LEVEL = 3  # zstandard's default; JSON and EDI shrink five- to tenfold at some 300 MB/s

contents = sa.Table(
    "contents",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("key_id", sa.BigInteger, sa.ForeignKey("subject_keys.id"), nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_bytes", sa.BigInteger, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.UniqueConstraint("digest", "key_id"),
    sa.Index("ix_contents_key_id", "key_id"),
)
content_chunks = sa.Table(
    "content_chunks",
    metadata,
    sa.Column(
        "content_id",
        sa.BigInteger,
        sa.ForeignKey("contents.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are kept: their row, hash and size."""

    id: int
    digest: Digest
    size_bytes: int


@dataclass(slots=True)
class _Measured:
    """What has passed through so far."""

    digest: Any = field(default_factory=hashlib.sha256)
    size_bytes: int = 0
    chunks: int = 0
    stored_bytes: int = 0


def save_content(connection: sa.Connection, stream: bytes | Iterable[bytes], key: SubjectKey) -> Content:
    """Keep the bytes under the subject's key, once: the same bytes under the same key are found, not kept again.

    Memory stays bounded however long the stream is. What the stream itself raises goes through.
    """
    if isinstance(stream, bytes):
        known = _find(connection, digest_of(stream), key) if len(stream) > CHUNK_BYTES else None
        if known:
            return known
        stream = (stream,)
    salt, measured = new_key(), _Measured()
    sealed = _seal(stream, ContentCipher(key.key, salt), measured)
    first, second = next(sealed), next(sealed, None)
    if second is None:  # nearly all documents are this small
        return _save_small(connection, first, key, salt, measured)
    content_id = connection.execute(_NEXT_ID).scalar_one()
    numbered = enumerate(chain((first, second), sealed))
    while batch := list(islice(numbered, _BATCH)):
        rows = [{"content_id": content_id, "sequence": sequence, "sealed": chunk} for sequence, chunk in batch]
        connection.execute(sa.insert(content_chunks), rows)
    return _register(connection, content_id, key, salt, measured)


_ONLY_CHUNK = (
    (content_chunks.c.content_id == contents.c.id) & (content_chunks.c.sequence == 0) & (contents.c.chunks == 1)
)
_FIND = (
    sa.select(contents, *(column for column in subject_keys.c if column.name != "id"), content_chunks.c.sealed)
    .select_from(contents.join(subject_keys).outerjoin(content_chunks, _ONLY_CHUNK))
    .where(contents.c.digest == sa.bindparam("wanted"))
    .order_by(subject_keys.c.erased_at.is_not(None), contents.c.id)
)


def find_contents(connection: sa.Connection, digest: Digest) -> list[sa.Row[Any]]:
    """The rows that keep these bytes, one a subject, with its key: those that can still be opened first.

    `sealed` is the chunk of a content that has but one, as nearly all have.
    """
    return list(connection.execute(_FIND, {"wanted": digest}))


def open_content(connection: sa.Connection, row: sa.Row[Any], key: SubjectKey) -> Iterator[bytes]:
    """The bytes in pieces of at most CHUNK_BYTES. Raises Tampered, at the latest after the last, when they are not the same."""
    running, size_bytes = hashlib.sha256(), 0
    source = io.BufferedReader(_SealedChunks(connection, row, ContentCipher(key.key, row.salt)), CHUNK_BYTES)
    try:
        with zstandard.ZstdDecompressor().stream_reader(source, read_size=CHUNK_BYTES) as reader:
            while piece := reader.read(CHUNK_BYTES):
                running.update(piece)
                size_bytes += len(piece)
                yield piece
    except zstandard.ZstdError as error:
        raise Tampered(f"document {row.digest}: what was opened is not what was compressed ({error})") from None
    if running.hexdigest() != row.digest or size_bytes != row.size_bytes:
        raise Tampered(f"document {row.digest}: {size_bytes} bytes with hash {running.hexdigest()} were read instead")


def delete_chunks(connection: sa.Connection, key_id: int) -> int:
    """Remove the sealed bytes under a destroyed key: nobody can open them. Returns how many bytes that frees."""
    chosen = sa.select(contents.c.id).where(contents.c.key_id == key_id)
    connection.execute(sa.delete(content_chunks).where(content_chunks.c.content_id.in_(chosen)))
    total = sa.select(sa.func.coalesce(sa.func.sum(contents.c.stored_bytes), 0)).where(contents.c.key_id == key_id)
    return int(connection.execute(total).scalar_one())


_NEXT_ID = sa.text("SELECT nextval(pg_get_serial_sequence('trueup.contents', 'id'))")
_INSERT_SMALL = sa.text(
    "WITH kept AS (INSERT INTO trueup.contents (digest, key_id, salt, size_bytes, stored_bytes, chunks)"
    " VALUES (:digest, :key_id, :salt, :size_bytes, :stored_bytes, 1) ON CONFLICT DO NOTHING RETURNING id)"
    " INSERT INTO trueup.content_chunks (content_id, sequence, sealed) SELECT id, 0, :sealed FROM kept RETURNING content_id"
)


def _save_small(connection: sa.Connection, sealed: bytes, key: SubjectKey, salt: bytes, measured: _Measured) -> Content:
    """A content of one chunk, in one round trip."""
    digest = Digest(measured.digest.hexdigest())
    values = {
        "digest": digest,
        "key_id": key.id,
        "salt": salt,
        "size_bytes": measured.size_bytes,
        "stored_bytes": measured.stored_bytes,
        "sealed": sealed,
    }
    content_id = connection.execute(_INSERT_SMALL, values).scalar()
    return Content(content_id, digest, measured.size_bytes) if content_id else _find_existing(connection, digest, key)


def _find(connection: sa.Connection, digest: Digest, key: SubjectKey) -> Content | None:
    query = sa.select(contents.c.id, contents.c.size_bytes).where(
        contents.c.digest == digest, contents.c.key_id == key.id
    )
    row = connection.execute(query).one_or_none()
    return Content(row.id, digest, row.size_bytes) if row else None


def _register(connection: sa.Connection, content_id: int, key: SubjectKey, salt: bytes, measured: _Measured) -> Content:
    """Name the chunks by their hash, known only now. Were the same bytes kept before, ours go again."""
    digest = Digest(measured.digest.hexdigest())
    values = {
        "id": content_id,
        "digest": digest,
        "key_id": key.id,
        "salt": salt,
        "size_bytes": measured.size_bytes,
        "stored_bytes": measured.stored_bytes,
        "chunks": measured.chunks,
    }
    done = connection.execute(insert(contents).values(values).on_conflict_do_nothing().returning(contents.c.id)).first()
    if done:
        return Content(content_id, digest, measured.size_bytes)
    connection.execute(sa.delete(content_chunks).where(content_chunks.c.content_id == content_id))
    return _find_existing(connection, digest, key)


def _find_existing(connection: sa.Connection, digest: Digest, key: SubjectKey) -> Content:
    known = _find(connection, digest, key)
    assert known is not None, f"content {digest} conflicts with a row that is not there"
    return known


def _seal(stream: Iterable[bytes], cipher: ContentCipher, measured: _Measured) -> Iterator[bytes]:
    """Compressed and sealed chunks. One is held back, because the last is sealed as the last."""
    held: bytes | None = None

    def seal(chunk: bytes, *, last: bool) -> bytes:
        sealed = cipher.seal(measured.chunks, chunk, last=last)
        measured.chunks += 1
        measured.stored_bytes += len(sealed)
        return sealed

    for chunk in _compress(stream, measured):
        if held is not None:
            yield seal(held, last=False)
        held = chunk
    assert held is not None, "zstandard writes a frame even for nothing"
    yield seal(held, last=True)


def _compress(stream: Iterable[bytes], measured: _Measured) -> Iterator[bytes]:
    chunker = zstandard.ZstdCompressor(level=_LEVEL).chunker(chunk_size=CHUNK_BYTES)
    for whole in stream:
        view = memoryview(whole)
        for start in range(0, len(view), CHUNK_BYTES):
            piece = view[start : start + CHUNK_BYTES]
            measured.digest.update(piece)
            measured.size_bytes += len(piece)
            yield from chunker.compress(piece)
    yield from chunker.finish()  # type: ignore[no-untyped-call]


class _SealedChunks(io.RawIOBase):
    """The opened chunks of a content as a stream to read from, a few at a time from the database."""

    def __init__(self, connection: sa.Connection, row: sa.Row[Any], cipher: ContentCipher) -> None:
        self._chunks = self._open_all(connection, row, cipher)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    @staticmethod
    def _open_all(connection: sa.Connection, row: sa.Row[Any], cipher: ContentCipher) -> Iterator[bytes]:
        if row.sealed is not None:
            yield cipher.open_chunk(0, row.sealed, last=True)
            return
        for start in range(0, row.chunks, _BATCH):
            expected = range(start, min(start + _BATCH, row.chunks))
            query = sa.select(content_chunks.c.sequence, content_chunks.c.sealed).where(
                content_chunks.c.content_id == row.id, content_chunks.c.sequence.in_(expected)
            )
            found = {row.sequence: row.sealed for row in connection.execute(query)}
            for sequence in expected:
                if sequence not in found:
                    raise Tampered(
                        f"document {row.digest}: chunk {sequence} of {row.chunks} is missing in the database"
                    )
                yield cipher.open_chunk(sequence, found[sequence], last=sequence == row.chunks - 1)
