"""Papers: files that work writes, on the disk while they are written, and in the archive when all of them are whole."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import IO, Any, Self

from trueup.storage.documents import Arrival
from trueup.workflows.world import Tx

SUBJECT = "books"
"""Whom papers are about: the books as a whole, which nobody can have erased."""
SUMS = "SHA256SUMS"
"""The paper of hashes in a zip, as `sha256sum --check` reads it."""
_PIECE_BYTES = 256 * 1024


@dataclass(slots=True)
class _Paper:
    name: str
    media_type: str
    written: IO[bytes]


class Papers:
    """Files of one piece of work. Memory stays bounded, however long they are; none of them is there before `keep`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._papers: list[_Paper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._papers:
            each.written.close()

    def open(self, name: str, media_type: str) -> IO[bytes]:
        """A file to write."""
        paper = _Paper(name, media_type, tempfile.TemporaryFile())  # noqa: SIM115 - closed with all of them
        self._papers.append(paper)
        return paper.written

    def copies(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each file so far by its name, to read from its beginning."""
        for each in self._papers:
            each.written.seek(0)
            yield each.name, each.written
            each.written.seek(0, 2)

    def keep(self, tx: Tx) -> list[dict[str, Any]]:
        """Archive each in the caller's transaction: its name, hash and size, as results of jobs say them."""
        kept = []
        for each in self._papers:
            each.written.seek(0)
            arrival = Arrival(self._kind, SUBJECT, each.name, tx.now, SUBJECT, each.media_type)
            pieces = iter(lambda paper=each: paper.written.read(_PIECE_BYTES), b"")  # type: ignore[misc]
            found = tx.resources.archive.append(tx.connection, pieces, arrival)
            kept.append({"name": each.name, "digest": found.digest, "size_bytes": found.size_bytes})
        return kept


def copy_into(out: IO[bytes], source: IO[bytes]) -> None:
    """Copy a file piece by piece."""
    shutil.copyfileobj(source, out, _PIECE_BYTES)


def zip_entry(name: str, made_at: datetime) -> zipfile.ZipInfo:
    """A paper within a zip: as old as the papers, readable by everyone, so that the same papers give the same bytes."""
    entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry
