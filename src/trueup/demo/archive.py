"""What the archive, the tables and the log hold, for the auditor: every document against its hash, every secret looked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from trueup.base.errors import TrueupError
from trueup.storage.documents import Archive, DocumentFilter, check_chain, list_documents

EVERYTHING = 1_000_000


def verify_documents(connection: sa.Connection, archive: Archive, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Every archived document read and compared with its hash, the chain followed, and its bytes searched for secrets."""
    rows = list_documents(connection, DocumentFilter(), limit=EVERYTHING)
    failed: list[str] = []
    leaking: list[str] = []
    size_bytes = 0
    for digest in sorted({row.digest for row in rows}):
        try:
            content = archive.load_content(connection, digest)
        except TrueupError as error:
            failed.append(f"{digest}: {error}")
            continue
        size_bytes += len(content)
        leaking += [f"{digest} holds {name}" for name, secret in secrets.items() if secret.encode() in content]
    chain = check_chain(connection)
    return {
        "arrivals": len(rows),
        "contents": len({row.digest for row in rows}),
        "size_bytes": size_bytes,
        "failed": failed,
        "leaking": leaking,
        "chained": chain.rows,
        "breaks": list(chain.breaks),
        "digests": sorted({str(row.digest) for row in rows}),
    }


def find_secrets(connection: sa.Connection, secrets: Mapping[str, str], log: list[str]) -> dict[str, Any]:
    """Where a secret stands in a stored row or in a line of the log: names of places, never the secret."""
    tables = connection.execute(
        sa.text(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
        )
    ).all()
    found = []
    pattern = "|".join(secrets.values())
    for schema, name in tables:
        count = connection.execute(
            sa.text(f'SELECT count(*) FROM "{schema}"."{name}" AS row WHERE row::text ~ :pattern'),
            {"pattern": pattern},
        ).scalar_one()
        if count:
            found.append(f"{count} rows of {schema}.{name}")
    told = (number for number, line in enumerate(log, 1) if any(secret in line for secret in secrets.values()))
    found += [f"line {number} of the log" for number in told]
    return {"tables": len(tables), "log_lines": len(log), "found": found}


@contextmanager
def captured_log(path: Path) -> Iterator[list[str]]:
    """Everything that anyone logs meanwhile, kept off the terminal and searched for secrets; written to a file at the end."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    def keep(_logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
        lines.append(f"{method} {event}")
        raise structlog.DropEvent

    root, before = logging.getLogger(), structlog.get_config()
    handlers, root.handlers = root.handlers, [Keeper()]
    structlog.configure(processors=[keep])
    try:
        yield lines
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        with suppress(OSError):
            path.write_text("\n".join(lines), encoding="utf-8")
