"""A visit: one request of one person, and everything a page is given to answer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit

import sqlalchemy as sa
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trueup.base.errors import Invalid, NotAllowed, NotFound, TrueupError
from trueup.console.drawing import templates
from trueup.console.page import LIVE, Group, Grows, Page
from trueup.console.permissions import words_of
from trueup.console.presenting import Presenting
from trueup.console.sent_forms import SentForms, key_of
from trueup.console.streams import Streams
from trueup.desk import Desk
from trueup.storage.views.acts import list_deeds
from trueup.storage.views.subjects import subject_of
from trueup.workflows.authority import LOOK, is_allowed
from trueup.workflows.refusals import Refusal, keep_refusal
from trueup.workflows.resolve_case import Person
from trueup.workflows.send_once import SentAlready, act_once

T = TypeVar("T")
_LARGEST_NUMBER = 2**63 - 1
_NUMBERED = {"/journal/exports/": "export", "/journal/": "entry", "/": "remittance"}
"""What a number is that an address merely calls `id`."""
LONGEST_NUMBER = len(str(_LARGEST_NUMBER))
"""So many digits has a number in an address at most."""
SESSION = "trueup_session"
"""The cookie with a session's ticket."""
TOLD = "trueup_told"
"""The cookie that carries a sentence from an act to the page after it."""


@dataclass(frozen=True, slots=True)
class House:
    """What all visits share: the desk, the pages, and whether anyone may come in as anyone (a demonstration).

    `describe_api` gives the OpenAPI document of the API that stands beside the console.
    """

    desk: Desk
    pages: Mapping[str, Page]
    open_house: bool = False
    streams: Streams = field(default_factory=Streams)
    describe_api: Callable[[], Mapping[str, Any]] = dict
    sent: SentForms = field(default_factory=SentForms)

    def decides(self, resolution: str, case_id: int) -> str:
        """Where a resolution is decided that takes more than a word; "" where no page does."""
        found = (page.decides[resolution] for page in self.pages.values() if resolution in page.decides)
        return next((address.format(case=case_id) for address in found), "")

    def navigation(self, visit: Visit) -> list[tuple[Group, list[Page]]]:
        """The pages that this person may see, by group and in order."""
        shown = [
            page
            for page in self.pages.values()
            if page.place and (visit.person is None or visit.may(page.routes[0].may))
        ]
        ordered = sorted(shown, key=lambda page: (page.place.order if page.place else 0, page.name))
        groups = [(group, [page for page in ordered if page.place and page.place.group is group]) for group in Group]
        return [(group, pages) for group, pages in groups if pages]


def _text(name: str, value: str) -> str:
    """What was typed, without space around it. Raises Invalid for what no database can hold as text."""
    if "\0" in value:
        raise Invalid(f"Field {name}: expected text, found a zero byte in it.")
    return value.strip()


@dataclass(slots=True)
class Visit:
    """One request. `connection` is a transaction for looking; acts have their own, through `act`."""

    request: Request
    house: House
    page: Page
    connection: sa.Connection
    present: Presenting
    person: Person | None
    preferences: Mapping[str, Any]
    ticket: str = ""
    form: FormData = field(default_factory=FormData)
    body: bytes = b""
    nonce: str = ""
    csrf: str = ""
    form_key: str = ""
    """What a form of this rendering carries, so that it acts once."""
    claimed: str = ""
    """The key under which the form of this visit has acted; "" before it does."""
    prepared: str = ""
    """The key under which its answer is awaited by who clicks twice, from what goes before an act on; "" where nothing does."""
    answered: tuple[Response, str] | None = None
    """What the first click was answered, where this visit waited for it: the answer, and the nonce of its scripts."""
    done: bool = False
    """Whether what the form asks for is done and kept: what fails afterwards takes nothing of it back."""
    known: dict[str, Any] = field(default_factory=dict)
    takes: str = ""
    """The permission of the route."""

    def once(self, name: str, look: Callable[[], T]) -> T:
        """What a look found, the first time that it was asked for in this visit: the frame and the page count the same."""
        if name not in self.known:
            self.known[name] = look()
        found: T = self.known[name]
        return found

    @property
    def desk(self) -> Desk:
        """The installation."""
        return self.house.desk

    @property
    def now(self) -> datetime:
        """The time of this visit."""
        return self.present.now

    @property
    def who(self) -> Person:
        """The person; only on routes that need one."""
        assert self.person is not None, "a route that is open to all has no person"
        return self.person

    @property
    def here(self) -> str:
        """The address of the page that is looked at, for a form of it to come back to; "" where it is the answer to a form."""
        asked = self.request.url.query
        return f"{self.request.url.path}{'?' if asked else ''}{asked}" if self.request.method == "GET" else ""

    @property
    def grows(self) -> Grows | None:
        """The list that is looked at, where it is one that grows."""
        return next((each for each in self.page.grows if each.path == self.request.url.path), None)

    @property
    def news(self) -> str:
        """Where that list tells what came after this visit looked first, with its filters; "" where none grows here."""
        grows = self.grows
        if grows is None:
            return ""
        newest = self.once("newest", lambda: grows.rows(self).newest(self.connection))
        asked = self.request.url.query if self.request.method == "GET" else ""
        address = f"{grows.live}/{newest}" if grows.live else f"{LIVE}/{newest}{grows.path}"
        return f"{address}?{asked}" if asked else address

    @property
    def origin(self) -> str:
        """Where the browser says that it is: scheme, host and port of this request."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @property
    def home(self) -> str:
        """Where people reach the console: as the settings say, or else as the browser does."""
        return (self.desk.settings.installation.address or self.origin).rstrip("/")

    @property
    def is_at_home(self) -> bool:
        """Whether the console was asked under its own name, or from this machine. Another name may be one that somebody else made
        lead here, to have a browser believe that they are us."""
        host = self.request.url.hostname or ""
        return host in ("127.0.0.1", "localhost", "::1") or self.request.url.netloc == urlsplit(self.home).netloc

    @property
    def tour(self) -> tuple[int, Any, int] | None:
        """The step of the tour that the person is at, and how many there are; None for who is on none."""
        from trueup.console.tour_steps import STEPS

        at = self.preferences.get("tour_at")
        return (at, STEPS[at], len(STEPS)) if isinstance(at, int) and at < len(STEPS) else None

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("HX-Request-Type") == "partial"

    @property
    def named(self) -> dict[str, object]:
        """The things that the address names, each by what it is."""
        given = dict(self.request.path_params)
        if "id" in given:
            named = next(name for begin, name in _NUMBERED.items() if self.request.url.path.startswith(begin))
            given[named] = given.pop("id")
        return given

    @property
    def deeds(self) -> list[dict[str, Any]]:
        """Who did what to what the page is about, the newest first; none on the answer to a form."""
        listed = self.page.about.get(self.request.url.path, "")
        subject = listed.format(me=self.person.name if self.person else "") or subject_of(self.connection, self.named)
        look = partial(list_deeds, self.connection, subject)
        return self.once("deeds", look) if subject and self.request.method == "GET" else []

    def may(self, what: str) -> bool:
        """Whether the person may do that."""
        return not what or (self.person is not None and is_allowed(self.person, what))

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """A part of the address that is a number; the route says `{name:int}`. Raises NotFound for one that nothing has."""
        found = int(self.request.path_params[name])
        if found > _LARGEST_NUMBER:
            raise NotFound(f"There is nothing here of number {found}.")
        return found

    def asked(self, name: str, default: str = "") -> str:
        """A word of the query."""
        return _text(name, self.request.query_params.get(name, default))

    def given(self, name: str, default: str = "") -> str:
        """A field of the form, as text. Raises Invalid for a file."""
        value = self.form.get(name, default)
        if not isinstance(value, str):
            raise Invalid(f"Field {name}: expected text, found a file.")
        return _text(name, value)

    def all_given(self, name: str) -> list[str]:
        """Every value of a field that may be given several times."""
        return [_text(name, value) for value in self.form.getlist(name) if isinstance(value, str)]

    def upload(self, name: str) -> tuple[str, bytes]:
        """A file of the form: its name and its bytes. Raises Invalid when there is none."""
        value = self.form.get(name)
        if not isinstance(value, UploadFile) or not value.filename:
            raise Invalid(f"Field {name}: expected a file, found none. Choose one first.")
        return value.filename.replace("\0", "?"), value.file.read()

    def act(self, fn: Callable[..., T], *args: Any, dry_run: bool = False) -> T:
        """Have a workflow do something for the person, in a transaction of its own; rolled back when it is only tried.

        Raises SentAlready when the form of this visit has done it before, as it was sent now.
        """
        found = self._acted("" if dry_run else self._free_key, dry_run, fn, *args)
        self.done = self.done or not dry_run
        return found

    def attempt(self, fn: Callable[..., T | TrueupError], *args: Any) -> T:
        """Act where a refusal leaves something behind, such as a note of the try or the file that came: the function returns the
        refusal then. What it wrote is kept, the form may be sent again, and the refusal is raised from here. Raises as `act`."""
        found = self._acted(self._free_key, False, fn, *args)
        self.done = True
        return cast("T", found)

    def prepare(self, fn: Callable[..., T], *args: Any) -> T:
        """Do what only goes before, and may be done again: a file is archived before anything reads it.

        It uses up no key: that is of the act which follows, and may fail. Who clicks twice has the answer of the first click here
        too, where it comes. Raises as `act`.
        """
        key = "" if self.prepared else self._free_key
        if key:
            self._wait_for_the_first(key)
            self.prepared = key
        return self._acted("", False, fn, *args)

    def _wait_for_the_first(self, key: str) -> None:
        if self.house.sent.expect(key):
            return
        self.answered = self.house.sent.again(key)
        if self.answered is not None:
            raise SentAlready("This form was sent already.")
        self.house.sent.expect(key)

    @property
    def _free_key(self) -> str:
        return "" if self.claimed else self.sent_key

    def _acted(self, key: str, dry_run: bool, fn: Callable[..., T], *args: Any) -> T:
        try:
            found = self._act_once(key, fn, *args) if key else self.desk.act(dry_run, fn, *args)
            if isinstance(found, TrueupError):
                raise found
            return found
        except NotAllowed as error:
            if not dry_run:
                self.keep_refusal(str(error))
            raise

    def _act_once(self, key: str, fn: Callable[..., T], *args: Any) -> T:
        self.house.sent.expect(key)
        try:
            done: T = self.desk.act(False, act_once, key, fn, *args)
        except SentAlready:
            raise
        except BaseException:
            self.house.sent.drop(key)  # it may be sent again, and has an answer of its own then
            raise
        if isinstance(done, TrueupError):
            self.house.sent.drop(key)
        else:
            self.claimed = key
        return done

    def keep_refusal(self, why: str) -> None:
        """Who was not let do something is told of beside who did it. To look is no act, and nobody is nobody."""
        if self.person is not None and self.request.method == "POST":
            refusal = Refusal(self.named, words_of(self.takes or LOOK), why)
            keep_refusal(self.desk.act, self.who, refusal)

    @property
    def sent_key(self) -> str:
        """The key of the form as it was sent here; "" where it has none."""
        url = self.request.url
        return key_of(f"{url.path}?{url.query}", self.form, self.csrf)

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """The page's template (`pages/<name>.html`). A part that htmx asks for is a template of its own, included by the whole."""
        known = {"visit": self, "present": self.present, "title": self.page.title, **context}
        text = templates().get_template(f"page/{template}").render(known)
        return HTMLResponse(text, status_code=status, headers={"Vary": "HX-Request-Type, Cookie"})

    def go(self, address: str, told: str = "", undo: str = "") -> Response:
        """To another page after an act, which says there what was done; `undo` is the address that takes it back."""
        response = RedirectResponse(address, status_code=303)
        if told:
            body = quote(json.dumps({"words": told, "undo": undo}))
            self.keep(response, TOLD, body, 60)
        return response

    def keep(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep a cookie that no script reads and that goes to no other site."""
        secure = self.home.startswith("https:")
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)

    @property
    def told(self) -> dict[str, str] | None:
        """What the act before this page has to say."""
        try:
            found = json.loads(unquote(self.request.cookies.get(TOLD, "")))
        except ValueError:
            return None
        return found if isinstance(found, dict) and isinstance(found.get("words"), str) else None

    @property
    def theme(self) -> str:
        """Light or dark, as the cookie says; empty for what the device prefers."""
        chosen = self.request.cookies.get("theme", "")
        return chosen if chosen in ("light", "dark") else ""
