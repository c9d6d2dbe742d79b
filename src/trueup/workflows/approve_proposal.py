"""Approve a proposal: the second person says yes, and what was proposed is carried out at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trueup.base.errors import Refused
from trueup.storage import acts, closing
from trueup.workflows import (
    adjust_stock,
    close_month,
    erase_documents,
    grade_trade_in,
    keep_agreements,
    keep_buffers,
    keep_terms,
    limit_codings,
    limit_counts,
    resolve_case,
    undo_match,
    write_off,
)
from trueup.workflows.jobs import code_lines
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Approved:
    """What was carried out: the act, its subject, and its outcome in words and as JSON."""

    act: str
    subject: str
    words: str
    outcome: dict[str, Any]


WITH_A_REASON = {keep_agreements.ACT: "agreements", keep_terms.ACT: "terms"}
"""Acts that who approves gives a reason for, having seen the difference; with the command that they have."""


def approve_proposal(tx: Tx, proposal_id: int, person: Person) -> Approved:
    """Raises NotFound, Conflict when it is approved already, Refused for its proposer or without the role."""
    row = acts.load_proposal(tx.connection, proposal_id)
    _demand_no_reason(row)
    match row["act"]:
        case "case.resolve":
            decided = resolve_case.approve_proposal(tx, proposal_id, person)
            resolution = row["arguments"]["resolution"]
            words = f"case {decided.case.id} resolved: {resolution}"
            outcome: dict[str, Any] = {"case": decided.case.id, "resolution": resolution}
        case erase_documents.ACT:
            erased = erase_documents.approve_erasure(tx, proposal_id, person)
            words = f"{erased.documents} documents about {erased.subject!r} erased ({erased.stored_bytes} bytes)"
            outcome = {"documents": erased.documents, "stored_bytes": erased.stored_bytes}
        case closing.ACT:
            closed = close_month.approve_closing(tx, proposal_id, person)
            words = f"the month {closed.month} is closed; its pack is {closed.evidence[:16]}"
            outcome = {"month": str(closed.month), "evidence": closed.evidence}
        case limit_codings.ACT:
            words, outcome = _of_lines(tx, proposal_id, person)
        case undo_match.ACT:
            undone = undo_match.approve_undoing(tx, proposal_id, person)
            words = f"{undone.lines} lines of {undone.amount} are undone, and wait in case {undone.case}"
            outcome = {"lines": undone.lines, "amount": str(undone.amount), "case": undone.case}
        case write_off.ACT:
            given_up = write_off.approve_write_off(tx, proposal_id, person)
            words = f"{given_up.amount} are given up; case {given_up.case} is closed"
            outcome = {"case": given_up.case, "amount": str(given_up.amount)}
        case write_off.REVERSE:
            reversed_ = write_off.approve_reversal(tx, proposal_id, person)
            words, outcome = f"{row['subject']} of {reversed_} is reversed", {"amount": str(reversed_)}
        case grade_trade_in.GRADE:
            words, outcome = _told(grade_trade_in.carry_out_grading(tx, proposal_id, person))
        case grade_trade_in.REPEAT:
            words, outcome = _told(grade_trade_in.carry_out_repeat(tx, proposal_id, person))
        case grade_trade_in.BREAK:
            words, outcome = _told(grade_trade_in.carry_out_breaking(tx, proposal_id, person))
        case keep_buffers.ACT | adjust_stock.ACT | limit_counts.ACT:
            words, outcome = _of_stock(tx, row, person)
        case other:
            raise Refused(f"Proposal {proposal_id} is to {other}, which this Trueup does not know: use a newer one.")
    return Approved(row["act"], row["subject"], words, outcome)


def _demand_no_reason(row: dict[str, Any]) -> None:
    if row["act"] in WITH_A_REASON:
        raise Refused(
            f"Proposal {row['id']} about {row['subject']} is approved with a reason, after a look at what it changes: under "
            f"Settings, or by `trueup {WITH_A_REASON[row['act']]} approve {row['id']} --reason …`."
        )


def _of_lines(tx: Tx, proposal_id: int, person: Person) -> tuple[str, dict[str, Any]]:
    """Lines in suspense are booked at once, or where they are many by a worker."""
    if code_lines.is_long_proposal(tx, proposal_id):
        job = code_lines.approve_by_worker(tx, proposal_id, person)
        return f"its lines are booked as proposed by a worker: job {job}", {"job": job}
    coded = limit_codings.approve_coding(tx, proposal_id, person)
    return f"booked as proposed: {len(coded)} of its lines", {"lines": len(coded)}


def _told(done: grade_trade_in.Done) -> tuple[str, dict[str, Any]]:
    return done.words, {"words": done.words}


def _of_stock(tx: Tx, row: Mapping[str, Any], person: Person) -> tuple[str, dict[str, Any]]:
    """What is carried out of buffers and counts, in words and as JSON."""
    match row["act"]:
        case keep_buffers.ACT:
            changed = keep_buffers.approve_change(tx, row["id"], person)
            version = changed.version.id if changed.version else None
            return str(changed), {"version": version, "buffer": str(changed.after.rule)}
        case adjust_stock.ACT:
            counted = adjust_stock.approve_adjustment(tx, row["id"], person)
            return str(counted), {"sku": counted.sku, "location": counted.location, "on_hand": counted.on_hand}
    taken = limit_counts.approve_counts(tx, row["id"], person)
    return f"{row['subject']} are taken", {"counts": len(taken.counts), "evidence": taken.digest}
