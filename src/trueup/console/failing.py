"""Pages for what failed by itself: they hold while the database does not answer, or a table that every page reads is broken.

Each failure has a reference, and the log has it too, with all that is told to nobody who looks: statements, values, traces.
"""

from __future__ import annotations

import re
import traceback

import structlog
from starlette.responses import HTMLResponse, Response

from trueup.base.errors import TrueupError
from trueup.base.ids import spoken_reference
from trueup.console.drawing import templates
from trueup.console.kept_form import kept_of
from trueup.console.visit import Visit

_TITLES = {
    403: "Not allowed",
    404: "Not found",
    409: "Not done",
    413: "Too large",
    421: "Not here",
    422: "Not accepted",
    429: "Wait",
}
_DONE = "What you sent is done and kept."
_SHOWN_BY_COMMAND = re.compile(r"[;.] `trueup [^`]*` (?:shows|lists)[^.;,`]*(?=[.;,]|$)")
"""Where a command says what there is: who reads in a browser has the page that lists it."""
_log = structlog.get_logger("trueup.console")


def problem_page(visit: Visit, status: int, words: str, *, bare: bool = False) -> Response:
    """What went wrong, as a page, or for htmx as what goes into the page's place for problems. `bare`: without navigation."""
    template = templates().get_template("layout/problem_part.html" if visit.partial else "layout/problem.html")
    known = {
        "visit": visit,
        "present": visit.present,
        "title": _TITLES.get(status, "Failed"),
        "words": _SHOWN_BY_COMMAND.sub("", words),
    }
    text = template.render(**known, status=status, kept=None if visit.done else kept_of(visit, status), bare=bare)
    response = HTMLResponse(text, status_code=status)
    if visit.partial:
        response.headers["HX-Retarget"] = "#problems"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def done_page(visit: Visit, error: TrueupError) -> Response:
    """What was sent is done, and its page cannot be drawn: that is no refusal, and nothing of it may be sent again."""
    words = f"{_DONE} Its page cannot be shown: {error} Look at what it was about again; do not send it once more."
    return problem_page(visit, 500, words)


def failed_page(visit: Visit) -> Response:
    """A defect, told and logged under one reference; called where it is handled."""
    reference = spoken_reference()
    _log.error(
        "page failed",
        reference=reference,
        page=visit.page.name,
        path=visit.request.url.path,
        error=traceback.format_exc(),
    )
    if visit.request.method != "POST":
        again = "Load the page again."
    elif visit.done:
        again = f"{_DONE} Do not send it once more."
    else:
        again = "What you sent was done as a whole or not at all: look whether it was, and send it again if not."
    words = (
        f"Trueup failed here by a defect of its own, or because its database did not answer. Nothing half-done was kept. "
        f"{again} If it fails again, give an administrator the reference {reference}: the log tells under it what happened."
    )
    # The navigation counts what waits, and so reads tables that may be what failed.
    return problem_page(visit, 500, words, bare=True)
