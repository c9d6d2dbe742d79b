"""The stock ledger against the reservations: what orders hold of each product is what all its movements come to."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.storage.shipped_stock import HELD_AND_MOVED

UNBALANCED = "stock.ledger-unbalanced"


def find_unbalanced(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Products of which the ledger says that another number is held than the reservations hold."""
    for row in connection.execute(_BALANCES):
        yield CaseDraft(
            kind=UNBALANCED,
            subject=f"product {row.sku} at {row.location}",
            title=f"Reservations hold {row.held} of {row.sku} at {row.location}, its movements come to {row.moved}",
            expected=f"{row.held} eaches held by movements",
            found=f"{row.moved} eaches: somebody changed a table by hand, or this is a defect of Trueup",
            money_at_risk=None,
            deadline=None,
            owner=Role.OPERATIONS.value,
            resolutions=(Resolution.DISMISS,),
        )


_BALANCES = sa.text(
    f"SELECT sku, location, sum(held) AS held, sum(moved) AS moved FROM ({HELD_AND_MOVED}) AS both_sides"
    " GROUP BY sku, location HAVING sum(held) <> sum(moved) ORDER BY sku, location"
)
CHECK = Check(
    name="stock-ledger",
    sources=("what orders hold, in the reservations", "what moved, in the stock ledger"),
    protects="a number of stock that nobody could explain",
    owner=Role.OPERATIONS.value,
    tolerance="none",
    kinds=(UNBALANCED,),
    find=find_unbalanced,
)
