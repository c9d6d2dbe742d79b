"""Stage a dispute: its pack is made and kept, ready to be submitted. Staged is not submitted: nothing is sent, nobody is told."""

from __future__ import annotations

from dataclasses import replace

from trueup.base.errors import Refused
from trueup.domain.disputes import DisputeState, standing
from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack
from trueup.storage.disputes import Staged, load_staged, save_staged
from trueup.storage.views.recovery import load_brief
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.dispute_claim import recoverable
from trueup.workflows.papers import Papers
from trueup.workflows.resolve_case import Person
from trueup.workflows.staged_packs import originals_of
from trueup.workflows.world import Tx

DOCUMENT = "dispute-pack"


def stage_claim(tx: Tx, claim_id: int, company: str, person: Person) -> Staged:
    """Make the pack of the next attempt and keep it. The same again on the same day is the same pack, and noted once.

    Raises NotFound, Refused: without a role, or where no dispute can be made today.
    """
    demand_role(person, "claims.dispute")
    found, today = recoverable(tx, claim_id, lock=True), tx.now.date()
    stands = standing(found.claim, today)
    if stands.state is not DisputeState.OPEN:
        raise Refused(
            f"Claim {claim_id} is {stands.state.value}: no dispute of it can be made today, and none is staged."
        )
    brief = load_brief(tx.connection, found)
    pdf = write_dispute_pack(brief, stands, today, company)
    content = write_dispute_archive(brief, pdf, lambda digest: tx.resources.read(tx.connection, digest))
    words = "".join(sign if sign.isalnum() else "-" for sign in f"{found.balance.partner}-{found.balance.claim}")
    with Papers(DOCUMENT) as papers:
        papers.open(f"dispute-{words}.zip", "application/zip").write(content)
        [kept] = papers.keep(tx)
    number = len(found.disputes) + 1
    known = next((each for each in load_staged(tx.connection, claim_id) if each.number == number), None)
    digest, name = kept["digest"], kept["name"]
    staged = Staged(
        *(number, found.balance.open, digest, name, len(brief.missing), person.name, tx.now),
        *(tuple(each.id for each in brief.papers), originals_of(brief), found.balance.given),
    )
    if known is not None and replace(staged, by=known.by, at=known.at) == known:
        return known
    save_staged(tx.connection, claim_id, staged)
    after = {
        "attempt": number,
        "minor": found.balance.open,
        "currency": found.balance.currency,
        "lacking": list(brief.missing),
        "papers": [each.name for each in brief.papers],
    }
    before = {"pack": known.digest} if known is not None else None
    deed = Deed("claim.staged", f"claim {claim_id}", before=before, after=after, evidence=digest)
    record_deed(tx.connection, tx.now, person, deed)
    return staged
