"""Rank claims: what can be disputed, with what a dispute brings on average by one's own outcomes, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.disputes import DisputeState, Standing, standing
from trueup.domain.recovery import HANDLING_COST, SOON_DAYS, Experience, Worth, urgency, worth
from trueup.storage.views.recovery import Recoverable, load_experiences, load_recoverables


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
    return sorted(ranked, key=lambda each: (urgency(each.worth), each.found.balance.id))
