"""The store of an installation, opened: its database, its archive and their key. The part of the composition root that looking
needs; it knows no connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from trueup.settings.load import load_foundation
from trueup.settings.model import Foundation
from trueup.storage.database import Database, create_database
from trueup.storage.documents import Archive
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.sealing import MasterKey

DATABASE = "trueup"


class DryRun(Exception):
    """Rolls back what was only tried."""


@dataclass(frozen=True)
class Store:
    """What an installation keeps, opened: enough to look. It needs no [[partners]] or [[shops]], and starts no work."""

    foundation: Foundation
    database: Database
    key: MasterKey
    server: EmbeddedServer | None = None

    @property
    def archive(self) -> Archive:
        """The documents."""
        return Archive(self.key)

    @contextlib.contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[sa.Connection]:
        """A transaction; rolled back at its end when `dry_run`. Raises as `Database.transaction`."""
        with contextlib.suppress(DryRun), self.database.transaction() as connection:
            yield connection
            if dry_run:
                raise DryRun

    def close(self) -> None:
        """Close connections, and stop the embedded server if this process started it."""
        self.database.close()
        if self.server is not None:
            self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(path: Path, environ: Mapping[str, str]) -> Store:
    """Open what an installation keeps: start or find its database, migrate it, and load or make its master key.

    Raises as `open_application`; the tables of the settings that only work needs are not looked at.
    """
    foundation = load_foundation(path, environ)
    server, database = open_database(foundation)
    try:
        database.migrate()
        key = MasterKey.load_or_create(foundation.master_key_file, environ)
    except BaseException:
        database.close()
        if server is not None:
            server.close()
        raise
    return Store(foundation, database, key, server)


def open_database(foundation: Foundation) -> tuple[EmbeddedServer | None, Database]:
    """The database by URL, or the embedded one of the data folder, started when it does not run."""
    url = foundation.installation.database
    if url is not None:
        return None, Database(url.reveal())
    server = EmbeddedServer(foundation.installation.data)
    return server, Database(create_database(server.start(), DATABASE))
