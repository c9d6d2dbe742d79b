"""The balance of each claim is what the journal says of it."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Ground
from trueup.invariants import MOST_ROWS, Broken, Invariant, Proof, by_currency, sums_by_currency
from trueup.storage.views.closing import load_claims_apart


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    apart = load_claims_apart(connection)
    rows = tuple(
        Broken("claim", name, f"is {Money(claimed, currency)} by its row and {Money(journal, currency)} by the journal")
        for name, currency, journal, claimed in apart[:MOST_ROWS]
    )
    sums = sums_by_currency("Open in claims", by_currency(connection, _OPEN))
    return Proof(int(connection.execute(_LOOKED).scalar_one()), sums, len(apart), rows)


_LOOKED = sa.text("SELECT count(*) FROM trueup.claims")
_OPEN = (
    "SELECT currency, sum(taken_minor - given_minor - lost_minor) AS minor FROM trueup.claims"
    " WHERE taken_minor <> given_minor + lost_minor GROUP BY currency"
)
INVARIANT = Invariant(
    name="disputed-is-claims",
    order=40,
    title="What every claim still holds of us is what its lines in the journal come to.",
    why="claims that are given up because nobody can say what is open",
    how="For each chain of claims what Amazon took, less what it gave back, less what was written off, is held against the "
    "lines of the journal that name the chain.",
    unit="claims",
    prove=_prove,
)
