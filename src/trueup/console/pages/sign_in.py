"""Sign in and out: by password, by passkey, by the company's provider, or for the first time by a one-time link."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from trueup.base.errors import Conflict, Refused
from trueup.console.addresses import ours
from trueup.console.page import OPEN_TO_ALL, Page, Route
from trueup.console.visit import SESSION, Visit
from trueup.workflows.people import all_people
from trueup.workflows.provider_sign_in import WAY
from trueup.workflows.sign_in import (
    SESSION_LASTS,
    SignedIn,
    Visitor,
    enter,
    enter_by_link,
    look_at_link,
    sign_in,
    sign_out,
)

BROWSER = "trueup_browser"
"""The cookie by which a browser that someone came in from is known again."""
_YEAR_SECONDS = 365 * 24 * 3600


def visitor_of(visit: Visit) -> Visitor:
    """Who knocks."""
    address = visit.request.client.host if visit.request.client else ""
    return Visitor(address, visit.request.headers.get("user-agent", ""), visit.request.cookies.get(BROWSER, ""))


def let_in(visit: Visit, entered: SignedIn, address: str = "/") -> Response:
    """Hand out the session's ticket and go on. Whoever was signed in in this browser until now is not any more."""
    response = RedirectResponse(ours(address), status_code=303)
    hand_ticket(visit, response, entered)
    return response


def hand_ticket(visit: Visit, response: Response, entered: SignedIn) -> None:
    """The cookie that says who this is; no script reads it, and it goes to no other site."""
    if visit.ticket:
        visit.act(sign_out, visit.ticket)
    visit.keep(response, SESSION, entered.ticket, int(SESSION_LASTS.total_seconds()))
    if entered.browser:
        visit.keep(response, BROWSER, entered.browser, _YEAR_SECONDS)


def show_form(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    """The ways in, with what went wrong on one of them."""
    hosts = all_people(visit.connection, visit.desk.settings.people).values() if visit.house.open_house else ()
    return visit.render(
        "sign_in.html",
        title="Sign in",
        status=status,
        problem=problem,
        next=ours(visit.asked("next") or visit.given("next", "/")),
        name=visit.given("name"),
        provider=next(iter(visit.desk.world.connections.identity_providers), ""),
        hosts=sorted(hosts, key=lambda person: person.name),
    )


def _show(visit: Visit) -> Response:
    if visit.person is not None:
        return RedirectResponse("/", status_code=303)
    return show_form(visit)


def _sign_in(visit: Visit) -> Response:
    settled = visit.desk.settings.people
    came = visit.act(sign_in, visit.given("name"), visit.given("password"), visitor_of(visit), settled)
    if isinstance(came, SignedIn):
        return let_in(visit, came, visit.given("next", "/"))
    return show_form(visit, problem=came.words, status=429 if came.wait else 422)


def _sign_out(visit: Visit) -> Response:
    way = visit.act(sign_out, visit.ticket)
    response = RedirectResponse("/signed-out" if way == WAY else "/sign-in", status_code=303)
    response.delete_cookie(SESSION)
    return response


def _signed_out(visit: Visit) -> Response:
    """Who came in by a provider is signed in there still: whether to leave it too is theirs to say."""
    providers = visit.desk.world.connections.identity_providers.values()
    places = [(each.name, each.sign_out_address()) for each in providers]
    return visit.render("signed_out.html", title="Signed out", places=[place for place in places if place[1]])


def _step_in(visit: Visit) -> Response:
    """In a demonstration anyone comes in as anyone. Raises Refused everywhere else."""
    if not visit.house.open_house:
        raise Refused("Nobody comes in here without a password, a passkey or a link.")
    person = all_people(visit.connection, visit.desk.settings.people).get(visit.given("name"))
    if person is None:
        raise Refused(f"{visit.given('name')!r} is nobody here.")
    return let_in(visit, visit.act(enter, person, "demo", visitor_of(visit)), visit.given("next", "/"))


def _show_link(visit: Visit) -> Response:
    return _shown_link(visit)


def _shown_link(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    """The form of a link that opens; of another one, what became of it and what to do."""
    link = visit.path("link")
    seen = look_at_link(visit.connection, link, visit.now)
    return visit.render("sign_in_link.html", status=status, link=link, problem=problem, seen=seen)


def _use_link(visit: Visit) -> Response:
    link, password = visit.path("link"), visit.given("password")
    if password != visit.given("again"):
        return _shown_link(visit, problem="The two passwords differ.", status=422)
    try:
        entered = visit.act(enter_by_link, link, password, visitor_of(visit), visit.desk.settings.people)
    except Conflict as conflict:
        return _shown_link(visit, status=conflict.http_status)
    except Refused as refused:
        return _shown_link(visit, problem=str(refused), status=422)
    return let_in(visit, entered)


PAGE = Page(
    "sign_in",
    "Sign in",
    (
        Route("/sign-in", _show, OPEN_TO_ALL),
        Route("/sign-in", _sign_in, OPEN_TO_ALL, "POST"),
        Route("/sign-in/demo", _step_in, OPEN_TO_ALL, "POST"),
        Route("/enter/{link}", _show_link, OPEN_TO_ALL),
        Route("/enter/{link}", _use_link, OPEN_TO_ALL, "POST"),
        Route("/sign-out", _sign_out, "look", "POST"),
        Route("/signed-out", _signed_out, OPEN_TO_ALL),
    ),
)
