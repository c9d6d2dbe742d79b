"""The archive: every document that arrived, byte for byte, before anything reads it. One row an arrival, its bytes kept once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import aware_utc, write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.base.ids import Digest
from trueup.storage.chain import FIRST_LINK, Link, hash_row, take_link
from trueup.storage.contents import delete_chunks, find_contents, open_content, save_content
from trueup.storage.schema import metadata
from trueup.storage.sealing import MasterKey
from trueup.storage.subject_keys import Erasure, destroy_subject_key, hold_subject_key, open_subject_key

REFERENCE = r"upper(regexp_replace(regexp_replace({}, '\.[A-Za-z0-9]{{1,5}}$', ''), '[\s_*/.-]+', '', 'g'))"
"""The number that a document is named by, however that is written: without ending, spaces and dashes, in capitals."""

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("content_id", sa.BigInteger, sa.ForeignKey("contents.id"), nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("prev_hash", sa.CHAR(64), nullable=False),
    sa.Column("row_hash", sa.CHAR(64), nullable=False),
    sa.UniqueConstraint("lane", "position"),
    sa.Index("ix_documents_digest", "digest"),
    sa.Index("ix_documents_kind_id", "kind", "id"),
    sa.Index("ix_documents_source_id", "source", "id"),
    sa.Index("ix_documents_received_at", "received_at", postgresql_using="brin"),
    sa.Index("ix_documents_reference", sa.text(REFERENCE.format("name")), postgresql_where=sa.text("name <> ''")),
)


def count_arrived(connection: sa.Connection, source: str, since: datetime) -> int:
    """How many documents came from a source since then."""
    query = sa.select(sa.func.count()).where(documents.c.source == source, documents.c.received_at >= since)
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a document came: what `kind` of thing, from which `source`, by which `name` there, and whom it is about.

    `subject` is what can be erased as one: a partner, a person, or the document itself.
    """

    kind: str
    source: str
    name: str
    received_at: datetime
    subject: str
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that arrived. `digest` is the SHA-256 of its bytes; `row_hash` chains its row to the one before it."""

    id: int
    digest: Digest
    size_bytes: int
    subject: str
    kind: str
    source: str
    name: str
    media_type: str
    received_at: datetime
    lane: int
    position: int
    prev_hash: Digest
    row_hash: Digest


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list; None asks nothing. `since` is included, `until` is not."""

    kind: str | None = None
    source: str | None = None
    subject: str | None = None
    digest: Digest | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a check of all chained rows found. `breaks` says of each row that does not fit why; none means that all do."""

    rows: int
    lanes: int
    breaks: tuple[str, ...]


_COLUMNS = [documents.c[item.name] for item in fields(Document)]
_INSERT = sa.insert(documents).returning(documents.c.id)
_HASHED = ("digest", "size_bytes", "subject", "kind", "source", "name", "media_type")


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of one installation: its rows are in the database, its master key is not.

    Every method works in the caller's transaction.
    """

    master: MasterKey

    def append(self, connection: sa.Connection, content: bytes | Iterable[bytes], arrival: Arrival) -> Document:
        """Keep the bytes, whole or as a stream, and record that they arrived. The same bytes again are a new arrival.

        Memory stays bounded for a stream. Raises Invalid for an arrival that says too little, ConfigurationError when the
        subject is sealed under another master key; what the stream raises goes through.
        """
        for name in ("kind", "source", "subject"):
            text = getattr(arrival, name)
            if not text or "\0" in text:
                raise Invalid(
                    f"Document {arrival.name!r}: its {name} is {text!r}, expected a text that says something."
                )
        received_at = aware_utc(arrival.received_at)
        key = hold_subject_key(connection, self.master, arrival.subject, received_at)
        kept = save_content(connection, content, key)
        link = take_link(connection)
        values: dict[str, Any] = {
            "digest": kept.digest,
            "size_bytes": kept.size_bytes,
            "subject": arrival.subject,
            "kind": arrival.kind,
            "source": arrival.source,
            "name": _storable(arrival.name),
            "media_type": arrival.media_type,
        }
        place = {"lane": link.lane, "position": link.position, "prev_hash": link.prev_hash}
        row_hash = _hash(link, values, received_at)
        values |= place | {"received_at": received_at, "row_hash": row_hash}
        return Document(id=connection.execute(_INSERT, {"content_id": kept.id, **values}).scalar_one(), **values)

    def open_document(self, connection: sa.Connection, digest: Digest) -> Iterator[bytes]:
        """The bytes as a stream of small pieces, verified against the hash while they are read.

        Raises NotFound, Refused ("erased on ... by ...") at once; Tampered (a defect) when stored bytes were changed: a reader
        must not act on what it read before the stream ended.
        """
        rows = find_contents(connection, digest)
        if not rows:
            raise NotFound(f"No document with hash {digest} is in the archive.")
        key = open_subject_key(self.master, rows[0])
        return open_content(connection, rows[0], key)

    def load_content(self, connection: sa.Connection, digest: Digest) -> bytes:
        """The bytes at once, for documents known to be small. Raises as `open_document`."""
        return b"".join(self.open_document(connection, digest))

    def verify(self, connection: sa.Connection, digest: Digest) -> int:
        """Read every copy of the bytes that is not erased, and compare; returns their size. Raises as `open_document`."""
        size_bytes = sum(len(piece) for piece in self.open_document(connection, digest))
        for row in find_contents(connection, digest)[1:]:
            if row.erased_at is None:
                key = open_subject_key(self.master, row)
                size_bytes = sum(len(piece) for piece in open_content(connection, row, key))
        return size_bytes

    def erase(self, connection: sa.Connection, erasure: Erasure) -> int:
        """Destroy the subject's key and its bytes for ever; rows and hashes stand. Returns how many stored bytes went.

        Later arrivals of the subject are kept under a new key. Raises NotFound when there is nothing, Invalid without who or why.
        """
        return delete_chunks(connection, destroy_subject_key(connection, erasure))


def load_document(connection: sa.Connection, document_id: int) -> Document:
    """One arrival by its row. Raises NotFound."""
    row = connection.execute(sa.select(*_COLUMNS).where(documents.c.id == document_id)).one_or_none()
    if row is None:
        raise NotFound(f"No document {document_id} is in the archive.")
    return _read(row)


def list_documents(
    connection: sa.Connection, wanted: DocumentFilter, *, before: int | None = None, limit: int = 100
) -> list[Document]:
    """Arrivals, the latest first. For the next page pass the last one's id as `before`."""
    query = sa.select(*_COLUMNS).order_by(documents.c.id.desc()).limit(limit)
    for name in ("kind", "source", "subject", "digest"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(documents.c[name] == value)
    if wanted.since is not None:
        query = query.where(documents.c.received_at >= aware_utc(wanted.since))
    if wanted.until is not None:
        query = query.where(documents.c.received_at < aware_utc(wanted.until))
    if before is not None:
        query = query.where(documents.c.id < before)
    return [_read(row) for row in connection.execute(query)]


def check_chain(connection: sa.Connection) -> ChainCheck:
    """Recompute the hash of every row and follow every lane. Rows come in batches: memory stays bounded."""
    rows, lanes, breaks = 0, set(), []
    lane, position, last_hash = -1, 0, FIRST_LINK
    query = sa.select(*_COLUMNS).order_by(documents.c.lane, documents.c.position).execution_options(yield_per=1000)
    for row in connection.execute(query):
        document = _read(row)
        if document.lane != lane:
            lane, position, last_hash = document.lane, 0, FIRST_LINK
        where = f"Document {document.id} (lane {document.lane}, position {document.position})"
        if document.position != position + 1:
            breaks.append(f"{where}: expected position {position + 1}, rows before it are missing.")
        elif document.prev_hash != last_hash:
            breaks.append(f"{where}: expected to follow {last_hash}, found {document.prev_hash}.")
        link = Link(document.lane, document.position, document.prev_hash)
        facts = {name: getattr(document, name) for name in _HASHED}
        if _hash(link, facts, document.received_at) != document.row_hash:
            breaks.append(f"{where}: its row was changed after it was written.")
        position, last_hash = document.position, document.row_hash
        rows += 1
        lanes.add(lane)
    return ChainCheck(rows, len(lanes), tuple(breaks))


def _hash(link: Link, facts: dict[str, Any], received_at: datetime) -> Digest:
    return hash_row(link, {**facts, "received_at": write_instant(received_at)})


def _storable(name: str) -> str:
    """A file's name may hold what PostgreSQL's text cannot: zero bytes, and bytes that are no UTF-8."""
    return name.replace("\0", "?").encode(errors="replace").decode()


def _read(row: sa.Row[Any]) -> Document:
    values = dict(row._mapping)
    values["received_at"] = aware_utc(values["received_at"])
    return Document(**values)
