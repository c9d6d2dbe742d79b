"""Lights: what must always be true, each in a sentence, with its proof: the numbers compared, the rows that break it."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.console.lights import page_of, shown_lights
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.workflows.prove_invariants import prove_now

_STANDS = (Filter("state", "State", (Choice("ok", "Holds"), Choice("bad", "Broken"), Choice("idle", "Unknown"))),)


def _list(visit: Visit) -> Response:
    """All of them, or those alone that stand as the address says."""
    state, lights = state_of(visit, "state"), shown_lights(visit)
    shown = [each for each in lights if state["state"] in ("", each.state)]
    return visit.render("lights.html", lights=lights, shown=shown, state=state, choices=_STANDS)


def _show(visit: Visit) -> Response:
    name = visit.path("light")
    shown = next((each for each in shown_lights(visit) if each.invariant.name == name), None)
    if shown is None:
        raise NotFound(f"There is no light {name!r}.")
    return visit.render("light.html", title=shown.invariant.title, shown=shown, page_of=page_of)


def _prove(visit: Visit) -> Response:
    name = visit.path("light")
    broken = visit.act(prove_now, name, visit.who)
    return visit.go(f"/lights/{name}", f"Proven: {broken} rows break it." if broken else "Proven: it holds.")


def _count(visit: Visit) -> int:
    return sum(each.state == "bad" for each in shown_lights(visit))


PAGE = Page(
    "lights",
    "Lights",
    (
        Route("/lights", _list),
        Route("/lights/{light}", _show),
        Route("/lights/{light}/prove", _prove, "proofs.ask", "POST"),
    ),
    Place(Group.SYSTEM, 1, "shield-check"),
    "l",
    _count,
)
