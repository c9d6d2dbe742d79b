"""Recovery: what can be disputed, the most urgent first, and what came of what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.domain.deduction import Family
from trueup.storage.views.claim_ranks import RankFilter, RankSum, count_settled, growing_claims, sum_ranks
from trueup.storage.views.dispute_outcomes import page_outcomes
from trueup.storage.views.growing import Growing
from trueup.storage.views.paging import ROWS
from trueup.storage.views.recovery import load_experiences
from trueup.workflows.rank_claims import Ranked, disputable, page_ranked

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


def sum_words(each: Ranked) -> str:
    """What is expected of it as the sum that it is: of what is held, by the chance, by the share that comes back, less the cost."""
    value = each.worth
    handling = Money(value.cost, each.found.balance.currency)
    return f"{percent(value.chance.mean)} chance, {percent(value.share)} of it comes back, less {handling} of handling"


def percent(part: Fraction) -> str:
    """A share as people read it."""
    return f"{round(part * 100)} %"


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "family", "currency", "ends", "all", "at")
    wanted, today = _wanted(visit, state), visit.now.date()
    paged = page_ranked(visit.connection, wanted, today, state["at"], ROWS)
    sums = sum_ranks(visit.connection, wanted, today)
    count, more = _count(visit, wanted, sums)
    rows = [{**row, **_told(row["ranked"])} for row in paged.rows]
    return visit.render(
        "recovery.html",
        state=state,
        columns=_COLUMNS,
        stands=STANDS,
        sums=[sums[each].expected for each in sorted(sums)],
        soon=sum(each.soon for each in sums.values()),
        count=count,
        more=more,
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("family", "Family", [Choice(family.value, family.value) for family in Family]),
            Filter("currency", "Currency", [Choice(each, each) for each in sorted({*sums, wanted.currency} - {""})]),
            Filter("ends", "Ends", (Choice("soon", "Within a week"),)),
            Filter("all", "Shown", (Choice("yes", "Also what cannot be disputed"),)),
        ),
        paged=replace(paged, rows=rows),
    )


def _told(each: Ranked) -> dict[str, object]:
    return {"held": held(each), "expected": expected(each), "record": record_of(each), "sum": sum_words(each)}


def _wanted(visit: Visit, state: State) -> RankFilter:
    return disputable(
        visit.desk.world.books,
        state["partner"],
        family=state["family"],
        currency=state["currency"],
        soon=bool(state["ends"]),
        every=bool(state["all"]),
    )


def _count(visit: Visit, wanted: RankFilter, sums: Mapping[str, RankSum]) -> tuple[int, bool]:
    """How many claims the list has, and whether there are more than were counted."""
    found = [each for currency, each in sums.items() if wanted.currency in ("", currency)]
    if wanted.soon:
        return sum(each.soon for each in found), False
    rest, more = count_settled(visit.connection, wanted, visit.now.date()) if wanted.every else (0, False)
    return sum(each.count for each in found) + rest, more


def _growing(visit: Visit) -> Growing:
    state = state_of(visit, "partner", "family", "currency", "ends", "all")
    return growing_claims(visit.connection, _wanted(visit, state), visit.now.date())


def _outcomes(visit: Visit) -> Response:
    """The disputes that were answered, of a family or all: what the chance of the next one is counted from."""
    state = state_of(visit, "family", "at")
    family = next((each for each in Family if each.value == state["family"]), None)
    known = [each for of, each in load_experiences(visit.connection).items() if family is None or of is family]
    return visit.render(
        "recovery_outcomes.html",
        title="Outcomes of disputes",
        state=state,
        columns=_ANSWERED,
        filters=(Filter("family", "Family", [Choice(each.value, each.value) for each in Family]),),
        won=sum(each.won for each in known),
        count=sum(each.won + each.lost for each in known),
        outcomes=OUTCOMES,
        paged=page_outcomes(visit.connection, family, state["at"]),
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
