"""Reading a functional group: its sets checked one by one, their control numbers and counts, and its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from trueup.formats.document import Finding, Location, Severity
from trueup.formats.edi.check import MOST_NOTES, Checked, checker, element_place
from trueup.formats.edi.faults import Fault, Note, Place
from trueup.formats.edi.grammar import Grammar
from trueup.formats.edi.syntax import Separators

MOST_SEGMENTS = 1_000_000  # a set; Amazon's largest order is 100,000 lines


class Notes(Protocol):
    """Where faults and findings are recorded."""

    def note(self, note: Note, where: str, notes: list[dict[str, Any]] | None = None) -> None: ...
    def find(self, finding: Finding) -> None: ...


@dataclass(slots=True)
class ReceivedSet:
    """A set as it came: its code, its segments with their places in the grammar, and the facts of what it came in.

    `sound`: no error was found in its syntax. A reader takes values from sound sets alone.
    """

    code: str
    checked: Checked
    raws: list[str]
    offsets: list[int]
    separators: Separators
    facts: dict[str, Any]
    group: dict[str, Any]
    where: str
    sound: bool
    journal: Notes

    def find(self, severity: Severity, code: str, message: str, index: int = 0, element: int = 0) -> None:
        """Record a finding about the segment at that index of `checked.segments` (and one of its elements)."""
        elements = self.checked.segments[index]
        place = Place(self.offsets[index], index + 1, elements[0])
        if element:
            place = element_place(place, elements, element)
        self.journal.find(Finding(severity, code, message, Location(place.offset, f"{self.where}, {place}")))


class GroupReader:
    """The state of reading one group, and of the set that is open in it."""

    def __init__(
        self,
        header: list[str],
        offset: int,
        separators: Separators,
        grammars: Mapping[str, Grammar],
        journal: Notes,
    ) -> None:
        values = [value.strip() for value in header] + [""] * 9
        self.offset, self.separators, self.grammars, self.journal = offset, separators, grammars, journal
        self.where = f"group {values[6]}"
        self.controls: set[str] = set()
        self.open: list[str] | None = None
        self.opened_at = 0
        self.facts: dict[str, Any] = {
            "code": values[1],
            "sender": values[2],
            "receiver": values[3],
            "date": values[4],
            "time": values[5],
            "control": values[6],
            "agency": values[7],
            "release": values[8],
            "offset": offset,
            "declared": None,
            "sets": [],
            "notes": [],
        }

    def check_header(self, seen: set[str]) -> None:
        """Check the GS; `seen` are the control numbers of the interchange's groups before it."""
        control, release = self.facts["control"], self.facts["release"]
        if not (control.isascii() and control.isdigit() and len(control) <= 9) or control in seen:
            words = f"GS06 is {control!r}, expected a number of at most nine digits that no other group here has"
            self._note(Fault.GROUP_CONTROL_NUMBER_INVALID, Place(self.offset, tag="GS", element=6), words)
        seen.add(control)
        grammars = [grammar for grammar in self.grammars.values() if grammar.group == self.facts["code"]]
        if grammars and not any(grammar.covers(release) for grammar in grammars):
            known = ", ".join(sorted({name for grammar in grammars for name in grammar.releases}))
            words = f"GS08 is release {release!r}, expected {known}; its sets are not read"
            self._note(Fault.GROUP_RELEASE_NOT_SUPPORTED, Place(self.offset, tag="GS", element=8), words)

    def begin_set(self, header: list[str], at: int) -> None:
        """Open a set at its ST."""
        self.open, self.opened_at = header, at

    def end_set(
        self, trailer: list[str] | None, at: int, segments: list[str], offsets: list[int]
    ) -> Iterator[ReceivedSet]:
        """Close the open set with its SE, or without one (None) where something else came instead."""
        header, self.open = self.open, None
        if header is None:
            if segments or trailer:
                tag, begins = (segments[0][:3], offsets[0]) if segments else ("SE", at)
                words = f"{tag} stands outside any transaction set, expected an ST before it"
                self._note(Fault.UNEXPECTED_SEGMENT, Place(begins, tag=tag), words, answered=False)
            return
        code, control = (*(value.strip() for value in header[1:3]), "", "")[:2]
        facts: dict[str, Any] = {
            "code": code,
            "control": control,
            "offset": self.opened_at,
            "segments": len(segments) + 2,
            "notes": [],
        }
        self.facts["sets"].append(facts)
        where = f"{self.where}, set {code} {control}"
        self._check_control(control, where, facts)
        self._check_trailer(trailer, at, where, facts)
        grammar = self._grammar(code, where, facts)
        if grammar is not None and len(segments) > MOST_SEGMENTS:
            words = f"the set has {len(segments)} segments, expected at most {MOST_SEGMENTS}; it is not read"
            self.journal.find(Finding(Severity.ERROR, "set-too-large", words, Location(self.opened_at, where)))
            grammar = None
        if grammar is None:
            return
        mark = self.separators.element
        ending = ([], []) if trailer is None else ([mark.join(trailer)], [at])
        raws, places = [mark.join(header), *segments, *ending[0]], [self.opened_at, *offsets, *ending[1]]
        checked = checker(grammar, self.separators).check(raws, places)
        self._record(checked, where, facts)
        sound = not any(note["severity"] == Severity.ERROR for note in facts["notes"])
        yield ReceivedSet(code, checked, raws, places, self.separators, facts, self.facts, where, sound, self.journal)

    def _record(self, checked: Checked, where: str, facts: dict[str, Any]) -> None:
        """Everything the check found, as findings and among the notes of the set."""
        for note in checked.notes:
            self.journal.note(note, where, facts["notes"])
        if len(checked.notes) >= MOST_NOTES:
            words = f"{MOST_NOTES} faults and perhaps more: the set is not read"
            place = Place(self.opened_at, 1, "ST")
            self.journal.note(Note(Fault.SEGMENTS_IN_ERROR, place, words), where, facts["notes"])
        for tag, place in checked.passed_over.items():
            words = f"{tag} is not in the guide and was passed over"
            location = Location(place.offset, f"{where}, {place}")
            self.journal.find(Finding(Severity.WARNING, "segment-not-read", words, location))

    def end(self, trailer: list[str] | None, at: int) -> None:
        """Close the group with its GE, or without one."""
        if trailer is None:
            self._note(Fault.GROUP_TRAILER_MISSING, Place(at, tag="GE"), "the group has no GE: it is cut off")
            return
        declared, control = (*(value.strip() for value in trailer[1:3]), "", "")[:2]
        found = len(self.facts["sets"])
        self.facts["declared"] = (
            int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 10 else None
        )
        if self.facts["declared"] != found:
            words = f"GE01 says {declared!r} sets, found {found}; ask the sender whether any is missing"
            self._note(Fault.SET_COUNT_DIFFERS, Place(at, tag="GE", element=1), words)
        if control != self.facts["control"]:
            words = f"GE02 is {control!r}, expected {self.facts['control']!r} as in GS06"
            self._note(Fault.GROUP_CONTROL_NUMBERS_DIFFER, Place(at, tag="GE", element=2), words)

    def _grammar(self, code: str, where: str, facts: dict[str, Any]) -> Grammar | None:
        """The grammar of a set, or None when it is not read here: unknown, another reader's, or of another release."""
        grammar = self.grammars.get(code)
        if grammar is None:
            place = Place(self.opened_at, 1, "ST", 1)
            words = f"set {code!r} is not one that is read here, expected {', '.join(sorted(self.grammars))}"
            self.journal.note(Note(Fault.SET_NOT_SUPPORTED, place, words), where, facts["notes"])
        elif grammar.group != self.facts["code"]:
            words = f"set {code} in a group {self.facts['code']!r}, expected {grammar.group!r}"
            self.journal.note(
                Note(Fault.SET_NOT_SUPPORTED, Place(self.opened_at, 1, "ST", 1), words), where, facts["notes"]
            )
            return None
        elif not grammar.covers(self.facts["release"]):
            return None
        return grammar

    def _check_control(self, control: str, where: str, facts: dict[str, Any]) -> None:
        place = Place(self.opened_at, 1, "ST", 2)
        if not 4 <= len(control) <= 9 or not control.isascii() or not control.isalnum():
            words = f"ST02 is {control!r}, expected four to nine letters or digits"
            self.journal.note(Note(Fault.SET_CONTROL_NUMBER_INVALID, place, words), where, facts["notes"])
        elif control in self.controls:
            words = f"ST02 {control} occurs twice in this group"
            self.journal.note(Note(Fault.SET_CONTROL_NUMBER_REPEATED, place, words), where, facts["notes"])
        self.controls.add(control)

    def _check_trailer(self, trailer: list[str] | None, at: int, where: str, facts: dict[str, Any]) -> None:
        if trailer is None:
            words = f"set {facts['code']} {facts['control']} has no SE: it is cut off and not read"
            self.journal.note(
                Note(Fault.SET_TRAILER_MISSING, Place(at, facts["segments"], "SE"), words), where, facts["notes"]
            )
            return
        declared, control = (*(value.strip() for value in trailer[1:3]), "", "")[:2]
        last = facts["segments"]
        if declared.lstrip("0") != str(last):
            words = f"SE01 says {declared!r} segments, found {last}"
            self.journal.note(Note(Fault.SEGMENT_COUNT_DIFFERS, Place(at, last, "SE", 1), words), where, facts["notes"])
        if control != facts["control"]:
            words = f"SE02 is {control!r}, expected {facts['control']!r} as in ST02"
            self.journal.note(
                Note(Fault.SET_CONTROL_NUMBERS_DIFFER, Place(at, last, "SE", 2), words), where, facts["notes"]
            )

    def _note(self, fault: Fault, place: Place, words: str, *, answered: bool = True) -> None:
        self.journal.note(Note(fault, place, words), self.where, self.facts["notes"] if answered else None)
