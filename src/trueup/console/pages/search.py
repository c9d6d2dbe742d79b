"""Search: one box for orders, products, invoices, payments, documents, cases, pages, acts. What is exact stands above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
_PLURALS = {"entry": "Journal entries", "delivery": "Parcels", "call": "API calls", "act": "What one can do"}


def _search(visit: Visit) -> Response:
    words = visit.asked("words") or visit.asked("q")  # as the address of most searches has it
    sought = read_search(words, visit.desk.world.partners)
    hits = find(visit, sought)
    shown: dict[str, Any] = {
        "words": words,
        "sought": sought,
        "hits": hits[:_MOST],
        "groups": grouped(hits[:_MOST], sought),
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


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind under its heading. `full`: as many as are looked for of one kind, so that there may be more."""

    title: str
    hits: Sequence[Hit]
    full: bool = False


def grouped(hits: Sequence[Hit], sought: Sought) -> list[HitGroup]:
    """What is exactly that first, the rest by what it is."""
    exact, rest = [hit for hit in hits if hit.exact], [hit for hit in hits if not hit.exact]
    found = [HitGroup("Exactly that", exact)] if exact else []
    for kind in _ORDER:
        of_it = [hit for hit in rest if hit.kind == kind]
        if of_it:
            full = sum(1 for hit in hits if hit.kind == kind) >= sought.most
            found.append(HitGroup(_PLURALS.get(kind, f"{kind.capitalize()}s"), of_it, full))
    return found


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
