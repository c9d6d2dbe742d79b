"""Preview entries: an act of the books is done, and what it posted is told; where that is rolled back, it is what it would post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trueup.storage.views.journal import entries_after, last_entry
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WithEntries(Generic[T]):
    """What came of an act, and the entries that it posted, each with its lines."""

    done: T
    entries: tuple[dict[str, Any], ...]


def with_entries(tx: Tx, act: Callable[[Tx], T], person: Person) -> WithEntries[T]:
    """What the person's act does, and what it posts under their name. Raises what the act raises."""
    before = last_entry(tx.connection)
    done = act(tx)
    return WithEntries(done, tuple(entries_after(tx.connection, before, person.name)))
