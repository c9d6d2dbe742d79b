"""Papers that people add to a claim: what they are, which of the pieces asked for each is, and which files are such papers."""

from __future__ import annotations

from enum import StrEnum

from trueup.domain.disputes import Piece

LARGEST_PAPER_BYTES = 20 * 1024 * 1024
"""Amazon's portal takes no larger ones."""


class Paper(StrEnum):
    """What a paper is."""

    DELIVERY = "proof-of-delivery"
    LADING = "bill-of-lading"
    PACKING = "packing-list"
    OTHER = "other"


TITLES = {
    Paper.DELIVERY: "Proof of delivery",
    Paper.LADING: "Bill of lading (proof of shipment)",
    Paper.PACKING: "Packing list",
    Paper.OTHER: "Another paper",
}
PIECES = {Paper.DELIVERY: Piece.DELIVERED, Paper.LADING: Piece.SHIPPED, Paper.PACKING: Piece.PACKED}
"""Which of the pieces that a reviewer asks for a paper is; another paper is none of them."""
_BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
}
TAKEN = "PDF, PNG, JPEG or TIFF"


def media_of(content: bytes) -> str:
    """What kind of file it is by how it begins, whatever its name says; "" for one that is no paper."""
    return next((media for media, begins in _BEGINNINGS.items() if content.startswith(begins)), "")
