"""Sealing: AES-256-GCM under keys that can be destroyed. A master key wraps a key per subject; destroying that erases.

A subject's key never seals bytes itself: each content has its own key, derived from it and a random salt (HKDF, RFC 5869), so
its chunks can be numbered by their nonces and no nonce is used twice. The last chunk's nonce says that it is the last: chunks
that were swapped, dropped or cut off do not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from trueup.base.errors import ConfigurationError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
ENVIRONMENT_NAME = "TRUEUP_MASTER_KEY"


class Tampered(Exception):
    """Stored bytes are not those that were stored. A defect, outside the tree of errors: nothing may swallow it."""


class MasterKey:
    """The installation's key. `id` names it without giving it away; the key itself is never shown."""

    __slots__ = ("_cipher", "_codes", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"The master key has {len(key)} bytes, expected {KEY_BYTES}.")
        self.id = hashlib.sha256(b"trueup master key" + key).hexdigest()[:16]
        self._cipher = AESGCM(key)
        self._codes = HKDFExpand(SHA256(), KEY_BYTES, b"trueup codes 1").derive(key)

    def __repr__(self) -> str:
        return f"MasterKey(id={self.id!r})"

    @classmethod
    def from_text(cls, text: str, origin: str) -> MasterKey:
        """From 32 bytes as base64. Raises ConfigurationError that names the `origin`, never the text."""
        try:
            key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ConfigurationError(
                f"{origin} holds no master key: expected {KEY_BYTES} bytes as base64 (openssl rand -base64 {KEY_BYTES})."
            )
        return cls(key)

    @classmethod
    def load_or_create(cls, path: Path, environment: Mapping[str, str] = os.environ) -> MasterKey:
        """From TRUEUP_MASTER_KEY if that is set, else from the file, which is made (0600) when it is not there.

        Raises ConfigurationError for what is no key, a file that others may read, or a folder that cannot be written.
        """
        if ENVIRONMENT_NAME in environment:
            return cls.from_text(environment[ENVIRONMENT_NAME], f"The environment's {ENVIRONMENT_NAME}")
        try:
            if not path.exists():
                _create_key_file(path)
            if sys.platform != "win32" and path.stat().st_mode & 0o077:
                raise ConfigurationError(
                    f"The master key in {path} can be read by others: chmod 600 it, and think who read it."
                )
            return cls.from_text(path.read_text(), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The master key in {path} cannot be read or made ({error}): grant or move it."
            ) from error

    def code(self, about: str) -> bytes:
        """32 bytes that always follow from what they are about, and that nobody without the key can make (HMAC-SHA-256)."""
        return hmac.digest(self._codes, about.encode(), "sha256")

    def wrap(self, secret: bytes, about: str) -> bytes:
        """Seal a few bytes, bound to what they are about."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, about.encode())

    def unwrap(self, sealed: bytes, about: str, sealed_by: str) -> bytes:
        """The bytes again. `sealed_by`: the id of the key that sealed them.

        Raises ConfigurationError when that was another key, Tampered when they were changed or are about something else.
        """
        if sealed_by != self.id:
            raise ConfigurationError(
                f"{about} is sealed under master key {sealed_by}, and this installation has {self.id}: "
                f"restore the right key file, or set {ENVIRONMENT_NAME}."
            )
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
        except InvalidTag:
            raise Tampered(f"{about}: its sealed bytes were changed in the database") from None


class ContentCipher:
    """Seals and opens the numbered chunks of one content."""

    __slots__ = ("_cipher",)

    def __init__(self, subject_key: bytes, salt: bytes) -> None:
        expand = HKDFExpand(SHA256(), KEY_BYTES, b"trueup content 1" + salt)
        self._cipher = AESGCM(expand.derive(subject_key))

    def seal(self, sequence: int, chunk: bytes, *, last: bool) -> bytes:
        """The chunk, sealed; TAG_BYTES longer."""
        return self._cipher.encrypt(_nonce(sequence, last), chunk, None)

    def open_chunk(self, sequence: int, sealed: bytes, *, last: bool) -> bytes:
        """The chunk again. Raises Tampered when it is not the one that was sealed at this place."""
        try:
            return self._cipher.decrypt(_nonce(sequence, last), sealed, None)
        except InvalidTag:
            raise Tampered(f"chunk {sequence} was changed, swapped or cut off in the database") from None


def new_key() -> bytes:
    """A random key, or salt."""
    return os.urandom(KEY_BYTES)


def _nonce(sequence: int, last: bool) -> bytes:
    return sequence.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


def _create_key_file(path: Path) -> None:
    """Written beside its place and linked there: of two processes one wins, and neither reads half a key."""
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    making = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(new_key()) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(making, path)
        except FileExistsError:
            return
    finally:
        making.unlink()
