"""The course of a case: what it came to when somebody took it up, whether it is worse since, and what it was before.

Kept in the row of the case with each update of it, so that where ten thousand cases stand is read and filtered without looking
at their history. The rule is decision 0031 of Trueup.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trueup.domain.cases import FORMING

_HOURS = int(FORMING.total_seconds()) // 3600


def on_update(row: str) -> dict[str, str]:
    """What an update makes of the course, as SQL by column. `row`: how the statement names the row that is there; `:now`.

    While a case forms, what it comes to is what is expected of it; and money in another currency is compared with nothing.
    """
    forms = (
        f"({row}.taken_up_at IS NULL AND :now < {row}.opened_at + interval '{_HOURS} hours'"
        f" OR coalesce(excluded.risk_currency <> {row}.risk_currency, false))"
    )
    worse = f"abs(coalesce(excluded.risk_minor, 0)) > abs(coalesce({row}.known_minor, 0)) OR excluded.things > {row}.known_things"
    return {
        "known_minor": f"CASE WHEN {forms} THEN excluded.risk_minor ELSE {row}.known_minor END",
        "known_things": f"CASE WHEN {forms} THEN excluded.things ELSE {row}.known_things END",
        # What went to somebody because nobody had it stays with them until somebody takes it up.
        "escalated_at": (
            f"CASE WHEN {row}.escalated_to <> '' THEN {row}.escalated_at"
            f" WHEN NOT {forms} AND ({worse}) THEN coalesce({row}.escalated_at, :now) END"
        ),
    }


EARLIER = (
    "(SELECT max(e.id) FROM trueup.cases e WHERE e.kind = {kind} AND e.subject = {subject} AND e.state = 'resolved')"
)
"""The newest case of the same kind and subject that was resolved: a new one came back."""


def take_up(connection: sa.Connection, case_id: int, now: datetime) -> bool:
    """Somebody looked at it as it is: from now on only what comes on top is worse. Whether it was worse until now."""
    was = connection.execute(_WAS, {"case": case_id}).scalar()
    connection.execute(_TAKE_UP, {"case": case_id, "now": now})
    return was is not None


_WAS = sa.text("SELECT escalated_at FROM trueup.cases WHERE id = :case FOR UPDATE")
_TAKE_UP = sa.text(
    "UPDATE trueup.cases SET taken_up_at = :now, known_minor = risk_minor, known_things = things, escalated_at = NULL,"
    " escalated_to = '', escalated_why = ''"
    " WHERE id = :case"
)
