"""Access to look at: what the last test of a connection found, until when each credential holds, and when it was used last.

Never tested is unknown, not good. A credential whose end no system tells, but whose kind lives for a documented while, ends at the
latest so long after it was sealed here: it was not made later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import read_instant
from trueup.storage.connection_tests import Tested, newest_tests
from trueup.storage.secrets import secrets
from trueup.storage.sources import list_sources
from trueup.storage.views.read_backs import list_read_backs

SOON = timedelta(days=30)
_SEALED = "sealed:"


@dataclass(frozen=True, slots=True)
class Held:
    """A credential: where it is kept, and its end. `latest`: no later than `ends_at`. `renewed`: it is fetched anew
    by itself. `how`: by what that is known, or why not."""

    name: str
    kept: str
    ends_at: datetime | None
    latest: bool
    forever: bool
    renewed: bool
    how: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a connection was used for last, and when that was known to have worked: read there, or read back."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """One connection. `tested` is None for one that never was. `used` has its latest reading and its latest read-back."""

    name: str
    tested: Tested | None
    credentials: tuple[Held, ...]
    used: tuple[Use, ...]

    @property
    def amiss(self) -> int:
        """How many answers of the last test ask for something to be done."""
        return sum(each["verdict"] in ("missing", "fails") for each in self.tested.found) if self.tested else 0

    @property
    def state(self) -> str:
        """The colour of the last test."""
        if self.tested is None:
            return "idle"
        verdicts = {each["verdict"] for each in self.tested.found}
        if "fails" in verdicts:
            return "bad"
        # What was not tried, or is not offered, shows nothing: something has to have worked.
        return "warn" if "missing" in verdicts else "ok" if "works" in verdicts else "idle"

    @property
    def word(self) -> str:
        """The last test in words."""
        if self.tested is None:
            return "Unknown, never tested"
        if self.amiss:
            return f"{self.amiss} of {len(self.tested.found)} amiss"
        return "Works" if self.state == "ok" else "Unknown, nothing could be tried"

    @property
    def last(self) -> Use | None:
        """The latest use of all."""
        return max(self.used, key=lambda each: each.at, default=None)

    @property
    def ends_first(self) -> Held | None:
        """Of those that a person has to renew and whose end is known, the one that ends first."""
        known = [(each.ends_at, each) for each in self.credentials if each.ends_at and not each.renewed]
        return min(known, key=lambda each: each[0], default=(None, None))[1]

    @property
    def untold(self) -> tuple[Held, ...]:
        """Those whose end nobody knows."""
        return tuple(each for each in self.credentials if each.ends_at is None and not each.forever)

    def counted(self, standing: str) -> int:
        """How many of the scopes and roles that were asked about stand so."""
        return sum(each["standing"] == standing for each in self.tested.grants) if self.tested else 0


def ends_state(held: Held, now: datetime) -> str:
    """The colour of a credential: one that ends within thirty days is due."""
    if held.ends_at is None:
        return "ok" if held.forever else "idle"
    if held.renewed:
        return "ok" if held.ends_at > now else "idle"
    return "bad" if held.ends_at <= now else "warn" if held.ends_at - now <= SOON else "ok"


def list_access(
    connection: sa.Connection, names: Sequence[str], told: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Access]:
    """Of each connection, in that order. `told`: the credentials of those that were never tested, as they say by themselves."""
    tests = newest_tests(connection, names)
    sealed = {row.name: row.saved_at for row in connection.execute(sa.select(secrets.c.name, secrets.c.saved_at))}
    uses: dict[str, dict[str, Use]] = {}
    for source in list_sources(connection):
        if source["last_success_at"] is not None:
            _later(uses, source["name"], "read", Use(source["query"].replace("-", " "), source["last_success_at"]))
    for each in list_read_backs(connection):
        _later(uses, each.connection, "read back", Use(f"{each.what} read back", each.at))
    return [
        Access(
            name,
            tests.get(name),
            tuple(_held(each, sealed) for each in (tests[name].credentials if name in tests else told.get(name, ()))),
            tuple(uses.get(name, {}).values()),
        )
        for name in names
    ]


def _later(uses: dict[str, dict[str, Use]], name: str, kind: str, use: Use) -> None:
    known = uses.setdefault(name, {}).get(kind)
    if known is None or known.at < use.at:
        uses[name][kind] = use


def _held(told: Mapping[str, Any], sealed: Mapping[str, datetime]) -> Held:
    kept, how, lives = told["kept"], told["how"], told["lives_days"]
    ends_at = read_instant(told["ends_at"]) if told["ends_at"] else None
    since = sealed.get(kept.removeprefix(_SEALED)) if kept.startswith(_SEALED) else None
    if ends_at is None and lives is not None and since is not None:
        how = f"it was sealed here on {since:%Y-%m-%d} and such a thing lives {lives} days from when it was made. {how}"
        return Held(told["name"], kept, since + timedelta(days=lives), True, False, False, how)
    return Held(told["name"], kept, ends_at, False, told["forever"], told["renewed"], how)
