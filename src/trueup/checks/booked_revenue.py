"""Revenue booked by Trueup against revenue booked by the shop's own feed: an invoice belongs in the books once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.partners import Agreement

TWICE, BY_NOBODY = "books.booked-twice", "books.booked-by-nobody"
OWNER = Role.FINANCE.value


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case an agreement and currency, with the net of all the invoices that are concerned."""
    for partner in ground.partners.values():
        for terms in partner.agreements:
            feed = ground.feeds.get(terms.shop)
            if feed is not None and feed == terms.books_revenue:
                yield from _of_terms(connection, ground, terms)


def _of_terms(connection: sa.Connection, ground: Ground, terms: Agreement) -> Iterator[CaseDraft]:
    query, kind = (_BOOKED, TWICE) if terms.books_revenue else (_BILLED, BY_NOBODY)
    values = {
        "partner": terms.partner,
        "payee": terms.vendor_code,
        "since": terms.valid_from,
        "until": terms.valid_to,
        "revenue": ground.chart.code(Purpose.REVENUE),
        "alone": len({each.vendor_code for each in ground.partners[terms.partner].agreements}) == 1,
    }
    for row in connection.execute(query, values):
        net = Money(int(row.net), row.currency)
        who = "both Trueup and" if terms.books_revenue else "neither Trueup nor"
        said = f"{row.count} invoices of {net} to {terms.partner}/{terms.vendor_code}, {row.first} first"
        yield CaseDraft(
            kind=kind,
            subject=f"agreement {terms.partner}/{terms.vendor_code} {terms.valid_from} {row.currency}",
            title=f"{who} the feed of {terms.shop} book the revenue of {said}: correct `books_revenue` of one of them",
            expected="one of the two books an invoice",
            found=f"{'both' if terms.books_revenue else 'none'}: {row.count} invoices of {net}",
            money_at_risk=abs(net),
            deadline=ground.now + timedelta(days=7),
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )


_OF_AGREEMENT = (
    " i.partner = :partner AND (i.payee = :payee OR (:alone AND i.payee = '')) AND i.issued_on >= :since"
    " AND (CAST(:until AS date) IS NULL OR i.issued_on < CAST(:until AS date)) GROUP BY i.currency ORDER BY i.currency"
)
_BOOKED = sa.text(
    "SELECT i.currency, count(DISTINCT i.id) AS count, min(i.number) AS first, -sum(l.minor) AS net FROM trueup.invoices i"
    " JOIN trueup.journal_lines l ON l.invoice_id = i.id AND l.account = :revenue"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id AND e.kind = 'invoice' WHERE" + _OF_AGREEMENT
)
_BILLED = sa.text(
    "SELECT i.currency, count(*) AS count, min(i.number) AS first, sum(i.total_minor - i.tax_minor) AS net"
    " FROM trueup.invoices i WHERE :revenue <> '' AND" + _OF_AGREEMENT
)

CHECK = Check(
    name="booked-revenue",
    sources=("the journal", "what the settings say of the shop's feed"),
    protects="from revenue and receivable that stand in the books twice, or not at all",
    owner=OWNER,
    tolerance="none",
    kinds=(TWICE, BY_NOBODY),
    find=find_differences,
)
