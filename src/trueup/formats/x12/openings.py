"""Telling by its opening which set an X12 file begins with, however damaged its header is."""

from __future__ import annotations

import re
from collections.abc import Callable

from trueup.formats.edi.encodings import UTF8_BOM

HEAD_BYTES = 4096
_GROUPS = {"PO": "850", "PR": "855", "FA": "997", "RA": "820"}


def opening_set(head: bytes) -> str | None:
    """The code of the first ST of a file that begins with an ISA; of its GS where no ST is in sight; None when it is no X12."""
    start = len(UTF8_BOM) if head.startswith(UTF8_BOM) else 0
    text = head[start : start + HEAD_BYTES].lstrip(b" \t\r\n\0")
    if not text.startswith(b"ISA") or len(text) < 4:
        return None
    mark = re.escape(text[3:4])
    found = re.search(rb"(?<![A-Za-z0-9])ST" + mark + rb"([0-9]{3})(?![0-9])", text)
    if found:
        return found[1].decode()
    group = re.search(rb"(?<![A-Za-z0-9])GS" + mark + rb"([A-Z]{2})" + mark, text)
    return _GROUPS.get(group[1].decode()) if group else None


def opens_with_set(code: str) -> Callable[[bytes], bool]:
    """Whether an opening is of an X12 file whose first set is of that code."""
    return lambda head: opening_set(head) == code
