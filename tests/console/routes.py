"""Every route of the console, with an address to ask it at: of things that are in the filled database, where they are."""

from __future__ import annotations

import re

from tests.console.installed import Console
from trueup.console.page import Page, Route
from trueup.console.server import collect_pages
from trueup.storage.documents import DocumentFilter
from trueup.storage.views.case_queue import CaseFilter, list_case_ids
from trueup.storage.views.documents import list_documents

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
RUN = "deadline:1:9"
"""A run that waits for its time in the filled database."""


def all_routes() -> list[tuple[Page, Route]]:
    """Page and route, of all pages."""
    return [(page, route) for page in collect_pages().values() for route in page.routes]


def addresses(console: Console) -> dict[str, str]:
    """What stands in the places of an address."""
    with console.app.database.transaction() as connection:
        cases = list_case_ids(connection, CaseFilter(), console.app.world.clock.now())
        document = list_documents(connection, DocumentFilter(kind="orders"), limit=1)[0]["digest"]
    return {
        "case": str(cases[0]) if cases else "1",
        "proposal": "999999",
        "partner": "amazon-us",
        "number": "PO000001",
        "document": document,
        "link": "no-such-link",
        "run": RUN,
        "sku": "LAMP-1",
        "light": "debits-equal-credits",
        "connection": "amazon-us",
        "code": "NORDA",
    }


def is_there(route: Route, places: dict[str, str]) -> bool:
    """Whether the filled database has what the route shows; what it has not is opened by the tests of its own pages."""
    return (
        not route.path.startswith(("/matches/", "/settings/terms/proposals/"))
        and set(_PLACE.findall(route.path)) <= places.keys()
    )


def address(route: Route, places: dict[str, str]) -> str:
    """The route's path with its places filled, those that nobody named with a number of nothing."""
    return _PLACE.sub(lambda found: places.get(found[1], "999999"), route.path)
