"""Where a case stands, in one word, as SQL: shown on rows, filtered by, and told by the API from one expression."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trueup.domain.cases import FORMING, CaseStanding, CaseState
from trueup.storage.case_talk import case_snoozes
from trueup.storage.cases import cases


def standing_of(now: datetime) -> sa.Case[str]:
    """One of `CaseStanding`: the first that holds."""
    return sa.case(
        (cases.c.state == CaseState.RESOLVED.value, CaseStanding.RESOLVED.value),
        (cases.c.merged_into.is_not(None), CaseStanding.MERGED.value),
        (cases.c.escalated_at.is_not(None), CaseStanding.ESCALATING.value),
        (cases.c.taken_up_at.is_not(None), CaseStanding.ONGOING.value),
        (cases.c.came_back_from.is_not(None), CaseStanding.REGRESSED.value),
        (cases.c.opened_at > now - FORMING, CaseStanding.NEW.value),
        else_=CaseStanding.ONGOING.value,
    )


def is_snoozed(now: datetime) -> sa.ColumnElement[bool]:
    """Put aside, its time not come, no worse than it was then, and not due before it would come back."""
    aside = sa.func.coalesce(case_snoozes.c.until > now, sa.false())
    return sa.and_(aside, cases.c.escalated_at.is_(None), sa.not_(_is_due_in_it()))


def why_back(now: datetime) -> sa.Case[str]:
    """Why a case that was put aside is back before its time: "worse" or "due"; null for any other."""
    aside = sa.func.coalesce(case_snoozes.c.until > now, sa.false())
    return sa.case(
        (sa.and_(aside, cases.c.escalated_at.is_not(None)), "worse"), (sa.and_(aside, _is_due_in_it()), "due")
    )


def _is_due_in_it() -> sa.ColumnElement[bool]:
    """Its deadline was put forward since: nobody could have put it aside beyond that."""
    overdue = cases.c.deadline <= case_snoozes.c.at
    return sa.func.coalesce(sa.and_(cases.c.deadline < case_snoozes.c.until, sa.not_(overdue)), sa.false())
