"""Keep how a person wants to see things: their locale, time zone, density, and whether letters are keys."""

from __future__ import annotations

from typing import Any

from trueup.storage import people
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


def keep_preferences(tx: Tx, person: Person, wanted: dict[str, Any]) -> None:
    """Change these, and keep the others. It is nobody else's business, so no act records it."""
    known = people.load_preferences(tx.connection, person.name)
    people.save_preferences(tx.connection, person.name, known | wanted)
