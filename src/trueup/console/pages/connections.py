"""Connections: what each brought and when, its backlog and budget; paused, resumed, asked and read again after a look."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.console.connection_words import NOT_NEEDED, kinds_of, reads
from trueup.console.order_story import DELIVERIES
from trueup.console.page import Hit, Page, Route
from trueup.console.search_words import Sought
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.visit import Visit
from trueup.storage.views.connections import count_documents, list_pauses, list_waiting_answers, load_backlog
from trueup.storage.views.freshness import freshness_of
from trueup.storage.views.run_steps import list_budgets
from trueup.storage.views.status import list_sources
from trueup.workflows.jobs.read_again import ask_reading
from trueup.workflows.pause_connection import (
    REPLAYABLE,
    ask_now,
    is_connection,
    pause_connection,
    resume_connection,
)
from trueup.workflows.watch import every_rounds

SPANS = {
    "1h": ("for an hour", timedelta(hours=1)),
    "4h": ("for four hours", timedelta(hours=4)),
    "1d": ("for a day", timedelta(days=1)),
    "3d": ("for three days", timedelta(days=3)),
    "7d": ("for a week", timedelta(days=7)),
}


def _show(visit: Visit) -> Response:
    name = visit.path("connection")
    if not is_connection(visit.desk.world, name):
        raise NotFound(f"There is no connection {name!r}.")
    rounds = {each.query: each for each in every_rounds(visit.desk.world) if each.source == name}
    sources = [each for each in list_sources(visit.connection) if each["name"] == name]
    return visit.render(
        "connection.html",
        title=name,
        name=name,
        what=" ".join(filter(None, kinds_of(visit).get(name, ("",)))),
        reads=reads,
        not_needed=NOT_NEEDED,
        publishes=name in {shop.name for shop in visit.desk.settings.shops},
        pause=list_pauses(visit.connection).get(name),
        sources=[(freshness_of(each, visit.now), each, rounds.get(each["query"])) for each in sources],
        backlog=load_backlog(visit.connection, name, visit.now),
        answers=list_waiting_answers(visit.connection, name),
        states=DELIVERIES,
        documents=count_documents(visit.connection, name),
        budgets=[each for each in list_budgets(visit.connection, visit.now) if _is_of(visit, each["name"], name)],
        replayable=[query for query, each in rounds.items() if each.flow in REPLAYABLE],
        spans=SPANS,
        probed=name in visit.desk.world.connections.probed,
    )


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    names = [name for name in sorted(visit.desk.world.connections.guarded) if sought.words.lower() in name.lower()]
    if not sought.words or not sought.wants("connection"):
        return []
    return [
        Hit("connection", name, f"/connections/{name}", "its name", exact=name == sought.words)
        for name in names[: sought.most]
    ]


def _is_of(visit: Visit, budget: str, name: str) -> bool:
    """Whether a budget's name says that it is this connection's: by its name, or a shop's by its domain."""
    domains = {shop.domain for shop in visit.desk.settings.shops if shop.name == name}
    parts = set(budget.replace(":", "/").split("/"))
    return bool(parts & ({name} | domains))


def _pause(visit: Visit) -> Response:
    name, until, reason = visit.path("connection"), _until(visit), visit.given("reason")
    if not is_sure(visit):
        rest = visit.act(pause_connection, name, reason, until, visit.who, dry_run=True)
        effects = [
            f"Nothing is asked of {name} until {visit.present.exact(until)}; what is under way now still ends.",
            f"{_count(rest.rounds, 'round rests', 'rounds rest')}; what arrives there meanwhile is read afterwards.",
            f"{_count(rest.waiting, 'answer that is written waits', 'answers that are written wait')} to be sent.",
            *(f"Order {key} is due {visit.present.exact(due)}: a case at once." for key, due in rest.due[:20]),
        ]
        if len(rest.due) > 20:
            effects.append(
                f"{_count(len(rest.due) - 20, 'more order comes', 'more orders come')} due in it, each a case."
            )
        fields = {"span": visit.given("span"), "reason": reason}
        return _ask(visit, f"Pause {name}", effects, f"Pause {name}", fields)
    rest = visit.act(pause_connection, name, reason, until, visit.who)
    return visit.go(
        f"/connections/{name}", f"{name} is paused; {_count(len(rest.due), 'order comes', 'orders come')} due in it."
    )


def _count(number: int, one: str, many: str) -> str:
    """How many of something: one is not many."""
    return f"{number} {one if number == 1 else many}"


def _until(visit: Visit) -> datetime:
    found = SPANS.get(visit.given("span"))
    if found is None:
        raise Invalid(f"For how long: expected one of {', '.join(SPANS)}.")
    return visit.now + found[1]


def _resume(visit: Visit) -> Response:
    name = visit.path("connection")
    rounds = visit.act(resume_connection, name, visit.who)
    return visit.go(f"/connections/{name}", f"{name} goes on: {_count(rounds, 'round comes', 'rounds come')} at once.")


def _now(visit: Visit) -> Response:
    name = visit.path("connection")
    rounds = visit.act(ask_now, name, visit.who)
    return visit.go(f"/connections/{name}", f"{name} is asked: {_count(rounds, 'round comes', 'rounds come')} at once.")


def _replay(visit: Visit) -> Response:
    name, query, since = visit.path("connection"), visit.given("query"), _since(visit)
    sure = is_sure(visit)
    number, replay = visit.act(ask_reading, name, query, since, visit.who, dry_run=not sure)
    if sure:
        return visit.go(f"/jobs/{number}")
    effects = [
        f"{reads(query)}: read again from {visit.present.exact(since)} to now, within its rate budget.",
        f"{replay.documents} documents came from {name} since then; whatever comes is archived anew.",
        f"It is safe: {replay.why}",
    ]
    fields = {"query": query, "since": visit.given("since")}
    return _ask(visit, f"Read again: {reads(query)} of {name}", effects, "Read it again", fields)


def _since(visit: Visit) -> datetime:
    try:
        day = datetime.strptime(visit.given("since"), "%Y-%m-%d").date()  # noqa: DTZ007 - a day of this person's zone
    except ValueError:
        raise Invalid(f"From when: {visit.given('since')!r}; expected a day such as 2026-10-31.") from None
    return datetime.combine(day, time(), visit.present.zone)


def _ask(visit: Visit, title: str, effects: list[str], label: str, fields: dict[str, Any]) -> Response:
    name = visit.path("connection")
    return ask_whether(visit, Sure(title, name, f"/connections/{name}", effects, label, "connections.pause"), fields)


PAGE = Page(
    "connections",
    "Connection",
    (
        Route("/connections/{connection}", _show),
        Route("/connections/{connection}/pause", _pause, "connections.pause", "POST"),
        Route("/connections/{connection}/resume", _resume, "connections.pause", "POST"),
        Route("/connections/{connection}/ask", _now, "connections.pause", "POST"),
        Route("/connections/{connection}/replay", _replay, "connections.pause", "POST"),
    ),
    find=_find,
)
