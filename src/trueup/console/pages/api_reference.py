"""The API's reference: every operation of /api/v1 with what it takes, what it answers, the scope it needs, and a call to copy."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.api_words import calls_by_kind, shapes_of
from trueup.console.page import Hit, Page, Route
from trueup.console.search_words import Sought
from trueup.console.visit import Visit


def _show(visit: Visit) -> Response:
    described = visit.house.describe_api()
    return visit.render(
        "api_reference.html",
        kinds=calls_by_kind(described, visit.home),
        shapes=shapes_of(described),
        version=described["info"]["version"],
    )


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    wanted = sought.words.lower()
    if len(wanted) < 3:
        return []
    calls = [each for kind in calls_by_kind(visit.house.describe_api(), "").values() for each in kind]
    return [
        Hit("call", f"{each.method} {each.path}", f"/api-reference#{each.id}", each.title)
        for each in calls
        if wanted in f"{each.method} {each.path} {each.title}".lower()
    ][:5]


PAGE = Page("api_reference", "API reference", (Route("/api-reference", _show),), find=_find)
