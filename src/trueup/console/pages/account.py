"""Your account: how you see things, how you sign in, where you are signed in."""

from __future__ import annotations

from babel import Locale
from starlette.responses import Response

from trueup.base.errors import Invalid, Refused
from trueup.console.page import Page, Route
from trueup.console.pages.sign_in import visitor_of
from trueup.console.presenting import LOCALES, zones
from trueup.console.tables import Choice
from trueup.console.visit import Visit
from trueup.storage.views import console as views
from trueup.workflows.keep_preferences import keep_preferences
from trueup.workflows.sign_in import NewPassword, change_password, sign_out_elsewhere

_DENSITIES = (Choice("normal", "Normal"), Choice("compact", "Compact"))


def _show(visit: Visit) -> Response:
    locales = [Choice(name, Locale.parse(name).get_display_name("en") or name) for name in LOCALES]
    return visit.render(
        "account.html",
        locales=[Choice("", "As the browser says"), *locales],
        zones=[Choice("", "As the browser says"), *(Choice(name, name.replace("_", " ")) for name in zones())],
        densities=_DENSITIES,
        sessions=views.list_sessions(visit.connection, visit.who.name),
        passkeys=views.list_passkeys(visit.connection, visit.who.name),
        provider=next(iter(visit.desk.world.connections.identity_providers), ""),
        linked=views.has_provider(visit.connection, visit.who.name),
    )


def _keep(visit: Visit) -> Response:
    locale, zone, density = visit.given("locale"), visit.given("zone"), visit.given("density", "normal")
    if locale not in ("", *LOCALES) or zone not in ("", *zones()) or density not in {each.value for each in _DENSITIES}:
        raise Invalid("Preferences: choose one of those offered.")
    wanted = {"locale": locale, "zone": zone, "density": density, "shortcuts_off": bool(visit.given("shortcuts_off"))}
    visit.act(keep_preferences, visit.who, wanted)
    return visit.go("/account", "Preferences saved.")


def _change_password(visit: Visit) -> Response:
    if visit.given("after") != visit.given("again"):
        raise Invalid("The two new passwords differ.")
    wanted = NewPassword(visit.given("before"), visit.given("after"), visit.ticket)
    denied = visit.act(change_password, visit.who, wanted, visitor_of(visit))
    if denied is not None:
        raise Refused(denied.words)
    return visit.go("/account", "Password changed. Everywhere else you are signed out.")


def _sign_out_elsewhere(visit: Visit) -> Response:
    ended = visit.act(sign_out_elsewhere, visit.who, visit.ticket)
    return visit.go("/account", f"You are signed out everywhere else: {ended} sessions ended.")


PAGE = Page(
    "account",
    "Your account",
    (
        Route("/account", _show),
        Route("/account/preferences", _keep, method="POST"),
        Route("/account/password", _change_password, method="POST"),
        Route("/account/sessions/end", _sign_out_elsewhere, method="POST"),
    ),
)
