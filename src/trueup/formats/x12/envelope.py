"""The envelopes of X12: whom an interchange is from and for, its numbers, and how one is written around sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trueup.base.clock import aware_utc
from trueup.base.errors import Invalid
from trueup.formats.edi.syntax import Separators
from trueup.formats.x12.syntax import write_segment

_USUAL = Separators()
VERSIONS = {"004010": "00401", "005010": "00501"}
"""ISA12 that belongs to a release. Written so; never read, because what is in the wild there does not follow GS08."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that stands around sets. Control numbers are handed in: whoever counts them per partner leaves no gap.

    `sender` and `receiver` are (qualifier, id) of ISA05 to ISA08; the group's are GS02 and GS03. `usage` is P or T.
    """

    sender: tuple[str, str]
    receiver: tuple[str, str]
    group_sender: str
    group_receiver: str
    interchange_control: int
    group_control: int
    at: datetime
    release: str = "004010"
    usage: str = "P"
    separators: Separators = _USUAL
    encoding: str = "utf-8"

    @classmethod
    def answering(cls, received: Mapping[str, Any], *, control_number: int, now: datetime) -> Envelope:
        """The envelope back to a sender: ids swapped, separators, release and usage kept, both control numbers the one given.

        `received` is what `returns_to` made of the envelopes that came.
        """
        marks, release = received["separators"], received["release"][:6]
        sender, receiver = received["sender"], received["receiver"]
        return cls(
            sender=(receiver[0], receiver[1]),
            receiver=(sender[0], sender[1]),
            group_sender=received["group_receiver"] or receiver[1],
            group_receiver=received["group_sender"] or sender[1],
            interchange_control=control_number,
            group_control=control_number,
            at=now,
            release=release if release in VERSIONS else "004010",
            usage=received["usage"] if received["usage"] in ("P", "T") else "P",
            separators=Separators(marks["segment"], marks["element"], marks["component"], marks["repetition"]),
            encoding="latin-1" if received["encoding"] == "latin-1" else "utf-8",
        )

    def __post_init__(self) -> None:
        for name, number, most in (
            ("interchange", self.interchange_control, 999_999_999),
            ("group", self.group_control, 999_999_999),
        ):
            if not 0 < number <= most:
                raise Invalid(f"Envelope: {name} control number {number}, expected 1 to {most}.")
        for name, (qualifier, code) in (("sender", self.sender), ("receiver", self.receiver)):
            if len(qualifier) != 2 or not 0 < len(code) <= 15:
                raise Invalid(
                    f"Envelope: {name} {qualifier!r} {code!r}; expected a qualifier of two characters and an id of at most 15."
                )


def returns_to(facts: Mapping[str, Any], interchange: int, group: int) -> dict[str, Any]:
    """What an answer must know of the envelopes it answers, as JSON, from the facts of a Reading."""
    around = facts["interchanges"][interchange]
    inside = around["groups"][group] if around["groups"] else {}
    return {
        "sender": around["sender"],
        "receiver": around["receiver"],
        "group_sender": inside.get("sender", ""),
        "group_receiver": inside.get("receiver", ""),
        "release": inside.get("release", ""),
        "usage": around["usage"],
        "separators": around["separators"],
        "encoding": facts["encoding"],
    }


def write_set(separators: Separators, code: str, control: int, segments: Sequence[Sequence[str]]) -> str:
    """ST, the segments, and SE with their count."""
    number = f"{control:04}"
    body = [("ST", code, number), *segments, ("SE", str(len(segments) + 2), number)]
    return "".join(write_segment(separators, *elements) for elements in body)


def write_interchange(envelope: Envelope, group_code: str, sets: Sequence[str]) -> bytes:
    """One interchange with one group of sets already written. Raises Invalid when an id holds a separator."""
    marks, at = envelope.separators, aware_utc(envelope.at)
    version = VERSIONS[envelope.release]
    repeats = marks.repetition or "U" if version >= "00402" else "U"
    control = f"{envelope.interchange_control:09}"
    header = write_segment(
        Separators(
            marks.segment, marks.element, "", ""
        ),  # the component separator and the repeat stand here as themselves
        "ISA",
        *("00", " " * 10, "00", " " * 10),
        *(envelope.sender[0], envelope.sender[1].ljust(15), envelope.receiver[0], envelope.receiver[1].ljust(15)),
        *(f"{at:%y%m%d}", f"{at:%H%M}", repeats, version, control, "0", envelope.usage, marks.component),
    )
    number = str(envelope.group_control)
    group = write_segment(
        Separators(marks.segment, marks.element, "", ""),
        *("GS", group_code, envelope.group_sender, envelope.group_receiver, f"{at:%Y%m%d}", f"{at:%H%M}", number, "X"),
        envelope.release,
    )
    trailers = write_segment(marks, "GE", str(len(sets)), number) + write_segment(marks, "IEA", "1", control)
    return (header + group + "".join(sets) + trailers).encode(envelope.encoding)
