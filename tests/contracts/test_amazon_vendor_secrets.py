"""No secret of the Amazon connection is ever shown: not in a message, a repr, a log or a traceback that prints variables."""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx2
import pytest
import structlog
from rich.console import Console
from rich.traceback import Traceback

from tests.contracts.amazon_connection import settings_for
from tests.contracts.amazon_vendor import NOW
from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendor
from trueup.remote.budget import Unlimited
from trueup.remote.capability import OrderQuery

CLIENT_SECRET, REFRESH, ACCESS, REQUESTED = "hush-client", "hush-refresh", "hush-access", "hush-page"
SECRETS = (CLIENT_SECRET, REFRESH, ACCESS)

Answer = Callable[[httpx2.Request], httpx2.Response]


def token(_: httpx2.Request) -> httpx2.Response:
    """A good sign-in."""
    return httpx2.Response(200, json={"access_token": ACCESS, "expires_in": 3600})


def raising(error: Exception) -> Answer:
    """The network fails; its error carries the whole request, as some do."""

    def fail(request: httpx2.Request) -> httpx2.Response:
        error.args = (f"{request.headers.raw!r} {request.content!r}",)
        raise error

    return fail


def echoing(status: int) -> Answer:
    """A reply that repeats everything it was sent, in a body that is no error list."""
    return lambda request: httpx2.Response(
        status, json={"error": f"x {request.content!r}", "seen": repr(request.headers.raw)}
    )


def connection(sign_in: Answer, operation: Answer) -> AmazonVendor:
    """A connection before this network."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return (sign_in if request.url.path == "/auth/o2/token" else operation)(request)

    settings = settings_for("https://amazon.test", client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(REFRESH))
    return AmazonVendor(settings, Unlimited(), ManualClock(NOW), transport=httpx2.MockTransport(answer))


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that is logged, at any level, by structlog and by logging."""
    lines: list[str] = []

    def keep(_: object, __: str, event: structlog.typing.EventDict) -> str:
        lines.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.reset_defaults()  # at any level: tests usually hear warnings alone
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    with caplog.at_level(logging.DEBUG):
        yield lines
    lines += [record.getMessage() for record in caplog.records]
    structlog.configure(**before)


TROUBLES: list[tuple[str, Answer, Answer]] = [
    ("sign-in refused", echoing(400), token),
    ("sign-in forbidden", echoing(401), token),
    ("sign-in broken", echoing(500), token),
    ("sign-in garbled", lambda _: httpx2.Response(200, content=b'{"access_token": "hush-access", '), token),
    ("sign-in odd", lambda _: httpx2.Response(200, json={"access_token": ACCESS, "expires_in": "x"}), token),
    ("sign-in lost", raising(httpx2.ReadError("")), token),
    ("no connection", raising(httpx2.ReadTimeout("")), token),
    *[(f"answered {status}", token, echoing(status)) for status in (200, 301, 400, 403, 404, 409, 429, 500)],
    ("lost", token, raising(httpx2.ReadError(""))),
    ("breaks HTTP", token, raising(httpx2.LocalProtocolError(""))),
]


def shown(error: BaseException) -> list[str]:
    """All that a person could see of an error, with the local variables of every frame of ours."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next  # the test itself knows the secrets
    error.__traceback__ = frames
    rich = io.StringIO()
    limits = {"locals_max_length": 1000, "locals_max_string": 100_000}
    trace = Traceback.from_exception(type(error), error, frames, show_locals=True, **limits)  # type: ignore[arg-type]
    Console(file=rich, width=400).print(trace)
    plain = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "locals" in rich.getvalue()
    return [str(error), repr(error), rich.getvalue(), *plain.format()]


@pytest.mark.parametrize(("sign_in", "operation"), [trouble[1:] for trouble in TROUBLES], ids=[t[0] for t in TROUBLES])
def test_no_trouble_shows_a_secret(sign_in: Answer, operation: Answer, logs: list[str]) -> None:
    """A read and a write fail in every way; message, chain, logs and tracebacks with all variables stay clean."""
    amazon = connection(sign_in, operation)
    calls: list[Callable[[], object]] = [
        lambda: amazon.fetch_orders(OrderQuery.CREATED, NOW - timedelta(days=1), NOW, REQUESTED),
        lambda: amazon.send_acknowledgement(b"{}", "ack"),
    ]
    texts: list[str] = []
    for call in calls:
        with pytest.raises(Exception) as caught:
            call()
        texts += shown(caught.value)
    for secret in SECRETS:
        assert not [text for text in (*texts, *logs) if secret in text]


def test_the_connection_itself_shows_no_secret(logs: list[str]) -> None:
    """Its repr, its settings, its probes, and the log of its good calls; the log does say what was asked."""
    page = httpx2.Response(200, json={"payload": {"orders": []}}, headers={"x-amzn-RequestId": "req-1"})
    amazon = connection(token, lambda _: page)
    amazon.fetch_orders(OrderQuery.CREATED, NOW - timedelta(days=1), NOW, REQUESTED)
    texts = [repr(amazon), repr(amazon.settings), json.dumps([repr(probe) for probe in amazon.probe()]), *logs]
    assert any("/vendor/orders/v1/purchaseOrders" in line and "req-1" in line for line in logs)
    for secret in (*SECRETS, REQUESTED):
        assert not [text for text in texts if secret in text]
