"""A document's structure: the named elements of its segments, or the members of its JSON, each with its place in the bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trueup.formats.amazon_vendor._elements import Path, locate, show_path
from trueup.formats.document import Finding
from trueup.formats.edi.grammar import Element, Loop, Shape, Use
from trueup.formats.edi.syntax import blocks
from trueup.formats.finding_help import allowed_in
from trueup.formats.x12.registry import known_sets
from trueup.formats.x12.syntax import HeaderFault, read_header

MOST_PLACES = 600
LARGEST_JSON_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class PlacedElement:
    """An element: its value, where it begins, what it is called, its position in the format's words, and what it may hold."""

    offset: int
    value: str
    name: str
    position: str
    allowed: str = ""
    length: int = 0
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment or a branch: what it is called, where it begins, and its elements."""

    title: str
    offset: int
    elements: tuple[PlacedElement, ...]


def structure_of(content: bytes, start: int, end: int) -> list[Part]:
    """The parts that begin between two bytes; none for what is neither X12 nor JSON, nor for more JSON than is worth it."""
    if content.startswith(b"ISA"):
        return [part for part in _segments(content, end) if part.offset >= start][:MOST_PLACES]
    if content.lstrip()[:1] in (b"{", b"[") and len(content) <= LARGEST_JSON_BYTES:
        return _members(content, start, end)
    return []


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a structure by where they begin, and by what their format calls their place."""

    at: Mapping[int, PlacedElement]
    called: Mapping[str, PlacedElement]

    def about(self, finding: Finding) -> PlacedElement | None:
        """The element that a finding is about: a table tells of its row and names the column."""
        return self.called.get(_plain(finding.location.path)) or self.at.get(finding.location.offset)


def elements_of(parts: Iterable[Part]) -> Elements:
    """Those of all parts."""
    every = [element for part in parts for element in part.elements]
    return Elements(
        {element.offset: element for element in every}, {_plain(element.position): element for element in every}
    )


def _plain(position: str) -> str:
    """A place as a table compares names: without case, spaces, `_` and `-`."""
    return "".join(sign for sign in position.lower() if sign not in " _-")


def with_allowed(parts: Iterable[Part], format_name: str) -> list[Part]:
    """The parts, with what the format says that a column or member may hold where no grammar says it."""
    return [
        replace(part, elements=tuple(_with_allowed(element, format_name) for element in part.elements))
        for part in parts
    ]


def _with_allowed(element: PlacedElement, format_name: str) -> PlacedElement:
    said = allowed_in(format_name, element.name) if element.name else ""
    if not said:
        return element
    return replace(element, allowed=f"{element.allowed}: {said}" if element.allowed else said)


def element_at(parts: Iterable[Part], place: int) -> PlacedElement | None:
    """The element in which a byte stands: the last that begins there or before."""
    return max(
        (element for part in parts for element in part.elements if element.offset <= place),
        key=lambda element: element.offset,
        default=None,
    )


def find_once(content: bytes, text: str) -> int | None:
    """Where a value stands in the bytes, if it stands there once as a whole word; None when nobody could say which is meant."""
    told = text.encode()
    if len(told) < 3:
        return None
    first = content.find(told)
    if first < 0 or content.find(told, first + 1) >= 0:
        return None
    return first


def _segments(content: bytes, end: int) -> Iterator[Part]:
    """From the beginning, for what a segment means hangs on the set it stands in."""
    header = read_header(content, 0)
    if isinstance(header, HeaderFault):
        return
    marks, shapes = header.separators, dict[str, Shape]()
    for block in blocks(content, 0, marks.segment):
        at = block.offset
        for raw in block.segments:
            text = raw.lstrip("\r\n")
            offset, at = at + len(raw) - len(text), at + len(raw) + 1
            if offset >= end:
                return
            values = text.split(marks.element)
            if values[0] == "ST" and len(values) > 1:
                shapes = _shapes(values[1])
            if text:
                yield _part(values, offset, shapes.get(values[0]))


def _part(values: list[str], offset: int, shape: Shape | None) -> Part:
    elements, at = [], offset + len(values[0]) + 1
    for number, value in enumerate(values[1:], 1):
        known = shape.elements[number - 1] if shape and number <= len(shape.elements) else None
        if value.strip():
            elements.append(
                PlacedElement(
                    at, value, known.name if known else "", f"{values[0]}{number:02}", _allowed(known), len(value)
                )
            )
        at += len(value) + 1
    return Part(values[0], offset, tuple(elements))


def _shapes(code: str) -> dict[str, Shape]:
    """The segments of a set by their tags; of one that stands in several places, as it stands first."""
    grammar = known_sets().get(code)
    found: dict[str, Shape] = {}
    for use in _uses(grammar.items) if grammar else ():
        found.setdefault(use.tag, use.shape)
    return found


def _uses(items: Iterable[Use | Loop]) -> Iterator[Use]:
    for item in items:
        if isinstance(item, Loop):
            yield from _uses(item.items)
        else:
            yield item


def _allowed(element: Element | None) -> str:
    """What an element may hold, in words."""
    if element is None:
        return "not described by the guide that is used here"
    length = (
        f"{element.shortest}" if element.shortest == element.longest else f"{element.shortest} to {element.longest}"
    )
    kinds = {"AN": "text", "ID": "a code", "N0": "a whole number", "R": "a decimal", "DT": "a date", "TM": "a time"}
    said = f"{kinds.get(element.kind.value, 'components')} of {length} characters (data element {element.reference})"
    codes = f": {', '.join(sorted(element.codes))}" if element.codes else ""
    return f"{said}{codes}{'; must be there' if element.required else ''}"


def _members(content: bytes, start: int, end: int) -> list[Part]:
    """The leaves of JSON by the object they stand in."""
    try:
        leaves = list(_leaves(json.loads(content), ()))
    except (ValueError, RecursionError):
        return []
    places = locate(content, [path for path, _ in leaves])
    parts: dict[Path, list[PlacedElement]] = {}
    for path, value in leaves:
        if start <= places[path] < end:
            said = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
            # What stands in a list is called as the list is.
            name = next((each for each in reversed(path) if isinstance(each, str)), "")
            element = PlacedElement(
                places[path],
                said,
                name,
                show_path(path),
                _json_kind(value),
                len(json.dumps(value, ensure_ascii=False).encode()),
            )
            parts.setdefault(path[:-1], []).append(element)
    shown = [Part(show_path(path), elements[0].offset, tuple(elements)) for path, elements in parts.items()]
    return sorted(shown, key=lambda part: part.offset)[:MOST_PLACES]


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*path, number))
    else:
        yield path, value


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    return {bool: "true or false", str: "text", int: "a number", float: "a number"}[type(value)]
