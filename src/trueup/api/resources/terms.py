"""Terms of charges: rates that were agreed, trying a change on past charges, and changing them by two people, in versions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from trueup.api.deciding import ApprovingChange, HowFarBack, WithdrawingChange
from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import AskedDay, DryRun, Key, Listed, Number, Told
from trueup.api.term_shapes import (
    ChargeTerm,
    NewTerm,
    ProposedTermsShape,
    ProposingTermsOfCharges,
    RateChange,
    TermsTried,
    TermVersionShape,
    TryingTermsOfCharges,
)
from trueup.base.money import UnitPrice
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Term
from trueup.formats.terms_csv import kind_of
from trueup.storage.views.terms import list_terms
from trueup.workflows.approve_charge_terms import approve_change, decided_json
from trueup.workflows.keep_terms import (
    APPROVE,
    PROPOSE,
    Sheet,
    find_proposed,
    kinds_of_terms,
    propose_change,
    undo_version,
    versions_json,
    withdraw_change,
)
from trueup.workflows.try_terms import look_tried, trial_json, try_change, try_sheet
from trueup.workflows.world import Tx


class WhichTerms(Told):
    """Which terms: all that were entered, or what was in force on a day, as it was known on another."""

    as_of: AskedDay | None = None
    """Those in force on this day."""
    known_on: AskedDay | None = None
    """As they were known on this day."""


def list_charge_terms(call: Calling, asked: Annotated[WhichTerms, Query()]) -> Listed[ChargeTerm]:
    """List terms of charges, with who agreed them."""
    with call.look() as connection:
        rows = list_terms(connection, asked.as_of, asked.known_on)
    return Listed[ChargeTerm](items=[ChargeTerm.model_validate(row) for row in rows])


def list_charge_term_versions(call: Calling) -> Listed[TermVersionShape]:
    """List what two people decided about terms of charges, the newest first."""
    with call.look() as connection:
        rows = versions_json(connection)
    return Listed[TermVersionShape](items=[TermVersionShape.model_validate(row) for row in rows])


def try_charge_terms(call: Calling, told: TryingTermsOfCharges) -> TermsTried:
    """Tell what charges of the past would be called under other rates, and by how much. Nothing is kept."""

    def act(tx: Tx) -> TermsTried:
        _, trial = try_change(tx, _change(tx, told.terms, told.reason), call.person, told.months)
        return TermsTried.model_validate(trial_json(trial))

    return call.act(act, dry_run=True)


def propose_charge_terms(
    call: Calling, told: ProposingTermsOfCharges, dry_run: DryRun = False, key: Key = None
) -> ProposedTermsShape:
    """Propose terms; those that wait for the same kinds are replaced. Nothing changes until a second person approves."""

    def act(tx: Tx) -> ProposedTermsShape:
        return _shape(propose_change(tx, _change(tx, told.terms, told.reason), call.person), dry_run)

    return call.once(act, key, dry_run=dry_run)


def show_proposed_charge_terms(call: Calling, proposal: Number) -> ProposedTermsShape:
    """Show a change of terms that waits, beside what holds now."""
    return _shape(call.act(find_proposed, proposal, dry_run=True), False)


def try_proposed_charge_terms(call: Calling, proposal: Number, asked: Annotated[HowFarBack, Query()]) -> TermsTried:
    """Tell what charges of the past would be called under a change that waits. Nothing is kept."""

    def act(tx: Tx) -> TermsTried:
        sheet = find_proposed(tx, proposal)
        trial = try_sheet(tx, sheet, asked.months)
        return TermsTried.model_validate({"look": look_tried(sheet, trial, asked.months), **trial_json(trial)})

    return call.act(act, dry_run=True)


def approve_charge_terms(
    call: Calling, proposal: Number, told: ApprovingChange, dry_run: DryRun = False, key: Key = None
) -> TermVersionShape:
    """Approve what another person proposed, and say why; all charges are judged anew by it."""

    def act(tx: Tx) -> TermVersionShape:
        done = approve_change(tx, proposal, call.person, told.reason, told.look)
        return TermVersionShape.model_validate(decided_json(tx, done))

    return call.once(act, key, dry_run=dry_run)


def withdraw_charge_terms(
    call: Calling, proposal: Number, told: WithdrawingChange, dry_run: DryRun = False, key: Key = None
) -> ProposedTermsShape:
    """Take a proposal back, or decline what another proposed; nothing changes."""

    def act(tx: Tx) -> ProposedTermsShape:
        return _shape(withdraw_change(tx, proposal, call.person, told.reason, told.look), dry_run)

    return call.once(act, key, dry_run=dry_run)


def undo_charge_terms(call: Calling, version: Number, dry_run: DryRun = False, key: Key = None) -> ProposedTermsShape:
    """Propose that a version is taken back; a second person must approve that too. What was known before stays known."""

    def act(tx: Tx) -> ProposedTermsShape:
        return _shape(undo_version(tx, version, call.person), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _change(tx: Tx, terms: list[NewTerm], reason: str) -> TermChange:
    kinds, today = kinds_of_terms(tx), tx.now.date()
    return TermChange(tuple(WantedTerm(_term(each, kinds, today), each.known_from is None) for each in terms), reason)


def _term(told: NewTerm, kinds: frozenset[str], today: date) -> Term:
    return Term(
        kind=kind_of(told.kind, kinds),
        marketplace=told.marketplace or "",
        basis=told.basis,
        valid_from=told.valid_from,
        known_from=told.known_from or today,
        source=told.source,
        percent=told.percent,
        per_unit=UnitPrice.of(told.per_unit, (told.currency or "").upper()) if told.per_unit is not None else None,
        valid_to=told.valid_to,
        rounding=told.rounding,
        within_days=told.within_days,
    )


def _shape(sheet: Sheet, dry_run: bool) -> ProposedTermsShape:
    changes = [
        RateChange(
            kind=each.kind,
            marketplace=each.marketplace,
            begins=each.begins,
            ends=each.ends,
            before=str(each.before) if each.before else None,
            after=str(each.after) if each.after else None,
        )
        for each in sheet.moved
    ]
    return ProposedTermsShape(
        proposal=sheet.id,
        reason=sheet.change.reason,
        takes_back=sheet.change.takes_back,
        proposed_by=sheet.proposed_by,
        look=sheet.look,
        changes=changes,
        words=str(sheet),
        dry_run=dry_run,
    )


RESOURCE = Resource(
    "terms",
    "Terms of charges",
    (
        Operation("/charge-terms", list_charge_terms),
        Operation("/charge-terms/trial", try_charge_terms, PROPOSE, "POST"),
        Operation("/charge-term-proposals", propose_charge_terms, PROPOSE, "POST"),
        Operation("/charge-term-versions", list_charge_term_versions),
        Operation("/charge-term-versions/{version}/undoing", undo_charge_terms, PROPOSE, "POST"),
        Operation("/charge-term-proposals/{proposal}", show_proposed_charge_terms),
        Operation("/charge-term-proposals/{proposal}/trial", try_proposed_charge_terms),
        Operation("/charge-term-proposals/{proposal}/approval", approve_charge_terms, APPROVE, "POST"),
        Operation("/charge-term-proposals/{proposal}/withdrawal", withdraw_charge_terms, PROPOSE, "POST"),
    ),
)
