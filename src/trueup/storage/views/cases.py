"""Cases to look at: a queue by money, deadline or age, and one case whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.domain.cases import Case
from trueup.storage import acts
from trueup.storage.cases import case_of, cases

_SORTS = {
    "deadline": (cases.c.deadline.asc().nulls_last(), cases.c.id),
    "money": (cases.c.risk_minor.desc().nulls_last(), cases.c.id),
    "age": (cases.c.opened_at.asc(), cases.c.id),
}
SORTS = tuple(_SORTS)


def list_cases(
    connection: sa.Connection,
    *,
    state: str | None = "open",
    kind: str | None = None,
    owner: str | None = None,
    sort: str = "deadline",
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Cases of a state (None: all), of a kind or its beginning (`held.`), of an owner."""
    query = sa.select(cases).order_by(*_SORTS[sort]).limit(limit)
    if state:
        query = query.where(cases.c.state == state)
    if kind:
        query = query.where(cases.c.kind.startswith(kind, autoescape=True))
    if owner:
        query = query.where(cases.c.owner == owner)
    return [case_json(case_of(row), row) for row in connection.execute(query).mappings()]


def list_cases_about(connection: sa.Connection, kinds: Collection[str], subject: str) -> list[dict[str, Any]]:
    """Every case of these kinds about one thing, open or not, the oldest first."""
    query = sa.select(cases).where(cases.c.kind.in_(sorted(kinds)), cases.c.subject == subject).order_by(cases.c.id)
    return [case_json(case_of(row), row) for row in connection.execute(query).mappings()]


def show_case(connection: sa.Connection, case_id: int) -> dict[str, Any]:
    """One case and everything that happened to it. Raises NotFound."""
    row = connection.execute(sa.select(cases).where(cases.c.id == case_id)).mappings().first()
    if row is None:
        raise NotFound(f"Case {case_id}: no such case; `trueup cases list` shows them.")
    history = [
        {"at": _when(act["at"]), "who": act["actor"], "what": act["act"], "details": act["after"]}
        for act in reversed(acts.list_acts(connection, f"case {case_id}"))
    ]
    return {**case_json(case_of(row), row), "history": history}


def case_json(case: Case, row: Any) -> dict[str, Any]:
    """A case as plain JSON."""
    return {
        "id": case.id,
        "kind": case.draft.kind,
        "subject": case.draft.subject,
        "order_id": row["order_id"],
        "line": row["sequence"],
        "title": case.draft.title,
        "expected": case.draft.expected,
        "found": case.draft.found,
        "money_at_risk": str(case.draft.money_at_risk) if case.draft.money_at_risk else None,
        "deadline": _when(case.draft.deadline),
        "owner": case.draft.owner,
        "resolutions": [resolution.value for resolution in case.draft.resolutions],
        "state": case.state.value,
        "opened_at": _when(case.opened_at),
        "resolved_at": _when(case.resolved_at),
        "resolution": case.resolution,
        "resolved_by": case.resolved_by,
        "note": case.note,
        "evidence": case.draft.evidence or None,
    }


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
