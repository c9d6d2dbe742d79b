"""A document's bytes as text with its findings in their places; a window of it when it is large."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trueup.base.errors import Unreadable
from trueup.console.document_structure import Part, elements_of
from trueup.formats.compressed import opened
from trueup.formats.document import Finding

WINDOW_BYTES = 48_000
LARGEST_OPENED_BYTES = 64_000_000
"""What is zipped is opened up to here: beyond it, it is downloaded."""
ELEMENT = "element"
"""What is marked because it can be selected, and not because anything is to be said about it."""
MARKED_BYTES = 24
_BINARY_OPENINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_INTERCHANGE_BYTES = 106


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text; `finding` is the number of the one that begins here, 0 for none. `offset`: where it begins in the bytes."""

    text: str
    finding: int = 0
    severity: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown: its number, where it begins in the bytes, and its pieces."""

    number: int
    offset: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A window of a document: its lines, and where the windows before and after it begin (None: there is none)."""

    lines: tuple[Line, ...]
    start: int
    end: int
    before: int | None
    after: int | None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to be marked: where it begins, which finding it is, and how grave."""

    offset: int
    number: int
    severity: str
    length: int = MARKED_BYTES


def marks_of(
    findings: Sequence[Finding],
    asked: int | None = None,
    length: int = MARKED_BYTES,
    structure: Iterable[Part] = (),
) -> list[Mark]:
    """The places of findings, as long as the element that each is about where the structure knows it; and the one that somebody
    came for, which is so long."""
    marks, known = [], elements_of(structure)
    for number, found in enumerate(findings, 1):
        about = known.about(found)
        span = (about.offset, about.length or MARKED_BYTES) if about else (found.location.offset, MARKED_BYTES)
        marks.append(Mark(span[0], number, found.severity.value, span[1]))
    if asked is not None:
        marks.append(Mark(asked, 0, "asked", length))
    return sorted(marks, key=lambda mark: mark.offset)


def with_elements(marks: Sequence[Mark], structure: Iterable[Part]) -> list[Mark]:
    """The marks, and every element of the structure that stands beneath none of them: what is selected where it stands."""
    taken = [(mark.offset, mark.offset + mark.length) for mark in marks]
    elements = [
        Mark(element.offset, 0, ELEMENT, element.length)
        for part in structure
        for element in part.elements
        if element.length
        and not any(start < element.offset + element.length and element.offset < end for start, end in taken)
    ]
    return sorted([*marks, *elements], key=lambda mark: mark.offset)


def stream_source(pieces: Iterable[bytes], size_bytes: int, start: int) -> Source:
    """The window of a document that is too large to be held: what stands before it is only counted."""
    start = min(max(start, 0), max(size_bytes - 1, 0))
    opening, window, at, breaks, before = b"", bytearray(), 0, b"\n", 1
    for piece in pieces:
        if not at:
            opening = piece[:4000]
            breaks = _terminator(opening)
            if opening.startswith(_BINARY_OPENINGS) or b"\0" in opening or opening.startswith(b"\x1f\x8b"):
                return Source((), 0, 0, None, None, binary=True)
        before += piece.count(breaks, 0, max(0, start - at)) if at < start else 0
        window += piece[max(0, start - at) :][: WINDOW_BYTES - len(window)]
        at += len(piece)
        if len(window) >= WINDOW_BYTES:
            break
    lines, offset = [], 0
    texts = bytes(window).split(breaks)
    for number, text in enumerate(texts if texts[-1] else texts[:-1], before):
        lines.append(Line(number, start + offset, (Piece(_text(text + breaks if breaks != b"\n" else text)),)))
        offset += len(text) + len(breaks)
    end = start + len(window)
    return Source(
        tuple(lines), start, end, max(0, start - WINDOW_BYTES) if start else None, end if end < size_bytes else None
    )


def show_source(content: bytes, marks: Sequence[Mark], start: int = 0) -> Source:
    """The window that begins at a byte, cut at ends of lines. Of GZIP it is one of what is inside, as its findings are."""
    try:
        content = opened(content, LARGEST_OPENED_BYTES)
    except Unreadable:
        return Source((), 0, 0, None, None, binary=True)
    if content.startswith(_BINARY_OPENINGS) or b"\0" in content[:4000]:
        return Source((), 0, 0, None, None, binary=True)
    breaks = _terminator(content)
    start = min(max(start, 0), max(len(content) - 1, 0))
    end = min(len(content), start + WINDOW_BYTES)
    lines = []
    offset, number = start, content.count(breaks, 0, start) + 1
    while offset < end:
        found = content.find(breaks, offset, end)
        upto = found + len(breaks) if found >= 0 else end
        lines.append(Line(number, offset, _pieces(content, offset, upto, marks)))
        offset, number = upto, number + 1
    before = max(0, start - WINDOW_BYTES) if start else None
    return Source(tuple(lines), start, end, before, end if end < len(content) else None)


def _pieces(content: bytes, start: int, end: int, marks: Sequence[Mark]) -> tuple[Piece, ...]:
    here = [mark for mark in marks if start <= mark.offset < end]
    pieces, at = [], start
    for index, mark in enumerate(here):
        if mark.offset > at:
            pieces.append(Piece(_text(content[at : mark.offset])))
        following = here[index + 1].offset if index + 1 < len(here) else end
        stop = max(mark.offset + 1, min(mark.offset + mark.length, following, end))
        pieces.append(Piece(_text(content[max(at, mark.offset) : stop]), mark.number, mark.severity, mark.offset))
        at = max(at, stop)
    pieces.append(Piece(_text(content[at:end])))
    return tuple(piece for piece in pieces if piece.text or piece.finding)


def _terminator(content: bytes) -> bytes:
    """What ends a line: a segment's terminator where the document has no other."""
    head = content[:_INTERCHANGE_BYTES]
    if head.startswith(b"ISA") and len(head) == _INTERCHANGE_BYTES:
        return head[105:106]
    if head.startswith(b"UNA"):
        return head[8:9]
    return b"\n"


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", errors="replace").rstrip("\r\n")
