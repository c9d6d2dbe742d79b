"""Documents to look at: arrivals, one of them by number or hash, and whether their bytes still hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotFound, Refused
from trueup.base.ids import Digest
from trueup.storage.contents import contents
from trueup.storage.documents import Archive, Arrival, Document, DocumentFilter, check_chain, documents, load_document
from trueup.storage.documents import list_documents as arrivals
from trueup.storage.sealing import Tampered
from trueup.storage.subject_keys import subject_keys

_HASH = re.compile(r"[0-9a-f]{8,64}")
_BATCH = 500


def list_documents(
    connection: sa.Connection, wanted: DocumentFilter, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Arrivals, the newest first, from before an id."""
    return [document_json(found) for found in arrivals(connection, wanted, before=before, limit=limit)]


def find_document(connection: sa.Connection, wanted: str) -> Document:
    """An arrival by its number, or the first one of a hash or the beginning of one (8 digits at least).

    Raises NotFound, Conflict when the beginning is that of several.
    """
    if _HASH.fullmatch(wanted.lower()):
        query = sa.select(documents.c.digest, sa.func.min(documents.c.id)).group_by(documents.c.digest)
        found = connection.execute(query.where(documents.c.digest.startswith(wanted.lower())).limit(2)).all()
        if len(found) > 1:
            raise Conflict(f"Document {wanted!r}: more than one hash begins so; give more of it.")
        if found:
            return load_document(connection, found[0][1])
    if wanted.isdecimal() and len(wanted) < 19:
        return load_document(connection, int(wanted))
    raise NotFound(f"Document {wanted!r}: no such number or hash; `trueup documents list` shows them.")


def show_document(connection: sa.Connection, document: Document) -> dict[str, Any]:
    """One arrival with how often its bytes arrived, and whether they were erased: when, by whom, why."""
    again = connection.execute(
        sa.select(sa.func.count()).select_from(documents).where(documents.c.digest == document.digest)
    ).scalar_one()
    row = connection.execute(
        sa.select(subject_keys, contents.c.stored_bytes)
        .join(contents, contents.c.key_id == subject_keys.c.id)
        .join(documents, documents.c.content_id == contents.c.id)
        .where(documents.c.id == document.id)
    ).one()
    erased = None
    if row.erased_at is not None:
        erased = {"at": write_instant(row.erased_at), "by": row.erased_by, "because": row.erased_because}
    return {
        **document_json(document),
        "arrivals_of_these_bytes": again,
        "stored_bytes": row.stored_bytes if erased is None else 0,
        "erased": erased,
        "chain": {
            "lane": document.lane,
            "position": document.position,
            "follows": document.prev_hash,
            "row_hash": document.row_hash,
        },
    }


def document_json(document: Document) -> dict[str, Any]:
    """An arrival as plain JSON."""
    return {
        "id": document.id,
        "kind": document.kind,
        "source": document.source,
        "subject": document.subject,
        "name": document.name,
        "media_type": document.media_type,
        "size_bytes": document.size_bytes,
        "received_at": write_instant(document.received_at),
        "digest": document.digest,
    }


def show_subject(connection: sa.Connection, subject: str) -> dict[str, Any]:
    """How much is kept about a subject and not erased. Raises NotFound when nothing is."""
    row = connection.execute(
        sa.select(sa.func.count(sa.distinct(documents.c.id)), sa.func.count(sa.distinct(contents.c.id)))
        .select_from(subject_keys)
        .join(contents, contents.c.key_id == subject_keys.c.id)
        .join(documents, documents.c.content_id == contents.c.id)
        .where(subject_keys.c.subject == subject, subject_keys.c.erased_at.is_(None))
    ).one()
    if not row[0]:
        raise NotFound(f"Nothing is archived about {subject!r} that is not erased already.")
    return {"subject": subject, "documents": row[0], "contents": row[1]}


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one document's bytes: `holds`, `erased` (its hash stands) or `broken`, and in words why."""

    digest: Digest
    state: str
    size_bytes: int
    found: str = ""


def count_digests(connection: sa.Connection) -> int:
    """How many different documents there are."""
    return int(connection.execute(sa.select(sa.func.count(sa.distinct(documents.c.digest)))).scalar_one())


def verify_documents(connection: sa.Connection, archive: Archive) -> Iterator[Verified]:
    """Read every document and compare it with its hash, in the order of the hashes."""
    last = ""
    while True:
        query = sa.select(documents.c.digest).distinct().where(documents.c.digest > last)
        found = connection.execute(query.order_by(documents.c.digest).limit(_BATCH)).scalars().all()
        for digest in found:
            yield verify_document(connection, archive, Digest(digest))
        if len(found) < _BATCH:
            return
        last = found[-1]


def verify_document(connection: sa.Connection, archive: Archive, digest: Digest) -> Verified:
    """Read one document and compare. Raises NotFound."""
    try:
        return Verified(digest, "holds", archive.verify(connection, digest))
    except Refused as error:
        return Verified(digest, "erased", 0, str(error))
    except Tampered as error:
        return Verified(digest, "broken", 0, str(error))


def try_archive(connection: sa.Connection, archive: Archive, content: bytes, now: datetime) -> None:
    """Seal a document and open it again; the caller rolls back. Raises as the archive does."""
    arrival = Arrival(kind="trial", source="check", name="trial", received_at=now, subject="trial of the archive")
    document = archive.append(connection, content, arrival)
    if archive.load_content(connection, document.digest) != content:
        raise Refused("The archive gave back other bytes than it was given: keep the disk and its backups as they are.")


def verify_chain(connection: sa.Connection) -> dict[str, Any]:
    """Whether the rows of the archive still follow one another: their number, the lanes, and what breaks."""
    found = asdict(check_chain(connection))
    return {**found, "breaks": list(found["breaks"])}


__all__ = [
    "DocumentFilter",
    "Verified",
    "count_digests",
    "find_document",
    "list_documents",
    "show_document",
    "show_subject",
    "try_archive",
    "verify_chain",
    "verify_document",
    "verify_documents",
]
