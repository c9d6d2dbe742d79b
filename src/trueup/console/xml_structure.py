"""The structure of XML: every element that holds text, and every attribute, by the element it stands in, each in its place.

A document type or an entity is refused, as the readers refuse it: they are how XML attacks its reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from trueup.console.document_structure import MOST_PLACES, Part, PlacedElement

LARGEST_BYTES = 20_000_000
_CHUNK_BYTES = 1 << 16
_DEEPEST = 64
_SPACE = b" \t\r\n"


class _Enough(Exception):
    """All that was asked for is read, or nothing more is worth it."""


@dataclass(slots=True)
class _Open:
    """An element that has begun: its name, its place as people say it, and where its text begins; children are counted by name."""

    name: str
    position: str
    offset: int
    text_at: int | None = None
    has_children: bool = False
    children: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Parse:
    content: bytes
    start: int
    end: int
    parser: expat.XMLParserType
    open: list[_Open] = field(default_factory=list)
    found: dict[str, list[PlacedElement]] = field(default_factory=dict)
    count: int = 0

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        at, name = self.parser.CurrentByteIndex, name.rpartition(" ")[2]
        if at >= self.end or self.count >= MOST_PLACES or len(self.open) >= _DEEPEST:
            raise _Enough
        above = self.open[-1] if self.open else None
        if above is not None:
            above.has_children = True
            above.children[name] += 1
        many = above.children[name] if above is not None else 0
        # The wrappers around all of it say nothing of a place: findings name it from the statement on.
        before = above.position if above is not None and len(self.open) > _WRAPPERS else ""
        position = f"{before}/{name}" if before else name
        if many and (name in _COUNTED or many > 1):
            position = f"{position}[{many}]"
        self.open.append(_Open(name, position, at))
        for (each, value), (start, end) in zip(attributes.items(), self._values(at), strict=False):
            if start >= self.end or self.count >= MOST_PLACES:
                raise _Enough
            name = each.rpartition(" ")[2]
            self._keep(PlacedElement(start, value, name, f"{position}/@{name}", length=end - start))

    def _values(self, at: int) -> Iterator[tuple[int, int]]:
        """Where the value of each attribute of a tag begins and ends, in one walk; those that name spaces are none."""
        tag = _TAG.match(self.content, at)
        while tag is not None and (tag := _ATTRIBUTE.match(self.content, tag.end())) is not None:
            if tag["name"] != b"xmlns" and not tag["name"].startswith(b"xmlns:"):
                yield tag.start("value") + 1, tag.end("value") - 1

    def text(self, _text: str) -> None:
        if self.open and self.open[-1].text_at is None:
            self.open[-1].text_at = self.parser.CurrentByteIndex

    def close(self, _name: str) -> None:
        each = self.open.pop()
        if each.has_children or each.text_at is None:
            return
        raw = self.content[each.text_at : self.parser.CurrentByteIndex]
        inside = raw.strip(_SPACE)
        if inside:
            at = each.text_at + len(raw) - len(raw.lstrip(_SPACE))
            value = inside.decode("utf-8", errors="replace")
            self._keep(PlacedElement(at, value, each.name, each.position, length=len(inside)))

    def _keep(self, element: PlacedElement) -> None:
        if self.start <= element.offset < self.end:
            self.found.setdefault(element.position.rpartition("/")[0], []).append(element)
            self.count += 1


_TAG = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"""\s+(?P<name>[^\s=/>]+)\s*=\s*(?P<value>"[^"]*"|'[^']*')""")
_WRAPPERS = 2
_COUNTED = ("Stmt", "Ntry")
"""Numbered also where there is one, as findings number them."""


def elements_of_xml(content: bytes, start: int, end: int) -> list[Part]:
    """The elements that begin between two bytes; none for what is no XML. Of broken XML those before it breaks."""
    if len(content) > LARGEST_BYTES or not content.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE).startswith(b"<"):
        return []
    parser = expat.ParserCreate(namespace_separator=" ")
    parse = _Parse(content, start, end, parser)
    parser.StartElementHandler, parser.EndElementHandler = parse.begin, parse.close
    parser.CharacterDataHandler = parse.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        for at in range(0, len(content), _CHUNK_BYTES):
            parser.Parse(content[at : at + _CHUNK_BYTES], False)
    except (
        expat.ExpatError,
        ValueError,
        LookupError,
        _Enough,
    ):  # also an encoding that nobody knows, or that expat does not read
        pass
    shown = [
        Part(title, min(each.offset for each in elements), tuple(elements)) for title, elements in parse.found.items()
    ]
    return sorted(shown, key=lambda part: part.offset)


def _refuse(*_declared: object) -> None:
    raise _Enough
