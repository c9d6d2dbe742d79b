"""Hints: what another system tells us by itself. A hint only says "look again"; what it carries is never taken for the news.

Deliveries are lost, doubled, late, out of order and forged. So a hint is checked for its sender, told once by its delivery's
id, and answered by reading what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class About(StrEnum):
    """What a hint says has changed."""

    STOCK = "stock"
    """`key` is the source's own id of the inventory item."""
    SALES_ORDER = "sales-order"
    """`key` is the source's own id of the order."""
    EXPORT = "export"
    """`key` is the source's own id of an export that ended."""
    CONNECTION = "connection"
    """`key` says in words what became of our access there."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to look at again."""

    about: About
    key: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What the head of a delivery says. `delivery` is its own id, kept by its repeats; `event` is shared by all deliveries of
    one action, so it tells of no doubles. `triggered_at` is the sender's word, and only that."""

    delivery: str
    event: str
    topic: str
    triggered_at: datetime | None


@runtime_checkable
class HintSource(Protocol):
    """A system that calls us."""

    @property
    def name(self) -> str: ...

    def recognise_hint(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Whose names of headers are in lower case. Raises Unauthorized for a delivery that the system did not sign, Invalid
        for one without an id or a topic."""
        ...

    def read_hint(self, hint: Hint, body: bytes) -> Sequence[Subject]:
        """What to look at again; nothing for a topic that does not concern us. Raises Unreadable."""
        ...
