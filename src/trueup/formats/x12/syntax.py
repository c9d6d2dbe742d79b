"""X12's dialect of the syntax: separators from the fixed places of the ISA, and segments written.

The ISA is the one segment of fixed width: 106 bytes, each element separator at its own offset, the component separator at
104 and the segment terminator at 105. Source: X12.5, and every partner's guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from trueup.base.errors import Invalid
from trueup.formats.edi.syntax import Separators

ISA_LENGTH = 106
ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class InterchangeHeader:
    """An ISA: where it begins, its elements ISA01 to ISA16 stripped of their padding, and the separators it sets."""

    offset: int
    elements: tuple[str, ...]
    separators: Separators

    def __getitem__(self, number: int) -> str:
        """The element by its number in the standard: 13 is ISA13."""
        return self.elements[number - 1]


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """Why an ISA cannot be read: at which byte and element, in words."""

    offset: int
    element: int
    message: str


def read_header(content: bytes, offset: int) -> InterchangeHeader | HeaderFault:
    """The ISA that begins at `offset`. Repetition separators exist from release 00402 of the envelope on, in ISA11."""
    raw = content[offset : offset + ISA_LENGTH].decode("latin-1")
    if len(raw) < 4:
        return HeaderFault(offset, 0, f"ISA is cut off after {len(raw)} bytes, expected {ISA_LENGTH}")
    mark = raw[3]
    if mark.isalnum() or mark in _BLANK:
        return HeaderFault(offset + 3, 1, f"{mark!r} cannot separate elements, expected such as '*'")
    place = 4
    for number, width in enumerate(ISA_WIDTHS[:-1], 1):
        end = place + width
        if len(raw) <= end:
            return HeaderFault(offset + len(raw), number, f"ISA is cut off in ISA{number:02}, expected {ISA_LENGTH} bytes")
        if raw[end] != mark or mark in raw[place:end]:
            found = raw.find(mark, place)
            words = f"{found - place} characters" if found >= 0 else "unended"
            message = f"ISA{number:02} is {words}, expected exactly {width}: the ISA must keep its fixed width"
            return HeaderFault(offset + place, number, message)
        place = end + 1
    if len(raw) < ISA_LENGTH:
        return HeaderFault(offset + len(raw), 16, f"ISA is cut off after {len(raw)} bytes, expected {ISA_LENGTH}")
    separators = _separators(raw)
    if len({separators.segment, mark, separators.component}) < 3 or separators.segment.isalnum() or separators.segment == " ":
        words = f"terminator {separators.segment!r}, elements {mark!r}, components {separators.component!r}"
        return HeaderFault(offset + 104, 16, f"the separators cannot be told apart: {words}")
    elements = raw[4:104].split(mark)
    return InterchangeHeader(offset, (*(element.strip() for element in elements), raw[104]), separators)


def _separators(raw: str) -> Separators:
    repeats = raw[82] if raw[84:89] >= "00402" and raw[84:89].isdigit() and not raw[82].isalnum() else ""
    return Separators(raw[105], raw[3], raw[104], repeats)


def write_segment(separators: Separators, *elements: str) -> str:
    """A segment without its empty last elements. Raises Invalid when a value holds a separator: X12 has no escape."""
    values = list(elements)
    while len(values) > 1 and not values[-1]:
        values.pop()
    for place, value in enumerate(values):
        for mark in (separators.segment, separators.element, separators.repetition):
            if mark and mark in value:
                raise Invalid(
                    f"{values[0]}{place:02} {value!r} holds {mark!r}, which separates here and cannot be escaped; choose "
                    f"other separators or another value."
                )
    return separators.element.join(values) + separators.segment
