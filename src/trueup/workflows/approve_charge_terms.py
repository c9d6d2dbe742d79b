"""Approve terms of charges: a second person, who saw what they change, says why; then they hold, and charges are judged anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from trueup.domain.agreement_changes import Approval, check_reason
from trueup.domain.term_changes import TermVersion
from trueup.domain.terms import Term
from trueup.storage import acts, term_versions
from trueup.storage.terms import append_term, load_terms
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.check_charges import ask_check
from trueup.workflows.keep_terms import APPROVE, SUBJECT, Sheet, find_proposed, version_json
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_terms import look_tried, try_sheet
from trueup.workflows.versions import demand_look
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Decided:
    """A version that came into force, and the terms it entered, each under its number."""

    version: TermVersion
    entered: tuple[tuple[int, Term], ...]
    sheet: Sheet


def approve_change(tx: Tx, number: int, person: Person, reason: str, look: str | None = None) -> Decided:
    """The second person says yes, and why: the terms are entered, and all charges judged anew. `look`: what was looked at
    (None: as it is), with its trial where that was shown.

    Raises Refused for a role or the proposer, Invalid without a reason, NotFound, Conflict where it was edited or decided
    meanwhile or something else was seen, and as `propose_change` where it cannot come into force any more.
    """
    demand_role(person, APPROVE)
    check_reason(reason, f"Proposal {number}: say why you approve it")
    acts.hold_subject(tx.connection, SUBJECT)
    sheet = find_proposed(tx, number)
    demand_look(
        *(sheet, look, tx.now), lambda months, until: look_tried(sheet, try_sheet(tx, sheet, months, until), months)
    )
    row = acts.approve(tx.connection, number, person.name, tx.now)
    approval = Approval(person.name, tx.now, reason.strip())
    wanted = TermVersion(
        0,
        sheet.change.reason,
        sheet.proposed_by,
        row["proposed_at"],
        approval,
        sheet.change.takes_back,
        sheet.change.evidence,
    )
    version = term_versions.append_version(tx.connection, wanted)
    entered = tuple((append_term(tx.connection, term, version), term) for term in sheet.added)
    _judge_anew(tx, {max(tx.now.date(), term.known_from) for term in sheet.added} | {tx.now.date()})
    after = {
        **sheet.told,
        "version": version.id,
        "reason": sheet.change.reason,
        "proposed_by": sheet.proposed_by,
        "approved_because": reason.strip(),
    }
    before = {each.name: str(each.before or "no rate") for each in sheet.moved}
    deed = Deed("terms.approved", sheet.subject, before, after, sheet.change.evidence)
    record_deed(tx.connection, tx.now, person, deed)
    return Decided(version, entered, sheet)


def _judge_anew(tx: Tx, known: Iterable[date]) -> None:
    """Now, and on the day on which what is entered for later counts as known."""
    for partner in sorted(tx.resources.partners):
        for day in sorted(known):
            ask_check(tx, partner, True, datetime.combine(day, time(), UTC))


def decided_json(tx: Tx, decided: Decided) -> dict[str, Any]:
    """The version that was just made, as plain JSON."""
    return version_json(decided.version, load_terms(tx.connection))
