"""Passkeys: what the browser's two ceremonies ask and answer, as JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from trueup.base.errors import TrueupError
from trueup.console.page import OPEN_TO_ALL, Page, Route
from trueup.console.pages.sign_in import hand_ticket, visitor_of
from trueup.console.visit import Visit
from trueup.workflows.passkeys import Place, begin_making, begin_using, drop_passkey, finish_making, finish_using


def _place(visit: Visit) -> Place:
    home = visit.home if visit.request.url.netloc == urlsplit(visit.home).netloc else visit.origin
    return Place(urlsplit(home).hostname or "", home, visit.desk.settings.installation.name)


def _shown(visit: Visit) -> dict[str, Any]:
    try:
        found = json.loads(visit.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _begin_making(visit: Visit) -> Response:
    return JSONResponse(visit.act(begin_making, visit.who, _place(visit)))


def _finish_making(visit: Visit) -> Response:
    shown = _shown(visit)
    try:
        visit.act(finish_making, visit.who, _place(visit), shown, str(shown.get("label", "")))
    except TrueupError as error:
        return JSONResponse({"message": str(error)}, error.http_status)
    return JSONResponse({"made": True})


def _begin_using(visit: Visit) -> Response:
    return JSONResponse(visit.act(begin_using, _place(visit)))


def _finish_using(visit: Visit) -> Response:
    try:
        entered = visit.act(finish_using, _place(visit), _shown(visit), visitor_of(visit), visit.desk.settings.people)
    except TrueupError as error:
        return JSONResponse({"message": str(error)}, error.http_status)
    response = JSONResponse({"entered": True})
    hand_ticket(visit, response, entered)
    return response


def _drop(visit: Visit) -> Response:
    visit.act(drop_passkey, visit.who, visit.given("key"))
    return visit.go("/account", "The passkey opens nothing any more.")


PAGE = Page(
    "passkeys",
    "Passkeys",
    (
        Route("/account/passkeys/begin", _begin_making, method="POST"),
        Route("/account/passkeys/finish", _finish_making, method="POST"),
        Route("/account/passkeys/drop", _drop, method="POST"),
        Route("/sign-in/passkey/begin", _begin_using, OPEN_TO_ALL, "POST"),
        Route("/sign-in/passkey/finish", _finish_using, OPEN_TO_ALL, "POST"),
    ),
)
