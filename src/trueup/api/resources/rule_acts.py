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
from trueup.workflows.draft_rules import WantedRule, try_wanted
from trueup.workflows.keep_rules import approve_rule, propose_rule, reject_rule
from trueup.workflows.try_rules import tried_json
from trueup.workflows.world import Tx

_EFFECT = {
    "before": "unrecognised",
    "after": "co-op",
    "lines": 31,
    "money": {"amount": "-812.40", "currency": "USD"},
    "example": "XQZ 77",
    "wrong": False,
}
_TRIAL = {"lines_looked_at": 1240, "lines_read": 31, "effects": [_EFFECT], "conflicts": []}


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
    instead_of: int = Field(0, ge=0, le=10**6)
    """The version of `replaces` that waits for its review and is edited by this one; 0 where none waits."""


class Reviewing(Told, json_schema_extra={"examples": [{"note": "Checked against October."}]}):
    """What the reviewer says, and of which version."""

    note: Text = ""
    seen: int | None = Field(None, ge=1, le=10**6)
    """The version that was looked at: another one, which was proposed meanwhile, is not approved unseen."""


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


class Effect(
    Shape,
    json_schema_extra={"examples": [_EFFECT]},
):
    """So many lines that are `before` would be `after`. `wrong`: they are posted otherwise, or would become ambiguous."""

    before: str
    after: str
    lines: int
    money: Price
    example: str
    wrong: bool


class Trial(Shape, json_schema_extra={"examples": [_TRIAL]}):
    """What a rule would do to lines of history. `conflicts`: the types it would rival with."""

    lines_looked_at: int
    lines_read: int
    effects: list[Effect]
    conflicts: list[str]


class DraftTried(
    Shape,
    json_schema_extra={
        "examples": [{"history": _TRIAL, "own_days": _TRIAL, "replaced": None, "answered_otherwise": 2}]
    },
):
    """A draft tried on all history and in its own days; `replaced`: the version in force on the same lines.

    `answered_otherwise`: lines it reads that stay what a person or reconciliation said.
    """

    history: Trial
    own_days: Trial
    replaced: Trial | None
    answered_otherwise: int


def propose(call: Calling, told: Proposing, dry_run: DryRun = False, key: Key = None) -> RuleVersion:
    """Propose a rule. It does nothing until a second person approves it."""
    wanted = WantedRule(**told.model_dump())

    def act(tx: Tx) -> RuleVersion:
        return RuleVersion.model_validate(rule_json(propose_rule(tx, wanted, call.person)))

    return call.once(act, key, dry_run=dry_run)


def try_draft(call: Calling, told: Proposing) -> DraftTried:
    """Try on all history what is not proposed yet: what it would explain, and what it would get wrong. Nothing is kept."""
    wanted = WantedRule(**told.model_dump())
    tried = call.desk.act(True, try_wanted, wanted, call.person)
    return DraftTried.model_validate(tried_json(tried))


def approve_proposed_rule(
    call: Calling, rule: RuleId, told: Reviewing, dry_run: DryRun = False, key: Key = None
) -> RuleBooked:
    """Approve a rule as the second person: it is in force, and what waited for it is booked again.

    A rule that would change what is posted, or make lines ambiguous, is refused. `dry_run` tells what it would do.
    """

    def act(tx: Tx) -> RuleBooked:
        done = approve_rule(tx, rule, call.person, told.note, told.seen)
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
        Operation("/rule-trials", try_draft, "rules.propose", "POST"),
        Operation("/rules/{rule}/approval", approve_proposed_rule, "rules.approve", "POST"),
        Operation("/rules/{rule}/rejection", reject_proposed_rule, "rules.propose", "POST"),
    ),
)
