"""Flows: every connection with its last good reading, its budget and its troubles in words; and the runs with their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trueup.console.connection_words import NOT_NEEDED, reads
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.tables import Choice, Column, Filter, State, read_since, state_of
from trueup.console.trust import trust_in, trusted_connections
from trueup.console.visit import Visit
from trueup.storage.views import runs as views
from trueup.storage.views.connections import Backlog, count_documents, list_pauses, load_backlog
from trueup.storage.views.freshness import Freshness, freshness_of
from trueup.storage.views.growing import Growing
from trueup.storage.views.run_steps import list_budgets, list_steps, plain_step, sum_steps
from trueup.storage.views.run_words import RunWords, known_flows, say_runs, title_of_flow
from trueup.storage.views.status import list_sources
from trueup.workflows.check_stock import QUERY
from trueup.workflows.mend_runs import cancel_run, retry_run, what_cancel_means, what_retry_means
from trueup.workflows.rounds import next_dues
from trueup.workflows.sweep_progress import Sweep, list_sweeps
from trueup.workflows.watch import every_rounds

RUN_STATES = {
    "timed": ("held", "Set for later"),
    "waiting": ("held", "Waiting"),
    "running": ("info", "Running"),
    "done": ("ok", "Done"),
    "failed": ("bad", "Failed"),
    "poisoned": ("bad", "Given up"),
    "cancelled": ("idle", "Cancelled"),
}
"""The colour and the words of where a run stands: waiting for a budget or a time is not failing."""
_STOPPED_FOR_A_PERSON = ("failed", "poisoned")
_WAITING_FOR_A_PERSON = Choice("stopped", "Stopped: failed or given up")
_STOPPED = ("failed", "poisoned", "cancelled")
_GOING = ("timed", "waiting", "running")
_MOST = 50
_PAGES = {"order": "/orders/{}", "job": "/jobs/{}", "document": "/documents/{}"}
_COLUMNS = (
    Column("Run"),
    Column("State"),
    Column("Since or due"),
    Column("Starts", "number", spare=True),
    Column("Trouble"),
)


def _show(visit: Visit) -> Response:
    state = state_of(visit, "status", "flow", "at")
    known = list_sources(visit.connection)
    runs, more = _page_of_runs(visit, state)
    filters = [
        Filter(
            "status",
            "State",
            [_WAITING_FOR_A_PERSON, *(Choice(name, words) for name, (_, words) in RUN_STATES.items())],
        ),
        Filter("flow", "Flow", [Choice(each, title_of_flow(each)) for each in known_flows()]),
    ]
    return visit.render(
        "flows.html",
        state=state,
        filters=filters,
        columns=_COLUMNS,
        pauses=list_pauses(visit.connection),
        connections=set(visit.desk.world.connections.guarded),
        sources=_rows(visit, known),
        trust=trust_in(trusted_connections(visit)),
        reads=reads,
        runs=runs,
        said=say_runs(visit.connection, runs),
        counts=views.count_runs(visit.connection),
        workers=views.list_workers(visit.connection),
        budgets=[
            {**each, "title": _budget_words(visit, each["name"])} for each in list_budgets(visit.connection, visit.now)
        ],
        run_states=RUN_STATES,
        more=more,
    )


def _page_of_runs(visit: Visit, state: State) -> tuple[list[dict[str, Any]], str]:
    """The runs after a place, the latest change first, and the place that the next page begins after, "" where there is none."""
    since, _, run_id = state["at"].partition("/")
    moment = read_since(since)
    after = (moment, run_id) if moment else None
    found = [
        run
        for status in _statuses(state) or (None,)
        for run in views.list_runs(visit.connection, status=status, flow=state["flow"], after=after, limit=_MOST + 1)
    ]
    found.sort(key=lambda run: run["run_id"])
    found.sort(key=lambda run: run["machine_at"], reverse=True)
    last = found[_MOST - 1] if len(found) > _MOST else None
    return found[:_MOST], f"{last['machine_at']}/{last['run_id']}" if last else ""


def _statuses(state: State) -> tuple[str, ...]:
    """Those that the address asks for; none: all."""
    stands = state["status"]
    return _STOPPED_FOR_A_PERSON if stands == _WAITING_FOR_A_PERSON.value else (stands,) if stands else ()


def _growing(visit: Visit) -> Growing:
    state = state_of(visit, "status", "flow")
    return views.growing_runs(_statuses(state), state["flow"])


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is read of a connection. `backlog`: of its connection, where it is the first of it; and how many documents
    that brought, with a plus where they were not counted to the end."""

    fresh: Freshness
    source: Mapping[str, Any]
    next: datetime | None
    speed: views.Speed | None
    backlog: Backlog | None = None
    documents: tuple[int, bool] = (0, False)

    sweep: Sweep | None = None
    """How far its stock is compared, where it is that."""

    goes_round: bool = True
    """Whether it comes again by itself. What does not works only when there is something to do."""

    @property
    def shown(self) -> tuple[str, str]:
        """Its colour and its word. What there was never anything to do for is not unread."""
        unneeded = not self.goes_round and self.fresh.last is None and not self.fresh.trouble
        return NOT_NEEDED if unneeded else (self.fresh.state, self.fresh.word)

    @property
    def first(self) -> bool:
        """Whether what is said of the whole connection stands here."""
        return self.backlog is not None


def _rows(visit: Visit, known: Sequence[Mapping[str, Any]]) -> list[Row]:
    chains = {(each.source, each.query): each for each in every_rounds(visit.desk.world)}
    dues = next_dues(visit.connection, list(chains.values()))
    speeds = views.load_speeds(visit.connection)
    sweeps = {(each.channel, QUERY): each for each in list_sweeps(visit.connection, visit.desk.world)}
    rows: list[Row] = []
    for source in known:
        name, key = source["name"], (source["name"], source["query"])
        first = not rows or rows[-1].source["name"] != name
        speed = speeds.get(chains[key].stem) if key in chains else None
        fresh = freshness_of(source, visit.now)
        row = Row(fresh, source, dues.get(key), speed, sweep=sweeps.get(key), goes_round=key in chains)
        if first:
            backlog = load_backlog(visit.connection, name, visit.now)
            row = replace(row, backlog=backlog, documents=count_documents(visit.connection, name))
        rows.append(row)
    return rows


def _budget_words(visit: Visit, name: str) -> str:
    """Whose budget it is, and of what: `amazon-us: getPurchaseOrders`; of a shop, which is named by its domain, its name."""
    domains = {shop.domain: shop.name for shop in visit.desk.settings.shops}
    parts = name.replace(":", "/").split("/")
    if parts[-1] in domains:
        return f"{domains[parts[-1]]}: cost points"
    return f"{parts[-2]}: {parts[-1]}" if len(parts) > 1 else name


def _run(visit: Visit) -> Response:
    run = views.show_run(visit.connection, visit.path("run"))
    said = say_runs(visit.connection, [run])[run["run_id"]]
    return visit.render(
        "flow_run.html",
        run=run,
        said=said,
        about=_page_of(said),
        steps=list_steps(visit.connection, run["run_id"]),
        sums=sum_steps(visit.connection, run["run_id"]),
        plain=plain_step,
        run_states=RUN_STATES,
        sweep=next(
            (each for each in list_sweeps(visit.connection, visit.desk.world) if each.run_id == run["run_id"]), None
        ),
        may_go_on=run["status"] in _STOPPED,
        may_stop=run["status"] in _GOING,
    )


def _page_of(said: RunWords) -> str:
    """The page of what a run is about; "" where there is none."""
    return _PAGES[said.about].format(quote(said.name)) if said.about and said.name else ""


def _retry(visit: Visit) -> Response:
    """It goes on after its last good checkpoint: what was done is not done again."""
    run = visit.path("run")
    visit.act(retry_run, run, visit.who, dry_run=not is_sure(visit))
    if not is_sure(visit):
        return _ask(visit, run, "Let it go on", what_retry_means(visit.connection, run))
    return visit.go(f"/flows/{quote(run)}", "The run goes on as soon as a worker takes it.")


def _cancel(visit: Visit) -> Response:
    run = visit.path("run")
    visit.act(cancel_run, run, visit.who, dry_run=not is_sure(visit))
    if not is_sure(visit):
        return _ask(visit, run, "Stop it", what_cancel_means(visit.connection, run))
    return visit.go("/flows", f"Run {run} stops before its next step.")


def _ask(visit: Visit, run: str, label: str, effects: list[str]) -> Response:
    said = say_runs(visit.connection, [views.show_run(visit.connection, run)])[run]
    title = f"{label}: {said.words}"
    return ask_whether(visit, Sure(title, said.words, f"/flows/{quote(run)}", effects, label, "runs.mend"))


def _count(visit: Visit) -> int:
    return views.count_stopped(visit.connection)


PAGE = Page(
    "flows",
    "Flows",
    (
        Route("/flows", _show),
        Route("/flows/{run:path}/retry", _retry, "runs.mend", "POST"),
        Route("/flows/{run:path}/cancel", _cancel, "runs.mend", "POST"),
        Route("/flows/{run:path}", _run),
    ),
    Place(Group.SYSTEM, 2, "route"),
    "f",
    _count,
    grows=(Grows("/flows", "run", "runs", _growing, place="#runs"),),
)
