"""Drift: what each channel was told of every product and what it shows, where the two differ, and how late both ways are."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.page import Grows, Page, Route
from trueup.console.tables import Choice, Column, Filter, state_of
from trueup.console.visit import Visit
from trueup.storage.views import channels as views
from trueup.storage.views.growing import Growing
from trueup.workflows.sweep_progress import list_sweeps

_COLUMNS = (
    Column("Product"),
    Column("Channel", spare=True),
    Column("Told", "number"),
    Column("On hand there", "number"),
    Column("Held for us", "number", spare=True),
    Column("Reserved there", "number", spare=True),
    Column("State", "mark"),
    Column("Taken", "number", spare=True),
    Column("Read back", "number"),
)


def _show(visit: Visit) -> Response:
    state = state_of(visit, "tab", "channel", "at")
    measured = views.measure_channels(visit.connection)
    paged = views.page_channel_stock(
        visit.connection, channel=state["channel"], which=state["tab"] or views.DRIFTING, at=state["at"]
    )
    return visit.render(
        "stock_drift.html",
        state=state,
        tabs=(
            Choice("", "Drifting"),
            Choice("waiting", "To be told"),
            Choice("published", "Published"),
            Choice("all", "All"),
        ),
        filters=[Filter("channel", "Channel", [Choice(each["channel"], each["channel"]) for each in measured])],
        columns=_COLUMNS,
        measured=measured,
        sweeps=list_sweeps(visit.connection, visit.desk.world),
        paged=paged,
    )


def _growing(visit: Visit) -> Growing:
    """What began to drift, or waits to be told since; of all that is published no more is new than of the item master."""
    return views.growing_stock(visit.asked("channel"), visit.asked("tab") or views.DRIFTING)


def _called(visit: Visit) -> tuple[str, str]:
    if visit.asked("tab") == "waiting":
        return "product to be told", "products to be told"
    return "drifting product", "drifting products"


PAGE = Page(
    "stock-drift",
    "Drift",
    (Route("/stock-drift", _show),),
    grows=(Grows("/stock-drift", "drifting product", "drifting products", _growing, called=_called),),
)
