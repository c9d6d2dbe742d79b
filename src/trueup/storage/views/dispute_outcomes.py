"""The disputes that Amazon answered, page by page: what the chance of the next one is counted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.deduction import Family
from trueup.domain.disputes import Outcome
from trueup.storage.claims import claims
from trueup.storage.disputes import disputes
from trueup.storage.views.paging import Order, Paged, fetch_page

# A number for each attempt of a claim: both are in the order.
_ORDER = Order((disputes.c.answered_on, disputes.c.claim_id, disputes.c.number), descending=True)


@dataclass(frozen=True, slots=True)
class Answered:
    """A dispute that Amazon answered: of which claim, what was disputed and what of it was won."""

    claim_id: int
    partner: str
    claim: str
    reference: str
    submitted_on: date
    answered_on: date
    outcome: Outcome
    disputed: Money
    won: Money


def page_outcomes(connection: sa.Connection, family: Family | None, at: str = "", limit: int = 50) -> Paged:
    """The disputes that were answered, the latest first, each row an `answered`; those of a family, or all. Raises Invalid."""
    query = (
        sa.select(disputes, claims.c.partner, claims.c.claim, claims.c.currency)
        .select_from(disputes.join(claims, claims.c.id == disputes.c.claim_id))
        .where(disputes.c.outcome.is_not(None))
    )
    if family is not None:
        query = query.where(claims.c.family == family.value)
    paged = fetch_page(connection, query, _ORDER, at, limit)
    rows = [
        {
            "claim_id": row["claim_id"],
            "number": row["number"],
            "answered": Answered(
                *(row["claim_id"], row["partner"], row["claim"], row["reference"]),
                *(row["submitted_on"], row["answered_on"], Outcome(row["outcome"])),
                *(Money(row["open_minor"], row["currency"]), Money(row["won_minor"], row["currency"])),
            ),
        }
        for row in paged.rows
    ]
    return Paged(rows, paged.before, paged.after)
