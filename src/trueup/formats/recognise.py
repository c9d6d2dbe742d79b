"""Which format is this? Exactly one, or it is unreadable: recognition is never the first that happens to answer yes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from trueup.base.errors import Unreadable
from trueup.base.plugins import collect
from trueup.formats.compressed import opened
from trueup.formats.document import Format, Reading
from trueup.formats.edi.encodings import wrong_encoding

HEAD_BYTES = 65_536
"""How much of a document's opening a format may need to see."""


@cache
def known_formats() -> tuple[Format, ...]:
    """Every format there is: the constants FORMAT of the folders that hold them, and of outside packages."""
    from trueup.formats import (
        amazon_vendor,
        bank,
        invoices_csv,
        item_master,
        remittance,
        shipments_csv,
        stock_counts,
        vendor_reports,
    )
    from trueup.formats.x12 import sets

    found = collect(sets, "FORMAT", Format, key=_name, group="trueup.formats")
    for folder in (remittance, bank, vendor_reports):
        found |= collect(folder, "FORMAT", Format, key=_name)
    tables = (item_master.FORMAT, invoices_csv.FORMAT, shipments_csv.FORMAT, stock_counts.FORMAT)
    return (*amazon_vendor.FORMATS, *tables, *found.values())


def recognise(content_head: bytes, formats: Iterable[Format]) -> Format:
    """The one format whose opening this is. Raises Unreadable when there is none or several, naming them."""
    head = content_head[:HEAD_BYTES]
    found = [known for known in formats if known.recognise(head)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(sorted(f"{known.title} ({known.name})" for known in found))
        raise Unreadable(f"Ambiguous document: it opens as {names}; say which of them it is.")
    raise Unreadable(f"Unrecognised document: {_opening(head)}")


def read_as_known(content: bytes, largest_bytes: int) -> Reading[Any]:
    """What the one format that knows it makes of a document, or of what is inside of its GZIP, of so many bytes at most.

    Raises Unreadable where no format or several know it, where it cannot be unpacked, and what the format itself raises.
    """
    inside = opened(content, largest_bytes)
    return recognise(inside, known_formats()).read(inside)


def _opening(head: bytes) -> str:
    if not head.strip():
        return "it is empty."
    known = wrong_encoding(head)
    if known:
        return f"it is {known}"
    begins = head[:24].decode("latin-1")
    return f"it begins {begins!r}, which no format here opens with; check what was sent, or add its format."


def _name(known: Format) -> str:
    return known.name
