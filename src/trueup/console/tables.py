"""Tables and filters of pages: what columns there are, which rows are shown, and how the address says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid
from trueup.console.drawing import query

if TYPE_CHECKING:
    from trueup.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is called, how its cells stand, and the sort that its heading asks for."""

    label: str
    kind: Literal["text", "number", "mark"] = "text"
    sort: str = ""
    spare: bool = False
    """Left away on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, in words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing to filter by: a list to choose from, or text, a day or a month where there are no choices."""

    name: str
    label: str
    choices: Sequence[Choice] = ()
    kind: Literal["search", "date", "month"] = "search"


@dataclass(frozen=True, slots=True)
class State:
    """What the address says: filters, sort, tab, row. `address` leads back to all of it."""

    path: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def to(self, **changes: Any) -> str:
        """The address with these changes. Whatever is changed but the row and the place, begins at the first page."""
        merged: dict[str, Any] = dict(self.values)
        if changes.keys() - {"row", "at"}:
            merged.pop("at", None)
        said = query(merged, **changes)
        return self.path if said == "?" else self.path + said

    @property
    def filtered(self) -> bool:
        """Whether anything but the sort is said."""
        return any(value for name, value in self.values.items() if name not in ("sort", "row", "at", "tab"))


def state_of(visit: Visit, *names: str) -> State:
    """The values that the address gives to these names."""
    values = {name: visit.asked(name) for name in names}
    return State(visit.request.url.path, {name: value for name, value in values.items() if value})


def read_day(text: str, name: str = "Day") -> date | None:
    """A day that a filter or a field says, None where it says nothing. Raises Invalid."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"{name} {text!r}: expected a day such as 2026-10-31.") from None


def read_since(text: str) -> datetime | None:
    """A moment of the address; none where it says none, or one that cannot be read."""
    try:
        return read_instant(text) if text else None
    except ValueError:
        return None
