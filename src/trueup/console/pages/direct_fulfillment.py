"""Direct Fulfillment: what Amazon was told that it may sell from each warehouse, what it accepted, and what differs."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.page import Page, Route
from trueup.console.tables import Choice, Column, Filter, state_of
from trueup.console.visit import Visit
from trueup.storage.views import told_inventory as views
from trueup.workflows.promises import all_channels, direct_channel, load_promises

_COLUMNS = (
    Column("Product"),
    Column("The shop may sell", "number", spare=True),
    Column("Amazon may sell", "number"),
    Column("Told", "number"),
    Column("Accepted", "number"),
    Column("State", "mark"),
    Column("When", "number", spare=True),
)
STATES = {
    "accepted": ("ok", "Accepted"),
    "rejected": ("bad", "Refused"),
    "sent": ("held", "Waits for Amazon's word"),
    "prepared": ("info", "Prepared, not sent"),
    "superseded": ("idle", "Never sent"),
    "unanswered": ("warn", "Nobody knows"),
}
"""The colour and the words of how an update stands."""


def _show(visit: Visit) -> Response:
    world = visit.desk.world
    warehouses = [each for partner in world.partners.values() for each in partner.direct_fulfillment]
    state = state_of(visit, "tab", "differing", "at")
    chosen = next((each for each in warehouses if each.key == state["tab"]), warehouses[0] if warehouses else None)
    if chosen is None:
        return visit.render("direct_fulfillment.html", chosen=None)
    differing = state["differing"] == "yes"
    paged = views.page_told(visit.connection, chosen.place, differing=differing, at=state["at"])
    skus = [row["sku"] for row in paged.rows]
    offered = load_promises(visit.connection, direct_channel(world, chosen, visit.now), skus, visit.now)
    shops = [
        load_promises(visit.connection, channel, skus, visit.now)
        for channel in all_channels(world, visit.now)
        if channel.name.startswith("shop ") and channel.location == chosen.ship_from
    ]
    return visit.render(
        "direct_fulfillment.html",
        chosen=chosen,
        state=state,
        tabs=[Choice(each.key, f"{each.warehouse} of {each.vendor_code}") for each in warehouses],
        filters=[Filter("differing", "Products", [Choice("yes", "Held otherwise, or nobody knows")])],
        columns=_COLUMNS,
        paged=paged,
        offered=offered,
        in_shops={sku: [found[sku].eaches for found in shops if sku in found] for sku in skus},
        standing=views.show_warehouse(visit.connection, chosen.place),
        states=STATES,
    )


PAGE = Page("direct-fulfillment", "Direct Fulfillment", (Route("/direct-fulfillment", _show),))
