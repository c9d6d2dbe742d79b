"""Where in the console the thing is that an act was done to, by what acts call it: "case 12" is at /exceptions?row=12."""

from __future__ import annotations

from urllib.parse import quote

_PLACES = {
    "agreement": "/settings/agreements/{}",
    "case": "/exceptions?row={}",
    "claim": "/recovery/{}",
    "connection": "/connections/{}",
    "document": "/documents/{}",
    "entry": "/journal/{}",
    "invariant": "/lights/{}",
    "job": "/jobs/{}",
    "month": "/close/{}",
    "order": "/orders/{}",
    "person": "/settings/people?person={}",
    "rule": "/rules/{}",
    "run": "/flows/{}",
    "trade-in": "/trade-ins/{}",
}
_PART = " line "


def place_of_subject(subject: str) -> str:
    """The address, "" for what has no page of its own."""
    kind, _, name = subject.partition(" ")
    if kind not in _PLACES or not name:
        return ""
    whole = name.partition(_PART)[0] if kind == "order" else name
    return _PLACES[kind].format(quote(whole, safe="/"))
