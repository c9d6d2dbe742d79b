"""Access tokens: what a machine shows to the API in a person's name. Made here, shown once, revoked here."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.console.page import Offer, Page, Route
from trueup.console.permissions import words_of
from trueup.console.tables import Choice
from trueup.console.visit import Visit
from trueup.storage.views.console import list_tokens
from trueup.workflows.authority import is_allowed, permissions
from trueup.workflows.keep_tokens import MadeToken, WantedToken, end_token, make_token

_LASTS = (Choice("7", "A week"), Choice("30", "A month"), Choice("90", "Three months"), Choice("365", "A year"))


def _page(visit: Visit, made: MadeToken | None = None) -> Response:
    return visit.render(
        "tokens.html",
        tokens=list_tokens(visit.connection, None if visit.may("people.keep") else visit.who.name),
        made=made.text.reveal() if made else "",
        scopes=[Choice(name, words_of(name)) for name in sorted(permissions()) if is_allowed(visit.who, name)],
        lasts=_LASTS,
        ends_before=write_instant(visit.now),
        words_of=words_of,
    )


def _show(visit: Visit) -> Response:
    return _page(visit)


def _make(visit: Visit) -> Response:
    days = visit.given("days")
    if days not in {each.value for each in _LASTS}:
        raise Invalid("A token: choose one of the times that are offered.")
    wanted = WantedToken(visit.given("label"), visit.all_given("scope"), timedelta(days=int(days)))
    return _page(visit, visit.act(make_token, wanted, visit.who, visit.desk.settings.people))


def _end(visit: Visit) -> Response:
    number = visit.given("token")
    if not number.isdecimal() or len(number) > 18:
        raise Invalid("Say which token is revoked.")
    name = visit.act(end_token, int(number), visit.who)
    return visit.go("/account/tokens", f"Token {name} opens nothing any more.")


PAGE = Page(
    "tokens",
    "Access tokens",
    (
        Route("/account/tokens", _show, "tokens.make"),
        Route("/account/tokens/make", _make, "tokens.make", "POST"),
        Route("/account/tokens/end", _end, "tokens.make", "POST"),
    ),
    offers=(Offer("Make an access token", "/account/tokens", "tokens.make"),),
)
