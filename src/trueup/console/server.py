"""The console as an ASGI application: each route asks for its permission, and every answer carries the same protection."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route as Address
from starlette.types import Message

from trueup.base.errors import NotFound, Refused, TrueupError
from trueup.base.ids import digest_of
from trueup.base.plugins import collect
from trueup.base.streams import read_at_most
from trueup.console import pages
from trueup.console.drawing import manifest
from trueup.console.failing import done_page, failed_page, problem_page
from trueup.console.kept_assets import answer_asset, keep_assets
from trueup.console.live import is_streamed
from trueup.console.page import OPEN_TO_ALL, Page, Route
from trueup.console.permissions import words_of
from trueup.console.presenting import present_in
from trueup.console.visit import LONGEST_NUMBER, SESSION, TOLD, House, Visit
from trueup.desk import Desk
from trueup.storage.views.console import load_preferences
from trueup.workflows.authority import permissions
from trueup.workflows.receive_files import LARGEST_BYTES
from trueup.workflows.resolve_case import Person
from trueup.workflows.send_once import SentAlready, send_again
from trueup.workflows.sign_in import is_signed_in, session_of

PAGE_GROUP = "trueup.pages"
SIGN_IN = "/sign-in"
_SAFE = ("GET", "HEAD")
_LARGEST_OF_STRANGERS = 64 * 1024
_MOST_FIELDS = 20_000
"""Fields of a form: each of thousands of cases that are decided at once is one."""
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


def collect_pages() -> dict[str, Page]:
    """Every page, our own and those of outside packages. Raises ConfigurationError for a permission that there is not."""
    found = collect(pages, "PAGE", Page, key=lambda page: page.name, group=PAGE_GROUP)
    for page in found.values():
        for route in page.routes:
            assert route.may == OPEN_TO_ALL or route.may in permissions(), f"{route.path}: no permission {route.may!r}"
    return found


def build_console(desk: Desk, describe_api: Callable[[], Mapping[str, Any]], *, open_house: bool = False) -> FastAPI:
    """All pages over an opened installation. Raises ConfigurationError when the assets are not built."""
    manifest()
    house = House(desk, collect_pages(), open_house, describe_api=describe_api)
    app = FastAPI(title="Trueup", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    for page in house.pages.values():
        for route in page.routes:
            path = route.path.replace(":int}", f":{_OURS}}}")
            app.router.routes.append(Address(path, _answering(house, page, route), methods=[route.method]))
    assets = keep_assets(Path(__file__).parent / "static")
    app.router.routes.append(Address("/static/{name}", partial(answer_asset, assets), methods=["GET"]))
    app.add_exception_handler(HTTPException, _not_there(house))  # type: ignore[arg-type]
    return app


class _Ours(Convertor[int]):
    """A number in an address that may be one of ours: of thousands of digits Python makes none, and nothing has them."""

    regex = f"[0-9]{{1,{LONGEST_NUMBER}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


_OURS = "ours"
register_url_convertor(_OURS, _Ours())


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose body was read."""

    request: Request
    form: FormData = field(default_factory=FormData)
    body: bytes = b""
    too_large: int = 0
    """The limit in bytes that the body went beyond; it was not read."""


def _answering(house: House, page: Page, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if route.method != "POST":
            return await run_in_threadpool(_serve, house, page, route, Asked(request))
        return await run_in_threadpool(_serve, house, page, route, await _read(house, route, request))

    return answer


async def _read(house: House, route: Route, request: Request) -> Asked:
    """The request with its body: little of a stranger's, and none where nobody is signed in who could send it."""
    known, most = True, _LARGEST_OF_STRANGERS
    if route.may != OPEN_TO_ALL:
        try:
            known, most = await run_in_threadpool(_is_somebody, house, request), LARGEST_BYTES
        except Exception:
            known = bool(request.cookies.get(SESSION))  # the answer fails likewise, and keeps what was typed
    body = await read_at_most(request.stream(), most) if known else b""

    async def read() -> Message:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    whole = Request(request.scope, read)
    form = await whole.form(max_fields=_MOST_FIELDS) if body else FormData()
    return Asked(whole, form, body or b"", too_large=most if body is None else 0)


def _is_somebody(house: House, request: Request) -> bool:
    desk = house.desk
    with desk.world.database.transaction() as connection:
        ticket = request.cookies.get(SESSION, "")
        return is_signed_in(connection, ticket, desk.settings.people, desk.world.clock.now()) is not None


def _not_there(house: House) -> Callable[[Request, HTTPException], Awaitable[Response]]:
    page = Page("missing", "Not found", (Route("/", _refuse_missing, OPEN_TO_ALL),))

    async def answer(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return await run_in_threadpool(_serve, house, page, page.routes[0], Asked(request))
        return HTMLResponse(str(error.detail), status_code=error.status_code, headers=_HEADERS)

    return answer


def _refuse_missing(visit: Visit) -> Response:
    raise NotFound(f"There is no page {visit.request.url.path}.")


def _serve(house: House, page: Page, route: Route, asked: Asked) -> Response:
    """The answer, or the page that says why there is none: also when nobody can be known, for nothing can be read."""
    try:
        return _serve_known(house, page, route, asked)
    except Exception:
        visit = _visit_of_nobody(house, page, asked)
        return _protected(visit, failed_page(visit))


def _visit_of_nobody(house: House, page: Page, asked: Asked) -> Visit:
    """A visit that reads nothing. Its form is kept when it carries the session's token: who sent it holds the ticket."""
    ticket = asked.request.cookies.get(SESSION, "")
    present = present_in("", asked.request.headers.get("accept-language", ""), "", house.desk.world.clock.now())
    visit = Visit(asked.request, house, page, None, present, None, {}, ticket, asked.form, asked.body)  # type: ignore[arg-type]
    if ticket and hmac.compare_digest(visit.given("csrf").encode(), csrf_of(ticket).encode()):
        visit.csrf = csrf_of(ticket)
    return visit


def _serve_known(house: House, page: Page, route: Route, asked: Asked) -> Response:
    """Who is it, may they, and what is the answer: in this order, whatever the page is."""
    request = asked.request
    house.sent.forget_old()
    ticket = request.cookies.get(SESSION, "")
    with house.desk.world.database.transaction() as connection:
        person = _person_of(house, route, ticket, connection)
        preferences = load_preferences(connection, person.name) if person else {}
        zone = (
            preferences.get("zone")
            or unquote(request.cookies.get("zone", ""))
            or house.desk.settings.installation.time_zone
        )
        accepted = request.headers.get("accept-language", "")
        locale, figures = (str(preferences.get(name, "")) for name in ("locale", "figures"))
        present = present_in(locale, accepted, str(zone), house.desk.world.clock.now(), figures)
        visit = Visit(request, house, page, connection, present, person, preferences, ticket, asked.form, asked.body)
        visit.takes = route.may
        visit.nonce, visit.form_key = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        visit.csrf = csrf_of(ticket) if person else ""
        response = _once(visit, _answer(visit, route, asked.too_large))
    return _protected(visit, response)


def _person_of(house: House, route: Route, ticket: str, connection: sa.Connection) -> Person | None:
    """Who is signed in by that ticket. To look at a stream does not count as use, or a page that is left open would never rest."""
    desk = house.desk
    if not ticket:
        return None
    if is_streamed(route.path):
        return is_signed_in(connection, ticket, desk.settings.people, desk.world.clock.now())
    known = desk.act(False, session_of, ticket, desk.settings.people)
    return known[0] if known else None


def _answer(visit: Visit, route: Route, too_large: int) -> Response:
    try:
        if not visit.is_at_home:
            return problem_page(visit, 421, f"This console is at {visit.home}, and answers under no other name.")
        if route.may != OPEN_TO_ALL and visit.person is None:
            return _to_sign_in(visit)
        if too_large:
            return problem_page(visit, 413, f"More than {too_large:,} bytes were sent; nothing was read.")
        if visit.request.method not in _SAFE:
            _check_origin(visit, route)
        if not visit.may(route.may):
            words = f"This needs “{words_of(route.may)}”. An administrator can grant it."
            visit.keep_refusal(words)
            return problem_page(visit, 403, words)
        # A statement that fails must not take along the page that says so.
        with visit.connection.begin_nested():
            if visit.request.method == "GET":
                _ = (
                    visit.news
                )  # as of before the list is asked for: what comes while it is drawn is told rather than missed
            return route.answer(visit)
    except SentAlready as error:
        return _told_again(visit) or problem_page(visit, 409, str(error))
    except TrueupError as error:
        return done_page(visit, error) if visit.done else problem_page(visit, error.http_status, str(error))
    except Exception:
        return failed_page(visit)


def _once(visit: Visit, response: Response) -> Response:
    """What a form was answered is held for who clicked twice; one that was refused after all may be sent again. One whose page
    failed after it had acted may not: what it asks for is done, whatever kept its page from being drawn."""
    awaited = visit.claimed or visit.prepared
    if not awaited:
        return response
    if response.status_code < 400:
        visit.house.sent.keep(awaited, response, visit.nonce)
        return response
    if visit.claimed and response.status_code < 500:
        visit.desk.act(False, send_again, visit.claimed)
    visit.house.sent.drop(awaited, response, visit.nonce)
    return response


def _told_again(visit: Visit) -> Response | None:
    """The answer to the same form, sent before; None where it is not held any more."""
    again = visit.answered or visit.house.sent.again(visit.sent_key)
    if again is None:
        return None
    response, visit.nonce = again
    return response


def csrf_of(ticket: str) -> str:
    """What a form of this session carries, to prove that it came from a page of ours."""
    return digest_of(b"trueup csrf " + ticket.encode())[:32]


def _check_origin(visit: Visit, route: Route) -> None:
    """A form comes from our own pages, and of this session where it acts in its name. Raises Refused."""
    site = visit.request.headers.get("sec-fetch-site", "same-origin")
    origin = visit.request.headers.get("origin", visit.home)
    if site not in ("same-origin", "none") or origin not in (visit.home, visit.origin):
        raise Refused("This form came from another site; nothing was done.")
    if route.may == OPEN_TO_ALL:
        return
    shown = visit.request.headers.get("x-csrf-token") or visit.given("csrf")
    if not hmac.compare_digest(shown.encode(), visit.csrf.encode()):
        raise Refused("This form is of an earlier session; nothing was done. Read it and send it again.")


def _to_sign_in(visit: Visit) -> Response:
    address = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    target = f"{SIGN_IN}?next={quote(address)}" if visit.request.method in _SAFE and address != "/" else SIGN_IN
    if visit.partial:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def _protected(visit: Visit, response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=visit.nonce))
    if TOLD in visit.request.cookies and response.status_code == 200 and not visit.partial:
        response.delete_cookie(TOLD)
    return response
