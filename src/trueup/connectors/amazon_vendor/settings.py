"""What a connection to one vendor group needs: region, application and the refresh token of that group."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from trueup.base.errors import ConfigurationError
from trueup.base.secret import Secret

ENDPOINTS = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
"""Amazon's addresses by region (SP-API Endpoints)."""
TOKEN_ENDPOINT = "https://api.amazon.com/auth/o2/token"


@dataclass(frozen=True, slots=True)
class AmazonVendorSettings:
    """One vendor group: Amazon gives one refresh token for each, and rate limits are for the pair of it and the application.

    `endpoint` and `token_endpoint` stand in for Amazon's own, for its sandbox or a simulator. `vendor_codes` are those that
    `probe` looks for; orders of every code of the group are fetched, since one that nobody named is a case, not a silence.
    """

    name: str
    region: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    vendor_codes: tuple[str, ...] = ()
    endpoint: str = ""
    token_endpoint: str = TOKEN_ENDPOINT
    timeout_seconds: float = 20.0

    def __post_init__(self) -> None:
        where = f"Connection {self.name or '(without a name)'}"
        if not self.name:
            raise ConfigurationError(f"{where}: expected a name, by which partners and messages speak of it.")
        if self.region not in ENDPOINTS:
            raise ConfigurationError(f"{where}: region {self.region!r}; expected one of {', '.join(ENDPOINTS)}.")
        for field in ("client_id", "client_secret", "refresh_token"):
            value = getattr(self, field)
            text = value.reveal() if isinstance(value, Secret) else value
            if not text or text != text.strip():
                raise ConfigurationError(
                    f"{where}: {field} is empty or has spaces around it; copy it from Vendor Central, Integration, API Integration."
                )

    @property
    def address(self) -> str:
        """Where the API answers."""
        return self.endpoint or ENDPOINTS[self.region]

    @property
    def token_address(self) -> tuple[str, str]:
        """Host and path of the token endpoint."""
        parts = urlsplit(self.token_endpoint)
        return f"{parts.scheme}://{parts.netloc}", parts.path or "/"
