"""Dispute packs: how many claims of the queue are worth one, what they would bring, and all of their packs as long work."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.page import Offer, Page, Route
from trueup.console.tables import state_of
from trueup.console.visit import Visit
from trueup.workflows.jobs.make_dispute_packs import ask_packs, worth_packing

_SHOWN = 50


def _show(visit: Visit) -> Response:
    state = state_of(visit, "partner", "family")
    claims = visit.act(worth_packing, state["partner"], state["family"], dry_run=True)
    sums: dict[str, int] = {}
    for each in claims:
        sums[each.found.balance.currency] = sums.get(each.found.balance.currency, 0) + each.found.balance.open
    return visit.render(
        "recovery_packs.html",
        state=state,
        back=f"/recovery{state.to()[len(state.path) :]}",
        claims=[(each, Money(each.found.balance.open, each.found.balance.currency)) for each in claims[:_SHOWN]],
        count=len(claims),
        sums=[Money(minor, currency) for currency, minor in sorted(sums.items())],
    )


def _make(visit: Visit) -> Response:
    company = visit.desk.settings.installation.name
    number = visit.act(ask_packs, visit.given("partner"), visit.given("family"), company, visit.who)
    return visit.go(f"/jobs/{number}")


PAGE = Page(
    "recovery_packs",
    "Dispute packs",
    (Route("/recovery/packs", _show), Route("/recovery/packs", _make, "claims.dispute", "POST")),
    offers=(Offer("Make dispute packs", "/recovery/packs", "claims.dispute"),),
)
