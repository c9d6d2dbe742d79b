"""Tour: a walk through this installation's own things in ten steps; it may be left and gone on with, and done again."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.page import Page, Route
from trueup.console.tour_steps import STEPS, place_of
from trueup.console.typed_numbers import shortened, whole_number
from trueup.console.visit import Visit
from trueup.workflows.keep_preferences import keep_preferences


def _show(visit: Visit) -> Response:
    return visit.render("tour.html", steps=[(step, place_of(visit, step)) for step in STEPS], seen=_seen(visit))


def _go(visit: Visit) -> Response:
    """To a step, which is seen with that; or out of the tour."""
    to = visit.given("to")
    if to == "out":
        visit.act(keep_preferences, visit.who, {"tour_at": None})
        return visit.go("/tour", "The tour is left; here it can be gone on with.")
    number = whole_number(to)
    if number is None or number > len(STEPS):
        raise Invalid(f"Step {shortened(to)} of the tour: expected one of 0 to {len(STEPS)}.")
    if number == len(STEPS):
        visit.act(keep_preferences, visit.who, {"tour_at": None, "tour_seen": list(range(len(STEPS)))})
        return visit.go("/tour", "That was the tour. You have seen all of it.")
    visit.act(keep_preferences, visit.who, {"tour_at": number, "tour_seen": sorted({*_seen(visit), number})})
    return visit.go(place_of(visit, STEPS[number]) or "/tour")


def _seen(visit: Visit) -> list[int]:
    return [int(each) for each in visit.preferences.get("tour_seen") or []]


PAGE = Page("tour", "Tour", (Route("/tour", _show), Route("/tour/go", _go, method="POST")))
