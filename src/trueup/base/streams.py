"""Reading what somebody sends, no further than is allowed."""

from __future__ import annotations

from collections.abc import AsyncIterable


async def read_at_most(pieces: AsyncIterable[bytes], most: int) -> bytes | None:
    """The pieces as one; None as soon as they are more than `most` bytes."""
    kept, size = [], 0
    async for piece in pieces:
        size += len(piece)
        if size > most:
            return None
        kept.append(piece)
    return b"".join(kept)
