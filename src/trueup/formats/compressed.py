"""Compressed documents: opened within a limit, for a small file can hold more than any memory."""

from __future__ import annotations

import zlib

from trueup.base.errors import Unreadable

_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_WITH_GZIP_HEADER = 31


def opened(content: bytes, largest_bytes: int) -> bytes:
    """The bytes inside of GZIP, of all its members one after the other; other bytes as they are.

    Raises Unreadable for what is cut off or damaged, and for what is larger than allowed, which is not opened further.
    """
    if not content.startswith(_GZIP):
        return content
    found = bytearray()
    left = content
    while left.startswith(_GZIP):
        stream = zlib.decompressobj(_WITH_GZIP_HEADER)
        try:
            while not stream.eof:
                piece = stream.decompress(left, min(_PIECE, largest_bytes + 1 - len(found)))
                found += piece
                left = stream.unconsumed_tail
                if len(found) > largest_bytes:
                    raise Unreadable(f"It holds more than {largest_bytes} bytes, and is not opened further.")
                if not piece and not left and not stream.eof:
                    raise Unreadable(f"It is cut off: {len(content)} bytes of GZIP came, and no end. Fetch it again.")
        except zlib.error as error:
            raise Unreadable(f"It is damaged GZIP ({error}); {len(content)} bytes came. Fetch it again.") from None
        left = stream.unused_data
    return bytes(found)
