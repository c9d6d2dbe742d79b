"""`/metrics`: the numbers of an installation as OpenMetrics, asked of the database when somebody looks.

For who shows a token with the scope `metrics`. That a call comes from this machine opens nothing: so does every call that a proxy
on it passes on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trueup import __version__
from trueup.api.door import enter
from trueup.desk import Desk
from trueup.storage.views.metrics import Numbers, Rows, measure

SCOPE = "metrics"
FRESH_SECONDS = 5.0
"""Who scrapes more often is told what was true so long ago at most: the database is asked no oftener."""


class Calls:
    """How deliveries that other systems made were answered, counted by this process since it started."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answered = Counter(
            "trueup_webhook_deliveries",
            "Deliveries to /webhooks by how this process answered them since it started.",
            ("path", "status"),
            registry=self.registry,
        )

    def counting(self, app: ASGIApp) -> ASGIApp:
        """The application, its answers to webhooks counted. An address that nothing answers is not a label."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start" and scope["path"].startswith("/webhooks/"):
                    known = message["status"] not in (404, 405)
                    self._answered.labels(scope["path"] if known else "unknown", str(message["status"])).inc()
                await send(message)

            await app(scope, receive, noted)

        return counted


class Metrics:
    """The route. One scrape at a time asks the database."""

    def __init__(self, desk: Desk, calls: Calls) -> None:
        self._desk, self._calls = desk, calls
        self._lock = threading.Lock()
        self._told: tuple[float, bytes] | None = None

    async def answer(self, request: Request) -> Response:
        """All numbers, as OpenMetrics. Raises Unauthenticated, Forbidden."""
        await enter(request, self._desk, SCOPE)
        body = await asyncio.to_thread(self._scrape)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})

    def _scrape(self) -> bytes:
        world = self._desk.world
        with self._lock:
            moment = world.clock.monotonic_seconds()
            if self._told is not None and 0 <= moment - self._told[0] < FRESH_SECONDS:
                return self._told[1]
            with world.database.transaction() as connection:
                numbers = measure(connection, world.clock.now())
            registry = CollectorRegistry()
            registry.register(_Told([*_families(numbers), *self._calls.registry.collect()]))
            body: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
            self._told = (moment, body)
            return body


class _Told(Collector):
    """Numbers that are known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _families(numbers: Numbers) -> Iterator[Metric]:
    yield InfoMetricFamily("trueup", "The program that tells this.", value={"version": __version__})
    yield _gauge("open_cases", "Open cases.", ("kind",), numbers.cases)
    words = "Money at risk in open cases, in minor units of the currency: whole numbers, for the books know no floats."
    yield _gauge("money_at_risk_minor_units", words, ("kind", "currency"), numbers.risk)
    yield _gauge("cases_due_soon", "Open cases whose deadline is within 24 hours.", (), [(numbers.cases_due,)])
    yield _gauge("cases_overdue", "Open cases whose deadline is past.", (), [(numbers.cases_overdue,)])
    words = (
        "Orders that must be answered within 24 hours, or should have been, and whose answer is not proven to be held."
    )
    yield _gauge("answers_due_soon", words, ("partner",), numbers.answers_due)
    words = "Seconds since what is asked of a connection was answered last. One that never was is not there."
    yield _gauge("connection_last_success_age_seconds", words, ("connection", "query"), numbers.successes)
    words = "How often in a row what is asked of a connection failed."
    yield _gauge("connection_failures_in_a_row", words, ("connection", "query"), numbers.failures)
    words = "Seconds since something that we wrote to a connection was last read back there: the proof that it holds."
    yield _gauge("last_read_back_age_seconds", words, ("connection", "what"), numbers.read_backs)
    words = "Durable runs that wait or run, timers that are due, and those that are set, by queue."
    yield _gauge("backlog_runs", words, ("queue", "state"), numbers.backlog)
    yield _gauge(
        "stopped_runs", "Runs that failed or were given up, and wait for a person.", ("kind",), numbers.stopped
    )
    words = "Outgoing documents that are not proven to be held: prepared, sent, received, unanswered."
    yield _gauge("open_deliveries", words, ("kind", "state"), numbers.deliveries)
    words = "Webhooks and signals that were taken in during the last 24 hours; doubles are not counted."
    yield _gauge("webhooks_taken_in_lately", words, ("source", "topic"), numbers.webhooks)
    words = "Seconds since a source was last heard of by itself, of those heard in the last seven days."
    yield _gauge("webhook_last_age_seconds", words, ("source",), numbers.webhook_ages)
    words = "1 while an invariant held when it was last proven, 0 while rows break it."
    yield _gauge("invariant_holds", words, ("invariant",), numbers.invariants)


def _gauge(name: str, words: str, labels: tuple[str, ...], rows: Rows) -> Metric:
    family = GaugeMetricFamily(f"trueup_{name}", words, labels=labels)
    for *named, number in rows:
        family.add_metric([str(each) for each in named], float(number))
    return family
