"""One shop as an installation knows it: its domain, its credentials, and our names for its locations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trueup.base.errors import ConfigurationError
from trueup.base.secret import Secret

API_VERSION = "2026-10"
"""The version whose published schema every document of ours is tested against."""

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_VERSION = re.compile(r"20\d\d-(01|04|07|10)")
_METAFIELD = re.compile(r"[A-Za-z0-9_-]{3,255}\.[A-Za-z0-9_-]{2,64}")
_LOCATION = re.compile(r"gid://shopify/Location/\d+")


@dataclass(frozen=True, slots=True)
class ShopifySettings:
    """How to reach one shop.

    Credentials are the app's `client_id` and `client_secret` (an app of the Dev Dashboard; tokens are fetched as needed), or
    the `access_token` of a custom app that was made in the shop's admin before 2026.
    `locations`: our names of places goods ship from (an agreement's `ship_from`) to Shopify's location ids; use one name for
    one location. An id may also be used as its own name.
    `case_pack`: the variant metafield, `namespace.key`, that says how many eaches a case holds.
    `source_name` is optional: Shopify takes it only from channels it knows. `company_locations` are B2B locations that
    agreements name, so that they can be probed.
    `webhook_secret`: what webhooks are signed with where that is not the client secret: the API secret key of a custom app.
    `hidden_products`: the shop's ids of products that are no goods.
    `needed_scopes`: of those that are optional, the ones that what the installation does takes.
    `endpoint` replaces https://<shop> for a simulator on this machine.
    Raises ConfigurationError.
    """

    name: str
    shop: str
    client_id: str = ""
    client_secret: Secret | None = None
    access_token: Secret | None = None
    endpoint: str = ""
    api_version: str = API_VERSION
    case_pack: str = "trueup.case_pack"
    locations: Mapping[str, str] = field(default_factory=dict)
    company_locations: tuple[str, ...] = ()
    source_name: str | None = None
    webhook_secret: Secret | None = None
    hidden_products: frozenset[str] = frozenset()
    needed_scopes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        where = f"Shop {self.name}"
        if not _DOMAIN.fullmatch(self.shop):
            raise ConfigurationError(
                f"{where}: shop {self.shop!r}, expected the shop's own domain such as my-shop.myshopify.com "
                f"(Settings > Domains in the shop's admin)."
            )
        self._check_credentials(where)
        if not _VERSION.fullmatch(self.api_version):
            raise ConfigurationError(
                f"{where}: api_version {self.api_version!r}, expected a quarter such as {API_VERSION}."
            )
        if not _METAFIELD.fullmatch(self.case_pack):
            raise ConfigurationError(
                f"{where}: case_pack {self.case_pack!r}, expected namespace.key such as trueup.case_pack."
            )
        self._check_locations(where)

    def _check_credentials(self, where: str) -> None:
        by_app = bool(self.client_id and self.client_secret)
        if by_app == bool(self.access_token) or bool(self.client_id) != bool(self.client_secret):
            raise ConfigurationError(
                f"{where}: expected either client_id and client_secret (Dev Dashboard > the app > Settings) or access_token "
                f"(of a custom app made in the shop's admin before 2026), and not both."
            )

    def _check_locations(self, where: str) -> None:
        by_id: dict[str, str] = {}
        for word, location in self.locations.items():
            if not _LOCATION.fullmatch(location):
                raise ConfigurationError(
                    f"{where}: location {word!r} is {location!r}, expected gid://shopify/Location/ and a number "
                    f"(the number at the end of the location's address in Settings > Locations)."
                )
            if location in by_id:
                raise ConfigurationError(
                    f"{where}: {by_id[location]!r} and {word!r} name the same location {location}; use one name."
                )
            by_id[location] = word

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self.endpoint or f"https://{self.shop}"

    @property
    def signing_secret(self) -> Secret | None:
        """What the shop signs its webhooks with; None where the settings do not say."""
        return self.webhook_secret or self.client_secret

    @property
    def budget_name(self) -> str:
        """Shopify counts query cost for each app in each shop."""
        return f"shopify:{self.client_id or 'custom-app'}:{self.shop}"

    @property
    def pack_metafield(self) -> tuple[str, str]:
        """Namespace and key of the case-pack metafield."""
        namespace, _, key = self.case_pack.partition(".")
        return namespace, key

    def location_id(self, word: str) -> str:
        """Shopify's id of a place we ship from. Raises ConfigurationError for a name that is not mapped."""
        if word in self.locations:
            return self.locations[word]
        if _LOCATION.fullmatch(word):
            return word
        known = ", ".join(sorted(self.locations)) or "none"
        raise ConfigurationError(
            f"Shop {self.name}: no location is called {word!r} (known: {known}). Add it to the shop's locations, "
            f"or correct ship_from in the agreement."
        )

    def location_word(self, location_id: str) -> str:
        """Our name of a location of Shopify's; its id where we have none."""
        return next((word for word, known in self.locations.items() if known == location_id), location_id)
