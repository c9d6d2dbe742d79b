"""One Supercycle installation as Trueup knows it: its key, its currency, the zone its shop counts days in."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from trueup.base.errors import ConfigurationError
from trueup.base.money import check_currency, exponent_of
from trueup.base.secret import Secret

ADDRESS = "https://app.supercycle.com"
VERSIONS = ("v1",)
"""The versions of Supercycle's API that there is an adapter for."""


@dataclass(frozen=True, slots=True)
class SupercycleSettings:
    """How to reach one Supercycle installation. The key implies the shop: no path of the API names it.

    `currency`: amounts come as cents without one. `time_zone`: the shop's; its days begin there, and times without an offset
    are read there. `endpoint` stands in for Supercycle's own address, for a simulator on this machine.
    Raises ConfigurationError.
    """

    name: str
    key: Secret
    currency: str
    time_zone: str = "UTC"
    version: str = "v1"
    endpoint: str = ""

    def __post_init__(self) -> None:
        where = f"Supercycle {self.name or '(without a name)'}"
        text = self.key.reveal()
        if not text or text != text.strip():
            raise ConfigurationError(
                f"{where}: the key is empty or has spaces around it; copy it anew from Supercycle's settings."
            )
        if exponent_of(check_currency(self.currency)) != 2:
            raise ConfigurationError(
                f"{where}: currency {self.currency} has no cents, and Supercycle does not say what its cents are then. "
                f"Ask support@supercycle.com, and tell Trueup's makers."
            )
        if self.version not in VERSIONS:
            raise ConfigurationError(
                f"{where}: API version {self.version!r}; there is an adapter for {', '.join(VERSIONS)}."
            )
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):
            raise ConfigurationError(
                f"{where}: time zone {self.time_zone!r}; expected the shop's, such as America/New_York."
            ) from None

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self.endpoint or ADDRESS

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.time_zone)
