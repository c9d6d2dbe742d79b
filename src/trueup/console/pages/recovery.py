"""Recovery: what can be disputed, the most urgent first, and what came of what was."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.domain.deduction import Family
from trueup.domain.recovery import urgency
from trueup.storage.views.growing import Growing
from trueup.storage.views.paging import ROWS, Paged, cut_page, keyed_by
from trueup.storage.views.recovery import growing_claims, list_outcomes, load_recoverables
from trueup.workflows.dispute_claim import disputable_types
from trueup.workflows.rank_claims import Ranked, rank_found

_COLUMNS = (
    Column("Claim"),
    Column("Partner", spare=True),
    Column("Held", "number"),
    Column("Expected", "number"),
    Column("Chance", "number", spare=True),
    Column("Until"),
    Column("State", "mark"),
)
_ANSWERED = (
    Column("Claim"),
    Column("Reference", spare=True),
    Column("Submitted", spare=True),
    Column("Answered"),
    Column("Disputed", "number"),
    Column("Won", "number"),
    Column("Outcome", "mark"),
)
OUTCOMES = {"won": ("ok", "Won"), "partly": ("warn", "Won in part"), "lost": ("bad", "Lost")}
"""The colour and the word of what Amazon answered."""
STANDS = {
    "open": ("info", "Can be disputed"),
    "early": ("idle", "Too early"),
    "submitted": ("held", "Submitted"),
    "won": ("ok", "Won"),
    "repaid": ("ok", "Paid back"),
    "exhausted": ("bad", "Refused for good"),
    "expired": ("bad", "Past its window"),
    "written-off": ("idle", "Written off"),
}
"""The colour and the word of where a claim stands."""


def record_of(each: Ranked) -> str:
    """What a chance rests on: "won 34 of 51"."""
    chance = each.worth.chance
    return f"won {chance.won} of {chance.outcomes}" if chance.outcomes else "no outcome yet"


_ORDER = keyed_by(int, int, int, int)


def _place(each: Ranked) -> tuple[int, ...]:
    """Where it stands in the list: a place that claims which come and go do not move."""
    return (*urgency(each.worth), each.found.balance.id)


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "family", "currency", "ends", "all", "at")
    every, ranked = _ranked(visit, visit.connection, state)
    cut = cut_page(ranked, _ORDER, _place, state["at"], ROWS)
    rows = [
        {"ranked": each, "held": held(each), "expected": expected(each), "record": record_of(each)} for each in cut.rows
    ]
    return visit.render(
        "recovery.html",
        state=state,
        columns=_COLUMNS,
        stands=STANDS,
        sums=_sums(every),
        soon=sum(each.ends_soon for each in every),
        count=len(ranked),
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("family", "Family", [Choice(family.value, family.value) for family in Family]),
            Filter(
                "currency",
                "Currency",
                [Choice(each, each) for each in sorted({money.currency for money in _sums(every)})],
            ),
            Filter("ends", "Ends", (Choice("soon", "Within a week"),)),
            Filter("all", "Shown", (Choice("yes", "Also what cannot be disputed"),)),
        ),
        paged=Paged(rows, cut.before, cut.after),
    )


def _ranked(visit: Visit, connection: sa.Connection, state: State, after: int = 0) -> tuple[list[Ranked], list[Ranked]]:
    """The claims of a partner and a family with a number above `after`, and those of them that the other filters leave."""
    types = disputable_types(visit.desk.world.books)
    found = load_recoverables(connection, types, partner=state["partner"] or None, after=after)
    every = [
        each
        for each in rank_found(connection, found, visit.now.date())
        if (not state["family"] or each.found.claim.family.value == state["family"]) and (state["all"] or each.pays)
    ]
    return every, [
        each
        for each in every
        if state["currency"] in ("", each.found.balance.currency) and (not state["ends"] or each.ends_soon)
    ]


def _growing(visit: Visit) -> Growing:
    state = state_of(visit, "partner", "family", "currency", "ends", "all")
    return growing_claims(lambda connection, after: len(_ranked(visit, connection, state, after)[1]))


def _sums(ranked: Sequence[Ranked]) -> list[Money]:
    """What they bring on average, by currency."""
    sums: dict[str, int] = {}
    for each in ranked:
        sums[each.found.balance.currency] = sums.get(each.found.balance.currency, 0) + each.worth.expected
    return [Money(minor, currency) for currency, minor in sorted(sums.items())]


def _outcomes(visit: Visit) -> Response:
    """The disputes that were answered, of a family or all: what the chance of the next one is counted from."""
    state = state_of(visit, "family")
    family = next((each for each in Family if each.value == state["family"]), None)
    rows = list_outcomes(visit.connection, family)
    return visit.render(
        "recovery_outcomes.html",
        title="Outcomes of disputes",
        state=state,
        columns=_ANSWERED,
        filters=(Filter("family", "Family", [Choice(each.value, each.value) for each in Family]),),
        won=sum(each.won.minor > 0 for each in rows),
        outcomes=OUTCOMES,
        paged=Paged([{"answered": each} for each in rows]),
    )


def held(each: Ranked) -> Money:
    """What Amazon holds of it."""
    return Money(each.found.balance.open, each.found.balance.currency)


def expected(each: Ranked) -> Money:
    """What a dispute brings on average."""
    return Money(each.worth.expected, each.found.balance.currency)


PAGE = Page(
    "recovery",
    "Recovery",
    (
        Route("/recovery", _list),
        Route("/recovery/outcomes", _outcomes),
    ),
    Place(Group.MONEY, 3, "gavel"),
    grows=(Grows("/recovery", "claim", "claims", _growing),),
)
