"""`trueup run`, `trueup worker` and `trueup status`: the work itself, and how it stands."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup import __version__
from trueup.base.errors import Transient
from trueup.cli.frame import Result, Session, command
from trueup.cli.logs import configure_logs
from trueup.cli.tables import amount, details, words
from trueup.storage.views import acts as act_views
from trueup.storage.views import runs as run_views
from trueup.storage.views.status import show_status

if TYPE_CHECKING:
    from trueup.app import Application

group = typer.Typer(name="work", no_args_is_help=True)
_LOOK_SECONDS = 1.0
Concurrency = Annotated[
    int | None, typer.Option(min=1, max=64, help="How many runs at once; else as trueup.toml says.")
]


@command(group, "run", example="trueup run")
def run(
    session: Session,
    concurrency: Concurrency = None,
    for_seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0)] = None,
) -> Result:
    """Work, and tell what happens, until Ctrl-C: everything in this one process. With --json one line an event."""
    with _stopping() as stop, _working(session, concurrency) as app:
        session.remark(f"Trueup {__version__} works ({_about(app)}). Ctrl-C stops it.")
        count = _tell(session, app, stop, for_seconds)
        session.remark("Stopping: what is under way is finished or left to the next start.")
    return Result({"events": count}, silent=True)


@command(group, "worker", example="trueup worker --concurrency 8 --log-json")
def worker(
    session: Session,
    concurrency: Concurrency = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log as JSON, a line a message.")] = False,
    for_seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0)] = None,
) -> Result:
    """Work silently until SIGTERM or Ctrl-C. Start any number of them, on any machine that reaches the one database."""
    if log_json:
        configure_logs(session.environ, verbose=session.verbose, as_json=True)
    with _stopping() as stop, _working(session, concurrency) as app:
        session.remark(f"Worker started ({_about(app)}).")
        stop.wait(for_seconds)
        session.remark("Worker stopping.")
    return Result({"stopped": True}, silent=True)


@command(group, "status", example="trueup status --json")
def status(session: Session) -> Result:
    """Show how things stand: orders, answers, cases with their money, sources, workers, runs. Exit code 1 for open cases."""
    with session.open_store() as store, store.transaction() as connection:
        shown = show_status(connection)
        shown["workers"] = run_views.list_workers(connection)
        shown["runs"] = run_views.count_runs(connection)
        shown["waiting_proposals"] = act_views.count_proposals(connection)
        name = store.foundation.installation.name
    data = {"installation": name, "version": __version__, **shown}
    failed = shown["runs"].get("failed", 0) + shown["runs"].get("poisoned", 0)
    return Result(data, words=_standing(data), findings=bool(shown["open_cases"] or failed))


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second Ctrl-C no longer waits."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, action in before.items():
            signal.signal(number, action)


@contextmanager
def _working(session: Session, concurrency: int | None) -> Iterator[Application]:
    if concurrency is not None:
        session.environ["TRUEUP_WORKER_CONCURRENCY"] = str(concurrency)
    with session.open() as app:
        app.work()
        yield app


def _about(app: Application) -> str:
    settings = app.settings
    found = ((settings.accounts, "partner"), (settings.shops, "shop"), (settings.folders, "folder"))
    return ", ".join(
        [amount(len(each), what) for each, what in found] + [f"{settings.worker.concurrency} runs at once"]
    )


def _tell(session: Session, app: Application, stop: threading.Event, for_seconds: float | None) -> int:
    """Print what happens as it happens; how many events. A database that is away for a while is only remarked on."""
    with app.database.transaction() as connection:
        last_act, last_case = act_views.newest(connection)
    ends = threading.Timer(for_seconds, stop.set) if for_seconds is not None else None
    if ends is not None:
        ends.daemon = True
        ends.start()
    count, away = 0, False
    while True:
        stopping = stop.wait(_LOOK_SECONDS)
        try:
            with app.database.transaction() as connection:
                events, last_act, last_case = act_views.happened_since(connection, last_act, last_case)
            away = False
        except Transient as error:
            if not away:
                session.remark(f"The database is away: {error} Work goes on when it is back.")
            events, away = [], True
        for event in events:
            _print_event(session, event)
        count += len(events)
        if stopping:
            return count


def _print_event(session: Session, event: dict[str, Any]) -> None:
    if session.as_json:
        line = json.dumps(event, ensure_ascii=False)
    else:
        at = event["at"][11:19]
        line = f"{at}  {event['actor']:<12} {event['act']:<24} {event['subject']}  {details(event['after'])}".rstrip()
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _standing(data: dict[str, Any]) -> str:
    """The installation at a glance, in words."""
    live = data["orders"] - data["history_orders"]
    sources = [source for source in data["sources"] if source["name"] != "trueup"]
    rows = [
        f"{data['installation']}, Trueup {data['version']}",
        "",
        f"Orders       {live}, and {data['history_orders']} from before our time",
        f"Stock        {data['reserved_eaches']:,} eaches reserved, {data['claimed_eaches']:,} of them claimed in the shop",
    ]
    cases = sum(data["open_cases"].values())
    risk = ", ".join(data["money_at_risk"]) or "no money"
    rows.append(f"Cases        {cases} open, {risk} at risk" if cases else "Cases        none open")
    rows += [f"             {count:>5}  {kind}" for kind, count in data["open_cases"].items()]
    if data["waiting_proposals"]:
        waiting = amount(data["waiting_proposals"], "proposal")
        rows.append(f"             {waiting} to be approved by a second person: trueup cases proposals")
    rows.append("Deliveries" if data["deliveries"] else "Deliveries   none yet")
    rows += [f"             {count:>5}  {what}" for what, count in sorted(data["deliveries"].items())]
    rows.append("Sources" if sources else "Sources      none read yet")
    rows += [f"             {_source(source)}" for source in sources]
    workers = [f"{each['host']}:{each['pid']}" + ("" if each["alive"] else " (silent)") for each in data["workers"]]
    rows.append(f"Workers      {', '.join(workers) or 'none; start one with `trueup run` or `trueup worker`'}")
    runs = ", ".join(f"{count} {name}" for name, count in data["runs"].items() if count) or "none"
    rows.append(f"Runs         {runs}")
    return "\n".join(rows)


def _source(source: dict[str, Any]) -> str:
    last = words(source["last_success_at"] or "never")
    said = f"{source['name']} {source['query']}: {amount(source['documents'], 'document')}, last read {last}"
    if source["failures_in_a_row"]:
        said += f"; {amount(source['failures_in_a_row'], 'failure')} in a row: {source['last_error']}"
    return said
