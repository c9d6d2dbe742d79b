"""Names of things: content hashes, keys made from content, and ids that sort by time."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NewType

_SPOKEN = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
Digest = NewType("Digest", str)
"""SHA-256 of bytes, as 64 lower-case hexadecimal digits."""


def digest_of(content: bytes | Iterable[bytes]) -> Digest:
    """SHA-256 of the bytes, whole or in chunks."""
    if isinstance(content, bytes):
        return Digest(hashlib.sha256(content).hexdigest())
    running = hashlib.sha256()
    for chunk in content:
        running.update(chunk)
    return Digest(running.hexdigest())


def canonical_json(value: Any) -> bytes:
    """One byte string for one value: sorted keys, no spaces, UTF-8, no floats (they have no one spelling)."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_of_json(value: Any) -> Digest:
    """SHA-256 of the canonical JSON of a value."""
    return digest_of(canonical_json(value))


def stable_uuid(*parts: str) -> str:
    """The same UUID (version 5) for the same parts, ever: a key for a remote write that survives a restart."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "trueup:" + json.dumps(parts, ensure_ascii=False)))


def time_ordered_id(moment: datetime) -> str:
    """A new UUID (version 7) that sorts by `moment`."""
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | (0x7 << 76) | ((random >> 68) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return str(uuid.UUID(int=value))


def spoken_reference() -> str:
    """A new name of one occurrence that is read out and typed: eight characters, none taken for another."""
    return "".join(secrets.choice(_SPOKEN) for _ in range(8))


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"canonical JSON has no floats, found {value!r}")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
