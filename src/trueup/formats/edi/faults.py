"""The closed list of faults a document can have, named as the standards name them. A dialect maps each to its own code.

Not here: what is wrong with the meaning (a quantity that is not whole). That is a finding with a code of ours, and no
functional acknowledgement speaks of it: a 997 or CONTRL answers for syntax alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trueup.formats.document import Severity


class Level(StrEnum):
    """What a fault is a fault of."""

    INTERCHANGE = "interchange"
    GROUP = "group"
    SET = "set"
    SEGMENT = "segment"
    ELEMENT = "element"


class Fault(StrEnum):
    """Every fault there is. The value is the standard's phrase, in lower case."""

    UNRECOGNIZED_SEGMENT = "unrecognized segment"
    UNEXPECTED_SEGMENT = "unexpected segment"
    MANDATORY_SEGMENT_MISSING = "mandatory segment missing"
    LOOP_OCCURS_TOO_OFTEN = "loop occurs over maximum times"
    SEGMENT_EXCEEDS_MAXIMUM_USE = "segment exceeds maximum use"
    SEGMENT_NOT_IN_SEQUENCE = "segment not in proper sequence"

    MANDATORY_ELEMENT_MISSING = "mandatory data element missing"
    CONDITIONAL_ELEMENT_MISSING = "conditional required data element missing"
    TOO_MANY_ELEMENTS = "too many data elements"
    ELEMENT_TOO_SHORT = "data element too short"
    ELEMENT_TOO_LONG = "data element too long"
    INVALID_CHARACTER = "invalid character in data element"
    INVALID_CODE = "invalid code value"
    INVALID_DATE = "invalid date"
    INVALID_TIME = "invalid time"

    SET_NOT_SUPPORTED = "transaction set not supported"
    SET_TRAILER_MISSING = "transaction set trailer missing"
    SET_CONTROL_NUMBERS_DIFFER = "transaction set control number in header and trailer do not match"
    SEGMENT_COUNT_DIFFERS = "number of included segments does not match actual count"
    SEGMENTS_IN_ERROR = "one or more segments in error"
    SET_CONTROL_NUMBER_INVALID = "missing or invalid transaction set control number"
    SET_CONTROL_NUMBER_REPEATED = "transaction set control number not unique within the functional group"

    GROUP_NOT_SUPPORTED = "functional group not supported"
    GROUP_RELEASE_NOT_SUPPORTED = "functional group version not supported"
    GROUP_TRAILER_MISSING = "functional group trailer missing"
    GROUP_CONTROL_NUMBERS_DIFFER = "group control number in header and trailer do not agree"
    SET_COUNT_DIFFERS = "number of included transaction sets does not match actual count"
    GROUP_CONTROL_NUMBER_INVALID = "group control number violates syntax"

    INTERCHANGE_CONTROL_NUMBERS_DIFFER = "interchange control number in header and trailer do not match"
    INTERCHANGE_CONTROL_NUMBER_INVALID = "invalid interchange control number value"
    INTERCHANGE_PARTY_INVALID = "invalid interchange sender or receiver id"
    GROUP_COUNT_DIFFERS = "invalid number of included groups value"
    CONTROL_STRUCTURE_INVALID = "invalid control structure"
    END_OF_FILE_TOO_EARLY = "improper (premature) end-of-file"
    CONTENT_INVALID = "invalid interchange content"
    INTERCHANGE_CONTROL_NUMBER_REPEATED = "duplicate interchange control number"
    SEPARATOR_INVALID = "invalid data element separator"


SEVERITIES: dict[Fault, Severity] = {
    # The meaning of what arrived stands in spite of these; refusing an order for them would cost more than it saves.
    **dict.fromkeys(
        (
            Fault.UNEXPECTED_SEGMENT,
            Fault.LOOP_OCCURS_TOO_OFTEN,
            Fault.SEGMENT_EXCEEDS_MAXIMUM_USE,
            Fault.SEGMENT_NOT_IN_SEQUENCE,
            Fault.TOO_MANY_ELEMENTS,
            Fault.ELEMENT_TOO_SHORT,
            Fault.ELEMENT_TOO_LONG,
            Fault.SET_CONTROL_NUMBER_REPEATED,
            Fault.GROUP_CONTROL_NUMBERS_DIFFER,
            Fault.SET_COUNT_DIFFERS,
            Fault.GROUP_CONTROL_NUMBER_INVALID,
            Fault.INTERCHANGE_CONTROL_NUMBERS_DIFFER,
            Fault.INTERCHANGE_CONTROL_NUMBER_INVALID,
            Fault.INTERCHANGE_PARTY_INVALID,
            Fault.GROUP_COUNT_DIFFERS,
            Fault.INTERCHANGE_CONTROL_NUMBER_REPEATED,
        ),
        Severity.WARNING,
    )
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a set: byte offset, segment (the set's header is 1), its tag, element, component; the loop it stands in."""

    offset: int
    segment: int = 0
    tag: str = ""
    element: int = 0
    component: int = 0
    loop: str = ""

    def __str__(self) -> str:
        parts = [f"segment {self.segment} {self.tag}".rstrip() if self.segment else self.tag]
        if self.element:
            parts.append(f"element {self.element}")
        if self.component:
            parts.append(f"component {self.component}")
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Note:
    """One fault found: where, in words, and for an element its number in the standard's dictionary and what it held."""

    fault: Fault
    place: Place
    message: str
    reference: str = ""
    copy: str = ""

    def facts(self, code: str, severity: Severity) -> dict[str, Any]:
        """The note as JSON, with the dialect's code: all that a functional acknowledgement needs, without the document."""
        place = self.place
        where = {"segment": place.segment, "tag": place.tag, "element": place.element, "component": place.component}
        what = {"loop": place.loop, "reference": self.reference, "copy": self.copy, "message": self.message}
        said = {"fault": self.fault.name, "code": code, "severity": severity.value, "offset": place.offset}
        return said | {name: value for name, value in (where | what).items() if value}
