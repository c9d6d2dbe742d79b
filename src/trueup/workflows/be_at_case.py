"""Be at a case: others see who has it open and who writes about it, so that two do not work on one matter unknowing.

It is no act and leaves no trail: it says where somebody is now, and is forgotten within seconds.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trueup.storage import case_presence, cases
from trueup.storage.case_presence import Present
from trueup.workflows.authority import demand_role
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


def come_to(tx: Tx, case_id: int, person: Person) -> None:
    """The person has it open. Raises NotFound."""
    cases.load_case(tx.connection, case_id)
    case_presence.open_at(tx.connection, person.name, case_id, tx.now)


def write_about(tx: Tx, case_id: int, person: Person) -> None:
    """The person writes about it. Raises NotFound, Refused (role)."""
    demand_role(person, "cases.discuss")
    cases.load_case(tx.connection, case_id)
    case_presence.write_at(tx.connection, person.name, case_id, tx.now)


def still_there(connection: sa.Connection, person: Person, now: datetime) -> tuple[int | None, list[Present]]:
    """The person's browser looks still: the case they have open, if any, and who else is there."""
    case_id = case_presence.stay(connection, person.name, now)
    return case_id, others_there(connection, person, case_id, now) if case_id is not None else []


def others_there(connection: sa.Connection, person: Person, case_id: int, now: datetime) -> list[Present]:
    """Who else has the case open."""
    return case_presence.others_at(connection, person.name, case_id, now)


__all__ = ["Present", "come_to", "others_there", "still_there", "write_about"]
