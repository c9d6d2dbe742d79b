"""Your account: how you see things, how you sign in, where you are signed in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel import Locale
from starlette.responses import Response
from ua_parser import parse as parse_agent

from trueup.base.errors import Invalid, Refused
from trueup.console.page import Page, Route
from trueup.console.pages.sign_in import visitor_of
from trueup.console.presenting import FIGURES, LOCALES, present_in, zones
from trueup.console.tables import Choice
from trueup.console.visit import Visit
from trueup.storage.views import console as views
from trueup.workflows.keep_preferences import keep_preferences
from trueup.workflows.sign_in import NewPassword, change_password, sign_out_elsewhere
from trueup.workflows.world import Tx

_SHOWN = Decimal("-1234567.89")
_THEMES = (Choice("", "As the device says"), Choice("light", "Light"), Choice("dark", "Dark"))
_YEAR_SECONDS = 365 * 24 * 3600
_DENSITIES = (Choice("normal", "Normal"), Choice("compact", "Compact"))


def _show(visit: Visit) -> Response:
    locales = [Choice(name, Locale.parse(name).get_display_name("en") or name) for name in LOCALES]
    return visit.render(
        "account.html",
        locales=[Choice("", "As the browser says"), *locales],
        zones=[Choice("", "As the browser says"), *(Choice(name, name.replace("_", " ")) for name in zones())],
        densities=_DENSITIES,
        figures=[Choice("", "As the days are written"), *(_written(visit, name) for name in FIGURES)],
        themes=_THEMES,
        sessions=[
            {**each, "browser": _browser(each["agent"])}
            for each in views.list_sessions(visit.connection, visit.who.name)
        ],
        passkeys=views.list_passkeys(visit.connection, visit.who.name),
        provider=next(iter(visit.desk.world.connections.identity_providers), ""),
        linked=views.has_provider(visit.connection, visit.who.name),
    )


def _browser(agent: str) -> str:
    """What people call a browser and what it runs on, "Chrome 156 on Linux"; what it calls itself where it is no known one."""
    known = parse_agent(agent)
    if known.user_agent is None:
        return agent
    named = f"{known.user_agent.family} {known.user_agent.major or ''}".strip()
    return f"{named} on {known.os.family}" if known.os else named


def _written(visit: Visit, name: str) -> Choice:
    return Choice(name, present_in("", "", "", visit.now, name).number(_SHOWN))


def _keep(visit: Visit) -> Response:
    offered = {
        "locale": ("", *LOCALES),
        "figures": ("", *FIGURES),
        "zone": ("", *zones()),
        "density": tuple(each.value for each in _DENSITIES),
        "theme": tuple(each.value for each in _THEMES),
    }
    wanted: dict[str, Any] = {name: visit.given(name) for name in offered}
    wanted["density"] = wanted["density"] or _DENSITIES[0].value
    if any(wanted[name] not in choices for name, choices in offered.items()):
        raise Invalid("Preferences: choose one of those offered.")
    theme = wanted.pop("theme")
    visit.act(keep_preferences, visit.who, wanted | {"shortcuts_off": bool(visit.given("shortcuts_off"))})
    answer = visit.go("/account", "Preferences saved.")
    # A theme is of a device and not of a person: the cookie that the switch in the top bar sets.
    if theme:
        secure = visit.request.url.scheme == "https"
        answer.set_cookie("theme", theme, max_age=_YEAR_SECONDS, samesite="lax", secure=secure)
    elif visit.theme:
        answer.delete_cookie("theme")
    return answer


def _change_password(visit: Visit) -> Response:
    if visit.given("after") != visit.given("again"):
        raise Invalid("The two new passwords differ.")
    wanted = NewPassword(visit.given("before"), visit.given("after"), visit.ticket)

    def change(tx: Tx) -> Refused | None:
        denied = change_password(tx, visit.who, wanted, visitor_of(visit))
        return Refused(denied.words) if denied else None  # the wrong try is kept

    visit.attempt(change)
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
    about={"/account": "person {me}"},
)
