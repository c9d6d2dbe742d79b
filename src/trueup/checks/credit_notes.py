"""Credit notes that are owed: what the journal says is kept of invoices, against the notes that were issued."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.credit_notes import CreditNote, accounts_of, owed, wants_notes
from trueup.domain.partners import Agreement
from trueup.storage.views.credit_notes import load_kept

OWNER = Role.FINANCE.value
OWED = "invoice.credit-notes-owed"


def find_owed(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case an agreement, with how many notes it wants and the tax in them."""
    for partner in ground.partners.values():
        for terms in partner.agreements:
            accounts = accounts_of(terms, ground.chart)
            if not accounts:
                continue
            rows = load_kept(connection, terms.partner, terms.vendor_code, accounts)
            notes = owed(row for row in rows if wants_notes(terms, row.invoice))
            if notes:
                yield _case(terms, notes, ground)


def _case(terms: Agreement, notes: list[CreditNote], ground: Ground) -> CaseDraft:
    currency = notes[0].invoice.currency
    gross, tax = (Money(sum(each), currency) for each in zip(*((note.gross, note.tax) for note in notes), strict=True))
    first = min(note.invoice.number for note in notes)
    said = f"{len(notes)} credit notes of {gross} with {tax} tax, {first} first"
    return CaseDraft(
        kind=OWED,
        subject=f"agreement {terms.partner}/{terms.vendor_code} {terms.valid_from}",
        title=f"{terms.partner}/{terms.vendor_code} is owed {said}: issue them with `trueup invoices credit-notes --issue`",
        expected="a credit note for all that is kept of each invoice",
        found=said,
        money_at_risk=abs(tax),
        deadline=ground.now + timedelta(days=14),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


CHECK = Check(
    name="credit-notes",
    sources=("the journal", "the credit notes issued"),
    protects="from tax that is paid on money which was never received",
    owner=OWNER,
    tolerance="none",
    kinds=(OWED,),
    find=find_owed,
)
