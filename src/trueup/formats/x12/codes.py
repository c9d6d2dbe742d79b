"""X12's codes of the faults: element 720 (AK304), 723 (AK403), 718 (AK502), 716 (AK905) and I18 (TA105), as one table.

A finding's code is the pair, `720:3`: the element of the acknowledgement and the code to put there. Sources: the 997 and
TA1 in releases 004010 and 005010. Where an older release lacks a word, the nearest it has is given.
"""

from __future__ import annotations

from trueup.formats.document import Finding, Location, Severity
from trueup.formats.edi.faults import SEVERITIES, Fault, Level, Note

CODES: dict[Fault, tuple[Level, str]] = {
    Fault.UNRECOGNIZED_SEGMENT: (Level.SEGMENT, "720:1"),
    Fault.UNEXPECTED_SEGMENT: (Level.SEGMENT, "720:2"),
    Fault.MANDATORY_SEGMENT_MISSING: (Level.SEGMENT, "720:3"),
    Fault.LOOP_OCCURS_TOO_OFTEN: (Level.SEGMENT, "720:4"),
    Fault.SEGMENT_EXCEEDS_MAXIMUM_USE: (Level.SEGMENT, "720:5"),
    Fault.SEGMENT_NOT_IN_SEQUENCE: (Level.SEGMENT, "720:7"),
    Fault.MANDATORY_ELEMENT_MISSING: (Level.ELEMENT, "723:1"),
    Fault.CONDITIONAL_ELEMENT_MISSING: (Level.ELEMENT, "723:2"),
    Fault.TOO_MANY_ELEMENTS: (Level.ELEMENT, "723:3"),
    Fault.ELEMENT_TOO_SHORT: (Level.ELEMENT, "723:4"),
    Fault.ELEMENT_TOO_LONG: (Level.ELEMENT, "723:5"),
    Fault.INVALID_CHARACTER: (Level.ELEMENT, "723:6"),
    Fault.INVALID_CODE: (Level.ELEMENT, "723:7"),
    Fault.INVALID_DATE: (Level.ELEMENT, "723:8"),
    Fault.INVALID_TIME: (Level.ELEMENT, "723:9"),
    Fault.SET_NOT_SUPPORTED: (Level.SET, "718:1"),
    Fault.SET_TRAILER_MISSING: (Level.SET, "718:2"),
    Fault.SET_CONTROL_NUMBERS_DIFFER: (Level.SET, "718:3"),
    Fault.SEGMENT_COUNT_DIFFERS: (Level.SET, "718:4"),
    Fault.SEGMENTS_IN_ERROR: (Level.SET, "718:5"),
    Fault.SET_CONTROL_NUMBER_INVALID: (Level.SET, "718:7"),
    Fault.SET_CONTROL_NUMBER_REPEATED: (Level.SET, "718:23"),
    Fault.GROUP_NOT_SUPPORTED: (Level.GROUP, "716:1"),
    Fault.GROUP_RELEASE_NOT_SUPPORTED: (Level.GROUP, "716:2"),
    Fault.GROUP_TRAILER_MISSING: (Level.GROUP, "716:3"),
    Fault.GROUP_CONTROL_NUMBERS_DIFFER: (Level.GROUP, "716:4"),
    Fault.SET_COUNT_DIFFERS: (Level.GROUP, "716:5"),
    Fault.GROUP_CONTROL_NUMBER_INVALID: (Level.GROUP, "716:6"),
    Fault.INTERCHANGE_CONTROL_NUMBERS_DIFFER: (Level.INTERCHANGE, "I18:001"),
    Fault.INTERCHANGE_CONTROL_NUMBER_INVALID: (Level.INTERCHANGE, "I18:018"),
    Fault.INTERCHANGE_PARTY_INVALID: (Level.INTERCHANGE, "I18:006"),
    Fault.GROUP_COUNT_DIFFERS: (Level.INTERCHANGE, "I18:021"),
    Fault.CONTROL_STRUCTURE_INVALID: (Level.INTERCHANGE, "I18:022"),
    Fault.END_OF_FILE_TOO_EARLY: (Level.INTERCHANGE, "I18:023"),
    Fault.CONTENT_INVALID: (Level.INTERCHANGE, "I18:024"),
    Fault.INTERCHANGE_CONTROL_NUMBER_REPEATED: (Level.INTERCHANGE, "I18:025"),
    Fault.SEPARATOR_INVALID: (Level.INTERCHANGE, "I18:026"),
}
SEGMENT_HAS_ELEMENT_ERRORS = "8"  # element 720: not a fault of its own, but how AK3 introduces its AK4s

WORDS: dict[str, str] = {code: fault.value for fault, (_, code) in CODES.items()} | {
    "720:6": "segment not in defined transaction set",
    "720:8": "segment has data element errors",
    "723:10": "exclusion condition violated",
    "718:6": "missing or invalid transaction set identifier",
}
"""What each code of an acknowledgement that we receive says."""


def severity_of(fault: Fault, tolerated: frozenset[Fault] = frozenset()) -> Severity:
    """Whether a fault keeps its part from being taken in. `tolerated` are those a partner's guide lets pass."""
    return Severity.WARNING if fault in tolerated else SEVERITIES.get(fault, Severity.ERROR)


def finding_of(note: Note, where: str, tolerated: frozenset[Fault] = frozenset()) -> Finding:
    """The fault as a finding; `where` names the set, group or interchange around it."""
    path = ", ".join(part for part in (where, str(note.place)) if part)
    severity = severity_of(note.fault, tolerated)
    return Finding(severity, CODES[note.fault][1], note.message, Location(note.place.offset, path))
