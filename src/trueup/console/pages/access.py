"""Access: of one connection what it can do as tested, by what it is let in and until when, what that grants, and its last use.

A secret is written here and never read: what is kept is shown nowhere.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.base.secret import Secret
from trueup.console.connection_words import VERDICTS, kinds_of
from trueup.console.page import Page, Route
from trueup.console.visit import Visit
from trueup.storage.views.connection_access import ends_state
from trueup.workflows.keep_secrets import keep_secret
from trueup.workflows.pause_connection import is_connection
from trueup.workflows.probe_connection import keep_test, known_access, probe_connection
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

_SEALED = "sealed:"


def _show(visit: Visit) -> Response:
    name, world = visit.path("connection"), visit.desk.world
    if name not in world.connections.probed:
        raise NotFound(f"There is no connection {name!r} that can be tested.")
    [access] = known_access(visit.connection, world, [name])
    return visit.render(
        "access.html",
        title=f"Access of {name}",
        name=name,
        kind=kinds_of(visit)[name],
        access=access,
        verdicts=VERDICTS,
        ends=[(ends_state(each, visit.now), each) for each in access.credentials],
        flows=f"/connections/{name}" if is_connection(world, name) else "",
    )


def _test(visit: Visit) -> Response:
    """Ask it: this asks the other system, and may take a while."""
    name = visit.path("connection")
    answers = probe_connection(visit.desk.world, name, visit.who)
    visit.act(keep_test, answers, visit.who)
    amiss = f"{answers.amiss} amiss" if answers.amiss else "nothing amiss"
    return visit.go(_page_of(name), f"{name} was tested: {len(answers.probes)} answers, {amiss}.")


def _replace(visit: Visit) -> Response:
    """Keep another secret in the place of one that is sealed here."""
    name, kept = visit.path("connection"), visit.given("kept")
    known = {each.kept for each in known_access(visit.connection, visit.desk.world, [name])[0].credentials}
    if kept not in known or not kept.startswith(_SEALED):
        raise Invalid(f"{name} has no secret of that name that is sealed here; nothing was changed.")
    sealed = kept.removeprefix(_SEALED)
    visit.act(_seal, sealed, Secret(visit.given("secret")), visit.who)
    return visit.go(
        _page_of(name), f"Secret {sealed} is replaced. It is used from the next start of Trueup on; test it then."
    )


def _seal(tx: Tx, name: str, secret: Secret, person: Person) -> Any:
    return keep_secret(tx.connection, tx.resources.archive.master, (name, secret), person, tx.now)


def _page_of(name: str) -> str:
    return f"/settings/connections/{name}"


PAGE = Page(
    "access",
    "Access",
    (
        Route("/settings/connections/{connection}", _show),
        Route("/settings/connections/{connection}/test", _test, "connections.test", "POST"),
        Route("/settings/connections/{connection}/secret", _replace, "secrets.keep", "POST"),
    ),
)
