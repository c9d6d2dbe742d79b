"""Access: by what a connection is let in, until when, and what it grants. What no system tells is unknown, and says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from trueup.base.secret import Secret
from trueup.remote.capability import Probe, Verdict


class Standing(StrEnum):
    """How a scope or a role stands. UNPROVEN: nothing that was asked needed it, or the answer said nothing about it."""

    GRANTED = "granted"
    MISSING = "missing"
    OPTIONAL = "not granted, not needed"
    UNPROVEN = "unknown"


@dataclass(frozen=True, slots=True)
class Grant:
    """A scope or a role by the name it has at the other system: what it is needed for, how it stands, and by what that is known."""

    name: str
    needed_for: tuple[str, ...]
    standing: Standing
    how: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret or a token that a connection shows.

    `kept` is where it is kept, such as `env:AMAZON_CLIENT_SECRET`; "" for what lives in memory alone. `ends_at` is what the system
    told; None where it tells none. `lives` is how long such a thing lives from the day it was made, where that is documented.
    `forever`: it has no end by itself; `renewed`: it is fetched anew by itself. `how` says how its end is known, or why it is not.
    """

    name: str
    kept: str
    ends_at: datetime | None
    how: str
    lives: timedelta | None = None
    forever: bool = False
    renewed: bool = False

    @classmethod
    def untold(cls, name: str, secret: Secret, how: str, lives: timedelta | None = None) -> Credential:
        """One whose end the system does not tell."""
        return cls(name, secret.kept, None, how, lives)


@runtime_checkable
class Credentialed(Protocol):
    """A connection that can say by what it is let in."""

    @property
    def name(self) -> str: ...

    def credentials(self) -> Sequence[Credential]:
        """Asks nobody: what the system told when it was asked last, as a probe does. Never raises, never shows a secret."""
        ...


def grants_of(probes: Iterable[Probe]) -> tuple[Grant, ...]:
    """What is granted, as the answers to a probe prove it, in the order it was asked. One answer that works proves the grant; one
    that is refused for want of it disproves it, whatever else works by another."""
    asked: dict[str, list[Probe]] = {}
    for probe in probes:
        if probe.grant:
            asked.setdefault(probe.grant, []).append(probe)
    return tuple(_grant(name, of_it) for name, of_it in asked.items())


def _grant(name: str, probes: Sequence[Probe]) -> Grant:
    needed_for = tuple(probe.ability for probe in probes)
    for verdict, standing in _STANDINGS:
        found = next((probe for probe in probes if probe.verdict is verdict), None)
        if found is not None:
            return Grant(name, needed_for, standing, found.found)
    return Grant(name, needed_for, Standing.UNPROVEN, probes[0].found)


_STANDINGS = (
    (Verdict.MISSING, Standing.MISSING),
    (Verdict.WORKS, Standing.GRANTED),
    (Verdict.UNAVAILABLE, Standing.OPTIONAL),
)
