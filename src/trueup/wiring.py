"""Wiring: which connector serves which connection of the settings. The only file that names a remote system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.clock import Clock
from trueup.connectors.amazon_vendor import AmazonVendor, AmazonVendorSettings
from trueup.connectors.amazon_vendor.direct_fulfillment import AmazonDirectFulfillment, direct_fulfillment_name
from trueup.connectors.amazon_vendor.finances import AmazonFinances, finances_name
from trueup.connectors.amazon_vendor.reports import AmazonReports, reports_name
from trueup.connectors.amazon_vendor.wire import Wire, Wired
from trueup.connectors.folder import Folder, FolderPlaces
from trueup.connectors.openid import OpenIdProvider, OpenIdSettings
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.connectors.shopify.credits import ShopifyCredits
from trueup.connectors.shopify.sales import ShopifySales
from trueup.connectors.shopify.showcase import ShopifyShowcase
from trueup.connectors.supercycle import SupercycleSettings, SupercycleV1
from trueup.domain.credits import Instrument
from trueup.domain.partners import Route
from trueup.domain.report_plans import ReportTerms
from trueup.remote.budget import Budget
from trueup.remote.circular import CircularConnection
from trueup.remote.connections import Connections
from trueup.remote.http import HttpClient
from trueup.settings.model import Settings
from trueup.workflows.world import PartnerRoutes, Programme


@dataclass(frozen=True, slots=True)
class Tools:
    """What every connector works with. `on_effect` counts requests that leave, and their replies."""

    budget: Budget
    clock: Clock
    on_effect: Callable[[str], None] | None = None


def build_connections(settings: Settings, tools: Tools) -> tuple[Connections, list[Callable[[], None]]]:
    """Connectors by capability, and what closes each."""
    clock, budget, on_effect = tools.clock, tools.budget, tools.on_effect
    found = Connections()
    closers: list[Callable[[], None]] = []
    for account in settings.accounts:
        if Route.SP_API in account.routes:
            closers += _connect_account(account, _amazon_settings(settings, account), tools, found)
    for shop in settings.shops:
        wanted = _shopify_settings(settings, shop)
        http = HttpClient(shop.name, wanted.base_url, on_effect=on_effect)
        store = ShopifyShop(wanted, http, budget, clock)
        found.product_sources[shop.name] = found.sales_order_sinks[shop.name] = found.hint_sources[shop.name] = store
        found.stock_sources[shop.name] = found.stock_readers[shop.name] = found.probed[shop.name] = store
        if shop.publishes_stock:
            found.stock_sinks[shop.name] = store
        found.guarded[shop.name], found.exporters[shop.name] = http, store
        tills = ShopifyCredits(wanted, http, budget, clock)
        found.gift_cards[shop.name] = found.store_credits[shop.name] = tills
        found.sales[shop.name] = ShopifySales(wanted, http, budget, clock, shop.name in settings.money_shops)
        found.showcases[shop.name] = ShopifyShowcase(wanted, http, budget, clock)
        closers.append(http.close)
    for place in settings.folders:
        places = FolderPlaces(place.name, place.inbox, place.outbox, place.archive, float(place.quiet_seconds))
        folder = Folder(places, clock)
        if place.inbox is not None:
            found.document_sources[place.name] = folder
        if place.outbox is not None:
            found.document_sinks[place.name] = folder
        found.probed[place.name] = found.guarded[place.name] = folder
    if settings.sign_in is not None:
        known = OpenIdSettings.of(settings.sign_in, settings.installation.address or "")
        provider = OpenIdProvider(known, clock, on_effect=on_effect)
        found.identity_providers[known.name] = found.probed[known.name] = provider
        closers.append(provider.close)
    return found, closers


def _connect_account(
    account: Any, wanted: AmazonVendorSettings, tools: Tools, found: Connections
) -> Iterator[Callable[[], None]]:
    """What one account is asked by Amazon's API: orders, payments, inventory and reports; yields what closes each."""
    clock, budget = tools.clock, tools.budget
    wire = Wire(None, tools.on_effect)

    def join(kinds: Sequence[dict[str, Any]], each: Wired) -> Callable[[], None]:
        for kind in (*kinds, found.probed, found.guarded):
            kind[each.name] = each
        return each.close

    vendor = AmazonVendor(wanted, budget, clock, on_effect=tools.on_effect)
    yield join((found.order_sources, found.acknowledgement_sinks, found.status_sources), vendor)
    for marketplace in account.marketplaces:
        money = AmazonFinances(wanted, marketplace, budget, clock, wire=wire)
        yield join((found.remittance_sources, found.invoice_status_sources), money)
    for each in account.reports:
        yield join((found.vendor_reports,), AmazonReports(wanted, each.marketplace, budget, clock, wire=wire))
    if account.direct_fulfillment:
        yield join((found.inventory_sinks,), AmazonDirectFulfillment(wanted, budget, clock, wire=wire))


def build_programmes(
    settings: Settings, tools: Tools, built: tuple[Connections, list[Callable[[], None]]]
) -> dict[str, Programme]:
    """Every circular programme with its connection, which is also probed and closed with the others of `built`."""
    connections, closers = built
    found: dict[str, Programme] = {}
    endpoint = (settings.simulation.supercycle_url if settings.simulation else None) or ""
    for each in settings.circular:
        zone = each.time_zone or settings.installation.time_zone
        wanted = SupercycleSettings(each.name, each.api_key, each.currency, zone, each.version, endpoint)
        http = HttpClient(each.name, wanted.base_url, on_effect=tools.on_effect)
        connections.guarded[each.name] = http
        connections.probed[each.name] = system = SupercycleV1(wanted, http, tools.budget, tools.clock)
        closers.append(http.close)
        connection = CircularConnection.of_one(system)
        found[each.name] = Programme(each.name, each.shop, each.currency, connection, zone, each.owner)
    return found


def build_routes(settings: Settings) -> dict[str, PartnerRoutes]:
    """By partner, which of its connections serves what."""
    found = {}
    for account in settings.accounts:
        on_api, on_edi = Route.SP_API in account.routes, Route.EDI in account.routes
        finances = tuple(finances_name(account.name, each) for each in account.marketplaces if on_api)
        answers: dict[Route, str] = {}
        if on_api:
            answers[Route.SP_API] = account.name
        if on_edi and account.folder:
            answers[Route.EDI] = account.folder
        found[account.name] = PartnerRoutes(
            order_source=account.name if on_api else None,
            status_source=account.name if on_api else None,
            document_source=account.folder,
            acknowledgements=answers,
            remittance_sources=finances,
            invoice_status_sources=finances,
            inventory=direct_fulfillment_name(account.name) if account.direct_fulfillment else None,
        )
    return found


def report_terms(settings: Settings) -> dict[str, ReportTerms]:
    """What is asked of each connection for reports."""
    return {
        reports_name(account.name, each.marketplace): each.terms(account.name)
        for account in settings.accounts
        for each in account.reports
    }


def _amazon_settings(settings: Settings, account: Any) -> AmazonVendorSettings:
    names = ("name", "region", "client_id", "client_secret", "refresh_token", "vendor_codes")
    asked = {name: getattr(account, name) for name in names}
    simulated = settings.simulation.amazon_url if settings.simulation else ""
    if simulated:
        asked |= {"endpoint": simulated, "token_endpoint": f"{simulated}/auth/o2/token"}
    return AmazonVendorSettings(**asked)


def _shopify_settings(settings: Settings, shop: Any) -> ShopifySettings:
    companies = {
        terms.company_location
        for partner in settings.partners
        for terms in partner.agreements
        if terms.shop == shop.name and terms.company_location
    }
    return ShopifySettings(
        name=shop.name,
        shop=shop.domain,
        client_id=shop.client_id or "",
        client_secret=shop.client_secret,
        access_token=shop.access_token,
        endpoint=settings.simulation.shopify_url if settings.simulation else "",
        api_version=shop.api_version,
        case_pack=shop.case_pack_metafield,
        locations=shop.locations,
        company_locations=tuple(sorted(companies)),
        source_name=shop.source_name,
        webhook_secret=shop.webhook_secret,
        hidden_products=frozenset((*shop.deposit_products, *shop.membership_products)),
        needed_scopes=frozenset(_scopes_needed(settings, shop, bool(companies))),
    )


def _scopes_needed(settings: Settings, shop: Any, companies: bool) -> Iterator[str]:
    """Of the scopes that Shopify may or may not grant, those that what this installation does with a shop takes."""
    if shop.publishes_stock:
        yield "write_inventory"
    if companies:
        yield "read_companies"
    if any(each.shop == shop.name for account in settings.accounts for each in account.reports):
        yield from ("write_products", "write_metaobjects", "write_metaobject_definitions")
    if settings.trade_ins is not None and settings.trade_ins.shop == shop.name:
        yield "write_customers"
        if settings.trade_ins.instrument is Instrument.GIFT_CARD:
            yield "write_gift_cards"
        else:
            yield from ("read_store_credit_accounts", "write_store_credit_account_transactions")
