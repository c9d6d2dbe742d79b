"""What works with a shop, what is missing, and what to do: one row for each thing Trueup needs there.

Nothing is changed by looking. The one mutation sent is an order without lines, which Shopify refuses for having none: with
that answer it has already passed the token's kind (orders may be created by offline tokens alone) and its scopes. Source:
orderCreate's documentation, and recorded answers to empty orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from trueup.base.errors import TrueupError, Unauthorized
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import (
    COMPANY_LOCATION,
    CREATE,
    INSTALLATION,
    LOCATIONS,
    NAMESPACE,
    ORDER_KEY,
)
from trueup.connectors.shopify.orders import KEY_TYPE, key_definition
from trueup.connectors.shopify.refusals import said
from trueup.connectors.shopify.scopes import SCOPES, WHERE_TO_GRANT, grants
from trueup.remote.capability import Probe, Verdict

SUPPORTED_MONTHS = 12
"""A version is supported for a year at least after its quarter begins (Shopify's versioning rule)."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one ability: what was found, or what is missing and what to do about it."""

    verdict: Verdict
    found: str
    remedy: str = ""


def probe_shop(client: ShopifyClient) -> Sequence[Probe]:
    """Every row. A shop that cannot be reached at all is one row."""

    def row(ability: str, look: Callable[[], Look]) -> Probe:
        try:
            seen = look()
        except TrueupError as error:
            seen = Look(
                Verdict.FAILS, str(error), "The message says what to do." if isinstance(error, Unauthorized) else ""
            )
        return Probe(client.settings.name, ability, seen.verdict, seen.found, seen.remedy)

    try:
        answer = client.run(INSTALLATION)
        with expecting(client, INSTALLATION):
            shop, versions = answer.data["shop"], answer.data["publicApiVersions"]
            granted = frozenset(each["handle"] for each in answer.data["currentAppInstallation"]["accessScopes"])
            title = f"{shop['name']} ({shop['myshopifyDomain']}), {shop['currencyCode']}, {shop['plan']['publicDisplayName']}"
            handles = {each["handle"]: each["supported"] for each in versions}
    except TrueupError as error:
        remedy = "Nothing else could be tried. Mend this, then check again."
        return [Probe(client.settings.name, "reach the shop", Verdict.FAILS, str(error), remedy)]
    rows = [row("reach the shop", partial(_same_shop, client, shop["myshopifyDomain"], title))]
    rows.append(row("API version", partial(_version, client, handles)))
    for scope in SCOPES:
        needed = not scope.optional or scope.handle in client.settings.needed_scopes
        looked = row(f"{scope.handle}: {scope.purpose}", partial(_scope, granted, scope.handle, needed))
        rows.append(replace(looked, grant=scope.handle))
    rows.append(row("no scope that nothing here needs", partial(_spare, granted)))
    rows.append(row("create orders (an offline token)", partial(_token_kind, client)))
    rows.append(row("order key", partial(_order_key, client)))
    rows += [row(ability, look) for ability, look in _location_looks(client)]
    for company_location in client.settings.company_locations:
        rows.append(row(f"B2B location {company_location}", partial(_company, client, company_location)))
    return rows


def _same_shop(client: ShopifyClient, domain: str, title: str) -> Look:
    if domain != client.settings.shop:
        return Look(
            Verdict.FAILS, title, f"Settings name {client.settings.shop}; correct the domain or the credentials."
        )
    return Look(Verdict.WORKS, title)


def _version(client: ShopifyClient, handles: dict[str, bool]) -> Look:
    asked, served = client.settings.api_version, client.served_version
    if served != asked:
        remedy = "Update Trueup, or set api_version to a version that is served; until then Trueup sends no changes."
        return Look(Verdict.FAILS, f"{asked} has ended: Shopify answers with {served}", remedy)
    if not handles.get(asked, False):
        supported = ", ".join(sorted(handle for handle, good in handles.items() if good))
        return Look(
            Verdict.FAILS, f"{asked} is not among the supported versions ({supported})", "Set api_version to one."
        )
    months = int(asked[:4]) * 12 + int(asked[5:]) - 1 + SUPPORTED_MONTHS
    return Look(Verdict.WORKS, f"{asked}, supported until {months // 12}-{months % 12 + 1:02d}-01 at least")


def _scope(granted: frozenset[str], handle: str, needed: bool) -> Look:
    if grants(granted, handle):
        return Look(Verdict.WORKS, "granted")
    if not needed:
        return Look(Verdict.UNAVAILABLE, "not granted; what takes it is not used here")
    return Look(Verdict.MISSING, "not granted", f"{WHERE_TO_GRANT}.")


def _spare(granted: frozenset[str]) -> Look:
    """What is granted beyond what Trueup ever asks for: a token that leaks can do no more than it must."""
    used = {scope.handle for scope in SCOPES}
    used |= {f"read_{handle.removeprefix('write_')}" for handle in used}
    spare = sorted(granted - used)
    if not spare:
        return Look(Verdict.WORKS, "none")
    return Look(Verdict.WORKS, f"granted all the same: {', '.join(spare)}", "Take them out of the app's next version.")


def _token_kind(client: ShopifyClient) -> Look:
    answer = client.run(CREATE, order={"lineItems": []}, options={"inventoryBehaviour": "BYPASS"})
    with expecting(client, CREATE):
        problems, made = answer.root["userErrors"], answer.root["order"]
    if made is not None:
        return Look(
            Verdict.FAILS,
            f"the shop took an empty order: {made['name']}",
            "Delete that order, and tell Trueup's makers.",
        )
    return Look(Verdict.WORKS, f"an empty order is refused for being empty: {said(problems)}")


def _order_key(client: ShopifyClient) -> Look:
    kind = key_definition(client)
    name = f"order metafield {NAMESPACE}.{ORDER_KEY}"
    if kind is None:
        return Look(Verdict.WORKS, f"{name} is not defined yet; Trueup defines it before its first order")
    if kind != KEY_TYPE:
        remedy = "Delete the definition in the shop's admin: Settings > Metafields and metaobjects > Orders."
        return Look(Verdict.FAILS, f"{name} is defined as {kind!r}, expected {KEY_TYPE!r}", remedy)
    return Look(Verdict.WORKS, f"{name} is defined and unique")


def _location_looks(client: ShopifyClient) -> Iterator[tuple[str, Callable[[], Look]]]:
    """A row for each location of the settings."""
    try:
        there = _locations(client)
    except TrueupError as error:
        yield "locations", partial(Look, Verdict.FAILS, str(error))
        return
    if not client.settings.locations:
        names = ", ".join(f"{node['name']} ({node['id']})" for node in there.values()) or "none"
        yield "locations", partial(Look, Verdict.WORKS, f"none named in the settings; the shop has {names}")
    for word, location_id in client.settings.locations.items():
        yield f"location {word}", partial(_location, there, location_id)


def _locations(client: ShopifyClient) -> dict[str, Any]:
    there: dict[str, Any] = {}
    after = None
    while True:
        root = client.run(LOCATIONS, after=after).root
        with expecting(client, LOCATIONS):
            there |= {node["id"]: node for node in root["nodes"]}
            if not root["pageInfo"]["hasNextPage"]:
                return there
            after = root["pageInfo"]["endCursor"]


def _location(there: Mapping[str, Any], location_id: str) -> Look:
    found = there.get(location_id)
    if found is None:
        known = "; ".join(f"{node['name']} is {node['id']}" for node in there.values())
        return Look(Verdict.FAILS, f"the shop has no {location_id}", f"Correct it in the shop's locations: {known}.")
    if not found["isActive"]:
        remedy = "Activate it in the shop's admin: Settings > Locations."
        return Look(Verdict.FAILS, f"{found['name']} is deactivated", remedy)
    if not found["fulfillsOnlineOrders"]:
        remedy = "Let it fulfil online orders (Settings > Locations), or Shopify never gives it an order."
        return Look(Verdict.FAILS, f"{found['name']} does not fulfil online orders", remedy)
    return Look(Verdict.WORKS, found["name"])


def _company(client: ShopifyClient, company_location: str) -> Look:
    found = client.run(COMPANY_LOCATION, id=company_location).root
    if found is None:
        remedy = (
            "Correct company_location: Customers > Companies in the shop's admin; its address ends with the number."
        )
        return Look(Verdict.FAILS, "the shop has no such company location", remedy)
    with expecting(client, COMPANY_LOCATION):
        return Look(Verdict.WORKS, f"{found['name']} of {found['company']['name']}")
