"""Reading the envelopes: interchanges, groups and sets of a file, every fault found on the way, and the facts to answer it.

One set at a time is held. A set with errors does not stop the next, a broken interchange does not stop the one after it.
Everything keys on GS08: what ISA12 says in the wild does not follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trueup.formats.document import Finding, Location, Severity
from trueup.formats.edi.encodings import UTF8_BOM, first_beyond_ascii, text_encoding, wrong_encoding
from trueup.formats.edi.faults import Fault, Note, Place
from trueup.formats.edi.grammar import Grammar
from trueup.formats.edi.syntax import LARGEST_BLOCK_BYTES, Block, blocks
from trueup.formats.x12.codes import CODES, finding_of, severity_of
from trueup.formats.x12.groups import GroupReader, ReceivedSet
from trueup.formats.x12.syntax import HeaderFault, InterchangeHeader, read_header

MOST_FINDINGS = 2_000  # a file; a hostile one must not fill the memory with complaints about itself
_SOLID = re.compile(rb"[^ \t\r\n\x00\x1a]")  # Ctrl-Z and NUL pad files of old systems
_PADDING = " \t\r\n\0\x1a"
_NEXT_HEADER = re.compile(rb"ISA([^A-Za-z0-9\s])..\1.{10}\1..\1.{10}\1", re.DOTALL)


@dataclass(slots=True)
class Journal:
    """What is said about a file while it is read: findings for people, facts for whoever answers it."""

    tolerated: frozenset[Fault]
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=lambda: {"syntax": "x12", "encoding": "ascii", "interchanges": []})
    unsaid: int = 0

    def note(self, note: Note, where: str, notes: list[dict[str, Any]] | None = None) -> None:
        """Record a fault as a finding, and among the `notes` of the envelope that a 997 answers for."""
        self.find(finding_of(note, where, self.tolerated))
        if notes is not None:
            notes.append(note.facts(CODES[note.fault][1], severity_of(note.fault, self.tolerated)))

    def find(self, finding: Finding) -> None:
        """Record a finding that no 997 speaks of."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.unsaid += 1

    def close(self, end: int) -> None:
        """Say how many findings were too many."""
        if self.unsaid:
            words = f"{self.unsaid} more findings are not listed; mend the first {MOST_FINDINGS} and read again"
            self.findings.append(Finding(Severity.WARNING, "findings-cut", words, Location(end, "")))


def read_sets(content: bytes, grammars: Mapping[str, Grammar], journal: Journal) -> Iterator[ReceivedSet]:
    """Every set of the grammars given, checked, in the order of the file; all else is recorded in the journal."""
    start = _opening(content, journal)
    content = content.replace(b"\0", b"\x1a")  # as wrong and as long, but a character that any database can keep
    controls: set[tuple[str, str]] = set()
    while start is not None and start < len(content):
        header = read_header(content, start)
        if isinstance(header, HeaderFault):
            place = Place(header.offset, tag="ISA", element=header.element)
            fault = Fault.END_OF_FILE_TOO_EARLY if header.offset >= len(content) else Fault.SEPARATOR_INVALID
            journal.note(Note(fault, place, f"{header.message}; this interchange is not read"), "")
            start = _next_header(content, start + 3)
            continue
        facts = _header_facts(header)
        journal.facts["interchanges"].append(facts)
        if header.irregular:
            place = Place(header.irregular.offset, tag="ISA", element=header.irregular.element)
            words = f"{header.irregular.message}; it is read by its separators, because a GS follows it"
            journal.find(Finding(Severity.WARNING, "header-width", words, Location(place.offset, str(place))))
        _check_header(header, controls, journal, facts)
        reader = _Interchange(content, header, grammars, journal, facts)
        yield from reader.sets()
        start = _after(content, reader.end, journal)
    journal.close(len(content))


def _opening(content: bytes, journal: Journal) -> int | None:
    """Where the first ISA begins, or None when there is none; says what the bytes are when they are not plain text."""
    words = wrong_encoding(content[:8])
    if words:
        journal.find(Finding(Severity.ERROR, "encoding", f"This is {words}", Location(0, "")))
        return None
    if not _SOLID.search(content):
        journal.find(Finding(Severity.ERROR, "empty", "The file is empty, expected an interchange", Location(0, "")))
        return None
    start = 0
    if content.startswith(UTF8_BOM):
        start = len(UTF8_BOM)
        words = "The file begins with a UTF-8 byte order mark, which is passed over; ask the sender to leave it out"
        journal.find(Finding(Severity.WARNING, "byte-order-mark", words, Location(0, "")))
    encoding = text_encoding(content[start:] if start else content)
    journal.facts["encoding"] = encoding
    if encoding == "latin-1":
        offset = start + first_beyond_ascii(content[start:])
        words = f"byte 0x{content[offset]:02X} is neither ASCII nor UTF-8; the file is read as Latin-1 (ISO 8859-1)"
        journal.find(Finding(Severity.WARNING, "encoding", words, Location(offset, "")))
    return _after(content, start, journal)


def _after(content: bytes, end: int, journal: Journal) -> int | None:
    """Where the next ISA begins, past white space; what stands between is found and passed over."""
    solid = _SOLID.search(content, end)
    start = solid.start() if solid else len(content)
    if solid is None or content.startswith(b"ISA", start):
        return start
    following = _next_header(content, start)
    length = (len(content) if following is None else following) - start
    begins = content[start : start + 12].decode("latin-1")
    words = (
        f"{length} bytes that begin {begins!r} stand outside any interchange (no ISA before them); they are not read"
    )
    place = Place(start)
    first = not journal.facts["interchanges"] and following is None
    if first:
        journal.note(
            Note(Fault.CONTENT_INVALID, place, f"This is no X12 interchange: it begins {begins!r}, expected 'ISA'"), ""
        )
    else:
        journal.find(Finding(Severity.WARNING, "outside", words, Location(start, "")))
    return following


def _next_header(content: bytes, start: int) -> int | None:
    found = _NEXT_HEADER.search(content, start)
    return found.start() if found else None


def _header_facts(header: InterchangeHeader) -> dict[str, Any]:
    marks = header.separators
    return {
        "offset": header.offset,
        "sender": [header[5], header[6]],
        "receiver": [header[7], header[8]],
        "date": header[9],
        "time": header[10],
        "version": header[12],
        "control": header[13],
        "acknowledge": header[14],
        "usage": header[15],
        "separators": {
            "segment": marks.segment,
            "element": marks.element,
            "component": marks.component,
            "repetition": marks.repetition,
        },
        "groups": [],
        "notes": [],
    }


def _check_header(
    header: InterchangeHeader, controls: set[tuple[str, str]], journal: Journal, facts: dict[str, Any]
) -> None:
    for qualifier, party in ((5, 6), (7, 8)):
        named = header[qualifier] + header[party]
        if len(header[qualifier]) != 2 or not 2 < len(named) <= 17 or header.separators.segment in named:
            words = f"ISA{qualifier:02} and ISA{party:02} are {header[qualifier]!r} and {header[party]!r}"
            expected = "expected a qualifier of two characters and an id of at most 15: no answer can be addressed"
            where = Place(header.offset, tag="ISA", element=party)
            journal.note(Note(Fault.INTERCHANGE_PARTY_INVALID, where, f"{words}, {expected}"), "", facts["notes"])
    place = Place(header.offset, tag="ISA", element=13)
    if not (header[13].isascii() and header[13].isdigit()):
        words = f"ISA13 (interchange control number) is {header[13]!r}, expected nine digits"
        journal.note(Note(Fault.INTERCHANGE_CONTROL_NUMBER_INVALID, place, words), "", facts["notes"])
    if (header[6], header[13]) in controls:
        words = f"interchange control number {header[13]} of {header[6]} occurs twice in this file"
        journal.note(Note(Fault.INTERCHANGE_CONTROL_NUMBER_REPEATED, place, words), "", facts["notes"])
    controls.add((header[6], header[13]))


class _Interchange:
    """The state of reading one interchange: its groups, and where it ended."""

    def __init__(
        self,
        content: bytes,
        header: InterchangeHeader,
        grammars: Mapping[str, Grammar],
        journal: Journal,
        facts: dict[str, Any],
    ) -> None:
        self.content, self.header, self.journal, self.facts = content, header, journal, facts
        self.grammars = grammars
        self.where = f"interchange {header[13]}"
        self.end = header.end
        self.groups: set[str] = set()
        self.group: GroupReader | None = None
        self.segments: list[str] = []
        self.offsets: list[int] = []

    def sets(self) -> Iterator[ReceivedSet]:
        marks = self.header.separators
        mark = marks.element
        controls = frozenset(
            [tag + mark for tag in ("ST", "SE", "GS", "GE")] + ["ST", "SE", "GS", "GE", "IEA", "ISA", "TA1"]
        )
        recode = self._recoded if self.journal.facts["encoding"] == "utf-8" else None
        segments, offsets = self.segments, self.offsets
        for block in blocks(self.content, self.end, marks.segment):
            if not block.terminated and not self._last(block):
                break
            offset = block.offset
            for raw in block.segments:
                at, offset = offset, offset + len(raw) + 1
                if raw[:1] <= " ":
                    stripped = raw.lstrip(_PADDING)
                    at += len(raw) - len(stripped)
                    raw = stripped  # noqa: PLW2901 (the segment without the line end before it)
                    if not raw:
                        continue
                if raw[:3] not in controls:
                    segments.append(raw if recode is None or raw.isascii() else recode(raw))
                    offsets.append(at)
                    continue
                raw = raw.rstrip("\r\n")  # noqa: PLW2901
                if raw.startswith("ISA"):
                    self.end = at
                    yield from self._cut_off(at, "the next ISA")
                    return
                yield from self._control(raw.split(mark), at)
                if raw.startswith("IEA"):
                    self.end = min(offset, len(self.content))
                    return
            self.end = offset
        self.end = len(self.content)
        yield from self._cut_off(self.end, "the end of the file")

    def _last(self, block: Block) -> bool:
        """Whether a block without a terminator is nevertheless the end of a whole interchange: an IEA, or white space."""
        text = block.segments[0].strip(_PADDING)
        mark = self.header.separators.element
        if not text:
            return True
        if text.startswith("IEA" + mark) and text.endswith(mark + self.header[13]):
            block.segments[0] = text
            return True
        if len(self.content) - block.offset > LARGEST_BLOCK_BYTES:
            words = f"a segment begins here and does not end within {LARGEST_BLOCK_BYTES} bytes"
        else:
            words = f"the file ends within the segment that begins {text[:20]!r}"
        place = Place(block.offset)
        self.journal.note(Note(Fault.END_OF_FILE_TOO_EARLY, place, words), self.where, self.facts["notes"])
        return False

    def _recoded(self, raw: str) -> str:
        try:
            return raw.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:  # a separator that is itself a byte of a longer character
            return raw

    def _control(self, elements: list[str], at: int) -> Iterator[ReceivedSet]:
        tag = elements[0]
        if tag == "GS":
            yield from self._close_group(None, at)
            self.group = GroupReader(elements, at, self.header.separators, self.grammars, self.journal)
            self.facts["groups"].append(self.group.facts)
            self.group.check_header(self.groups)
        elif tag == "IEA":
            yield from self._close_group(None, at)
            self._trailer(elements, at)
        elif tag == "TA1":
            self._take()
        elif self.group is None:
            self._outside(tag, at)
        elif tag == "GE":
            yield from self._close_group(elements, at)
        elif tag == "ST":
            yield from self.group.end_set(None, at, *self._take())
            self.group.begin_set(elements, at)
        else:
            yield from self.group.end_set(elements, at, *self._take())

    def _take(self) -> tuple[list[str], list[int]]:
        """The segments since the last control segment, and a fresh start."""
        taken = (self.segments[:], self.offsets[:])
        self.segments.clear()
        self.offsets.clear()
        return taken

    def _close_group(self, trailer: list[str] | None, at: int) -> Iterator[ReceivedSet]:
        if self.group is None:
            if self.segments:
                self._outside(self.segments[0][:3], self.offsets[0])
            self._take()
            return
        yield from self.group.end_set(None, at, *self._take())
        self.group.end(trailer, at)
        self.group = None

    def _outside(self, tag: str, at: int) -> None:
        self._take()
        words = f"{tag} stands outside any functional group, expected a GS before it"
        note = Note(Fault.CONTROL_STRUCTURE_INVALID, Place(at, tag=tag), words)
        self.journal.note(note, self.where, self.facts["notes"])

    def _trailer(self, elements: list[str], at: int) -> None:
        declared, control = (*elements[1:3], "", "")[:2]
        groups = len(self.facts["groups"])
        if declared.strip().lstrip("0") != str(groups).lstrip("0"):
            words = f"IEA01 says {declared!r} groups, found {groups}"
            place = Place(at, tag="IEA", element=1)
            self.journal.note(Note(Fault.GROUP_COUNT_DIFFERS, place, words), self.where, self.facts["notes"])
        if control.strip() != self.header[13]:
            words = f"IEA02 is {control!r}, expected {self.header[13]!r} as in ISA13"
            place = Place(at, tag="IEA", element=2)
            self.journal.note(
                Note(Fault.INTERCHANGE_CONTROL_NUMBERS_DIFFER, place, words), self.where, self.facts["notes"]
            )

    def _cut_off(self, at: int, before: str) -> Iterator[ReceivedSet]:
        yield from self._close_group(None, at)
        words = f"the interchange has no IEA before {before}: it is cut off; ask the sender for it again"
        note = Note(Fault.END_OF_FILE_TOO_EARLY, Place(at, tag="IEA"), words)
        self.journal.note(note, self.where, self.facts["notes"])
