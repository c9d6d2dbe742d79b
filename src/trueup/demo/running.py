"""A running demonstration: the stage, the application on it, and the parts as they play, day after simulated day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from trueup import __version__
from trueup.app import Application, Opening, open_application
from trueup.base.clock import ManualClock, SystemClock, write_instant
from trueup.base.plugins import collect
from trueup.demo import parts
from trueup.demo.archive import captured_log, find_secrets, verify_documents
from trueup.demo.folder import FOLDER, prepare_folder, write_secrets
from trueup.demo.part import Part, Player, Rows, Stage, Urls, grouped
from trueup.demo.sending import Joined
from trueup.durable.simulated import run_until
from trueup.durable.takeover import WorkerSettings
from trueup.settings.clock import write_clock
from trueup.simulation import installation
from trueup.simulation.plan import DAYS, START
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.storage.views.status import show_status
from trueup.workflows.world import Pace

_PACE = Pace(
    poll=timedelta(hours=3),
    files=timedelta(hours=3),
    products=timedelta(hours=12),
    finances=timedelta(hours=24),
    proofs=timedelta(hours=24),
    receipts=timedelta(hours=12),
    circular=timedelta(hours=6),
    sweep=timedelta(hours=12),
    credits=timedelta(hours=24),
    sales=timedelta(hours=3),
    reports=timedelta(hours=6),
    stock_pause=timedelta(0),  # a moment would be a whole stride
    stock_sweep=timedelta(hours=12),
    watch=timedelta(hours=12),
    silence=timedelta(hours=25),
    settle=timedelta(minutes=4),
)
_TOLD_AFTER = timedelta(seconds=2)
_STRIDE = timedelta(minutes=4)  # orders of the plan close five minutes after a poll is due


@dataclass(frozen=True, slots=True)
class Moment:
    """What a person who watches is shown: simulated time, how far each part is, and how much of the plan is done."""

    now: datetime
    done: int
    of: int
    rows: Rows


Watch = Callable[[Callable[[], Moment]], None]


@dataclass
class Demo:
    """A running demonstration."""

    stage: Stage
    app: Application
    players: dict[Part, Player]
    log: list[str]
    told_shift: timedelta | None = None

    def play(self, watch: Watch) -> None:
        """Everything that the parts do, up to the end; `watch` is given a way to look at each step."""
        for player in self.players.values():
            player.begin(self.app)
        self.app.work()
        joined = Joined(self.app.engine, (self.stage.shop.postbox, self.stage.supercycle.outbox))
        cues = sorted((cue for player in self.players.values() for cue in player.cues()), key=lambda cue: cue.at)
        for done, cue in enumerate(cues):
            run_until(joined, self.stage.clock, cue.at, joined.next_sending, _STRIDE)
            cue.act()
            self.tell_time()
            watch(lambda done=done: self.moment(done, len(cues)))  # type: ignore[misc]
        run_until(joined, self.stage.clock, self.stage.end, joined.next_sending, _STRIDE)
        joined.settle()
        self.tell_time()
        watch(lambda: self.moment(len(cues), len(cues)))

    def moment(self, done: int, of: int) -> Moment:
        """Where things stand now."""
        with self.app.database.transaction() as connection:
            rows = [row for player in self.players.values() for row in player.progress(connection)]
            status = show_status(connection)
        risk = ", ".join(grouped(each) for each in status["money_at_risk"]) or "-"
        rows.append(("open cases", f"{sum(status['open_cases'].values())}   at risk {risk}"))
        return Moment(self.stage.clock.now(), done, of, rows)

    def follow(self, seconds: float) -> None:
        """Let simulated time go on with the machine's for a while."""
        time.sleep(seconds)
        self.stage.clock.advance(timedelta(seconds=seconds))
        self.tell_time()

    def tell_time(self) -> None:
        """Commands in the demonstration's folder go by its clock: it is written down whenever it leaves the machine's behind."""
        shift = self.stage.clock.now() - SystemClock().now()
        if self.told_shift is None or abs(shift - self.told_shift) > _TOLD_AFTER:
            write_clock(self.stage.folder / installation.CLOCK, self.stage.clock.now())
            self.told_shift = shift

    def commands(self) -> list[str]:
        """What a person may try while it stays up."""
        return [command for player in self.players.values() for command in player.commands()]

    def audited(self, wall_seconds: float) -> dict[str, Any]:
        """What happened and what the auditor says of it, as plain data: a summary and statements by part."""
        held = self._held()
        told = [self._told(part, player.evidence() | held) for part, player in self.players.items()]
        statements = [statement for part in told for statement in part["statements"]]
        return {
            "seed": self.stage.seed,
            "simulated": {"from": write_instant(self.stage.start), "to": write_instant(self.stage.clock.now())},
            "wall_seconds": round(wall_seconds, 1),
            "parts": told,
            "archive": {name: held["documents"][name] for name in ("arrivals", "contents", "size_bytes")},
            "agrees": bool(statements) and all(statement["holds"] for statement in statements),
        }

    def _told(self, part: Part, evidence: dict[str, Any]) -> dict[str, Any]:
        player = self.players[part]
        summary = player.summary(evidence)
        return {
            "name": part.name,
            "title": part.title,
            "summary": summary,
            "words": [list(row) for row in player.told(summary)],
            "statements": [statement.as_json() for statement in player.statements(evidence)],
        }

    def evidence(self, name: str) -> dict[str, Any]:
        """What the sides of a part say, and what the archive, the tables and the log hold."""
        return next(player.evidence() for part, player in self.players.items() if part.name == name) | self._held()

    def _held(self) -> dict[str, Any]:
        """Evidence about all parts together."""
        with self.app.database.transaction() as connection:
            return {
                "documents": verify_documents(connection, self.app.world.archive, self.stage.secrets),
                "secrets": find_secrets(connection, self.stage.secrets, self.log),
            }


def all_parts() -> list[Part]:
    """Every part in its stated order."""
    found = collect(parts, "PART", Part, key=lambda part: part.name)
    return sorted(found.values(), key=lambda part: part.order)


@contextmanager
def open_demo(
    seed: int, folder: Path = FOLDER, data: Path | None = None, console: str = "http://127.0.0.1:8321"
) -> Iterator[Demo]:
    """A demonstration in a folder made anew: simulators running, the application open and not yet at work. `console` is where its
    console will be reached."""
    place = (data or folder / "data").absolute()
    prepare_folder(folder, place)
    with ExitStack() as stack:
        stage = _set_stage(seed, folder, place, stack, console)
        players = {part: part.join(stage) for part in all_parts()}
        write_secrets(folder, stage.secrets)
        (folder / "trueup.toml").write_text("".join(stage.settings), encoding="utf-8")
        log = stack.enter_context(captured_log(folder / "demo.log"))
        worker = WorkerSettings(application_version=__version__, concurrency=8, poll_seconds=0.02)
        opening = Opening(clock=stage.clock, environ={}, pace=_PACE, worker=worker)
        app = stack.enter_context(open_application(folder / "trueup.toml", opening))
        yield Demo(stage, app, players, log)


def _set_stage(seed: int, folder: Path, data: Path, stack: ExitStack, console: str) -> Stage:
    """The simulators, listening and empty."""
    clock = ManualClock(START)
    amazon = AmazonSimulator(seed, now=clock.now)
    # What simulators send by themselves is sent when it is due in simulated time, not by threads of their own.
    shop = ShopifySimulator(seed, installation.SHOP_DOMAIN, now=clock.now, plan="plus", deliver_in_background=False)
    supercycle = SupercycleSimulator(seed, now=clock.now, deliver_in_background=False, import_seconds=0)
    for each in (shop, supercycle):
        stack.callback(each.close)
    urls = Urls(*(stack.enter_context(serve(each.app)).url for each in (amazon, shop, supercycle)))
    end = START + timedelta(days=DAYS)
    return Stage(seed, START, end, folder, data, clock, stack, amazon, shop, supercycle, urls, console)
