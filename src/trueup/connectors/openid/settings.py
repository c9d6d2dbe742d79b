"""One provider of identities: who it is, who we are to it, and where it sends people back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from trueup.base.secret import Secret

BACK = "/sign-in/provider/back"
"""The path of the console that answers come back to."""


class Told(Protocol):
    """A provider as the installation's settings have it."""

    @property
    def name(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> Secret: ...
    @property
    def groups_claim(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """`issuer` is compared letter by letter with what the provider says; `address` is where people reach this console."""

    name: str
    issuer: str
    client_id: str
    client_secret: Secret
    address: str
    groups_claim: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")

    @classmethod
    def of(cls, told: Told, address: str) -> Self:
        """The provider of the settings, for a console at that address."""
        return cls(told.name, told.issuer, told.client_id, told.client_secret, address, told.groups_claim or "")

    @property
    def redirect_uri(self) -> str:
        """What has to be registered at the provider, letter by letter."""
        return self.address.rstrip("/") + BACK
