"""Help: the words of the house, the keys, and a tour to begin with."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.page import Page, Route
from trueup.console.visit import Visit


def _show(visit: Visit) -> Response:
    return visit.render("help.html")


PAGE = Page("help", "Help and keys", (Route("/help", _show),))
