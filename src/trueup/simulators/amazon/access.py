"""Login with Amazon and vendor groups: who may call which operation on whose orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from trueup.base.errors import Conflict, Invalid
from trueup.simulators.amazon.budgets import (
    ACKNOWLEDGE,
    CANCEL_REPORT,
    CREATE_REPORT,
    DIRECT_TRANSACTION,
    INVOICE,
    INVOICES,
    ORDER,
    ORDERS,
    REMITTANCE,
    REMITTANCES,
    REPORT,
    REPORT_DOCUMENT,
    REPORTS,
    STATUS,
    SUBMIT_INVENTORY,
    TRANSACTION,
)
from trueup.simulators.amazon.replies import Reply, plain, unauthorized

TOKEN_LIFETIME = timedelta(hours=1)
FULFILLMENT = "Amazon Fulfillment"
TRACKING = "Inventory and Order Tracking"
FINANCE = "Finance and Accounting"
"""Not given unless asked for: nobody knows which roles the finance APIs need, so they must be optional to a caller."""
BRAND_ANALYTICS = "Brand Analytics"
"""For vendor reports; not given unless asked for, since many applications never asked for it."""

DIRECT_SHIPPING = "Direct to Consumer Shipping (Restricted)"
"""For direct fulfillment; not given unless asked for: Amazon grants it to few."""

ROLES: Mapping[str, frozenset[str]] = {
    ORDERS: frozenset({FULFILLMENT, TRACKING}),
    ORDER: frozenset({FULFILLMENT, TRACKING}),
    ACKNOWLEDGE: frozenset({FULFILLMENT, TRACKING}),
    STATUS: frozenset({FULFILLMENT, TRACKING}),
    TRANSACTION: frozenset({TRACKING}),
    **dict.fromkeys((REMITTANCES, REMITTANCE, INVOICES, INVOICE), frozenset({FINANCE})),
    **dict.fromkeys((SUBMIT_INVENTORY, DIRECT_TRANSACTION), frozenset({DIRECT_SHIPPING})),
    **dict.fromkeys((CREATE_REPORT, REPORT, REPORTS, CANCEL_REPORT, REPORT_DOCUMENT), frozenset({BRAND_ANALYTICS})),
}
"""One of these roles is needed for each operation (Amazon's API pages)."""


@dataclass(frozen=True, slots=True)
class VendorGroup:
    """A vendor group with the application it authorised. Its secrets do not print."""

    name: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    vendor_codes: tuple[str, ...]
    roles: frozenset[str]


class Access:
    """Vendor groups and the access tokens given to them."""

    def __init__(self, chance: Random) -> None:
        self.groups: dict[str, VendorGroup] = {}
        self._by_code: dict[str, VendorGroup] = {}
        self._by_refresh_token: dict[str, VendorGroup] = {}
        self._clients: dict[str, str] = {}
        self._tokens: dict[str, tuple[VendorGroup, datetime]] = {}
        self._chance = chance

    def add(self, group: VendorGroup) -> None:
        """Register a group. Raises Conflict for a refresh token, vendor code or client id that is taken, Invalid for none."""
        if not group.vendor_codes or not group.refresh_token or not group.client_id:
            raise Invalid(f"Vendor group {group.name}: needs a refresh token, a client id and a vendor code at least.")
        if group.refresh_token in self._by_refresh_token:
            raise Conflict(f"Vendor group {group.name}: its refresh token belongs to another group.")
        if self._clients.get(group.client_id, group.client_secret) != group.client_secret:
            raise Conflict(f"Vendor group {group.name}: its client id has another secret elsewhere.")
        taken = [code for code in group.vendor_codes if code in self._by_code]
        if taken:
            raise Conflict(f"Vendor group {group.name}: vendor code {taken[0]} belongs to another group.")
        self.groups[group.name] = group
        self._by_refresh_token[group.refresh_token] = group
        self._clients[group.client_id] = group.client_secret
        for code in group.vendor_codes:
            self._by_code[code] = group

    def group_of(self, vendor_code: str) -> VendorGroup:
        """The group a vendor code belongs to. Raises Invalid when no group has it."""
        group = self._by_code.get(vendor_code)
        if group is None:
            raise Invalid(f"Vendor code {vendor_code!r} belongs to no vendor group; add the group first.")
        return group

    def issue(self, form: Mapping[str, str], now: datetime) -> Reply:
        """The token endpoint: an access token for a refresh token, or Login with Amazon's own error body."""
        missing = [name for name in ("grant_type", "client_id", "client_secret") if not form.get(name)]
        if missing:
            return _refused(400, "invalid_request", f"The request is missing a required parameter : {missing[0]}")
        if form["grant_type"] != "refresh_token":
            return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported")
        if not form.get("refresh_token"):
            return _refused(400, "invalid_request", "The request is missing a required parameter : refresh_token")
        if self._clients.get(form["client_id"]) != form["client_secret"]:
            return refuse_client()
        group = self._by_refresh_token.get(form["refresh_token"])
        if group is None or group.client_id != form["client_id"]:
            return _refused(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
        token = f"Atza|{self._chance.getrandbits(256):064x}"
        self._tokens = {kept: held for kept, held in self._tokens.items() if held[1] > now}
        self._tokens[token] = (group, now + TOKEN_LIFETIME)
        content = {
            "access_token": token,
            "refresh_token": group.refresh_token,
            "token_type": "bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        }
        return plain(200, content)

    def admit(self, token: str | None, operation: str, now: datetime) -> VendorGroup:
        """The group that holds an access token. Raises Refusal (403) as Amazon does when it may not pass."""
        if not token:
            raise unauthorized("Access token is missing in the request header.")
        held = self._tokens.get(token)
        if held is None:
            raise unauthorized("The access token you provided is revoked, malformed or invalid.")
        group, expires_at = held
        if now >= expires_at:
            raise unauthorized("The access token you provided has expired.")
        if not group.roles & ROLES[operation]:
            raise unauthorized("")
        return group


def refuse_client() -> Reply:
    """Login with Amazon's answer to a wrong client id or secret."""
    return _refused(401, "invalid_client", "Client authentication failed")


def _refused(status: int, error: str, description: str) -> Reply:
    return plain(status, {"error": error, "error_description": description})
