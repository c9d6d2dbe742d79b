"""The lexer: separators, and bytes cut into segments block by block, so that a large file needs little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FIRST_BLOCK_BYTES = (
    1 << 12
)  # small, because a file may hold thousands of short interchanges and each starts a block anew
LARGEST_BLOCK_BYTES = 1 << 20  # no segment is longer; one that seems so is a file without terminators


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters that end a segment and part elements, components and repeats (empty: the release has no repeats)."""

    segment: str = "~"
    element: str = "*"
    component: str = ">"
    repetition: str = ""

    def __contains__(self, character: str) -> bool:
        return bool(character) and character in (self.segment, self.element, self.component, self.repetition)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive raw segments without their terminators, from byte `offset`. One character is one byte (Latin-1)."""

    offset: int
    segments: list[str]
    terminated: bool = True
    """False on the last block when the file ends, or goes on for too long, without a terminator."""


def blocks(content: bytes, start: int, terminator: str) -> Iterator[Block]:
    """The rest of the content as blocks of whole segments."""
    mark, length = terminator.encode("latin-1"), len(content)
    size = FIRST_BLOCK_BYTES
    while start < length:
        end = min(start + size, length)
        cut = content.rfind(mark, start, end)
        if cut < 0 and end < length and size < LARGEST_BLOCK_BYTES:
            size *= 2
            continue
        if cut < 0:
            yield Block(start, [content[start : min(end, start + 80)].decode("latin-1")], terminated=False)
            return
        yield Block(start, content[start:cut].decode("latin-1").split(terminator))
        start = cut + 1
        size = min(size * 2, LARGEST_BLOCK_BYTES)
