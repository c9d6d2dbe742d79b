"""Rank claims: what can be disputed, with what a dispute brings on average by one's own outcomes, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.disputes import DisputeState, Standing, standing
from trueup.domain.recovery import HANDLING_COST, SOON_DAYS, Experience, Worth, rank_key, worth
from trueup.storage.views.claim_ranks import RankFilter, page_claims
from trueup.storage.views.paging import Paged
from trueup.storage.views.recovery import Recoverable, load_experiences, load_recoverables
from trueup.workflows.dispute_claim import disputable_families, disputable_types
from trueup.workflows.world import Books


@dataclass(frozen=True, slots=True)
class Ranked:
    """A claim, whether and until when it can be disputed, and what that is worth."""

    found: Recoverable
    standing: Standing
    worth: Worth

    @property
    def pays(self) -> bool:
        """Whether a dispute is possible, now or soon, and brings more than it costs."""
        return self.standing.state in (DisputeState.OPEN, DisputeState.EARLY) and self.worth.expected > 0

    @property
    def ends_soon(self) -> bool:
        """Whether it pays, and its window ends within a week."""
        days = self.worth.days_left
        return self.standing.state is DisputeState.OPEN and self.pays and days is not None and days <= SOON_DAYS


def rank_claims(
    connection: sa.Connection,
    types: Sequence[str],
    today: date,
    *,
    cost: str = HANDLING_COST,
    partner: str | None = None,
    claim_id: int | None = None,
) -> list[Ranked]:
    """Claims of disputable `types`, of all partners or one. `cost`: of handling one, in each claim's own currency."""
    return rank_found(connection, load_recoverables(connection, types, partner=partner, claim_id=claim_id), today, cost)


def rank_found(
    connection: sa.Connection, found: Sequence[Recoverable], today: date, cost: str = HANDLING_COST
) -> list[Ranked]:
    """Claims that were found, in the order of what a dispute brings."""
    experiences = load_experiences(connection)
    ranked = []
    for each in found:
        stands = standing(each.claim, today)
        handling = Money.of(cost, each.balance.currency).minor
        known = experiences.get(each.claim.family, Experience())
        ranked.append(Ranked(each, stands, worth(max(each.balance.open, 0), known, stands, today, handling)))
    return sorted(ranked, key=_place)


def _place(each: Ranked) -> tuple[int, ...]:
    """What can be disputed first, by what that brings for each day that is left; then the rest, what ended last first."""
    balance, until = each.found.balance, each.standing.until
    if each.standing.state in (DisputeState.OPEN, DisputeState.EARLY):
        return (0, *rank_key(each.worth.expected, each.worth.days_left or 0, balance.open, balance.id))
    return (1, -until.toordinal() if until is not None else 0, -balance.id)


def disputable(books: Books, partner: str = "", **wanted: Any) -> RankFilter:
    """The claims that may be disputed, of a partner or all, as far as a filter of them says; `wanted` as in `RankFilter`."""
    return RankFilter(disputable_types(books), disputable_families(books), partner, **wanted)


def page_ranked(connection: sa.Connection, wanted: RankFilter, today: date, at: str = "", limit: int = 50) -> Paged:
    """A page of them in the order of `rank_claims`, each row a claim as `ranked`; what is on other pages is not read."""
    paged = page_claims(connection, wanted, today, at, limit)
    found = load_recoverables(connection, wanted.types, ids=[row["id"] for row in paged.rows])
    ranked = rank_found(connection, found, today, wanted.cost)
    return replace(paged, rows=[{"ranked": each} for each in ranked])
