"""Issue credit notes: for what partners keep of invoices, where the agreement's VAT treatment wants one; each is an entry."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.domain.chart import Chart, Purpose
from trueup.domain.credit_notes import KIND, CreditNote, accounts_of, next_number, owed, wants_notes
from trueup.domain.partners import Partner
from trueup.domain.posting import Heading, post_placements
from trueup.storage import journal
from trueup.storage.journal import Posted
from trueup.storage.views.credit_notes import PREFIX, load_kept, numbers_used
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx
from trueup.workflows.write_off import ZEROS


@dataclass(frozen=True, slots=True)
class IssuedNote:
    """A note with the number it was given."""

    number: str
    note: CreditNote


def notes_owed(connection: sa.Connection, chart: Chart, partner: Partner) -> list[CreditNote]:
    """The notes that a partner is owed, over all its agreements that want them."""
    found: list[CreditNote] = []
    for terms in partner.agreements:
        if accounts := accounts_of(terms, chart):
            rows = load_kept(connection, terms.partner, terms.vendor_code, accounts)
            found += owed(row for row in rows if wants_notes(terms, row.invoice))
    return found


def issue_credit_notes(tx: Tx, person: Person, partner: str = "") -> list[IssuedNote]:
    """Issue every note that is owed, to one partner or all, under numbers without gaps. Asked again, there is nothing to issue.

    Raises NotFound for a partner that is not ours, Refused without a role that may.
    """
    demand_role(person, "credit-notes.issue")
    partners = tx.resources.agreed.now(tx.connection)
    if partner and partner not in partners:
        raise NotFound(f"{partner} is no partner; known: {', '.join(sorted(partners)) or 'none'}.")
    # Nobody else issues meanwhile: two notes of one number, or two for one deduction, cannot be taken back.
    tx.connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('trueup credit notes'))"))
    chart, day = tx.resources.books.chart, journal.first_open_day(tx.connection, tx.now.date())
    used = numbers_used(tx.connection)
    issued, posted = [], []
    for name in [partner] if partner else sorted(partners):
        for note in notes_owed(tx.connection, chart, partners[name]):
            number = next_number(day, used)
            used.append(number)
            placements = note.placements(number, chart.code(Purpose.TAX))
            words = f"Credit note {number} for invoice {note.invoice.number} of {name}"
            entry = post_placements(Heading(f"{PREFIX}{number}", day, words, ZEROS), placements)
            posted.append(Posted(entry, placements, KIND, person.name))
            issued.append(IssuedNote(number, note))
    journal.append_entries(tx.connection, posted, tx.now)
    if issued:
        after = {"first": issued[0].number, "last": issued[-1].number, "notes": len(issued)}
        record_deed(tx.connection, tx.now, person, Deed("credit-notes.issue", partner or "all partners", after=after))
    return issued
