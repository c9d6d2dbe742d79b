"""Came since: what every list that grows tells while it is looked at."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.console.live import stream
from trueup.console.news import news_of
from trueup.console.page import LIVE, Page, Route
from trueup.console.visit import Visit


def _live(visit: Visit) -> Response:
    """Of the list at an address, with the filters that it was drawn with. Raises NotFound for one that does not grow."""
    path = f"/{visit.path('list')}"
    listed = next((each for page in visit.house.pages.values() for each in page.grows if each.path == path), None)
    if listed is None:
        raise NotFound(f"{path}: no list that grows is there.")
    return stream(visit, news_of(visit, listed))


PAGE = Page("came-since", "Came since", (Route(LIVE + "/{after:int}/{list:path}", _live),))
