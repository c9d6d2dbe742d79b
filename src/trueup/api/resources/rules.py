"""Deduction rules: how finance has lines read that no type knows, each version with who proposed and who approved it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Day, Instant, Listed, Shape
from trueup.storage.views import rules as views

EXAMPLE = {
    "id": "R1",
    "version": 1,
    "state": "approved",
    "reads": "reference shape 0000SC",
    "field": "reference",
    "form": "shape",
    "pattern": "0000SC",
    "direction": "takes",
    "type": "co-op",
    "account": None,
    "payee": None,
    "valid_from": "2000-01-01",
    "valid_to": None,
    "case": None,
    "note": "",
    "proposed_by": "Fina",
    "proposed_at": "2026-11-20T10:00:00Z",
    "reviewed_by": "Bo Admin",
    "reviewed_at": "2026-11-20T11:00:00Z",
    "review_note": "",
    "retired_from": None,
    "retired_by": None,
}


class RuleVersion(Shape, json_schema_extra={"examples": [EXAMPLE]}):
    """A version of a rule. One in force is never edited: it gets another version, or is retired from a day on."""

    id: str
    version: int
    state: str
    reads: str
    field: str
    form: str
    pattern: str
    direction: str
    type: str
    account: str | None
    payee: str | None
    valid_from: Day
    valid_to: Day | None
    case: int | None
    note: str
    proposed_by: str
    proposed_at: Instant
    reviewed_by: str | None
    reviewed_at: Instant | None
    review_note: str
    retired_from: Day | None
    retired_by: str | None


_COUNTED = {**EXAMPLE, "lines_posted": 31, "last_hit": "2026-11-20"}


class CountedVersion(RuleVersion, json_schema_extra={"examples": [_COUNTED]}):
    """A version with how many lines it has posted, and the day of the last payment that one of them was in."""

    lines_posted: int
    last_hit: Day | None


class Rule(
    Shape,
    json_schema_extra={"examples": [{"id": "R1", "waits": False, "versions": [_COUNTED]}]},
):
    """A rule with all its versions. `waits`: the newest is not reviewed yet."""

    id: str
    waits: bool
    versions: list[CountedVersion]


RuleId = Annotated[str, Path(max_length=40, description="The rule's id.", examples=["rule-3"])]


def list_rules(
    call: Calling,
    state: Annotated[
        Literal["proposed", "approved", "rejected", "retired"] | None, Query(description="Versions that stand so.")
    ] = None,
) -> Listed[RuleVersion]:
    """List versions of deduction rules."""
    with call.look() as connection:
        rows: list[dict[str, Any]] = views.list_rules(connection, state)
    return Listed[RuleVersion](items=[RuleVersion.model_validate(row) for row in rows])


def get_rule(call: Calling, rule: RuleId) -> Rule:
    """Show one rule with all its versions."""
    with call.look() as connection:
        return Rule.model_validate(views.show_rule(connection, rule))


RESOURCE = Resource("rules", "Deduction rules", (Operation("/rules", list_rules), Operation("/rules/{rule}", get_rule)))
