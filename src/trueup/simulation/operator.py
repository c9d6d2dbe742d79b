"""The people of the simulated vendor: what they decide when they look at the open cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ALWAYS: Mapping[str, tuple[str, str]] = {
    "shop.differs": ("retry", "Somebody edited the order in the shop; bring it back to what is reserved."),
}
"""Kinds that are treated alike wherever they occur: resolution and note."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision about one case."""

    case: int
    resolution: str
    note: str


@dataclass(slots=True)
class Operator:
    """Decides what the plan says and leaves all else to the agreements' fallback. Each planned decision is made once."""

    planned: list[dict[str, Any]]
    made: list[Choice] = field(default_factory=list)

    def choose(self, cases: Iterable[Mapping[str, Any]]) -> list[Choice]:
        """Decisions about open cases as `trueup cases list --json` shows them."""
        chosen = []
        for case in cases:
            choice = self._choice(case)
            if choice is not None:
                chosen.append(choice)
        self.made += chosen
        return chosen

    def _choice(self, case: Mapping[str, Any]) -> Choice | None:
        if case["kind"] in _ALWAYS:
            if any(before.case == case["id"] for before in self.made):
                return None
            resolution, note = _ALWAYS[case["kind"]]
            return Choice(case["id"], resolution, note)
        for index, wanted in enumerate(self.planned):
            if wanted["kind"] == case["kind"] and wanted["order"] in case["subject"]:
                del self.planned[index]
                return Choice(case["id"], wanted["resolution"], wanted["note"])
        return None
