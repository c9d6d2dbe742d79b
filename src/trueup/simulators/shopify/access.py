"""Who may do what: apps, their tokens, the scopes each operation demands, and the API versions that are served."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

import msgspec

from trueup.simulators.shopify.errors import access_denied
from trueup.simulators.shopify.records import App
from trueup.simulators.shopify.settings import ALL_SCOPES
from trueup.simulators.shopify.world import World

TOKEN_SECONDS = 86399
SUPPORTED_VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
UNSTABLE_VERSIONS = ("2027-01", "unstable")
INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"

_FULFILLMENT_READ = "read_merchant_managed_fulfillment_orders"
_FULFILLMENT_WRITE = "write_merchant_managed_fulfillment_orders"
SCOPES: dict[str, tuple[str, ...]] = {
    "locations": ("read_locations", "read_inventory"),
    "location": ("read_locations", "read_inventory"),
    "productVariants": ("read_products",),
    "productVariant": ("read_products",),
    "productVariantByIdentifier": ("read_products",),
    "products": ("read_products",),
    "product": ("read_products",),
    "inventoryItem": ("read_inventory", "read_products"),
    "inventoryItems": ("read_inventory", "read_products"),
    "inventoryLevel": ("read_inventory",),
    "inventoryProperties": ("read_inventory",),
    "order": ("read_orders",),
    "orders": ("read_orders",),
    "orderByIdentifier": ("read_orders",),
    "companyLocation": ("read_companies", "read_customers"),
    "fulfillment": ("read_orders",),
    "fulfillmentOrders": (_FULFILLMENT_READ,),
    "fulfillmentOrder": (_FULFILLMENT_READ,),
    "orderCreate": ("write_orders",),
    "orderUpdate": ("write_orders",),
    "orderCancel": ("write_orders",),
    "orderClose": ("write_orders",),
    "orderEditBegin": ("write_order_edits",),
    "orderEditAddVariant": ("write_order_edits",),
    "orderEditSetQuantity": ("write_order_edits",),
    "orderEditAddLineItemDiscount": ("write_order_edits",),
    "orderEditCommit": ("write_order_edits",),
    "fulfillmentOrderMove": (_FULFILLMENT_WRITE,),
    "fulfillmentCreate": (_FULFILLMENT_WRITE,),
    "inventorySetQuantities": ("write_inventory",),
    "inventoryAdjustQuantities": ("write_inventory",),
    "inventoryMoveQuantities": ("write_inventory",),
    "inventoryActivate": ("write_inventory",),
    "inventoryItemUpdate": ("write_inventory",),
    "productVariantsBulkUpdate": ("write_products",),
    "metaobjectDefinitionByType": ("read_metaobject_definitions",),
    "metaobjectByHandle": ("read_metaobjects",),
    "metaobjectDefinitionCreate": ("write_metaobject_definitions",),
    "metaobjectUpsert": ("write_metaobjects",),
    "customer": ("read_customers",),
    "giftCard": ("read_gift_cards",),
    "giftCards": ("read_gift_cards",),
    "giftCardCreate": ("write_gift_cards",),
    "giftCardDeactivate": ("write_gift_cards",),
    "storeCreditAccount": ("read_store_credit_accounts",),
    "storeCreditAccountCredit": ("write_store_credit_account_transactions",),
    "storeCreditAccountDebit": ("write_store_credit_account_transactions",),
}
"""Any one of the scopes of a root field is enough; a write scope brings its read scope. Fields that are absent need none."""

NODE_SCOPES = {
    "Order": "read_orders",
    "Fulfillment": "read_orders",
    "LineItem": "read_orders",
    "Product": "read_products",
    "ProductVariant": "read_products",
    "InventoryItem": "read_inventory",
    "InventoryLevel": "read_inventory",
    "Location": "read_locations",
    "FulfillmentOrder": _FULFILLMENT_READ,
    "FulfillmentOrderLineItem": _FULFILLMENT_READ,
    "CompanyLocation": "read_companies",
    "Company": "read_companies",
    "Metaobject": "read_metaobjects",
    "MetaobjectDefinition": "read_metaobject_definitions",
    "Customer": "read_customers",
    "GiftCard": "read_gift_cards",
    "StoreCreditAccount": "read_store_credit_accounts",
    "StoreCreditAccountCreditTransaction": "read_store_credit_account_transactions",
    "OrderTransaction": "read_orders",
    "Refund": "read_orders",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A right to act for an app until it expires. Online tokens act for a person and may not create orders."""

    app: App
    kind: Literal["offline", "online"]
    scopes: frozenset[str]
    expires_at: datetime
    secret: str = field(repr=False)

    def allows(self, scope: str) -> bool:
        """Whether the token has the scope itself or the write scope that brings it."""
        return scope in self.scopes or (scope.startswith("read_") and f"write_{scope[5:]}" in self.scopes)


def demand(token: Token, field_name: str, scopes: tuple[str, ...]) -> None:
    """Raises ACCESS_DENIED unless the token has one of the scopes."""
    if scopes and not any(map(token.allows, scopes)):
        required = " or ".join(f"`{scope}`" for scope in scopes)
        raise access_denied(field_name, f"{required} access scope.")


class Access:
    """Apps and tokens of a shop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}

    def add_app(self, client_id: str, client_secret: str, scopes: str = ALL_SCOPES) -> App:
        """Install an app with its scopes (space or comma separated); a known client id is replaced in place."""
        now = self._world.now()
        granted = frozenset(scopes.replace(",", " ").split())
        known = self._world.apps.get(client_id)
        if known is not None:
            known.secret, known.scopes = client_secret, granted
            return known
        app = self._world.add(App(self._world.new_id("App"), now, now, client_id, client_secret, granted))
        self._world.apps[client_id] = app
        return app

    def issue(
        self, app: App, kind: Literal["offline", "online"] = "offline", expires_in_seconds: int = TOKEN_SECONDS
    ) -> str:
        """A fresh token of an app."""
        secret = f"shp{'at' if kind == 'offline' else 'ua'}_{self._world.chance.getrandbits(128):032x}"
        expires_at = self._world.now() + timedelta(seconds=expires_in_seconds)
        self._tokens[secret] = Token(app, kind, app.scopes, expires_at, secret)
        return secret

    def token(self, secret: str | None) -> Token | None:
        """The token, if it is known and has not expired."""
        found = self._tokens.get(secret or "")
        return found if found and found.expires_at > self._world.now() else None

    def revoke_all(self) -> None:
        """Forget every token: apps must ask anew."""
        self._tokens.clear()

    def grant(self, content_type: str, body: bytes) -> tuple[int, dict[str, object]]:
        """Answer the client credentials grant: (HTTP status, body)."""
        given = _read_form(content_type, body)
        if given.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type", "error_description": "Unsupported grant type."}
        app = self._world.apps.get(given.get("client_id", ""))
        if app is None:
            text = f"Could not find Shopify API application with api_key {given.get('client_id', '')}"
            return 400, {"error": "invalid_request", "error_description": text}
        if not hmac.compare_digest(app.secret.encode(), given.get("client_secret", "").encode()):
            return 400, {"error": "invalid_client", "error_description": "Client authentication failed."}
        scope = ",".join(sorted(app.scopes))
        return 200, {"access_token": self.issue(app), "scope": scope, "expires_in": TOKEN_SECONDS}


def _read_form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.startswith("application/json"):
        try:
            return msgspec.json.decode(body, type=dict[str, str])
        except msgspec.MsgspecError:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def served_version(asked: str) -> str | None:
    """The version that answers: the one asked for, the oldest supported for one that has ended, none for an unknown one."""
    if asked in SUPPORTED_VERSIONS or asked in UNSTABLE_VERSIONS:
        return asked
    year, _, month = asked.partition("-")
    is_quarter = year.isdigit() and len(year) == 4 and month in ("01", "04", "07", "10")
    return SUPPORTED_VERSIONS[0] if is_quarter and asked < SUPPORTED_VERSIONS[0] else None
