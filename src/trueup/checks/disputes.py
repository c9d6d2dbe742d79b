"""Disputes that were won against what came back: Amazon agrees in the portal and pays by a reversal, or forgets to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role

UNPAID = "dispute.unpaid"
WITHIN = timedelta(days=45)
"""Vendors report reversals within some weeks of the answer."""


def find_unpaid(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Disputes won so long ago that their reversal should be there, and is not, or not in full."""
    for row in connection.execute(_WON, {"until": (ground.now - WITHIN).date()}):
        came, missing = row.given_minor - row.given_then, row.won_minor - (row.given_minor - row.given_then)
        won = Money(row.won_minor, row.currency)
        yield CaseDraft(
            kind=UNPAID,
            subject=f"claim {row.partner}/{row.claim} {row.currency}",
            title=f"{won} were won of {row.claim.partition('/')[2]} on {row.answered_on}, "
            f"{Money(max(came, 0), row.currency)} came back",
            expected=f"{won} given back by {row.answered_on + WITHIN}",
            found=f"{Money(max(came, 0), row.currency)} given back since",
            money_at_risk=Money(missing, row.currency),
            deadline=datetime.combine(row.answered_on, time(), UTC) + WITHIN + timedelta(days=14),
            owner=Role.FINANCE.value,
            resolutions=(Resolution.DISMISS,),
        )


_WON = sa.text(
    "SELECT c.partner, c.claim, c.currency, c.given_minor, d.won_minor, d.answered_on, d.given_minor AS given_then"
    " FROM trueup.disputes d JOIN trueup.claims c ON c.id = d.claim_id"
    " WHERE d.won_minor > 0 AND d.answered_on <= :until AND c.given_minor - d.given_minor < d.won_minor ORDER BY c.id"
)
CHECK = Check(
    name="disputes",
    sources=("what Amazon agreed to in the portal", "what its remittances gave back"),
    protects="claims that were won and never repaid",
    owner=Role.FINANCE.value,
    tolerance="none after 45 days",
    kinds=(UNPAID,),
    find=find_unpaid,
)
