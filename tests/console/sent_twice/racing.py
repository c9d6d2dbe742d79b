"""Send the same form twice at the same instant, and see what came of it in every table.

Both are held where acts are recorded until both are there: each has read all that it decides by before the other is done. What is
not guarded by a lock, a key or a comparison within the transaction is done twice so, each time and not by chance.
"""

from __future__ import annotations

import html
import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import httpx2
import sqlalchemy as sa

from tests.console.installed import Client, Console
from tests.console.worked_world import Worked
from tests.waiting import count_waiting

_UNCOUNTED = (
    "form_keys",
    "case_presence",
    "subject_keys",
    "sign_in_tries",
    "contents",
    "content_chunks",
    "api_answers",
    "dispute_sums",
)
"""Tables of what was sent and who looks, which no act is about; of what is kept once by its content, whoever brings it; and of
sums, a row of which stands for many."""
_TYPED = ("note", "reason", "text", "why", "how", "reference", "override")
_keys = itertools.count(1)
WHEN = re.compile(r"\d{1,2} \w{3} \d{4}|\d{4}-\d\d-\d\d|\d{1,2}:\d\d")


class Two(Enum):
    """What becomes of the second, when two people send the same."""

    ONE = "one of them does it; the other is told who did, and when"
    EACH = "each of them has said or asked something of their own"
    SAME = "both are given the same, which was begun once"
    OWN = "only one person can send it"
    CLOSED = "nobody does it here: both are refused, and nothing is changed"
    LOOK = "nothing is changed by it, and both see the same"


@dataclass(frozen=True)
class Sent:
    """A form: where it goes, its fields, its files or what it carries as JSON. `typed`: the words that a person wrote into it."""

    address: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    json: Any = None


@dataclass(frozen=True)
class Row:
    """A route: a fresh thing with the form for it, what becomes of two people who send it, and who they are."""

    path: str
    make: Callable[[Any], Sent]
    two: Two
    people: tuple[str, str]
    world: str


ROWS: dict[str, Row] = {}


def row(
    path: str, two: Two = Two.ONE, people: tuple[str, str] = ("Ana Admin", "Bo Admin"), world: str = "filled"
) -> Callable[[Callable[[Any], Sent]], Callable[[Any], Sent]]:
    """The row of a route; what is decorated makes a thing that nobody else has, and says the form."""

    def kept(make: Callable[[Any], Sent]) -> Callable[[Any], Sent]:
        assert path not in ROWS, path
        ROWS[path] = Row(path, make, two, people, world)
        return make

    return kept


@dataclass(frozen=True)
class Outcome:
    """What came of it: the answers, in the order in which they came; how many rows each table has more; the acts."""

    answers: list[tuple[str, httpx2.Response]]
    more: Counter[str]
    acts: list[tuple[str, str, str]]
    """Actor, act and subject of each."""


def send(console: Console, sent: Sent, names: list[str], *, click: bool = False) -> Outcome:
    """Send it for each of these at the same instant. The same name twice: in two tabs, or by a double `click` in one."""
    with ExitStack() as stack:
        clients = {name: stack.enter_context(console.visitor(name)) for name in set(names)}
        before, newest = count_rows(console), newest_act(console)
        answers: list[tuple[str, httpx2.Response]] = []
        forms = [f"rendering-{next(_keys)}" for _ in names] if not click else [f"rendering-{next(_keys)}"] * len(names)
        threads = [
            threading.Thread(target=_send, args=(clients[name], sent, (name, form), answers))
            for name, form in zip(names, forms, strict=True)
        ]
        with held(console, len(names)):
            for each in threads:
                each.start()
        for each in threads:
            each.join(60)
        after = count_rows(console)
        return Outcome(answers, difference(before, after), acts_since(console, newest))


def _send(client: Client, sent: Sent, of: tuple[str, str], answers: list[tuple[str, httpx2.Response]]) -> None:
    name, form = of
    headers = {"sec-fetch-site": "same-origin"}
    if sent.json is not None:
        answer = client.http.post(sent.address, json=sent.json, headers={**headers, "x-csrf-token": client.csrf})
    else:
        data = {"csrf": client.csrf, "form_key": form, **sent.fields}
        answer = client.http.post(sent.address, data=data, files=sent.files or None, headers=headers)
    answers.append((name, answer))


@contextmanager
def held(console: Console, count: int) -> Iterator[None]:
    """Nothing is recorded in the block, nor until so many wait to, or wait for one that does."""
    engine = console.app.database.engine
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("LOCK TABLE trueup.acts IN EXCLUSIVE MODE"))
        yield
        begun, waiting = time.monotonic(), 0
        while waiting < count and time.monotonic() - begun < (1 if not waiting else 3):
            time.sleep(0.02)
            waiting = count_waiting(connection)


def count_rows(console: Console) -> dict[str, int]:
    with console.app.database.transaction() as connection:
        names = connection.execute(
            sa.text(
                "SELECT format('%I.%I', table_schema, table_name) AS whole, table_name FROM information_schema.tables"
                " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        ).all()
        query = " UNION ALL ".join(
            f"SELECT '{whole}', count(*) FROM {whole}" for whole, name in names if name not in _UNCOUNTED
        )
        return {name: int(count) for name, count in connection.execute(sa.text(query))}


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> Counter[str]:
    return Counter({name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)})


def newest_act(console: Console) -> int:
    with console.app.database.transaction() as connection:
        return int(connection.execute(sa.text("SELECT coalesce(max(id), 0) FROM trueup.acts")).scalar_one())


def acts_since(console: Console, newest: int) -> list[tuple[str, str, str]]:
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT actor, act, subject FROM trueup.acts WHERE id > :newest ORDER BY id")
        return [tuple(each) for each in connection.execute(query, {"newest": newest})]


def console_of(world: Any) -> Console:
    """The console of a world."""
    return world.console if isinstance(world, Worked) else world


def prove(row: Row, world: Any) -> None:
    """Sent once; by a double click; by one person in two tabs; and by two people."""
    console = console_of(world)
    first, second = row.people
    once = send(console, row.make(world), [first])
    [(_, answer)] = once.answers
    if row.two is Two.CLOSED:
        assert answer.status_code == 409 and not once.more and not once.acts, said(answer)
        return
    assert answer.status_code in (200, 202, 204, 303), f"alone: {answer.status_code} {said(answer)}"
    assert row.two is not Two.LOOK or (not once.more and not once.acts), f"alone: {dict(once.more)} {once.acts}"
    sent = row.make(world)
    if sent.json is None:  # what a script sends is no form, and is sent once by it
        clicked = send(console, sent, [first, first], click=True)
        demand_once(once, clicked, "a double click")
        one, other = [(answer.status_code, answer.headers.get("location")) for _, answer in clicked.answers]
        assert one == other, f"a double click: {statuses(clicked)}"
    for whose, names in (("two tabs", [first, first]), ("two people", [first, second])):
        if row.two is Two.OWN and whose == "two people":
            continue
        sent = row.make(world)
        _demand(row.two, once, send(console, sent, names), (whose, sent))


def _demand(two: Two, once: Outcome, both: Outcome, of: tuple[str, Sent]) -> None:
    whose, sent = of
    if two is Two.EACH:
        demand_each(once, both, whose)
        return
    if two is Two.SAME:
        demand_each(once, both, whose)
        assert max(Counter(act[1:] for act in both.acts).values(), default=1) == 1, f"{whose}: {both.acts}"
        return
    demand_once(once, both, whose)
    if two is Two.LOOK:
        assert all(answer.status_code < 400 for _, answer in both.answers), f"{whose}: {statuses(both)}"
    elif whose == "two people":
        _demand_conflict(sent, both)


def demand_each(once: Outcome, both: Outcome, whose: str) -> None:
    """Both have what they asked for, and no table more rows than that; what is known by a key is kept once, whoever sends it."""
    assert all(answer.status_code < 400 for _, answer in both.answers), f"{whose}: {statuses(both)}"
    wrong = {name: count for name, count in both.more.items() if abs(count) > 2 * abs(once.more[name])}
    assert not wrong, f"{whose}: {dict(both.more)} of {dict(once.more)}"


def demand_once(once: Outcome, outcome: Outcome, whose: str) -> None:
    """Neither failed, nor was told that there is no such thing. As many rows more in every table as when it is sent once, and no
    act twice."""
    assert len(outcome.answers) == 2, "one has no answer"
    wrong = [
        f"{name}: {answer.status_code} {said(answer)[:600]}"
        for name, answer in outcome.answers
        if answer.status_code not in (200, 201, 202, 204, 303, 409, 422)
    ]
    assert not wrong, f"{whose}: {wrong}"
    assert any(answer.status_code < 400 for _, answer in outcome.answers), (
        f"{whose}: nobody did it: {statuses(outcome)}"
    )
    twice = {each: count for each, count in Counter(act[1:] for act in outcome.acts).items() if count > 1}
    assert not twice, f"{whose}: acts more than once: {twice}"
    assert outcome.more == once.more, f"{whose}: {dict(outcome.more)} and not {dict(once.more)}; {statuses(outcome)}"


def _demand_conflict(sent: Sent, outcome: Outcome) -> None:
    """One did it; the other is told who, and when, and has what was typed."""
    done = [name for name, answer in outcome.answers if answer.status_code < 400]
    refused = [answer for _, answer in outcome.answers if answer.status_code == 409]
    assert len(done) == len(refused) == 1, f"two people: {statuses(outcome)}"
    words = said(refused[0])
    assert done[0] in words, f"who did it is not said: {words[:600]}"
    assert WHEN.search(words), f"when it was done is not said: {words[:600]}"
    typed = [str(value) for name, value in sent.fields.items() if name in _TYPED and value]
    lost = [value for value in typed if value not in refused[0].text]
    assert not lost, f"lost what was typed: {lost}"


def said(answer: httpx2.Response) -> str:
    """What a page of a problem says; of another one, its beginning."""
    text = answer.text.partition('<section class="empty">')[2].partition("</section>")[0] or answer.text
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", text.partition(">")[2]).split()))


def statuses(outcome: Outcome) -> str:
    return "; ".join(f"{name} {answer.status_code} {said(answer)[:300]}" for name, answer in outcome.answers)
