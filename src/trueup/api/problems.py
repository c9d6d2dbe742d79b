"""Problems: what went wrong, as RFC 9457 says it. Of a foreseen error the words are its own; of a defect there are few."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from trueup.base.errors import ConfigurationError, Throttled, TrueupError
from trueup.base.ids import spoken_reference

MEDIA_TYPE = "application/problem+json"
_KINDS = {
    400: ("unreadable", "The request cannot be read"),
    401: ("unauthenticated", "No token that holds"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method", "Not a method of this address"),
    409: ("refused", "Not done"),
    413: ("too-large", "Too large"),
    415: ("media-type", "Not a type that is read here"),
    422: ("invalid", "Not accepted"),
    429: ("throttled", "Too many calls"),
}
_DEFECT = ("defect", "A defect of Trueup")
_log = structlog.get_logger("trueup.api")


class Fault(BaseModel):
    """One thing that is wrong with a request: where, and what."""

    where: str
    what: str


class Problem(BaseModel):
    """Why a call did not do what was asked: what happened, expected and found, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:trueup:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "Case 999999: there is none of that number.",
                    "faults": [],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    faults: list[Fault] = []


class Forbidden(TrueupError):
    """The caller may not do that: their roles, or their token's scopes."""

    http_status = 403


class TooLarge(TrueupError):
    """The body has more bytes than are read."""

    http_status = 413


class Unauthenticated(TrueupError):
    """Nobody is known by what the caller showed. It is not said whether it never was, has ended or was revoked."""

    http_status = 401


def answer_problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, *, faults: list[Fault] | None = None
) -> JSONResponse:
    """A problem as an answer."""
    kind, title = _KINDS.get(status, _DEFECT)
    told = Problem(
        type=f"urn:trueup:problem:{kind}", title=title, status=status, detail=detail, faults=faults or []
    ).model_dump()
    return JSONResponse(told, status, headers={**(headers or {}), "cache-control": "no-store"}, media_type=MEDIA_TYPE)


def answer_errors(app: FastAPI) -> None:
    """Have every error of an application answered as a problem."""
    app.add_exception_handler(TrueupError, _foreseen)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _of_http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _defect)


async def _foreseen(request: Request, error: TrueupError) -> JSONResponse:
    match error:
        case Unauthenticated():
            return answer_problem(401, str(error), {"www-authenticate": "Bearer"})
        case Throttled():
            return answer_problem(429, str(error), {"retry-after": str(max(1, round(error.retry_after_seconds)))})
        case ConfigurationError():
            return answer_problem(409, str(error))
    return answer_problem(error.http_status, str(error))


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    faults = [Fault(where=_where(each["loc"]), what=str(each["msg"])) for each in error.errors()]
    first = f"{faults[0].where}: {faults[0].what}" if faults else "it cannot be read"
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    return answer_problem(422, f"The request was not accepted, nothing was done: {first}{more}.", faults=faults)


def _where(place: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in place)


async def _of_http(request: Request, error: HTTPException) -> JSONResponse:
    path = request.url.path
    words = {
        404: f"There is no {path} here; /api/v1/openapi.json lists what there is.",
        405: f"{path} does not answer {request.method}; /api/v1/openapi.json says what it answers.",
    }.get(error.status_code, str(error.detail))
    headers = {"allow": _allowed(request)} if error.status_code == 405 else error.headers
    return answer_problem(error.status_code, words, headers)


def _allowed(request: Request) -> str:
    """What an address answers, whichever of its operations it is (RFC 9110, 10.2.1): each is a route of its own."""
    here = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in here for method in getattr(route, "methods", None) or ()}))


async def _defect(request: Request, error: Exception) -> JSONResponse:
    reference = spoken_reference()
    trace = "".join(traceback.format_exception(error))
    _log.error("call failed", reference=reference, path=request.url.path, error=trace)
    words = (
        "Trueup failed by a defect of its own, or because its database did not answer; nothing half-done was kept. Ask again, "
        "an act with the key that it had: it is done once. If it fails again, the log tells under the reference "
        f"{reference} what happened."
    )
    # The server closes the connection after a defect: who keeps it open must know before they ask again.
    return answer_problem(500, words, {"connection": "close"})
