"""The company's provider of identities: sign in by it, and add one's account there to one's account here."""

from __future__ import annotations

import structlog
from starlette.responses import RedirectResponse, Response

from trueup.base.errors import NotFound, RemoteError, TrueupError
from trueup.console.addresses import ours
from trueup.console.page import OPEN_TO_ALL, Page, Route
from trueup.console.pages.sign_in import let_in, show_form, visitor_of
from trueup.console.visit import Visit
from trueup.remote.identity import IdentityProvider
from trueup.settings.sign_in import SignInSettings
from trueup.workflows.provider_sign_in import (
    ATTEMPT_LASTS,
    Aim,
    begin_attempt,
    end_attempt,
    enter_by_provider,
    forget_account,
    link_account,
    note_failure,
)
from trueup.workflows.sign_in import Denied

ATTEMPT = "trueup_attempt"
"""The cookie that binds an answer of the provider to the browser that asked."""
_log = structlog.get_logger("trueup.console")


def _provider(visit: Visit) -> tuple[IdentityProvider, SignInSettings]:
    doors = visit.desk.settings.sign_in
    if doors is None:
        raise NotFound("Nobody signs in by a provider here; [sign_in] in trueup.toml names one.")
    return visit.desk.world.connections.identity_providers[doors.name], doors


def _begin(visit: Visit) -> Response:
    provider, _ = _provider(visit)
    begun = visit.prepare(begin_attempt, Aim(ours(visit.asked("next", "/"))), visitor_of(visit))
    if isinstance(begun, Denied):
        return show_form(visit, problem=begun.words, status=429)
    ticket, attempt = begun
    try:
        response = RedirectResponse(provider.write_address(attempt), status_code=303)
    except RemoteError as error:
        return _failed(visit, provider, error)
    visit.keep(response, ATTEMPT, ticket, int(ATTEMPT_LASTS.total_seconds()))
    return response


def _back(visit: Visit) -> Response:
    """The answer, in the address. It is asked about at the provider outside of any transaction that writes."""
    provider, doors = _provider(visit)
    who = visit.person.name if visit.person else ""
    ended = visit.prepare(end_attempt, visit.request.cookies.get(ATTEMPT, ""), who)
    if isinstance(ended, Denied):
        return show_form(visit, problem=ended.words, status=422)
    aim, attempt = ended
    try:
        identity = provider.fetch_identity(dict(visit.request.query_params), attempt)
    except TrueupError as error:
        visit.prepare(note_failure, visitor_of(visit))
        return _failed(visit, provider, error)
    if aim.person:
        visit.act(link_account, identity, visit.who, doors)
        return visit.go("/account", f"From now on your account of {doors.name} lets you in.")
    came = visit.act(enter_by_provider, identity, visitor_of(visit), doors, visit.desk.settings.people)
    if isinstance(came, Denied):
        return show_form(visit, problem=came.words, status=403)
    response = let_in(visit, came, aim.next)
    response.delete_cookie(ATTEMPT)
    return response


def _failed(visit: Visit, provider: IdentityProvider, error: TrueupError) -> Response:
    """What was wrong with the answer is told; what is wrong with the provider is for whoever reads the log."""
    if not isinstance(error, RemoteError):
        return show_form(visit, problem=str(error), status=422)
    _log.warning("provider failed", provider=provider.name, error=str(error))
    words = f"{provider.name} cannot be asked now; nobody was signed in. Try again, or sign in another way."
    return show_form(visit, problem=words, status=502)


def _begin_linking(visit: Visit) -> Response:
    """A page with the way there: a form's own answer may not lead to another site."""
    provider, _ = _provider(visit)
    begun = visit.prepare(begin_attempt, Aim("/account", visit.who.name), visitor_of(visit))
    if isinstance(begun, Denied):
        return visit.go("/account", begun.words)
    ticket, attempt = begun
    response = visit.render("provider_go.html", provider=provider.name, address=provider.write_address(attempt))
    visit.keep(response, ATTEMPT, ticket, int(ATTEMPT_LASTS.total_seconds()))
    return response


def _forget(visit: Visit) -> Response:
    _, doors = _provider(visit)
    visit.act(forget_account, visit.who, doors)
    return visit.go("/account", f"Your account of {doors.name} lets nobody in any more.")


PAGE = Page(
    "provider",
    "Provider",
    (
        Route("/sign-in/provider", _begin, OPEN_TO_ALL),
        Route("/sign-in/provider/back", _back, OPEN_TO_ALL),
        Route("/account/provider/link", _begin_linking, method="POST"),
        Route("/account/provider/forget", _forget, method="POST"),
    ),
)
