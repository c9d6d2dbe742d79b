"""Acts on deduction rules: propose one, approve or reject what another proposed."""

from __future__ import annotations

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.rules import EXAMPLE, RuleId, RuleVersion
from trueup.api.shapes import AskedDay, DryRun, Key, Line, Price, Shape, Text, Told
from trueup.domain.deduction import Direction
from trueup.domain.deduction_rules import RuleField, RuleForm
from trueup.storage.views.rules import rule_json
from trueup.workflows.keep_rules import WantedRule, approve_rule, propose_rule, reject_rule
from trueup.workflows.world import Tx


class Proposing(
    Told,
    json_schema_extra={
        "examples": [{"field": "reference", "form": "prefix", "pattern": "XQZ", "type": "co-op", "note": "New code."}]
    },
):
    """A rule as it is wanted: lines whose `field` compares so with `pattern` are of that type."""

    field: RuleField
    form: RuleForm
    pattern: Line
    type: Line
    """A deduction type that there is."""
    direction: Direction | None = None
    payee: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    valid_from: AskedDay | None = None
    """For every payment, whenever it was made, when it is not said."""
    valid_to: AskedDay | None = None
    account: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    note: Text = ""
    replaces: str = Field("", max_length=40, pattern=r"^[^\x00]*$")
    """The rule that this is a new version of."""
    case: int | None = Field(None, ge=1, le=2**63 - 1)
    """The case it follows from."""


class Reviewing(Told, json_schema_extra={"examples": [{"note": "Checked against October."}]}):
    """What the reviewer says."""

    note: Text = ""


class RuleBooked(
    Shape,
    json_schema_extra={
        "examples": [
            {"rule": {**EXAMPLE}, "payments": 3, "lines": 31, "amounts": [{"amount": "812.40", "currency": "USD"}]}
        ]
    },
):
    """A rule in force, how many payments were booked anew with it, and what left suspense."""

    rule: RuleVersion
    payments: int
    lines: int
    amounts: list[Price]


def propose(call: Calling, told: Proposing, dry_run: DryRun = False, key: Key = None) -> RuleVersion:
    """Propose a rule. It does nothing until a second person approves it."""
    wanted = WantedRule(**told.model_dump())

    def act(tx: Tx) -> RuleVersion:
        return RuleVersion.model_validate(rule_json(propose_rule(tx, wanted, call.person)))

    return call.once(act, key, dry_run=dry_run)


def approve_proposed_rule(
    call: Calling, rule: RuleId, told: Reviewing, dry_run: DryRun = False, key: Key = None
) -> RuleBooked:
    """Approve a rule as the second person: it is in force, and what waited for it is booked again.

    A rule that would change what is posted, or make lines ambiguous, is refused. `dry_run` tells what it would do.
    """

    def act(tx: Tx) -> RuleBooked:
        done = approve_rule(tx, rule, call.person, told.note)
        shown = RuleVersion.model_validate(rule_json(done.saved))
        booked = {"rule": shown, "payments": done.payments, "lines": done.lines, "amounts": done.amounts}
        return RuleBooked.model_validate(booked)

    return call.once(act, key, dry_run=dry_run)


def reject_proposed_rule(call: Calling, rule: RuleId, told: Reviewing, key: Key = None) -> RuleVersion:
    """Reject a rule that waits, or take one's own back."""

    def act(tx: Tx) -> RuleVersion:
        return RuleVersion.model_validate(rule_json(reject_rule(tx, rule, call.person, told.note)))

    return call.once(act, key)


RESOURCE = Resource(
    "rule-acts",
    "Deduction rules",
    (
        Operation("/rules", propose, "rules.propose", "POST", 201),
        Operation("/rules/{rule}/approval", approve_proposed_rule, "rules.approve", "POST"),
        Operation("/rules/{rule}/rejection", reject_proposed_rule, "rules.propose", "POST"),
    ),
)
