"""Approvals: the second person says yes to what a first one proposed, and it is carried out at once."""

from __future__ import annotations

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Key, Number, Shape
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.world import Tx


class Approved(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "proposal": 4,
                "act": "case.resolve",
                "subject": "case 2",
                "words": "case 2 resolved: reject",
                "dry_run": False,
            }
        ]
    },
):
    """What was carried out."""

    proposal: int
    act: str
    subject: str
    words: str
    dry_run: bool


def approve(call: Calling, proposal: Number, dry_run: DryRun = False, key: Key = None) -> Approved:
    """Approve a proposal as the second person.

    Who proposed it is refused, by whatever token. What it carries out takes its own permission too.
    """

    def act(tx: Tx) -> Approved:
        done = approve_proposal(tx, proposal, call.person)
        return Approved(proposal=proposal, act=done.act, subject=done.subject, words=done.words, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "approvals",
    "Acts and proposals",
    (Operation("/proposals/{proposal}/approval", approve, "proposals.approve", "POST"),),
)
