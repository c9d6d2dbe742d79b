"""Files that a person hands in: read from disk or standard input, and what was found in them told in lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from trueup.base.errors import ConfigurationError, Invalid

LARGEST_BYTES = 100_000_000
_MOST_TOLD = 20


def read_upload(path: Path) -> bytes:
    """The bytes of a file; `-` is standard input. Raises ConfigurationError when it cannot be read, Invalid beyond 100 MB."""
    if str(path) == "-":
        return sys.stdin.buffer.read(LARGEST_BYTES)
    try:
        size_bytes = path.stat().st_size
        if size_bytes > LARGEST_BYTES:
            raise Invalid(f"{path}: {size_bytes:,} bytes, at most {LARGEST_BYTES:,} are read; split it.")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}).") from error


def told_findings(findings: list[dict[str, Any]]) -> str:
    """The first findings, a line each."""
    rows = [f"{found['severity']}: {found['message']} at {found['at']}" for found in findings[:_MOST_TOLD]]
    if len(findings) > _MOST_TOLD:
        rows.append(f"and {len(findings) - _MOST_TOLD} more; --json shows them all")
    return "".join(f"{row}\n" for row in rows)
