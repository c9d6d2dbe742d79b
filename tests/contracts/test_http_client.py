"""The HTTP client: every trouble becomes one class of error, only reads are repeated, and addresses are kept to."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from trueup.base.errors import (
    ConfigurationError,
    ContractChanged,
    NotFound,
    Rejected,
    Throttled,
    Transient,
    TrueupError,
    Unauthorized,
)
from trueup.base.secret import Secret
from trueup.remote.http import HttpClient, Problem, Reply, retry_after_seconds

Answer = Callable[[httpx2.Request], httpx2.Response]


def client_of(answer: Answer) -> HttpClient:
    """A client whose network is a function."""
    return HttpClient("shop", "https://shop.test/api", transport=httpx2.MockTransport(answer))


def replying(status: int, **options: object) -> Answer:
    """Always this reply."""
    return lambda _: httpx2.Response(status, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "kind", "write_may_be_applied"),
    [
        (301, Rejected, False),
        (304, Rejected, False),
        (400, Rejected, False),
        (401, Unauthorized, False),
        (403, Unauthorized, False),
        (404, NotFound, None),
        (408, Transient, True),
        (409, Rejected, False),
        (413, Rejected, False),
        (422, Rejected, False),
        (425, Transient, True),
        (429, Throttled, False),
        (500, Transient, True),
        (502, Transient, True),
        (503, Transient, True),
        (504, Transient, True),
        (599, Transient, True),
    ],
)
def test_every_status_is_one_class_of_error(
    status: int, kind: type[TrueupError], write_may_be_applied: bool | None
) -> None:
    """With the request id and what the body explains; a write says whether it may have been applied, a read never."""
    client = client_of(replying(status, headers={"x-amzn-RequestId": "req-1"}))

    def explain(reply: Reply) -> Problem:
        return Problem("Code", f"words of {reply.status}")

    said = rf"shop: PUT /x: {status} Code: words of {status} \(request id req-1\)"
    for writes in (True, False):
        with pytest.raises(kind, match=said) as caught:
            client.send("PUT", "/x", writes=writes, explain=explain)
        assert type(caught.value) is kind
        if write_may_be_applied is not None:
            assert getattr(caught.value, "maybe_applied", None) is (writes and write_may_be_applied)


def test_a_rejection_keeps_the_remote_systems_code() -> None:
    """Its own word where the body has one, else the status."""
    client = client_of(replying(422))
    with pytest.raises(Rejected) as caught:
        client.send("POST", "/x", writes=True)
    assert caught.value.code == "422"
    with pytest.raises(Rejected) as caught:
        client.send("POST", "/x", writes=True, explain=lambda _: Problem("TAKEN", ""))
    assert caught.value.code == "TAKEN"


def test_good_and_accepted_replies_are_returned() -> None:
    """2xx, and what the caller says is an answer too."""
    assert client_of(replying(202, content=b"{}")).send("POST", "/x", writes=True).content == b"{}"
    assert client_of(replying(404)).send("GET", "/x", writes=False, accept=(404,)).status == 404


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 1.0),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.35"}, 0.35),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, 1.0),
        ({"retry-after": "1e12"}, 3600.0),
        ({"retry-after": "soon"}, 1.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, 1.0),
    ],
)
def test_how_long_to_wait_is_read_from_the_reply(headers: dict[str, str], seconds: float) -> None:
    """Fractions and dates too; nonsense and eternities are not believed."""
    assert retry_after_seconds(Reply(429, headers, b"")) == seconds
    with pytest.raises(Throttled) as caught:
        client_of(replying(429, headers=headers)).send("GET", "/x", writes=False)
    assert caught.value.retry_after_seconds == seconds


TROUBLES = [
    (httpx2.ConnectError("[Errno 111] Connection refused"), False),
    (httpx2.ConnectTimeout("x"), False),
    (httpx2.PoolTimeout("x"), False),
    (httpx2.ProxyError("x"), False),
    (httpx2.ReadTimeout("x"), True),
    (httpx2.WriteTimeout("x"), True),
    (httpx2.ReadError("x"), True),
    (httpx2.WriteError("x"), True),
    (httpx2.RemoteProtocolError("x"), True),
]


@pytest.mark.parametrize(("trouble", "was_sent"), TROUBLES, ids=lambda value: type(value).__name__)
def test_a_write_is_never_repeated_and_a_read_three_times(trouble: Exception, was_sent: bool) -> None:
    """And a write says whether it may have been applied."""
    calls: list[str] = []

    def fail(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.method)
        raise trouble

    client = client_of(fail)
    with pytest.raises(Transient) as caught:
        client.send("POST", "/x", writes=True)
    assert (calls, caught.value.maybe_applied) == (["POST"], was_sent)
    with pytest.raises(Transient) as caught:
        client.send("GET", "/x", writes=False)
    assert (calls, caught.value.maybe_applied) == (["POST", "GET", "GET", "GET"], False)


def test_a_throttled_read_is_not_repeated_here() -> None:
    """The budget decides when."""
    calls: list[str] = []

    def throttle(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.method)
        return httpx2.Response(429)

    with pytest.raises(Throttled):
        client_of(throttle).send("GET", "/x", writes=False)
    assert calls == ["GET"]


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A real socket that treats its one connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                connection.recv(65536)
                serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def drip(connection: socket.socket) -> None:
    """A reply of a byte every 50 ms, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    try:
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.parametrize(
    "serve",
    [
        lambda connection: connection.close(),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
        lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"),
        lambda connection: connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"
        ),
        lambda connection: time.sleep(0.5),
        drip,
    ],
    ids=["closed", "cut off", "not HTTP", "not gzip", "silent", "dripping"],
)
def test_a_reply_lost_on_the_wire_leaves_a_write_in_doubt(serve: Callable[[socket.socket], None]) -> None:
    """On a real socket: however the reply is lost, the caller learns to ask before repeating."""
    with listening(serve) as url, HttpClient("shop", url, timeout_seconds=0.2) as client:
        with pytest.raises(Transient, match="may have been applied") as caught:
            client.send("POST", "/x", content=b"{}", writes=True)
        assert caught.value.maybe_applied


def test_a_refused_connection_sent_nothing() -> None:
    """A write may be tried again without asking."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        HttpClient("shop", f"http://127.0.0.1:{port}") as client,
        pytest.raises(Transient, match="nothing was sent") as caught,
    ):
        client.send("POST", "/x", writes=True)
    assert not caught.value.maybe_applied


@pytest.mark.parametrize("packed", [False, True])
def test_a_reply_too_large_is_not_read_to_its_end(packed: bool) -> None:
    """Counted as it unpacks: a small bomb is as large as what it holds."""
    content = b"x" * 3_000_000
    options = (
        {"content": gzip.compress(content), "headers": {"content-encoding": "gzip"}} if packed else {"content": content}
    )
    with pytest.raises(ContractChanged, match="larger than 1000000 bytes") as caught:
        client_of(replying(200, **options)).send("POST", "/x", writes=True, largest_reply_bytes=1_000_000)
    assert caught.value.maybe_applied


def test_a_redirect_is_not_followed() -> None:
    """Credentials are for one host."""
    asked: list[str] = []

    def redirect(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(302, headers={"location": "https://evil.test/"})

    with pytest.raises(Rejected, match="redirects elsewhere"):
        client_of(redirect).send("GET", "/x", writes=False)
    assert asked == ["https://shop.test/api/x"]


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.test",
        "ftp://127.0.0.1",
        "shop.test",
        "",
        "https://",
        "https://user:pass@shop.test",
        "https://shop.test?x=1",
        "http://127.0.0.1.shop.test",
    ],
)
def test_only_tls_leaves_this_machine(address: str) -> None:
    """And no address carries a password."""
    with pytest.raises(ConfigurationError) as caught:
        HttpClient("shop", address)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://shop.test/api/"]
)
def test_simulators_on_this_machine_need_none(address: str) -> None:
    """Loopback alone may be http://."""
    assert HttpClient("shop", address).base_url == address.rstrip("/")


@pytest.mark.parametrize("path", ["x", "//evil.test/x", "https://evil.test", "/a/../b", "/.", ""])
def test_a_path_never_leaves_its_base(path: str) -> None:
    """It is joined to the base address, whatever it contains."""
    with pytest.raises(ValueError, match="base address"):
        client_of(replying(200)).send("GET", path, writes=False)


@pytest.mark.parametrize("secret", ["line\nend", "ünicode", "nul\x00"])
def test_a_secret_that_http_cannot_carry_is_a_mistake_of_the_settings(secret: str) -> None:
    """Found before anything is sent, and told without the secret."""
    with listening(lambda _: None) as url, HttpClient("shop", url) as client:
        with pytest.raises(ConfigurationError, match="token") as caught:
            client.send("GET", "/x", headers={"x-token": Secret(secret)}, writes=False)
        assert secret not in str(caught.value)
        assert caught.value.__context__ is None
        socket.create_connection(client.base_url.removeprefix("http://").split(":"), 5).close()  # type: ignore[arg-type]


def test_one_client_serves_many_threads() -> None:
    """Every thread gets its own reply."""
    client = client_of(lambda request: httpx2.Response(200, content=request.content))
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(50):
            reply = client.send("POST", "/x", content=b"%d" % number, writes=True)
            if reply.content != b"%d" % number:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
