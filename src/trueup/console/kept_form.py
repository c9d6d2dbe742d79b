"""What was typed into a form that was refused: it stands on the page that says why, to be mended and sent again.

It holds without a script, after a restart and for a form of an earlier session. Never kept: secrets, files, what is beyond a
form that a person fills in, and what a stranger or another site sends, which would get our own token with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from trueup.console.sent_forms import DRAWN, FIELD
from trueup.console.visit import Visit

_MOST = 60
_SECRET = re.compile("password|secret|token|code", re.IGNORECASE)
_WORDS = ("note", "reason", "text", "comment", "why")
_CHOSEN = re.compile(r"\S*")
"""A value without a space is one that the form offered, or an id; words are what somebody typed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the form goes, what was chosen in it, what was typed, the page that it stood on ("" where that is not known), its key.

    Whoever was refused has seen the answer, and sends it anew. After a failure nobody knows whether it was done: it goes under the
    key that it had, which tells.
    """

    address: str
    chosen: Sequence[tuple[str, str]]
    typed: Sequence[tuple[str, str]]
    page: str
    key: str


def kept_of(visit: Visit, status: int) -> Kept | None:
    """The form of this visit, that was answered so; None when there is none that may be kept."""
    fields = [(name, value) for name, value in visit.form.multi_items() if name not in DRAWN]
    if (
        not fields
        or not visit.csrf
        or not _is_ours(visit)
        or len(fields) > _MOST
        or any(_SECRET.search(name) for name, _ in fields)
    ):
        return None
    texts = [(name, value) for name, value in fields if isinstance(value, str)]
    if len(texts) < len(fields):
        return None
    typed = [(name, value) for name, value in texts if value and (name in _WORDS or not _CHOSEN.fullmatch(value))]
    url = visit.request.url
    address = url.path + (f"?{url.query}" if url.query else "")
    key = visit.given(FIELD) if status >= 500 else visit.form_key
    return Kept(address, [each for each in texts if each not in typed], typed, _page_of(visit), key)


def _is_ours(visit: Visit) -> bool:
    """Whether the browser says that the form stood on a page of ours. One that says nothing is not believed: every browser that
    draws this console does, and a stranger's form would be sent again with our token."""
    site, origin = (visit.request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    told = site is not None or origin is not None
    return told and site in (None, "same-origin") and origin in (None, visit.origin)


def _page_of(visit: Visit) -> str:
    """The page that the form was sent from, when the browser says so and it is one of ours."""
    came = urlsplit(visit.request.headers.get("referer", ""))
    ours = f"{came.scheme}://{came.netloc}" in (visit.home, visit.origin)
    return (came.path + (f"?{came.query}" if came.query else "")) if ours else ""
