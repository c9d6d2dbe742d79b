"""Every route of the console, with an address that it answers in the filled database; a route without one fails the tests."""

from __future__ import annotations

import re

from tests.console.installed import Console
from trueup.console.page import Page, Route
from trueup.console.server import collect_pages
from trueup.storage.documents import DocumentFilter
from trueup.storage.views.case_queue import CaseFilter, list_case_ids
from trueup.storage.views.documents import list_documents

RUN = "deadline:1:9"
"""A run that waits for its time in the filled database."""


ELSEWHERE = {"id": "1", "claim": "1", "rule": "no-such-rule", "month": "2026-10", "ending": "pdf"}
"""Things of the books, of which the filled database has none: their pages are opened in tests of their own."""


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
        **ELSEWHERE,
        "sku": "LAMP-1",
    }


def is_there(route: Route) -> bool:
    """Whether the filled database has what the route shows."""
    return not route.path.startswith("/matches/") and not any(f"{{{name}" in route.path for name in ELSEWHERE)


def address(route: Route, places: dict[str, str]) -> str:
    """The route's path with its places filled; KeyError names a place that no test knows yet."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: places[found[1]], route.path)
