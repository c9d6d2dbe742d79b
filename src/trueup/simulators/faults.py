"""Lies and accidents that any simulator can be told to have: when one strikes, and how often one did."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from trueup.base.errors import Invalid


@dataclass(slots=True)
class Fault:
    """One thing to go wrong: for `operation` (None is any), `count` times (None is always), each time with `probability`.
    `seconds`, `status` and `mode` mean what the kind says. A simulator's own Fault names its KINDS. Raises Invalid."""

    KINDS: ClassVar[frozenset[str]] = frozenset()

    kind: str
    operation: str | None = None
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 0
    mode: str = ""

    def __post_init__(self) -> None:
        if self.kind not in self.KINDS:
            raise Invalid(f"Fault {self.kind!r}: expected one of {', '.join(sorted(self.KINDS))}.")
        if not 0 <= self.probability <= 1:
            raise Invalid(f"Fault {self.kind}: probability {self.probability} is not between 0 and 1.")


class Faults:
    """The faults that are set, drawn from as things happen. Draws come from the seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._set: list[Fault] = []
        self.struck: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        """Set one more."""
        self._set.append(fault)

    def clear(self, kind: str | None = None) -> None:
        """Remove those of a kind, or all."""
        self._set = [fault for fault in self._set if kind is not None and fault.kind != kind]

    def strike(self, kind: str, operations: Iterable[str] = ()) -> Fault | None:
        """The fault of a kind that hits one of the operations now, used up by one; None if none does."""
        if not self._set:
            return None
        names = set(operations)
        for fault in self._set:
            if fault.kind != kind or (fault.operation is not None and fault.operation not in names):
                continue
            if fault.probability < 1 and self._chance.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self._set.remove(fault)
            self.struck[kind] = self.struck.get(kind, 0) + 1
            return fault
        return None

    def listing(self) -> list[dict[str, Any]]:
        """What is set."""
        return [asdict(fault) for fault in self._set]
