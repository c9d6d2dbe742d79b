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
class HeaderFault:
    """Why an ISA cannot be read: at which byte and element, in words."""

    offset: int
    element: int
    message: str


@dataclass(frozen=True, slots=True)
class InterchangeHeader:
    """An ISA: where it begins and ends, its elements ISA01 to ISA16 without their padding, and the separators it sets.

    `irregular` says what is wrong with its widths when it could be read nevertheless.
    """

    offset: int
    end: int
    elements: tuple[str, ...]
    separators: Separators
    irregular: HeaderFault | None = None

    def __getitem__(self, number: int) -> str:
        """The element by its number in the standard: 13 is ISA13."""
        return self.elements[number - 1]


def read_header(content: bytes, offset: int) -> InterchangeHeader | HeaderFault:
    """The ISA that begins at `offset`, by its fixed places.

    One whose elements have lost their padding is read by its separators when a GS follows exactly where they say: common
    in the wild, and no guess. Repetition separators exist from release 00402 of the envelope on, in ISA11.
    """
    raw = content[offset : offset + ISA_LENGTH].decode("latin-1")
    fault = _fault(raw, offset)
    if fault is not None:
        return _unpadded(content, offset, fault) or fault
    separators = _separators(raw[82], raw[84:89], (raw[105], raw[3], raw[104]))
    fault = _alike(separators, offset + 104)
    if fault is not None:
        return fault
    elements = (*(element.strip() for element in raw[4:103].split(separators.element)), separators.component)
    return InterchangeHeader(offset, offset + ISA_LENGTH, elements, separators)


def _fault(raw: str, offset: int) -> HeaderFault | None:
    """What keeps an ISA from being read by its fixed places."""
    if len(raw) < 4:
        return HeaderFault(offset + len(raw), 0, f"ISA is cut off after {len(raw)} bytes, expected {ISA_LENGTH}")
    mark = raw[3]
    if mark.isalnum() or mark in _BLANK:
        return HeaderFault(offset + 3, 1, f"{mark!r} cannot separate elements, expected such as '*'")
    place = 4
    for number, width in enumerate(ISA_WIDTHS[:-1], 1):
        end = place + width
        found = raw.find(mark, place)
        if found != end:
            if found < 0:
                words = f"ISA is cut off in ISA{number:02}, expected {ISA_LENGTH} bytes"
                return HeaderFault(offset + min(len(raw), end), number, words)
            words = (
                f"ISA{number:02} is {found - place} characters, expected exactly {width}: the ISA lost its fixed width"
            )
            return HeaderFault(offset + place, number, words)
        place = end + 1
    if len(raw) < ISA_LENGTH:
        return HeaderFault(offset + len(raw), 16, f"ISA is cut off after {len(raw)} bytes, expected {ISA_LENGTH}")
    return None


def _unpadded(content: bytes, offset: int, fault: HeaderFault) -> InterchangeHeader | HeaderFault | None:
    """An ISA of other widths, read by its separators; None when what follows is no GS."""
    raw = content[offset : offset + 4 * ISA_LENGTH].decode("latin-1")
    parts = raw.split(raw[3], len(ISA_WIDTHS)) if len(raw) > 3 and raw[3] not in _BLANK else []
    if len(parts) <= len(ISA_WIDTHS) or len(parts[-1]) < 2:
        return None
    component, terminator, after = parts[-1][0], parts[-1][1], parts[-1][2:].lstrip()
    if not after.startswith("GS" + raw[3]):
        return None
    repeats, version = parts[11][:1], parts[12]
    separators = _separators(repeats, version, (terminator, raw[3], component))
    end = offset + len(raw) - len(parts[-1]) + 2
    elements = (*(element.strip() for element in parts[1:-1]), component)
    return _alike(separators, end - 2) or InterchangeHeader(offset, end, elements, separators, fault)


def _alike(separators: Separators, offset: int) -> HeaderFault | None:
    terminator, mark, component = separators.segment, separators.element, separators.component
    if len({terminator, mark, component}) == 3 and not terminator.isalnum() and terminator != " ":
        return None
    words = f"terminator {terminator!r}, elements {mark!r}, components {component!r}"
    return HeaderFault(offset, 16, f"the separators cannot be told apart: {words}")


def _separators(repeats: str, version: str, marks: tuple[str, str, str]) -> Separators:
    has_repeats = version.isascii() and version.isdigit() and version >= "00402" and not repeats.isalnum()
    return Separators(*marks, repeats if has_repeats else "")


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
