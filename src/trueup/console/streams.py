"""How many streams of server-sent events are open: few at once, so that pages left open take no server down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST, MOST_OF_ONE = 60, 4
"""How many streams there are at once, of all and of one session; who comes after them sees the page without one."""


@dataclass(slots=True)
class Streams:
    """The streams that are open now, by session."""

    open: Counter[str] = field(default_factory=Counter)

    def enter(self, ticket: str) -> bool:
        """Whether there is room for one more."""
        if self.open.total() >= MOST or self.open[ticket] >= MOST_OF_ONE:
            return False
        self.open[ticket] += 1
        return True

    def leave(self, ticket: str) -> None:
        """It is over."""
        self.open[ticket] -= 1
        self.open += Counter()  # drops what came to nothing
