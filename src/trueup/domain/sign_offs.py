"""Sign-offs of a close: who answers for a point of the checklist, who looked again, and whether that still stands.

A point that is proven signs itself. A red one is signed by nobody: what blocks it is said. What was signed and reads otherwise
since is suspended: it stays visible, and asks for a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from trueup.base.ids import Digest, digest_of_json
from trueup.domain.closing_checklist import Light, Point


class Standing(StrEnum):
    """Where a point of the checklist stands."""

    AUTOMATIC = "automatic"
    """Green: proven, so that nobody needs to say so."""
    BLOCKED = "blocked"
    """Red: it stands against closing, and cannot be signed."""
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    """Its owner answers for it; a second person has yet to look."""
    REVIEWED = "reviewed"
    SUSPENDED = "suspended"
    """Signed once; its balance changed since."""


@dataclass(frozen=True, slots=True)
class Task:
    """Whose point it is: who signs, who reviews, and by when; empty where nobody said."""

    owner: str = ""
    reviewer: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """Someone answers for a point as it read then. `figures`: the hash of how it read. `reviewed_by`: "" until a second person."""

    id: int
    point: str
    figures: str
    text: str
    by: str
    at: datetime
    note: str
    reviewed_by: str = ""
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A point with whose it is, its newest sign-off, and where it stands."""

    point: Point
    task: Task
    sign_off: SignOff | None
    standing: Standing

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to do something about it."""
        return self.standing in (Standing.BLOCKED, Standing.UNSIGNED, Standing.SIGNED, Standing.SUSPENDED)

    @property
    def blocks(self) -> bool:
        """Whether the month is not locked while it stands so, unless two persons say why it is all the same."""
        return self.is_open and (self.point.required or self.standing is Standing.BLOCKED)

    @property
    def why(self) -> str:
        """Why it is open, naming who has to do something about it; "" for what is not."""
        owner, reviewer = self.task.owner or "nobody", self.task.reviewer or "a second person"
        by = self.sign_off.by if self.sign_off else ""
        match self.standing:
            case Standing.BLOCKED:
                return f"{self.point.text} It cannot be signed before it is mended."
            case Standing.UNSIGNED:
                return (
                    f"Nobody answers for it yet; it is {owner}'s." if self.task.owner else "Nobody answers for it yet."
                )
            case Standing.SIGNED:
                return f"Signed by {by}; {reviewer} has yet to look again."
            case Standing.SUSPENDED:
                return f"It changed after {by} signed it, and must be signed anew."
            case Standing.AUTOMATIC | Standing.REVIEWED:
                return ""
            case never:
                assert_never(never)


def digest_of_point(point: Point) -> Digest:
    """How a point reads: another balance is another hash."""
    return digest_of_json({"name": point.name, "light": point.light.value, "text": point.text, "detail": point.detail})


def standing_of(point: Point, sign_off: SignOff | None) -> Standing:
    """Where a point stands, with its newest sign-off."""
    match point.light:
        case Light.RED:
            return Standing.BLOCKED
        case Light.GREEN:
            return Standing.AUTOMATIC
        case Light.YELLOW:
            if sign_off is None:
                return Standing.UNSIGNED
            if sign_off.figures != digest_of_point(point):
                return Standing.SUSPENDED
            return Standing.REVIEWED if sign_off.reviewed_by else Standing.SIGNED
        case never:
            assert_never(never)
