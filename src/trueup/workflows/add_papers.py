"""Add papers to a claim: a file is archived byte for byte before anything reads it, and is an exhibit of the claim from then on.

It may be taken back until the claim was submitted with it: what Amazon was given stays. The file stays in the archive either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid
from trueup.base.ids import Digest
from trueup.domain.handed_in import LARGEST_PAPER_BYTES, TAKEN, TITLES, Paper, media_of
from trueup.storage import claim_papers
from trueup.storage.claim_papers import ClaimPaper
from trueup.storage.documents import Arrival
from trueup.storage.views.recovery import load_brief
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.dispute_claim import recoverable
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND = "claim-paper"
MAY = "proofs.import"
_LONGEST_NOTE, _LONGEST_NAME = 500, 200


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper as it is added: what it is, its own day and a word on it where they are said, its file's name, and its hash.

    `tried`: it is only tried, and not kept whatever comes of it.
    """

    kind: Paper
    name: str
    digest: Digest
    day: date | None = None
    note: str = ""
    tried: bool = False


def archive_paper(tx: Tx, content: bytes, name: str, person: Person) -> Digest:
    """Keep a file before anything reads it. Raises Refused for a role, Invalid for one that is empty or too large."""
    demand_role(person, MAY)
    if not content:
        raise Invalid(f"{name}: the file is empty; nothing was kept.")
    if len(content) > LARGEST_PAPER_BYTES:
        raise Invalid(
            f"{name}: {len(content) / 1024 / 1024:.1f} MiB, expected at most {LARGEST_PAPER_BYTES // 1024 // 1024}; nothing was"
            " kept. Scan it in fewer colours, or hand its pages in as several files."
        )
    arrival = Arrival(KIND, f"upload by {person.name}", name[:_LONGEST_NAME], tx.now, KIND)
    return tx.resources.archive.append(tx.connection, content, arrival).digest


def add_paper(tx: Tx, claim_id: int, new: NewPaper, person: Person) -> ClaimPaper:
    """Tie an archived file to a claim, and to the order and invoice that it is about.

    Raises Refused for a role, NotFound, Invalid for a file that is no paper or a note that is too long, Conflict for one that is
    there already.
    """
    demand_role(person, MAY)
    if len(new.note) > _LONGEST_NOTE:
        raise Invalid(f"{new.name}: {len(new.note)} characters on what it is; expected at most {_LONGEST_NOTE}.")
    found = recoverable(tx, claim_id, lock=True)
    media = media_of(tx.resources.read(tx.connection, new.digest))
    if not media:
        raise Invalid(
            f"{new.name}: expected {TAKEN}, as Amazon's portal takes them; it begins like none of these. The file"
            f" {'would be kept and be' if new.tried else 'is kept and is'} no exhibit of the claim: print or scan it as PDF, and"
            " add that."
        )
    for each in claim_papers.list_papers(tx.connection, claim_id):
        if (each.digest, each.kind) == (new.digest, new.kind):
            at = write_instant(each.at)
            raise Conflict(f"Claim {claim_id}: {each.by} added the same file as {TITLES[each.kind].lower()} at {at}.")
    brief = load_brief(tx.connection, found)
    told = brief.invoice.invoice if brief.invoice is not None else None
    paper = claim_papers.append_paper(
        tx.connection,
        ClaimPaper(
            0,
            claim_id,
            new.kind,
            new.day,
            new.note.strip(),
            new.name[:_LONGEST_NAME],
            media,
            new.digest,
            told.purchase_order if told is not None else "",
            told.number if told is not None else "",
            person.name,
            tx.now,
        ),
    )
    after = {"paper": paper.id, "kind": paper.kind.value, "name": paper.name, "order": paper.purchase_order}
    record_deed(tx.connection, tx.now, person, Deed("claim.paper-added", f"claim {claim_id}", None, after, new.digest))
    return paper


def take_paper_back(tx: Tx, number: int, person: Person) -> ClaimPaper:
    """Take a paper off its claim. Raises Refused for a role, NotFound, Conflict where it was taken back or submitted already."""
    demand_role(person, MAY)
    paper = claim_papers.load_paper(tx.connection, number)
    recoverable(tx, paper.claim, lock=True)
    submitted = claim_papers.submitted_with(tx.connection, paper)
    if submitted is not None:
        raise Conflict(
            f"{paper.name} is in the pack with which attempt {submitted[0]} of claim {paper.claim} was submitted on"
            f" {submitted[1]}: what Amazon was given stays."
        )
    if not claim_papers.take_back(tx.connection, number, person.name, tx.now):
        by, at = claim_papers.taken_back_by(tx.connection, number)
        raise Conflict(f"{paper.name} was taken back from claim {paper.claim} already by {by} at {write_instant(at)}.")
    before = {"paper": paper.id, "kind": paper.kind.value, "name": paper.name, "added_by": paper.by}
    deed = Deed("claim.paper-taken-back", f"claim {paper.claim}", before, None, paper.digest)
    record_deed(tx.connection, tx.now, person, deed)
    return paper


def paper_json(paper: ClaimPaper) -> dict[str, Any]:
    """A paper as plain JSON."""
    return {
        "paper": paper.id,
        "claim": paper.claim,
        "kind": paper.kind.value,
        "name": paper.name,
        "day": paper.day.isoformat() if paper.day else None,
        "note": paper.note,
        "digest": paper.digest,
        "order": paper.purchase_order or None,
        "invoice": paper.invoice or None,
        "added_by": paper.by,
        "added_at": write_instant(paper.at),
    }
