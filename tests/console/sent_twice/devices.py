"""A device that makes passkeys and shows them, as a browser hands that on: WebAuthn level 2, without attestation."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from tests.console.installed import Console

_PRESENT, _VERIFIED, _WITH_KEY = 1, 4, 64


@dataclass
class Device:
    """One key of one device, for the console at an address."""

    origin: str
    key: ec.EllipticCurvePrivateKey
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    uses: int = 0

    @classmethod
    def of(cls, console: Console) -> Device:
        """A new one."""
        return cls(console.url, ec.generate_private_key(ec.SECP256R1()))

    def created(self, options: Any) -> dict[str, Any]:
        """What it says when it has made its key."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        about = self._about(_WITH_KEY) + held
        said = {
            "clientDataJSON": bytes_to_base64url(self._client("webauthn.create", options)),
            "attestationObject": bytes_to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})),
        }
        return self._whole(said)

    def used(self, options: Any) -> dict[str, Any]:
        """What it says when it shows its key."""
        self.uses += 1
        about, client = self._about(0), self._client("webauthn.get", options)
        signature = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(about),
            "signature": bytes_to_base64url(signature),
        }
        return self._whole(said)

    def _about(self, flags: int) -> bytes:
        place = hashlib.sha256((urlsplit(self.origin).hostname or "").encode()).digest()
        return place + bytes([_PRESENT | _VERIFIED | flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, options: Any) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _whole(self, said: dict[str, str]) -> dict[str, Any]:
        name = bytes_to_base64url(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": said}
