"""The grammar of a set as data: elements in segments, segments in loops, loops in a set. Declared in a few lines of text.

A grammar holds what a partner's guide uses and we read, not the whole standard: a segment it does not name is passed over
with a warning of ours, never reported to the sender as an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from trueup.base.errors import ConfigurationError


class Kind(StrEnum):
    """What characters an element may hold: text, a code, a whole number, a decimal, a date, a time, or components."""

    TEXT = "AN"
    CODE = "ID"
    WHOLE = "N0"
    DECIMAL = "R"
    DATE = "DT"
    TIME = "TM"
    COMPOSITE = "C"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name in words, its number in the standard's dictionary, and what it may hold."""

    name: str
    reference: str
    kind: Kind
    shortest: int
    longest: int
    required: bool = False
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """A segment: its tag and elements. `pairs` are the places (from 1) of elements of which both or neither must be there."""

    tag: str
    elements: tuple[Element, ...]
    pairs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A segment at its place in a set or loop, at most `most` times in a row."""

    shape: Shape
    required: bool = False
    most: int = 1

    @property
    def tag(self) -> str:
        """The tag that begins it."""
        return self.shape.tag


@dataclass(frozen=True, slots=True)
class Loop:
    """Segments that repeat together; the first is the head, which every repetition begins with.

    `closed`: a segment in it that it does not name is its own and passed over, not one of the set's that comes too late.
    """

    name: str
    items: tuple[Use | Loop, ...]
    required: bool = False
    most: int = 1
    closed: bool = False

    @property
    def tag(self) -> str:
        """The tag that begins it."""
        return self.items[0].tag


@dataclass(frozen=True, slots=True, eq=False)  # a grammar is itself alone: checkers are remembered by it, once a set
class Grammar:
    """A set: its code, the functional group it travels in, the releases it is written for, its segments in order."""

    code: str
    title: str
    group: str
    releases: tuple[str, ...]
    items: tuple[Use | Loop, ...]

    def covers(self, release: str) -> bool:
        """Whether a release (X12: GS08, with its industry's suffix) is one this grammar is written for."""
        return release[:6] in self.releases

    def tags(self) -> frozenset[str]:
        """Every tag that occurs."""
        return frozenset(_tags(self.items))


_ELEMENT = re.compile(
    r"(?P<name>.+?) +(?P<reference>\w+) +(?P<kind>AN|ID|N0|R|DT|TM|C) +(?P<short>\d+)/(?P<long>\d+)(?P<rest>.*)"
)


def segment(tag: str, elements: str, *, pairs: tuple[int, int] | None = None) -> Shape:
    """A shape from text: one element a line, as `unit 355 ID 2/2 M EA CA`: name, number, kind, lengths, M when
    mandatory, and the codes when they are closed.

    `pairs=(first, count)` adds that many pairs of product id qualifier and product id (235 and 234) at that place.
    Raises ConfigurationError when a line does not parse.
    """
    lines = [line.strip() for line in elements.strip().splitlines()]
    declared = [_element(tag, line) for line in lines if line]
    places: tuple[int, ...] = ()
    if pairs:
        first, count = pairs
        places = tuple(range(first, first + 2 * count, 2))
        for number in range(1, count + 1):
            declared.append(Element(f"product id qualifier {number}", "235", Kind.CODE, 2, 2))
            declared.append(Element(f"product id {number}", "234", Kind.TEXT, 1, 48))
        if places[-1] + 1 != len(declared):
            raise ConfigurationError(f"Segment {tag}: pairs at {first}, but {len(declared)} elements are declared.")
    return Shape(tag, tuple(declared), places)


def _element(tag: str, line: str) -> Element:
    found = _ELEMENT.fullmatch(line)
    if not found:
        raise ConfigurationError(f"Segment {tag}: cannot read {line!r}; expected such as `unit 355 ID 2/2 M EA CA`.")
    words = found["rest"].split()
    required = words[:1] == ["M"]
    return Element(
        found["name"],
        found["reference"],
        Kind(found["kind"]),
        int(found["short"]),
        int(found["long"]),
        required,
        frozenset(words[1:] if required else words),
    )


def _tags(items: tuple[Use | Loop, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Loop):
            yield from _tags(item.items)
        else:
            yield item.tag
