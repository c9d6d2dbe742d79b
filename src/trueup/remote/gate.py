"""The gate of a connection: asked before anything leaves, so that nothing has to remember that a person put it to rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

Gate: TypeAlias = Callable[[], None]
"""Returns, or raises Paused."""


class Guarded(Protocol):
    """What asks a gate before it touches another system: every connector does."""

    def guard(self, gate: Gate) -> None:
        """From now on the gate is asked first; what it raises is raised instead."""
        ...
