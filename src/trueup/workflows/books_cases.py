"""The cases of the books: what waits in suspense, claims that are open, invoices paid beyond their total, months that are closed.

The balance of suspense is the sum of its open cases, and so is that of disputed claims: both are said of every group at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deduction import Family
from trueup.domain.remittances import Remittance
from trueup.domain.settlement import (
    AMBIGUOUS,
    CLAIMED,
    DOES_NOT_TIE,
    HIDDEN_ITEMS,
    TO_CHECK,
    UNKNOWN_INVOICE,
    UNMATCHED,
    UNRECOGNISED,
)
from trueup.storage import case_batches, cases, invoices, suspense
from trueup.storage.claims import ClaimBalance
from trueup.workflows.claim_causes import find_causes, routed
from trueup.workflows.world import Tx

CONTESTED = "remittance.contested"
OVERPAID = "invoice.overpaid"
OVER_REVERSED = "claim.over-reversed"
CLOSED_MONTH = "books.closed-month"
DIFFERS = "remittance.sources-differ"
OWNER = "finance"
_CHOICES = {
    UNRECOGNISED: (Resolution.CLASSIFY, Resolution.RETRY),
    UNKNOWN_INVOICE: (Resolution.CLASSIFY, Resolution.RETRY),
    AMBIGUOUS: (Resolution.CLASSIFY,),
    CONTESTED: (Resolution.CHOOSE, Resolution.CLASSIFY, Resolution.RETRY),
    DOES_NOT_TIE: (Resolution.CLASSIFY, Resolution.RETRY),
    HIDDEN_ITEMS: (Resolution.CLASSIFY, Resolution.RETRY),
    UNMATCHED: (Resolution.CHOOSE, Resolution.CLASSIFY, Resolution.RETRY),
    TO_CHECK: (Resolution.CHOOSE, Resolution.CLASSIFY),
}
_WITHIN = {HIDDEN_ITEMS: timedelta(days=14)}
_DISPUTE_WITHIN = {
    Family.SHORTAGE: timedelta(days=730),
    Family.PRICE: timedelta(days=30),
    Family.AUDIT: timedelta(days=30),
}
"""How long a claim can be disputed where the terms name no window of their own (reported by vendors, 2025)."""

_CASES_LOCK = 0x74727565
_SLOTS = 1024


@dataclass(frozen=True, slots=True)
class Changed:
    """What a booking changed: cases of suspense by kind and subject, invoices, claims."""

    partner: str
    cases: Collection[tuple[str, str]]
    beyond: Collection[int]
    invoices: Collection[int]
    claims: Collection[ClaimBalance]


def note_changed(tx: Tx, changed: Changed) -> None:
    """Open, bring up to date and close the cases of what changed. Those of suspense were locked before it was."""
    drafts = [*_suspense_cases(tx, changed.cases), *_claim_cases(tx, changed), *_overpaid(tx, changed)]
    case_batches.open_cases(tx.connection, drafts, tx.now)
    _close_settled(tx, changed)


def note_closed_month(tx: Tx, partner: str, told: Remittance, evidence: str) -> None:
    """A payment of a closed month is not dated otherwise by a machine: a person says when it is posted."""
    draft = CaseDraft(
        kind=CLOSED_MONTH,
        subject=f"payment {partner}/{told.payment}",
        title=f"Payment {told.payment} of {told.paid_on} arrived after its month was closed: {told.amount} are not posted",
        expected=f"an open month {told.paid_on:%Y-%m}",
        found="it is closed",
        money_at_risk=abs(told.amount),
        deadline=tx.now + timedelta(days=7),
        owner=OWNER,
        resolutions=(Resolution.POST_NOW,),
        evidence=evidence,
    )
    cases.open_case(tx.connection, draft, tx.now)


def lock_cases(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Whoever changes what waits in a case waits for others that do: a case that misses theirs would be wrong."""
    # By slot and not by name: a first import opens a hundred thousand cases, and the server's table of locks is small.
    slots = sorted({zlib.crc32(f"{kind} {subject}".encode()) % _SLOTS for kind, subject in keys})
    if slots:
        query = sa.text("SELECT pg_advisory_xact_lock(:cases, slot) FROM unnest(CAST(:slots AS integer[])) AS s(slot)")
        connection.execute(query, {"cases": _CASES_LOCK, "slots": slots})


def _suspense_cases(tx: Tx, keys: Collection[tuple[str, str]]) -> list[CaseDraft]:
    waiting = suspense.load_waiting(tx.connection, keys)
    gone = [key for key in keys if key not in waiting]
    case_batches.close_cases_of(tx.connection, gone, why="every line of it is explained", now=tx.now)
    return [_suspense_case(tx, each) for each in waiting.values()]


def _suspense_case(tx: Tx, waiting: suspense.Waiting) -> CaseDraft:
    amount = Money(waiting.minor, waiting.currency)
    lines, wait = ("1 line", "waits") if waiting.count == 1 else (f"{waiting.count} lines", "wait")
    examples = ", ".join(example for example in waiting.examples if example)
    match waiting.kind:
        case "remittance.does-not-tie":
            title = f"{waiting.subject[8:]} does not tie: {waiting.why}; {amount} wait in suspense"
        case "remittance.hidden-items":
            title = f"{waiting.subject[8:]} shows not all of its items: {waiting.why}; {amount} wait in suspense"
        case _:
            title = f"{lines} of {amount} {wait} in suspense ({examples}): {waiting.why}"
    return CaseDraft(
        kind=waiting.kind,
        subject=waiting.subject,
        title=title[:1000],
        expected="one explanation",
        found=waiting.why,
        money_at_risk=abs(amount),
        deadline=_deadline(tx, waiting.kind),
        owner=OWNER,
        resolutions=_CHOICES.get(waiting.kind, (Resolution.CLASSIFY, Resolution.RETRY)),
        things=waiting.count,
    )


def _claim_cases(tx: Tx, changed: Changed) -> list[CaseDraft]:
    """Each chain that can be disputed and is open is one case; one that was given back beyond what was taken another."""
    drafts = []
    closing: list[tuple[str, str]] = []
    types = tx.resources.books.types
    causes = find_causes(tx, changed.claims)
    for each in changed.claims:
        family = each.claim.partition("/")[0]
        subject = f"claim {each.partner}/{each.claim} {each.currency}"
        kind = f"claim.{family}"
        claimed = types[each.type].purpose in CLAIMED
        if each.open > 0 and claimed:
            drafts.append(routed(_open_claim(each, kind, subject), causes.get(each.id, ())))
        else:
            closing.append((kind, subject))
        if each.open < 0 and claimed:
            drafts.append(_over_reversed(tx, each, subject))
        else:
            closing.append((OVER_REVERSED, subject))
    case_batches.close_cases_of(tx.connection, closing, why="the claim's balance is settled", now=tx.now)
    return drafts


def _open_claim(each: ClaimBalance, kind: str, subject: str) -> CaseDraft:
    family, _, chain = each.claim.partition("/")
    open_ = Money(each.open, each.currency)
    article = "an" if family[0] in "aeiou" else "a"
    within = _DISPUTE_WITHIN.get(Family(family), timedelta(days=30))
    return CaseDraft(
        kind=kind,
        subject=subject,
        title=f"Amazon holds {open_} of {chain} as {article} {family} claim (taken {Money(each.taken, each.currency)}, "
        f"given back {Money(each.given, each.currency)})",
        expected="nothing held, or a claim that is right",
        found=f"{open_} held since {each.first_on}",
        money_at_risk=open_,
        deadline=datetime.combine(each.first_on, time(), UTC) + within,
        owner=OWNER,
        resolutions=(Resolution.DISPUTE, Resolution.WRITE_OFF),
    )


def _over_reversed(tx: Tx, each: ClaimBalance, subject: str) -> CaseDraft:
    return CaseDraft(
        kind=OVER_REVERSED,
        subject=subject,
        title=f"Amazon gave back {Money(-each.open, each.currency)} more than it took for {each.claim}",
        expected=f"at most {Money(each.taken, each.currency)} given back",
        found=f"{Money(each.given, each.currency)}",
        money_at_risk=Money(-each.open, each.currency),
        deadline=tx.now + timedelta(days=30),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _overpaid(tx: Tx, changed: Changed) -> list[CaseDraft]:
    drafts = []
    for saved in invoices.load_invoices(tx.connection, changed.beyond).values():
        number, too_much = saved.invoice.number, abs(saved.open)
        drafts.append(
            CaseDraft(
                kind=OVERPAID,
                subject=f"invoice {saved.invoice.partner}/{number}",
                title=f"Invoice {number}: {saved.settled} came for {saved.invoice.total} ({too_much} too much)",
                expected=str(saved.invoice.total),
                found=str(saved.settled),
                money_at_risk=too_much,
                deadline=tx.now + timedelta(days=30),
                owner=OWNER,
                resolutions=(Resolution.DISMISS,),
                evidence=saved.evidence,
            )
        )
    return drafts


def _close_settled(tx: Tx, changed: Changed) -> None:
    """Invoices that are no longer paid beyond their total."""
    fine = set(changed.invoices) - set(changed.beyond)
    if not fine or not case_batches.is_open(tx.connection, OVERPAID):
        return
    named = invoices.name_invoices(tx.connection, fine).values()
    subjects = [(OVERPAID, f"invoice {partner}/{number}") for partner, number in named]
    case_batches.close_cases_of(tx.connection, subjects, why="it is settled at most in full", now=tx.now)


def _deadline(tx: Tx, kind: str) -> datetime:
    return tx.now + _WITHIN.get(kind, timedelta(days=7))
