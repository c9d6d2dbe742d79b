"""Words for connections: what each is and where it leads, what is read of it, and how what a test found is shown."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.console.visit import Visit
from trueup.domain.partners import Route

VERDICTS = {
    "works": ("ok", "Works"),
    "missing": ("warn", "Missing"),
    "fails": ("bad", "Fails"),
    "not available": ("idle", "Not offered"),
    "not tried": ("idle", "Not tried"),
}
"""By what a probe's verdict is called: its colour and its word."""
_READS = {
    "buffers": "Buffers",
    "changed": "Changed orders",
    "created": "New orders",
    "credits": "Store credits",
    "cycles": "Cycles",
    "files": "Files",
    "invariants": "Lights",
    "invoice statuses": "Invoice statuses",
    "proofs": "Proofs of the books",
    "read-back": "Stock, read back",
    "receipts": "Goods counted in",
    "remittances": "Payments",
    "reports": "Reports",
    "sales": "Orders of the shop",
    "stock": "Stock, published",
    "stock-sweep": "Stock, all of it",
    "sweep": "Items, all of them",
    "trade-ins": "Trade-ins",
    "watch": "Who falls silent",
}
NOT_NEEDED = ("idle", "Not needed yet")
"""Of what works only when there is something to do, before there ever was: nothing is missing, and nothing is proven."""


def reads(query: str) -> str:
    """What is read of a connection, in words: `created` are new orders. What has no words of its own is told by its name."""
    words = _READS.get(query, query)
    return f"{words[:1].upper()}{words[1:]}"


def kinds_of(visit: Visit) -> dict[str, tuple[str, str]]:
    """Every connection that can be tested, as the settings have them in their order: what it is, and where it leads."""
    known = dict(_kinds(visit))
    probed = visit.desk.world.connections.probed
    named = {name: words for name, words in known.items() if name in probed}
    return named | {name: ("Connection", "") for name in sorted(probed) if name not in named}


def _kinds(visit: Visit) -> Iterator[tuple[str, tuple[str, str]]]:
    settings, world = visit.desk.settings, visit.desk.world
    for account in settings.accounts:
        routes = world.routes[account.name]
        if Route.SP_API in account.routes:
            yield account.name, ("Amazon Vendor", f"{account.region}: {', '.join(account.vendor_codes)}")
        for name, marketplace in zip(routes.remittance_sources, account.marketplaces, strict=False):
            yield name, ("Amazon payments and invoices", marketplace)
        if routes.inventory:
            warehouses = ", ".join(each.warehouse for each in account.direct_fulfillment)
            yield routes.inventory, ("Amazon Direct Fulfillment", warehouses)
    for name, terms in world.reports.items():
        yield name, ("Amazon reports", terms.marketplace)
    for shop in settings.shops:
        yield shop.name, (f"Shopify, API {shop.api_version}", shop.domain)
    for programme in settings.circular:
        yield programme.name, ("Supercycle", f"of {programme.shop}, {programme.currency}")
    for folder in settings.folders:
        yield folder.name, ("Folder", " and ".join(str(each) for each in (folder.inbox, folder.outbox) if each))
    for name in world.connections.identity_providers:
        yield name, ("Sign-in", settings.sign_in.issuer if settings.sign_in else "")
