"""Deduction rules: how finance has lines read that no type knows, each version with who proposed and who approved it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Day, Instant, Listed, Number, Page, Paging, Price, Shape
from trueup.base.money import Money
from trueup.storage.views import rules as views
from trueup.workflows.draft_rules import demand_short
from trueup.workflows.past_lines import list_of_trial, look_past

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


_PAST = {
    "remittance": 12,
    "partner": "amazon-us",
    "payment": "71650102",
    "paid_on": "2026-11-12",
    "line": 88,
    "reference": "XQZ 77 WHAT",
    "amount": {"amount": "-10.00", "currency": "USD"},
    "before": "unrecognised",
    "after": "co-op",
    "wrong": False,
}


class PastLine(Shape, json_schema_extra={"examples": [_PAST]}):
    """A past line that a rule would change: what it is now, and would be. `after`: "" where no type is chosen yet."""

    remittance: int
    partner: str
    payment: str
    paid_on: Day
    line: int
    reference: str
    amount: Price
    before: str
    after: str
    wrong: bool
    """It would change what is posted, or have the line wait that did not."""


_PAST_LINES = {
    "field": "reference",
    "pattern": "XQZ 9+ WHAT",
    "lines_read": 31,
    "would_explain": 29,
    "would_get_wrong": 2,
    "answered_otherwise": 0,
    "explained": [{"amount": "-812.40", "currency": "USD"}],
    "items": [{**_PAST, "after": ""}],
}


class PastLines(Shape, json_schema_extra={"examples": [_PAST_LINES]}):
    """How past lines read like those of a case, before anybody says what they are."""

    field: str
    pattern: str
    lines_read: int
    would_explain: int
    would_get_wrong: int
    answered_otherwise: int
    """What a person or reconciliation said of these stands above every rule."""
    explained: list[Price]
    """The money of those that it would explain."""
    items: list[PastLine]
    """The first of them, what a rule would get wrong first."""


_POSTED = {
    "entry": 41,
    "number": 3,
    "day": "2026-11-12",
    "rule": "rule-3 v1",
    "account": "6120",
    "amount": {"amount": "10.00", "currency": "USD"},
    "reference": "XQZ 77 WHAT",
    "remittance": 12,
    "payment": "71650102",
    "line": 88,
}


class PostedLine(Shape, json_schema_extra={"examples": [_POSTED]}):
    """A line of the journal that a rule posted."""

    entry: int
    number: int
    day: Day
    rule: str
    account: str
    amount: Price
    reference: str
    remittance: int | None
    payment: str | None
    line: int


def list_past_lines(call: Calling, case: Number) -> PastLines:
    """Tell how many past lines a rule by the form of a case's lines would read: which it would explain, and which get wrong."""
    call.desk.act(True, demand_short)
    counted, rows = call.desk.act(True, look_past, case)
    return PastLines.model_validate(
        {
            "field": counted.form.field.value,
            "pattern": counted.form.pattern,
            "lines_read": counted.read,
            "would_explain": counted.explained,
            "would_get_wrong": counted.wrong,
            "answered_otherwise": counted.answered,
            "explained": list(counted.moved),
            "items": rows,
        }
    )


def list_rule_lines(call: Calling, rule: RuleId) -> Listed[PastLine]:
    """List past lines that the newest version of a rule would change, what it would get wrong first."""
    call.desk.act(True, demand_short)
    rows = call.desk.act(True, list_of_trial, rule, None)
    return Listed[PastLine](items=[PastLine.model_validate(row) for row in rows])


def list_posted(call: Calling, rule: RuleId, asked: Annotated[Paging, Query()]) -> Page[PostedLine]:
    """List the lines of the journal that a rule has posted, the latest first; each names the version."""
    with call.look() as connection:
        paged = views.page_posted(connection, rule, None, asked.at, asked.limit)
    rows = [
        {
            "entry": row["entry_id"],
            "amount": Money(row["minor"], row["currency"]),
            "remittance": row["remittance_id"],
            "line": row["source_line"],
            "day": row["day"].isoformat(),
            **{name: row[name] for name in ("number", "rule", "account", "reference", "payment")},
        }
        for row in paged.rows
    ]
    return call.page(PostedLine, rows, paged.after)


RESOURCE = Resource(
    "rules",
    "Deduction rules",
    (
        Operation("/rules", list_rules),
        Operation("/rules/{rule}", get_rule),
        Operation("/rules/{rule}/lines", list_rule_lines),
        Operation("/rules/{rule}/posted", list_posted),
        Operation("/cases/{case}/past-lines", list_past_lines),
    ),
)
