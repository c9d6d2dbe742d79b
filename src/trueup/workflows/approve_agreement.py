"""Approve an agreement's change: a second person, who saw what it changes and says why, has it come into force on its day."""

from __future__ import annotations

from trueup.domain.agreement_changes import AgreementVersion, Approval, check_reason
from trueup.storage import acts, agreement_versions
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.keep_agreements import APPROVE, demand_day, find_proposed, subject_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_agreements import look_tried, try_proposed
from trueup.workflows.versions import demand_look
from trueup.workflows.world import Tx


def approve_terms(tx: Tx, number: int, person: Person, reason: str, look: str | None = None) -> AgreementVersion:
    """The second person says yes, and why: the version comes into force on its day. `look`: what was looked at (None: as it is),
    with its trial where that was shown.

    Raises Refused for a role or the proposer, Invalid without a reason or where its day is over, NotFound, Conflict where it was
    edited or decided meanwhile or something else was seen.
    """
    demand_role(person, APPROVE)
    check_reason(reason, f"Proposal {number}: say why you approve it")
    found = find_proposed(tx, number)
    agreement_versions.lock_scope(tx.connection, found.change.scope)
    found = find_proposed(tx, number)
    demand_look(
        *(found, look, tx.now), lambda months, until: look_tried(found, try_proposed(tx, found, months, until), months)
    )
    demand_day(found.change, tx.now.date())
    row = acts.approve(tx.connection, number, person.name, tx.now)
    version = agreement_versions.append_version(
        tx.connection,
        AgreementVersion(
            0,
            found.change,
            found.proposed_by,
            row["proposed_at"],
            Approval(person.name, tx.now, reason.strip()),
            found.undoes,
        ),
    )
    after = {
        **found.told,
        "version": version.id,
        "reason": found.change.reason,
        "proposed_by": found.proposed_by,
        "approved_because": reason.strip(),
    }
    before = {each.title: each.before for each in found.differences}
    record_deed(
        tx.connection, tx.now, person, Deed("agreement.approved", subject_of(found.change.scope), before, after)
    )
    return version
