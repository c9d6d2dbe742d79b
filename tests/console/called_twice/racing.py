"""Call the same operation twice: under one key, one after the other and at once; under two keys, by two people at once.

An operation that does what a form of the console does takes its thing from that form's row, and says only how it is called. Both
calls are held where acts are recorded, as `sent_twice.racing` tells.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import httpx2

from tests.console.calling import Caller, calling, token
from tests.console.installed import Console
from tests.console.sent_twice.racing import (
    ROWS,
    WHEN,
    Outcome,
    Sent,
    Two,
    acts_since,
    console_of,
    count_rows,
    demand_each,
    demand_once,
    difference,
    held,
    newest_act,
)

_keys = itertools.count(1)
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_WORDS = ("note", "reason", "why", "how", "text", "reference", "override")
"""What another call under the same key says otherwise."""

Places = dict[str, str]
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Called:
    """A call: its address below /api/v1, and what it carries, as JSON or as bytes."""

    address: str
    body: Any = None
    content: bytes | None = None


@dataclass(frozen=True)
class CallRow:
    """An operation: a fresh thing with the call for it, what becomes of two people who call it, who they are, whether it takes a
    key, and what another call under that key says otherwise."""

    operation: str
    make: Callable[[Any], Called]
    two: Two
    people: tuple[str, str]
    world: str
    keyed: bool = True
    other: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """As HTTP calls it."""
        return self.operation.partition(" ")[0]


CALLS: dict[str, CallRow] = {}


def called(
    operation: str,
    two: Two = Two.ONE,
    people: tuple[str, str] = ("Ana Admin", "Bo Admin"),
    world: str = "filled",
    *,
    keyed: bool = True,
    **other: Any,
) -> Callable[[Callable[[Any], Called]], Callable[[Any], Called]]:
    """The row of an operation, "POST /rules", that no form has; what is decorated makes a thing that nobody else has."""

    def kept(make: Callable[[Any], Called]) -> Callable[[Any], Called]:
        assert operation not in CALLS, operation
        CALLS[operation] = CallRow(operation, make, two, people, world, keyed, other)
        return make

    return kept


def as_form(
    operation: str,
    form: str,
    body: Callable[[Fields], Any] | None = None,
    *,
    two: Two | None = None,
    places: Callable[[Places, Fields], Places] = lambda places, fields: places,
    **other: Any,
) -> None:
    """The row of an operation that does what a form does: of its fields the body, of its places those of the address."""
    row, path = ROWS[form], operation.partition(" ")[2]
    pattern = re.compile(_PLACE.sub(lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/?]+'})", form))

    def make(world: Any) -> Called:
        sent: Sent = row.make(world)
        found = pattern.fullmatch(sent.address.partition("?")[0])
        assert found, (form, sent.address)
        where = places(found.groupdict(), sent.fields)
        address = _PLACE.sub(lambda place: quote(where[place[1]], safe="/"), path)
        return Called(address, body(sent.fields) if body else None)

    called(operation, two or row.two, row.people, row.world, **other)(make)


def prove_call(row: CallRow, world: Any) -> None:
    """Called once; twice under one key, one after the other and at once; by one person and by two people under two keys at once."""
    console = console_of(world)
    first, second = row.people
    once = _call(console, row, row.make(world), [(first, _key(row))])
    [(_, answer)] = once.answers
    assert answer.is_success, f"alone: {answer.status_code} {answer.text}"
    assert row.two is not Two.LOOK or (not once.more and not once.acts), f"alone: {dict(once.more)} {once.acts}"
    if row.keyed:
        _prove_one_key(console, row, world, once)
    for whose, names in (("one person", (first, first)), ("two people", (first, second))):
        if row.two is Two.OWN and whose == "two people":
            continue
        both = _call(console, row, row.make(world), [(name, _key(row)) for name in names])
        _demand(row, once, both, whose)


def _prove_one_key(console: Console, row: CallRow, world: Any, once: Outcome) -> None:
    """One effect and one answer, also at once; and the key is of that request alone."""
    first, call, key = row.people[0], row.make(world), _key(row)
    with ExitStack() as stack:
        caller = stack.enter_context(calling(console, token(console, first)))
        caller.get("/me")
        before, newest = count_rows(console), newest_act(console)
        done, again = _send(caller, row, call, key), _send(caller, row, call, key)
        _demand_same(once, console, (before, newest), [done, again], "again under the key")
        other = _other(row, call, world)
        before, newest = count_rows(console), newest_act(console)
        refused = _send(caller, row, other, key)
        assert refused.status_code == 422 and "was used for another request already" in refused.text, refused.text
        assert count_rows(console) == before and not acts_since(console, newest), "another request under the key"
    call, key = row.make(world), _key(row)
    text = token(console, first)
    both = _call(console, row, call, [(first, key), (first, key)], text)
    _same([answer for _, answer in both.answers], "at once under the key")
    demand_once(once, both, "at once under the key")


def _demand_same(once: Outcome, console: Console, since: tuple[Any, int], answers: list[Any], whose: str) -> None:
    more = difference(since[0], count_rows(console))
    demand_once(once, Outcome([("", each) for each in answers], more, acts_since(console, since[1])), whose)
    _same(answers, whose)


def _same(answers: list[httpx2.Response], whose: str) -> None:
    one, other = answers
    assert one.is_success and one.status_code == other.status_code, f"{whose}: {one.text} {other.text}"
    assert one.json() == other.json(), f"{whose}: {one.text} and then {other.text}"
    told = sorted(each.headers.get("idempotency-replayed", "") for each in answers)
    assert told == ["", "true"], f"{whose}: which was told again is not said: {told}"


def _other(row: CallRow, call: Called, world: Any) -> Called:
    """The same call with something else in it; of one that carries nothing, tried with another query."""
    if call.content is not None:
        return replace(call, content=call.content + b"\n")
    if not isinstance(call.body, dict):
        return replace(call, address=call.address + "?another=1")
    if row.other:
        return replace(call, body={**call.body, **row.other})
    if found := next((name for name in _WORDS if name in call.body), None):
        return replace(call, body={**call.body, found: f"{call.body[found]} again"})
    other = row.make(world).body
    assert other != call.body, f"{row.operation}: nothing in it is ever otherwise"
    return replace(call, body=other)


def _demand(row: CallRow, once: Outcome, both: Outcome, whose: str) -> None:
    if row.two in (Two.EACH, Two.SAME):
        demand_each(once, both, whose)
        return
    demand_once(once, both, whose)
    if row.two is Two.LOOK:
        assert all(answer.is_success for _, answer in both.answers), whose
    elif whose == "two people":
        done = [name for name, answer in both.answers if not _refusal(answer)]
        refused = [_refusal(answer) for _, answer in both.answers if _refusal(answer)]
        assert len(done) == len(refused) == 1, [(name, answer.text) for name, answer in both.answers]
        assert done[0] in refused[0], f"who did it is not said: {refused[0]}"
        assert WHEN.search(refused[0]), f"when it was done is not said: {refused[0]}"


def _refusal(answer: httpx2.Response) -> str:
    """Why it was not done, "" where it was; of many lines, why their only one was not."""
    told = answer.json()
    if answer.status_code in (409, 422):
        return str(told["detail"])
    lines = told.get("lines") if isinstance(told, dict) else None
    return str(lines[0].get("refused") or "") if isinstance(lines, list) and lines else ""


def _call(
    console: Console, row: CallRow, call: Called, by: list[tuple[str, str | None]], text: str | None = None
) -> Outcome:
    """Call it for each of these, of a name and a key, at the same instant; by one token where that is given."""
    answers: list[tuple[str, httpx2.Response]] = []

    def ask(name: str, key: str | None, caller: Caller) -> None:
        answers.append((name, _send(caller, row, call, key)))

    with ExitStack() as stack:
        callers = [stack.enter_context(calling(console, text or token(console, name))) for name, _ in by]
        for each in callers:
            assert each.get("/me").status_code == 200  # that a token is used for the first time is an act of its own
        before, newest = count_rows(console), newest_act(console)
        threads = [
            threading.Thread(target=ask, args=(name, key, caller))
            for (name, key), caller in zip(by, callers, strict=True)
        ]
        with held(console, len(by)):
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join(60)
        return Outcome(answers, difference(before, count_rows(console)), acts_since(console, newest))


def _send(caller: Caller, row: CallRow, call: Called, key: str | None) -> httpx2.Response:
    headers = {} if key is None else {"idempotency-key": key}
    if call.content is None:
        return caller.send(call.address, call.body, row.method, **headers)
    kind = {"content-type": "application/octet-stream", **headers}
    return caller.http.request(row.method, f"/api/v1{call.address}", content=call.content, headers=kind)


def _key(row: CallRow) -> str | None:
    return f"call-{next(_keys)}" if row.keyed else None
