"""Search: one box for orders, products, invoices, payments, documents, cases and pages. What is exact stands above all."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.page import Hit, Page, Route
from trueup.console.visit import Visit

_MOST = 40


def _search(visit: Visit) -> Response:
    words = visit.asked("words")
    hits = find(visit, words)[:_MOST]
    if visit.partial:
        return visit.render("search_hits.html", words=words, hits=hits)
    return visit.render("search.html", words=words, hits=hits)


def find(visit: Visit, words: str) -> list[Hit]:
    """What all pages that the person may see have for these words; the exact ones first."""
    if not words:
        return []
    found = [
        Hit("page", page.title, page.path, "its name")
        for page in visit.house.pages.values()
        if page.place and words.lower() in page.title.lower() and visit.may(page.routes[0].may)
    ]
    for page in visit.house.pages.values():
        if page.find is not None and visit.may(page.routes[0].may):
            found += page.find(visit, words)
    return sorted(found, key=lambda hit: not hit.exact)


PAGE = Page("search", "Search", (Route("/search", _search),))
