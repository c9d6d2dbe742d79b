"""`trueup demo`: the platform on simulators, five days in a minute or two, and an auditor's word on the outcome."""

from __future__ import annotations

import io
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from trueup.app import build_web
from trueup.base.clock import Clock
from trueup.cli.frame import Result, Session, command
from trueup.cli.serve import PORT, address_of, in_background, listen_near
from trueup.demo.folder import FOLDER
from trueup.demo.running import Demo, Moment, open_demo

group = typer.Typer(name="demo", help="See it all on simulators of Amazon, Shopify and Supercycle.")
Look = Callable[[], Moment]
_LOOKS_A_SECOND = 4


@command(group, "demo", example="trueup demo --once --seed 7")
def demo(
    session: Session,
    once: Annotated[
        bool, typer.Option("--once", help="End by itself; exit code 0 only if the auditor agrees.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another number is another world.")] = 0,
) -> Result:
    """Run Trueup for five simulated days on simulators of Amazon, Shopify and an EDI partner, then audit the outcome.

    In them purchase orders are answered, and a month of remittances is settled, disputed and closed.

    Everything is made anew in .demo, which the next demo replaces. Without --once it stays up to look around.
    """
    began = time.monotonic()
    with (
        _ended_by_signals(),
        closing(listen_near(0 if once else PORT)) as listener,
        open_demo(seed, FOLDER, session.data, address_of(listener)) as running,
    ):
        _play(session, running)
        report = running.audited(time.monotonic() - began)
        words = "" if session.as_json else render(report)
        result = Result(report, words=words, findings=not report["agrees"])
        if not once:
            _stay(session, running, result, listener)
    ended = Result({"ended": True, "agrees": report["agrees"]}, words="The demo has ended.")
    return result if once else replace(ended, findings=result.findings)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, and so does SIGINT where a shell has a program of the background ignore it: its database and
    its simulators end with it."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _play(session: Session, running: Demo) -> None:
    if not session.interactive:
        running.play(tell_days(session, running.stage.clock))
        return
    console = Console(stderr=True)
    shown_at = [0.0]
    with Live(console=console, refresh_per_second=_LOOKS_A_SECOND, transient=True) as live:

        def watch(look: Look) -> None:
            if time.monotonic() - shown_at[0] >= 1 / _LOOKS_A_SECOND:
                live.update(_progress(look()))
                shown_at[0] = time.monotonic()

        live.update(Text("Simulators and database are starting."))
        running.play(watch)


def tell_days(session: Session, clock: Clock) -> Callable[[Look], None]:
    """Where no terminal can be drawn on: a line for each simulated day as it begins, beside the result."""
    told: list[date] = []

    def watch(look: Look) -> None:
        today = clock.now().date()
        if told[-1:] != [today]:
            told.append(today)
            session.remark(f"{today:%A %d %B %Y}. " + "; ".join(f"{label}: {words}" for label, words in look().rows))

    session.remark("Simulators and database run; five days begin.")
    return watch


def _progress(moment: Moment) -> Panel:
    rows = Table.grid(padding=(0, 2))
    rows.add_row("simulated time", Text(f"{moment.now:%A %d %B %Y  %H:%M} UTC", style="bold"))
    for label, words in moment.rows:
        rows.add_row(label, words)
    bar = ProgressBar(total=moment.of, completed=moment.done)
    return Panel(Group(rows, Text(), bar), title="trueup demo", box=box.ROUNDED, width=86)


def _stay(session: Session, running: Demo, result: Result, listener: socket.socket) -> None:
    """Show the outcome and let simulated time go on with the machine's, until Ctrl-C; the console shows it all."""
    session.show(result)
    with in_background(build_web(running.app, open_house=True), listener) as url:
        session.remark(
            f"\nOpen {url} in a browser: the console of this demo. Come in as anyone, or by the company's provider."
        )
        _follow(session, running)


def _follow(session: Session, running: Demo) -> None:
    if session.interactive:
        console = Console(stderr=True)
        console.print("The demo stays up; its clock goes on from here. In another terminal, in this folder:")
        for line in running.commands():
            console.print(f"    .venv/bin/trueup {line}")
        console.print("Ctrl-C ends it.")
    with suppress(KeyboardInterrupt):
        while True:
            running.follow(0.5)


def render(report: Mapping[str, Any]) -> str:
    """The summary and the auditor's statements, as text for a person."""
    console = Console(width=118, record=True, highlight=False, file=io.StringIO())
    for part in report["parts"]:
        if part["words"]:
            console.print(_table_of(part["title"], part["words"]))
    console.print(_table_of("In all", _in_all(report)))
    console.print(_statements(report))
    statements = [statement for part in report["parts"] for statement in part["statements"]]
    holding, total = sum(statement["holds"] for statement in statements), len(statements)
    verdict = (
        f"The auditor agrees: all {total} statements hold."
        if report["agrees"]
        else f"The auditor does not agree: {total - holding} of {total} statements are broken."
    )
    style = "bold green" if report["agrees"] else "bold red"
    console.print(Text(f"{verdict}  Seed {report['seed']}, {report['wall_seconds']} s.", style=style))
    return console.export_text(styles=False)


def _table_of(title: str, words: Iterable[tuple[str, str]]) -> Panel:
    rows = Table.grid(padding=(0, 2))
    for label, text in words:
        rows.add_row(label, text)
    return Panel(rows, title=title, box=box.ROUNDED)


def _in_all(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "simulated", f"{_day(report['simulated']['from'])} to {_day(report['simulated']['to'])}"
    kept = report["archive"]
    kilobytes = kept["size_bytes"] // 1000
    yield "archive", f"{kept['arrivals']} arrivals, {kept['contents']} documents, {kilobytes} kB"


def _statements(report: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, title="What the auditor says", title_justify="left")
    table.add_column("")
    table.add_column("statement", overflow="fold", ratio=3)
    table.add_column("compared", overflow="fold", ratio=2)
    for part in report["parts"]:
        if part["statements"]:
            table.add_row("", Text(part["title"], style="bold"), "")
        for statement in part["statements"]:
            table.add_row(*_judged(statement))
    return table


def _judged(statement: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    mark = Text("✓", style="green") if statement["holds"] else Text("✗", style="bold red")
    words = Text(statement["title"])
    for violation in statement["violations"][:5]:
        words.append(f"\n- {violation}", style="red")
    more = len(statement["violations"]) - 5
    if more > 0:
        words.append(f"\n- and {more} more", style="red")
    numbers = ", ".join(f"{value} {name}" for name, value in statement["numbers"].items())
    return mark, words, Text(numbers, style="dim")


def _day(text: str) -> str:
    return text[:16].replace("T", " ")
