"""Search: one box for orders, products, invoices, payments, documents, cases, pages, acts. What is exact stands above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.responses import Response

from trueup.console.page import OPEN_TO_ALL, Hit, Page, Route
from trueup.console.search_words import FILTERS, Sought, read_search
from trueup.console.visit import Visit

_MOST = 60
_ORDER = (
    "page",
    "act",
    "connection",
    "order",
    "case",
    "payment",
    "invoice",
    "product",
    "item",
    "trade-in",
    "delivery",
    "document",
    "entry",
    "call",
)
"""What is named first where nothing is exact: what people look for most often."""


def _search(visit: Visit) -> Response:
    words = visit.asked("words")
    sought = read_search(words, visit.desk.world.partners)
    hits = find(visit, sought)
    shown: dict[str, Any] = {
        "words": words,
        "sought": sought,
        "hits": hits[:_MOST],
        "more": len(hits) > _MOST,
        "filters": FILTERS,
    }
    return visit.render("search_hits.html" if visit.partial else "search.html", **shown)


def find(visit: Visit, sought: Sought) -> list[Hit]:
    """What all pages that the person may see have for what is sought: the exact ones first, the rest by what they are."""
    if not sought.words and not sought.narrowed:
        return []
    pages = [page for page in visit.house.pages.values() if visit.may(page.routes[0].may)]
    found = [*_places(pages, sought.words), *_offers(visit, pages, sought.words)]
    for page in pages:
        if page.find is not None:
            found += page.find(visit, sought)
    once = {hit.href: hit for hit in sorted(found, key=lambda hit: hit.exact) if sought.fits(hit)}
    return sorted(once.values(), key=lambda hit: (not hit.exact, _ORDER.index(hit.kind)))


def _places(pages: Iterable[Page], words: str) -> Iterator[Hit]:
    """Pages by their names: those that an address alone leads to."""
    for page in pages:
        if "{" not in page.path and page.routes[0].may != OPEN_TO_ALL and _says(page.title, words):
            yield Hit("page", page.title, page.path, "its name")


def _offers(visit: Visit, pages: Iterable[Page], words: str) -> Iterator[Hit]:
    for page in pages:
        for offer in page.offers:
            if visit.may(offer.may) and _says(offer.title, words):
                yield Hit("act", offer.title, offer.path, f"what one does in {page.title}")


def _says(title: str, words: str) -> bool:
    """Whether each of some words begins a word of a title."""
    of_title = title.lower().split()
    return bool(words) and all(any(each.startswith(word) for each in of_title) for word in words.lower().split())


PAGE = Page("search", "Search", (Route("/search", _search),))
