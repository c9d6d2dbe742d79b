"""Addresses that come from outside: where to go on after signing in. Only pages of this console, however it is written."""

from __future__ import annotations

from urllib.parse import urlsplit

_REFUSED = set('\\"<>^`{|}')


def ours(address: str) -> str:
    """The address when it is a page of ours, else "/": anything else would be a door to elsewhere.

    Browsers take a backslash for a slash, and leave out tabs and line ends, so that what looks like a path may be another host.
    """
    plain = all(letter.isascii() and letter.isprintable() and letter not in _REFUSED for letter in address)
    if not plain or " " in address or not address.startswith("/") or address.startswith("//"):
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address
