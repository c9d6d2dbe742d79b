"""The door: every call shows a token and is let do what its scope and its person's roles allow. A session's cookie opens nothing.

Who it is, is asked before anything of the body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from starlette.types import Message

from trueup.api.problems import Forbidden, TooLarge, Unauthenticated
from trueup.api.replies import read_body
from trueup.api.shapes import Page
from trueup.base.errors import DocumentError, Invalid, NotAllowed, Throttled
from trueup.base.ids import digest_of
from trueup.desk import Desk
from trueup.workflows.answer_once import answer_once
from trueup.workflows.authority import is_allowed, permissions
from trueup.workflows.keep_tokens import admit_call, caller_of
from trueup.workflows.refusals import Refusal, keep_refusal
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who makes it, by which token, and the installation it is made to."""

    request: Request
    desk: Desk
    person: Person
    token: int
    takes: str
    """The permission of the operation."""

    @property
    def now(self) -> datetime:
        """The time of the call."""
        return self.desk.world.clock.now()

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        """A transaction for looking."""
        with self.desk.world.database.transaction() as connection:
            yield connection

    def act(self, fn: Callable[..., T], *args: Any, dry_run: bool = False) -> T:
        """Have a workflow act for the person, in a transaction of its own; rolled back when it is only tried."""
        try:
            return self.desk.act(dry_run, fn, *args)
        except NotAllowed as error:
            if not dry_run:
                self.keep_refusal(str(error))
            raise

    def keep_refusal(self, why: str) -> None:
        """What a token was not let do is told of beside what was done. To look is no act."""
        if self.request.method != "GET":
            refusal = Refusal(dict(self.request.path_params), self.takes, why)
            keep_refusal(self.desk.act, self.person, refusal)

    def once(
        self,
        act: Callable[[Tx], M],
        key: str | None,
        *,
        dry_run: bool = False,
        keep: Callable[[Tx], object] | None = None,
    ) -> M:
        """Have something done; under a key once, and told again to who asks again. A trial uses up no key.

        `keep`: where a document is refused, nothing else is done and the key stays unused, but this is kept, in one transaction.
        """
        if key is None or dry_run:
            return self._act_keeping(keep, act, dry_run=dry_run)
        told: list[M] = []

        def acted(tx: Tx) -> dict[str, Any]:
            told.append(act(tx))
            return told[0].model_dump(mode="json")

        asked = (self.token, key, self.request.state.asked)
        answered = self._act_keeping(keep, lambda tx: answer_once(tx, asked, acted))
        self.request.state.again = answered.again
        return told[0] if told else cast("M", answered.body)

    def _act_keeping(self, keep: Callable[[Tx], object] | None, act: Callable[[Tx], T], *, dry_run: bool = False) -> T:
        if keep is None:
            return self.act(act, dry_run=dry_run)

        def kept(tx: Tx) -> T | DocumentError:
            try:
                with tx.connection.begin_nested():
                    return act(tx)
            except DocumentError as error:
                keep(tx)
                return error

        done = self.act(kept, dry_run=dry_run)
        if isinstance(done, DocumentError):
            raise done
        return done

    def page(self, shape: type[M], rows: Iterable[Mapping[Any, Any]], after: str) -> Page[M]:
        """Rows as a page, with the address of the next one where there is something after them."""
        asked = [(name, value) for name, value in self.request.query_params.multi_items() if name != "at"]
        address = f"{self.request.url.path}?{urlencode([*asked, ('at', after)])}" if after else None
        return Page[M](items=[shape.model_validate(dict(row)) for row in rows], next=address)

    def page_by(self, shape: type[M], rows: Sequence[Mapping[Any, Any]], limit: int, *keys: str) -> Page[M]:
        """Rows that were asked for with one more than the limit; the next page goes on after the last one's keys."""
        shown = rows[:limit]
        after = "/".join(str(shown[-1][key]) for key in keys) if len(rows) > limit else ""
        return self.page(shape, shown, after)


async def _call_of(request: Request) -> Call:
    call: Call = request.state.call
    return call


Calling = Annotated[Call, Depends(_call_of)]


async def enter(request: Request, desk: Desk, may: str) -> Call:
    """Let a call in. Raises Unauthenticated, Forbidden, Throttled, Invalid for an address that no text could be."""
    if "\0" in request.url.path or "%00" in request.url.query:
        raise Invalid("The address holds a zero byte, which nothing here is called by.")
    given = request.headers.get("authorization", "")
    text = given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""
    call = await asyncio.to_thread(_admit, request, desk, text, may)
    if not is_allowed(call.person, may):
        roles = ", ".join(role.value for role in permissions()[may])
        words = (
            f"This takes the scope {may}, of a person who is {roles}. Token {call.person.token!r} of {call.person.name} has "
            f"the scopes {', '.join(sorted(call.person.scopes or ()))}; what is not among them takes another token."
        )
        if request.query_params.get("dry_run", "false").lower() not in ("true", "1", "on", "yes"):
            await asyncio.to_thread(call.keep_refusal, words)
        raise Forbidden(words)
    return call


def _admit(request: Request, desk: Desk, text: str, may: str) -> Call:
    known = desk.act(False, caller_of, text, desk.settings.people) if text else None
    if known is None:
        raise Unauthenticated(
            "No token that holds was shown: it was never made, has ended or was revoked. Send one as "
            "`Authorization: Bearer trueup_...`; a person makes it in the console, or by `trueup tokens create`."
        )
    person, token = known
    wait = admit_call(desk.world, token)
    if wait:
        raise Throttled(f"Token {person.token!r} calls too often; nothing was done.", retry_after_seconds=wait)
    return Call(request, desk, person, token, may)


async def read_request(request: Request, most: int) -> Request:
    """The request with its body read, and with the hash of all that it asks: a key that is used again is for the same request.

    Raises TooLarge.
    """
    body = await read_body(request, most)
    if body is None:
        raise TooLarge(f"{request.url.path} reads {most} bytes at most; more were sent, and nothing was kept.")
    whole = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    request.state.asked, request.state.again = digest_of(whole), False

    async def read() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, read)


def tag(request: Request, response: Response) -> Response:
    """Mark an answer with the hash of its bytes; say only that it is the same to who has it already (RFC 9110, 8.8.3)."""
    if request.method != "GET" or response.status_code != 200 or not isinstance(getattr(response, "body", None), bytes):
        return response
    etag = f'"{digest_of(bytes(response.body))[:32]}"'
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
