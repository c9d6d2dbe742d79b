"""Papers of claims: a proof of delivery, a bill of lading or a packing list is added to a claim as a file, and taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.uploads import Content
from trueup.api.shapes import AskedDay, DryRun, Hash, Instant, Key, Number, Shape, Told
from trueup.domain.handed_in import LARGEST_PAPER_BYTES, Paper
from trueup.workflows.add_papers import MAY, NewPaper, add_paper, archive_paper, paper_json, take_paper_back
from trueup.workflows.world import Tx


class ClaimPaperShape(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "paper": 5,
                "claim": 3,
                "kind": "proof-of-delivery",
                "name": "POD-7.pdf",
                "day": "2026-08-06",
                "note": "",
                "digest": "0f" * 32,
                "order": "4AAAAAAA",
                "invoice": "INV-1",
                "added_by": "Fay Finance",
                "added_at": "2026-11-02T10:00:00Z",
                "dry_run": False,
            }
        ]
    },
):
    """A file that was added to a claim, with the order and invoice that the claim is about."""

    paper: int
    claim: int
    kind: Paper
    name: str
    day: date | None
    note: str
    digest: Hash
    order: str | None
    invoice: str | None
    added_by: str
    added_at: Instant
    dry_run: bool


class AddingPaper(Told):
    """What is added."""

    kind: Paper
    """What it is."""
    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")
    """Its file's name."""
    day: AskedDay | None = None
    """The day that stands on it."""
    note: str = Field("", max_length=500)
    """What it shows."""
    dry_run: bool = False
    """Tell what would come of it, and keep nothing."""


def add_claim_paper(
    call: Calling, claim: Number, told: Annotated[AddingPaper, Query()], content: Content, key: Key = None
) -> ClaimPaperShape:
    """Add a paper to a claim.

    It is archived byte for byte before anything reads it, and is an exhibit of the claim then. PDF, PNG, JPEG or TIFF, to 20 MiB.
    """
    came = False

    def keep(tx: Tx) -> None:
        if came:  # not what is empty or too large, nor where the key was used for another request
            archive_paper(tx, content, told.name, call.person)

    def act(tx: Tx) -> ClaimPaperShape:
        nonlocal came
        digest = archive_paper(tx, content, told.name, call.person)
        came = True
        new = NewPaper(told.kind, told.name, digest, told.day, told.note, told.dry_run)
        paper = add_paper(tx, claim, new, call.person)
        return ClaimPaperShape.model_validate({**paper_json(paper), "dry_run": told.dry_run})

    return call.once(act, key, dry_run=told.dry_run, keep=keep)


def take_claim_paper_back(call: Calling, paper: Number, dry_run: DryRun = False, key: Key = None) -> ClaimPaperShape:
    """Take a paper off its claim, until the claim was submitted with it. Its bytes stay in the archive."""

    def act(tx: Tx) -> ClaimPaperShape:
        taken = take_paper_back(tx, paper, call.person)
        return ClaimPaperShape.model_validate({**paper_json(taken), "dry_run": dry_run})

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "claim-papers",
    "Papers of claims",
    (
        Operation("/claims/{claim}/papers", add_claim_paper, MAY, "POST", largest_body=LARGEST_PAPER_BYTES),
        Operation("/claim-papers/{paper}/taking-back", take_claim_paper_back, MAY, "POST"),
    ),
)
