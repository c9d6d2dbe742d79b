"""Replies: what a caller is told. Little, for callers may be anybody; what went wrong stands in our log."""

from __future__ import annotations

import structlog
from fastapi import Request, Response

from trueup.base.errors import Invalid, NotFound, Transient, TrueupError, Unauthorized
from trueup.base.streams import read_at_most

LARGEST_BODY_BYTES = 5 * 1024 * 1024
RETRY_SECONDS = 30
_LOG = structlog.get_logger(__name__)
_LONGEST_LENGTH = 18


def refuse(error: TrueupError, path: str) -> Response:
    """An error as a status. A caller that may try again is told when."""
    _LOG.warning("call refused", path=path, error=type(error).__name__, words=str(error))
    match error:
        case Unauthorized():
            return Response("Not signed by who it says it is from.", 401, media_type="text/plain")
        case NotFound():
            return Response("Nothing is expected here.", 404, media_type="text/plain")
        case Invalid():
            return Response("Not a delivery.", 400, media_type="text/plain")
        case Transient():
            headers = {"retry-after": str(RETRY_SECONDS)}
            return Response("Try again.", 503, headers=headers, media_type="text/plain")
        case _:
            return Response("This could not be kept.", 500, media_type="text/plain")


async def read_body(request: Request, most: int = LARGEST_BODY_BYTES) -> bytes | None:
    """The raw body; None when it has more bytes than are expected at most."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > _LONGEST_LENGTH or int(announced) > most:
        return None
    return await read_at_most(request.stream(), most)


TOO_LARGE = Response("Too large.", 413, media_type="text/plain")
