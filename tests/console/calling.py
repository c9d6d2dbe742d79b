"""Calling the API in tests: tokens of people, calls with them, and a walk over everything that can be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from tests.console.installed import Console
from trueup.api.v1 import describe
from trueup.workflows.authority import is_allowed, permissions
from trueup.workflows.keep_tokens import WantedToken, make_token
from trueup.workflows.people import all_people
from trueup.workflows.resolve_case import Person

_numbers = itertools.count(1)
DETAILS = {
    "/cases": ("/cases/{id}",),
    "/orders": ("/orders/{partner}/{number}",),
    "/documents": ("/documents/{digest}", "/documents/{digest}/content"),
    "/stock": ("/stock/{sku}",),
    "/remittances": ("/remittances/{id}", "/remittances/{id}/lines"),
    "/journal/entries": ("/journal/entries/{id}",),
    "/journal/exports": ("/journal/exports/{id}",),
    "/circular/items": ("/circular/items/{programme}/{id}",),
    "/trade-ins": ("/trade-ins/{key}",),
    "/runs": ("/runs/{run_id}",),
    "/rules": ("/rules/{id}",),
}
"""Where one of each list's items is shown whole."""


def person(console: Console, name: str) -> Person:
    """Someone of the installation."""
    with console.app.database.transaction() as connection:
        return all_people(connection, console.app.settings.people)[name]


def token(console: Console, name: str, *scopes: str) -> str:
    """A new token of this person; with everything they may, when no scope is named."""
    who = person(console, name)
    wanted = scopes or tuple(each for each in permissions() if is_allowed(who, each))
    new = WantedToken(f"test {next(_numbers)}", wanted, timedelta(days=30))
    return console.app.act(False, make_token, new, who, console.app.settings.people).text.reveal()


@dataclass(frozen=True)
class Caller:
    """A program that calls with a token."""

    http: httpx2.Client

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """One answer."""
        return self.http.get(_whole(path), headers=headers)

    def json(self, path: str) -> Any:
        """What was asked for; it is there."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def send(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> httpx2.Response:
        """An act."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, _whole(path), json=body, headers=named)

    def pages(self, path: str, limit: int = 2) -> Iterator[list[Any]]:
        """Every page of a list."""
        joint = "&" if "?" in path else "?"
        address: str | None = f"{path}{joint}limit={limit}"
        while address:
            page = self.json(address)
            yield page["items"]
            address = page["next"]


def _whole(path: str) -> str:
    return path if path.startswith("/api/") else f"/api/v1{path}"


@contextmanager
def calling(console: Console, text: str) -> Iterator[Caller]:
    """Call with a token; "" for none."""
    headers = {"authorization": f"Bearer {text}"} if text else {}
    with httpx2.Client(base_url=console.url, headers=headers, timeout=60) as http:
        yield Caller(http)


def walk(caller: Caller) -> dict[str, int]:
    """Read everything that needs no name, and the first and last of what it lists whole; how many items each list has."""
    found = {}
    for path, methods in describe()["paths"].items():
        if "get" not in methods or "{" in path:
            continue
        short = path.removeprefix("/api/v1")
        told = caller.json(short)
        if "items" not in told:
            continue
        found[short] = len(told["items"])
        for item in [*told["items"][:1], *told["items"][-1:]]:
            for detail in DETAILS.get(short, ()):
                address = detail.format(**{name: quote(str(value), safe="/") for name, value in item.items()})
                answer = caller.get(address)
                assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text}"
    return found
