"""Claim causes: where Amazon says why it pays less of an invoice, a claim about it goes to who can answer, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Family
from trueup.domain.invoices import normal_reference
from trueup.domain.variance_reasons import VarianceCause, causes_of
from trueup.storage import amazon_invoices, case_batches, cases, invoices
from trueup.storage.claims import ClaimBalance, claims_about
from trueup.workflows.world import Tx

_FAMILIES = (Family.SHORTAGE, Family.PRICE)
_REASON = "; Amazon's reason: "


def find_causes(tx: Tx, chains: Collection[ClaimBalance]) -> dict[int, tuple[VarianceCause, ...]]:
    """Amazon's reasons for claims about invoices, by the claim's id; claims of which it says nothing are left out."""
    about = {each.id: each.invoice for each in chains if each.invoice is not None and _family(each) in _FAMILIES}
    if not about:
        return {}
    billed = invoices.name_invoices(tx.connection, set(about.values()))
    found = {}
    for partner in {each.partner for each in chains}:
        numbers = [number for whose, number in billed.values() if whose == partner]
        said = amazon_invoices.witnesses_of(tx.connection, partner, numbers)
        for each in chains if said else ():
            _, number = billed.get(about.get(each.id, 0), ("", ""))
            witness = said.get(normal_reference(number))
            if each.partner == partner and witness is not None and (causes := causes_of(witness.said, _family(each))):
                found[each.id] = causes
    return found


def routed(draft: CaseDraft, causes: Sequence[VarianceCause]) -> CaseDraft:
    """The case of a claim with the reason and what to do about it, in the hands of its owner."""
    if not causes:
        return draft
    said = f"{' and '.join(map(str, causes))}; {causes[0].advice}"
    title = draft.title.partition(_REASON)[0] + _REASON + said
    return replace(draft, title=title[:1000], owner=causes[0].owner.value)


def route_claims(tx: Tx, partner: str, numbers: Collection[str]) -> int:
    """Claims about these invoices whose cases are open go where Amazon's reasons lead; returns how many."""
    known = invoices.find_invoices(tx.connection, partner, {normal_reference(number) for number in numbers})
    chains = claims_about(tx.connection, [row[0] for row in known.values()])
    causes = find_causes(tx, chains)
    subjects = {
        f"claim {each.partner}/{each.claim} {each.currency}": causes[each.id] for each in chains if each.id in causes
    }
    rows = tx.connection.execute(
        sa.select(cases.cases).where(cases.cases.c.state == "open", cases.cases.c.subject.in_(list(subjects)))
    ).mappings()
    drafts = [cases.case_of(row).draft for row in rows if row["kind"].startswith("claim.")]
    case_batches.open_cases(tx.connection, [routed(draft, subjects[draft.subject]) for draft in drafts], tx.now)
    return len(drafts)


def loss_of(tx: Tx, chain: ClaimBalance) -> Purpose:
    """The account for a claim that is given up: by Amazon's own reason for it, else that of lost claims."""
    causes = find_causes(tx, [chain]).get(chain.id, ())
    return causes[0].loss if causes else Purpose.CLAIM_LOSSES


def _family(chain: ClaimBalance) -> Family:
    return Family(chain.claim.partition("/")[0])
