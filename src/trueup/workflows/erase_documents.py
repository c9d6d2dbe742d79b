"""Erase documents: what is archived about a subject is destroyed for ever, and that takes two persons. Hashes stand."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.base.errors import Invalid, Refused
from trueup.storage import acts
from trueup.storage.subject_keys import Erasure
from trueup.storage.views.documents import show_subject
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

ACT = "documents.erase"


@dataclass(frozen=True, slots=True)
class Proposed:
    """An erasure that waits for a second person: how much would go."""

    proposal: int
    subject: str
    documents: int


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure that was carried out: how many documents, and how many stored bytes went."""

    subject: str
    documents: int
    stored_bytes: int


def propose_erasure(tx: Tx, subject: str, person: Person, why: str) -> Proposed:
    """Ask for it. Raises Refused without the role admin, Invalid without a reason, NotFound when nothing is kept."""
    demand_role(person, ACT)
    if not why.strip():
        raise Invalid(f"Erasing {subject!r} cannot be undone: say why, with --reason.")
    kept = show_subject(tx.connection, subject)
    wanted = acts.Proposal(ACT, f"subject {subject}", {"subject": subject}, why, person.name)
    proposal = acts.propose(tx.connection, wanted, tx.now)
    after = {"proposal": proposal, "documents": kept["documents"], "reason": why}
    record_deed(tx.connection, tx.now, person, Deed("documents.erasure-proposed", f"subject {subject}", None, after))
    return Proposed(proposal, subject, kept["documents"])


def approve_erasure(tx: Tx, proposal_id: int, person: Person) -> Erased:
    """The second person: it is carried out in the same transaction. The database refuses the proposer."""
    demand_role(person, ACT)
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    if row["act"] != ACT:
        raise Refused(f"Proposal {proposal_id} is to {row['act']} {row['subject']}, not to erase documents.")
    subject = row["arguments"]["subject"]
    kept = show_subject(tx.connection, subject)
    by = f"{row['proposed_by']} and {person.name}"
    gone = tx.resources.archive.erase(tx.connection, Erasure(subject, tx.now, by, row["reason"]))
    after = {"documents": kept["documents"], "stored_bytes": gone, "proposal": proposal_id, "reason": row["reason"]}
    record_deed(tx.connection, tx.now, person, Deed("documents.erased", f"subject {subject}", None, after))
    return Erased(subject, kept["documents"], gone)
