"""Functional acknowledgements: the 997 that answers what we read, and the 997 that answers what we sent.

Writing one is a table look-up: the faults recorded while reading carry X12's own codes, so AK3, AK4, AK5 and AK9 are those
codes sorted. A set is R when it has an error, E when it has faults that are let pass, A else; a group is P when only some
of its sets are rejected. Content is never judged here: an order that reads well and cannot be filled is an A.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from trueup.base.errors import Refused
from trueup.base.ids import digest_of
from trueup.formats.document import Finding, Location, Reading, Severity
from trueup.formats.edi.faults import Fault
from trueup.formats.x12.codes import CODES, SEGMENT_HAS_ELEMENT_ERRORS, WORDS
from trueup.formats.x12.envelope import Envelope, returns_to, write_interchange, write_set
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.interchanges import Journal, read_sets

_GROUP = "FA"
_MOST_CODES = 5  # AK502 to AK506, AK905 to AK909


class Verdict(StrEnum):
    """AK501 and AK901. M, W and X (authentication, validity, decryption failed) read as rejected."""

    ACCEPTED = "A"
    ACCEPTED_WITH_ERRORS = "E"
    PARTIALLY_ACCEPTED = "P"
    REJECTED = "R"

    @property
    def is_accepted(self) -> bool:
        """Whether the set was taken in."""
        return self in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why, and where in what we sent: the standard's code and words, the segment's position and tag, element, its copy."""

    code: str
    words: str
    segment: int = 0
    tag: str = ""
    element: str = ""
    copy: str = ""

    def __str__(self) -> str:
        where = f" at segment {self.segment} {self.tag}" if self.segment else ""
        element = f", element {self.element}" if self.element else ""
        return f"{self.words} ({self.code}){where}{element}" + (f": {self.copy!r}" if self.copy else "")


@dataclass(frozen=True, slots=True)
class AcknowledgedSet:
    """The verdict on one set of ours, by ST01 and ST02."""

    code: str
    control: str
    verdict: Verdict
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionalAcknowledgement:
    """A 997: the verdict on one group of ours, by GS01 and GS06, and on its sets as far as they are named.

    `sender` is the id of ISA06 of who acknowledges. Counts are AK902 to AK904.
    """

    sender: str
    group_code: str
    group_control_number: int
    verdict: Verdict
    included_count: int
    received_count: int
    accepted_count: int
    objections: tuple[Objection, ...] = ()
    sets: tuple[AcknowledgedSet, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the whole group was taken in."""
        return self.verdict.is_accepted

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every objection in words, with its place in what we sent."""
        named = (f"set {found.code} {found.control}: {said}" for found in self.sets for said in found.objections)
        return (*(str(said) for said in self.objections), *named)

    def verdict_on(self, set_control: int | str) -> Verdict | None:
        """What became of the set with that ST02; None where a partly accepted group does not name it."""
        for found in self.sets:
            if found.control.lstrip("0") == str(set_control).lstrip("0"):
                return found.verdict
        return None if self.verdict is Verdict.PARTIALLY_ACCEPTED else self.verdict


def owed_acknowledgements(reading: Reading[Any]) -> tuple[int, ...]:
    """Which interchanges of a reading, counted from 0, a 997 must answer: those with a group, and a sender to address.

    A 997 itself is never answered.
    """
    nobody = CODES[Fault.INTERCHANGE_PARTY_INVALID][1]
    return tuple(
        place
        for place, received in enumerate(reading.facts.get("interchanges", []))
        if any(group["code"] != _GROUP for group in received["groups"])
        and not any(note["code"] == nobody for note in received["notes"])
    )


def write_functional_acknowledgement(
    reading: Reading[Any], *, control_number: int, now: datetime, interchange: int = 0
) -> bytes:
    """The 997s, one for each group of one interchange of a reading, back to its sender in one interchange.

    `interchange` is one of `owed_acknowledgements`; `control_number` is both ISA13 and GS06. Raises Refused when nothing is
    owed there.
    """
    if interchange not in owed_acknowledgements(reading):
        raise Refused(
            f"Interchange {interchange} of this reading has no group to acknowledge, or no sender to address; "
            f"a 997 is never answered by a 997."
        )
    groups = reading.facts["interchanges"][interchange]["groups"]
    owed = [place for place, group in enumerate(groups) if group["code"] != _GROUP]
    received = returns_to(reading.facts, interchange, owed[0])
    envelope = Envelope.answering(received, control_number=control_number, now=now)
    bodies = [_group_segments(groups[place], envelope) for place in owed]
    sets = [write_set(envelope.separators, "997", number, body) for number, body in enumerate(bodies, 1)]
    return write_interchange(envelope, _GROUP, sets)


def verdict_of(notes: Sequence[Mapping[str, Any]]) -> Verdict:
    """The verdict that the faults recorded of a set call for."""
    if any(note["severity"] == Severity.ERROR for note in notes):
        return Verdict.REJECTED
    return Verdict.ACCEPTED_WITH_ERRORS if notes else Verdict.ACCEPTED


def read_functional_acknowledgements(content: bytes) -> Reading[FunctionalAcknowledgement]:
    """Every 997 in the bytes. What is wrong is a finding."""
    from trueup.formats.x12.registry import known_sets

    journal = Journal(frozenset())
    values = []
    for received in read_sets(content, known_sets(), journal):
        if received.code != "997":
            words = f"set {received.code} is not a functional acknowledgement; another format reads it"
            journal.find(Finding(Severity.WARNING, "other-set", words, Location(received.offsets[0], received.where)))
        elif received.sound:
            values.append(_read(received, journal.facts["interchanges"][-1]["sender"][1]))
    return Reading(digest_of(content), "x12-997", tuple(values), tuple(journal.findings), journal.facts)


def _group_segments(group: Mapping[str, Any], envelope: Envelope) -> list[tuple[str, ...]]:
    control = group["control"].lstrip("0") or "0"
    if not control.isascii() or not control.isdigit() or len(control) > 9:
        control = "0"  # AK102 must be a number; the error in AK9 says that theirs was none
    segments: list[tuple[str, ...]] = [("AK1", _clean(group["code"], envelope, 2).rjust(2, "Z"), control)]
    verdicts = []
    refused = any(note["code"] in ("716:1", "716:2") for note in group["notes"])
    for found in group["sets"]:
        verdict = Verdict.REJECTED if refused else verdict_of(found["notes"])
        verdicts.append(verdict)
        segments += _set_segments(found, verdict, envelope)
    accepted = sum(verdict.is_accepted for verdict in verdicts)
    codes = _codes(group["notes"], "716")
    included = group["declared"] if group["declared"] is not None else len(verdicts)
    if not accepted:
        overall = Verdict.REJECTED
    elif accepted < len(verdicts):
        overall = Verdict.PARTIALLY_ACCEPTED
    else:
        errors = codes or Verdict.ACCEPTED_WITH_ERRORS in verdicts
        overall = Verdict.ACCEPTED_WITH_ERRORS if errors else Verdict.ACCEPTED
    counts = (str(min(included, 999_999)), str(len(verdicts)), str(accepted))
    segments.append(("AK9", overall.value, *counts, *codes))
    return segments


def _set_segments(found: Mapping[str, Any], verdict: Verdict, envelope: Envelope) -> list[tuple[str, ...]]:
    code, number = _clean(found["code"], envelope, 3), _clean(found["control"], envelope, 9)
    segments: list[tuple[str, ...]] = [("AK2", code.rjust(3, "0"), number.rjust(4, "0"))]
    located = [note for note in found["notes"] if note["code"][:3] in ("720", "723")]
    located.sort(key=_where)
    for (position, tag), group in groupby(located, key=_where):
        notes = list(group)
        codes = _codes(notes, "720")
        elements = [note for note in notes if note["code"].startswith("723")]
        if elements:
            codes = [*codes[: _MOST_CODES - 1], SEGMENT_HAS_ELEMENT_ERRORS]
        loop = _clean(notes[0].get("loop", "").rpartition("/")[2], envelope, 6)
        segments.append(("AK3", _clean(tag, envelope, 3).ljust(2, "Z"), str(position), loop, *codes))
        segments += [_element_segment(note, envelope) for note in elements[:99]]
    codes = _codes(found["notes"], "718")
    if located and verdict is Verdict.REJECTED and "5" not in codes:
        codes = [*codes[: _MOST_CODES - 1], "5"]
    segments.append(("AK5", verdict.value, *codes))
    return segments


def _where(note: Mapping[str, Any]) -> tuple[int, str]:
    return note["segment"], note.get("tag", "")


def _element_segment(note: Mapping[str, Any], envelope: Envelope) -> tuple[str, ...]:
    component = note.get("component", 0)
    position = f"{note['element']}{envelope.separators.component}{component}" if component else str(note["element"])
    reference = note.get("reference", "")
    copy = note.get("copy", "")
    clean = _clean(copy, envelope, 99)
    return (
        "AK4",
        position,
        reference if reference.isdigit() else "",
        note["code"][4:],
        clean if clean == copy[:99] else "",
    )


def _codes(notes: Sequence[Mapping[str, Any]], element: str) -> list[str]:
    """The distinct codes of one element of the 997, in the order found, at most as many as there is room for."""
    codes = dict.fromkeys(note["code"][4:] for note in notes if note["code"].startswith(element + ":"))
    return list(codes)[:_MOST_CODES]


def _clean(text: str, envelope: Envelope, longest: int) -> str:
    """Their text as far as ours may carry it: no separators, printable ASCII, so long."""
    return "".join(sign for sign in text if " " <= sign <= "~" and sign not in envelope.separators)[:longest]


def _read(received: ReceivedSet, sender: str) -> FunctionalAcknowledgement:
    header, trailer = [""] * 12, [""] * 12
    sets: list[AcknowledgedSet] = []
    objections: list[Objection] = []
    opened, place = ["", "", ""], (0, "")
    for node, elements in zip(received.checked.nodes, received.checked.segments, strict=True):
        values = elements + [""] * 12
        match node.use.tag if node else "":
            case "AK1":
                header = values
            case "AK2":
                opened, objections = values, []
            case "AK3":
                place = (int(values[2][:10]), values[1])
                codes = [code for code in values[4:9] if code and code != SEGMENT_HAS_ELEMENT_ERRORS]
                objections += [_objection("720", code, place) for code in codes]
            case "AK4":
                element = values[1].replace(received.separators.component, ", component ")
                objections.append(_objection("723", values[3], place, element, values[4]))
            case "AK5":
                objections += [_objection("718", code) for code in values[2:7] if code]
                sets.append(AcknowledgedSet(opened[1], opened[2], _verdict(values[1]), tuple(objections)))
            case "AK9":
                trailer = values
    return FunctionalAcknowledgement(
        sender=sender,
        group_code=header[1],
        group_control_number=int(header[2][:9]),
        verdict=_verdict(trailer[1]),
        included_count=int(trailer[2][:9]),
        received_count=int(trailer[3][:9]),
        accepted_count=int(trailer[4][:9]),
        objections=tuple(_objection("716", code) for code in trailer[5:10] if code),
        sets=tuple(sets),
    )


def _verdict(code: str) -> Verdict:
    try:
        return Verdict(code)
    except ValueError:
        return Verdict.REJECTED


def _objection(
    element: str, code: str, place: tuple[int, str] = (0, ""), position: str = "", copy: str = ""
) -> Objection:
    known = f"{element}:{code}"
    return Objection(known, WORDS.get(known, "an error this release has no word for"), *place, position, copy)
