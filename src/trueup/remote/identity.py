"""The contract of a provider of identities: where people sign in with their company's account instead of a password of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to sign in must remember until its answer comes: three texts that nobody guesses, and when it began."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    """The half of the proof key (RFC 7636) that the browser never sees."""
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for. (`issuer`, `subject`) is who it is, for ever; all else may change or be another's tomorrow."""

    issuer: str
    subject: str
    name: str
    email: str
    """In lower case; "" unless the provider says that it verified it."""
    groups: frozenset[str] = frozenset()
    """What the claim named in the settings holds."""


class IdentityProvider(Protocol):
    """A provider as sign-in needs it. Nothing that it says is believed before its signature, audience and time are."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def write_address(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in. Raises RemoteError while the provider cannot be asked where that is."""
        ...

    def fetch_identity(self, answer: Mapping[str, str], attempt: Attempt) -> Identity:
        """Who it is, from what the browser brought back (the parameters of its address).

        Raises Refused for an answer that is not for this attempt, or by which the provider lets nobody in; Unauthorized when it
        does not know us; ContractChanged for what is not OpenID Connect; Transient.
        """
        ...

    def sign_out_address(self) -> str:
        """Where the person signs out of the provider too; "" where that is not offered or it cannot be asked now."""
        ...
