"""One HTTP client for every remote system: timeouts, errors by class, reads repeated, secrets never shown.

| what happened | raised | `maybe_applied` |
|---|---|---|
| no connection: refused, name unknown, TLS refused, no free connection | Transient | no, nothing was sent |
| timeout or lost connection once the request was on its way | Transient | a write may have been |
| 408, 425, 5xx | Transient | a write may have been |
| 429 | Throttled, with Retry-After where given | no |
| 401, 403 | Unauthorized | no |
| 404 | NotFound | |
| redirect, any other status | Rejected | no |
| a reply larger than allowed | ContractChanged | a write may have been |

A write is never repeated here. Nothing of a body, a query or a header enters a message or a log, but a request id and what
the caller's `explain` takes from an error body. Errors are raised outside the frames that hold what was sent, so that a
traceback that prints local variables prints no secret.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import NamedTuple, Required, Self, TypeAlias, TypedDict, Unpack

import httpx2
import stamina
import structlog

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
from trueup.remote.gate import Gate

LARGEST_REPLY_BYTES = 64 * 1024 * 1024
LONGEST_THROTTLE_SECONDS = 3600.0
_READ_ATTEMPTS = 3
_REPLY_TIMEOUTS = 3  # a reply may drip: the whole of it is given this many times the timeout
_KEEP_ALIVE_SECONDS = (
    4.0  # below the usual 5 s of servers: a write must not meet a connection that is just being closed
)
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-request-id", "x-amz-rid")
_NOTHING_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)

Transport: TypeAlias = httpx2.BaseTransport
"""What carries requests: the network, or what stands in for it in tests."""
Text: TypeAlias = str | Secret
"""A header or form value; what is secret stays a Secret until it is on the wire."""

# httpx2 logs whole URLs and httpcore2 whole requests, with their tokens; this client writes its own line instead.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_log = structlog.get_logger("trueup.http")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it came. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def request_id(self) -> str:
        """The remote system's own id of the exchange, empty when it gave none."""
        return next((self.headers[name] for name in _REQUEST_ID_HEADERS if name in self.headers), "")


class Problem(NamedTuple):
    """What an error body says: the remote system's code and its words."""

    code: str
    words: str


@cache
def certificates(*, local: bool) -> ssl.SSLContext:
    """Whom this process trusts, read once: the machine's own list, or for what is not local the one the environment names.

    Reading it takes 60 ms, and every client that is left to itself reads it again.
    """
    return httpx2.create_ssl_context(trust_env=not local)


class Parts(TypedDict, total=False):
    """What a request carries. `writes` says whether it changes something there; it decides on repeating."""

    writes: Required[bool]
    params: Mapping[str, str] | None
    headers: Mapping[str, Text] | None
    content: bytes | None
    form: Mapping[str, Text] | None
    accept: Collection[int]
    """Statuses besides 2xx that are an answer, not an error."""
    explain: Callable[[Reply], Problem | None]
    """Reads the body of an error reply. It must not raise."""
    largest_reply_bytes: int


class HttpClient:
    """A pool of connections to one system. Safe to share between threads; `close` it, or use it as a context manager.

    `on_effect` is called with a label right before a request leaves and right after its reply arrived.
    Raises ConfigurationError for an address that is not https:// (http:// is for this machine alone: simulators).
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        timeout_seconds: float = 20.0,
        transport: Transport | None = None,
        on_effect: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.base_url, local = checked_address(name, base_url)
        self._timeout_seconds = timeout_seconds
        self._on_effect = on_effect
        self._gate: Gate | None = None
        self._client = httpx2.Client(
            base_url=self.base_url,
            timeout=timeout_seconds,
            transport=transport,
            verify=certificates(local=local),
            trust_env=not local,  # a proxy of the environment must not swallow what is on this machine
            follow_redirects=False,
            limits=httpx2.Limits(
                max_connections=64, max_keepalive_connections=32, keepalive_expiry=_KEEP_ALIVE_SECONDS
            ),
        )

    def __repr__(self) -> str:
        return f"HttpClient({self.name!r}, {self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def guard(self, gate: Gate) -> None:
        """From now on every request asks `gate` before it leaves; what that raises is raised instead."""
        self._gate = gate

    def send(self, method: str, path: str, **parts: Unpack[Parts]) -> Reply:
        """One request below the base address, answered with 2xx or an accepted status.

        A read that met a Transient error (not a Throttled one: the caller keeps the budget) is tried three times in all.
        Raises the errors of the table above; ConfigurationError for a value that HTTP cannot carry.
        """
        if not path.startswith("/") or path.startswith("//") or any(part in ("..", ".") for part in path.split("/")):
            raise ValueError(f"{self.name}: path {path!r} does not stay below the base address.")
        if parts["writes"]:
            return self._send_once(method, path, parts)
        for attempt in stamina.retry_context(
            on=_is_worth_repeating,
            attempts=_READ_ATTEMPTS,
            timeout=None,
            wait_initial=0.1,
            wait_max=2.0,
            wait_jitter=0.2,
        ):
            with attempt:
                return self._send_once(method, path, parts)
        raise AssertionError("stamina raises the last error")  # pragma: no cover

    def _send_once(self, method: str, path: str, parts: Parts) -> Reply:
        if self._gate is not None:
            self._gate()
        started = time.perf_counter()
        self._note(f"{self.name}: {method} {path} leaves")
        outcome = self._exchange(method, path, parts)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log = _log.bind(system=self.name, method=method, path=path, milliseconds=milliseconds)
        if isinstance(outcome, TrueupError):
            log.debug("no reply", error=str(outcome))
            raise outcome
        log.debug("reply", status=outcome.status, request_id=outcome.request_id)
        self._note(f"{self.name}: {method} {path} answered")
        if 200 <= outcome.status < 300 or outcome.status in parts.get("accept", ()):
            return outcome
        raise _refusal(f"{self.name}: {method} {path}", outcome, parts)

    def _note(self, label: str) -> None:
        if self._on_effect is not None:
            self._on_effect(label)

    def _exchange(self, method: str, path: str, parts: Parts) -> Reply | TrueupError:
        """The reply, or the error to raise: raised here, the error would drag along frames that hold revealed secrets."""
        what = f"{self.name}: {method} {path}"
        try:
            request = self._client.build_request(
                method,
                path,
                params=parts.get("params"),
                headers=_revealed(parts.get("headers")),
                content=parts.get("content"),
                data=_revealed(parts.get("form")),
            )
        except (UnicodeError, TypeError, ValueError, httpx2.InvalidURL) as error:
            return ConfigurationError(
                f"{what}: the request cannot be written ({type(error).__name__}); a header, form or query value has "
                f"characters that HTTP does not carry. Look for stray line ends or quotes in tokens and secrets."
            )
        try:
            response = self._client.send(request, stream=True)
            try:
                return self._received(what, response, parts)
            finally:
                response.close()
        except httpx2.LocalProtocolError:
            return ConfigurationError(
                f"{what}: the request breaks HTTP's rules; look for stray line ends in tokens and secrets."
            )
        except httpx2.HTTPError as error:
            return self._failure(what, error, parts["writes"])

    def _received(self, what: str, response: httpx2.Response, parts: Parts) -> Reply | TrueupError:
        most = parts.get("largest_reply_bytes", LARGEST_REPLY_BYTES)
        latest = time.monotonic() + self._timeout_seconds * _REPLY_TIMEOUTS
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > most:
                return ContractChanged(
                    f"{what}: the reply is larger than {most} bytes and was not read further.",
                    maybe_applied=parts["writes"],
                )
            if time.monotonic() > latest:
                return self._failure(what, httpx2.ReadTimeout("the reply drips"), parts["writes"])
        return Reply(response.status_code, dict(response.headers), bytes(content))

    def _failure(self, what: str, error: httpx2.HTTPError, writes: bool) -> Transient:
        if isinstance(error, _NOTHING_SENT):
            reason = _connect_reason(error) if isinstance(error, httpx2.ConnectError) else type(error).__name__
            return Transient(f"{what}: no connection to {self.base_url} ({reason}); nothing was sent.")
        doubt = " It may have been applied: ask before repeating it." if writes else ""
        if isinstance(error, httpx2.TimeoutException):
            return Transient(
                f"{what}: no whole reply within {self._timeout_seconds:g} s ({type(error).__name__}).{doubt}",
                maybe_applied=writes,
            )
        return Transient(f"{what}: the connection was lost ({type(error).__name__}).{doubt}", maybe_applied=writes)


def retry_after_seconds(reply: Reply, default: float = 1.0) -> float:
    """How long a 429 says to wait: seconds (fractions too) or an HTTP date, measured by the reply's own Date (RFC 9110)."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            until, now = parsedate_to_datetime(text), parsedate_to_datetime(reply.headers["date"])
            seconds = (until - now).total_seconds()
        except (ValueError, TypeError, KeyError):
            return default
    return min(max(0.0, seconds), LONGEST_THROTTLE_SECONDS) if math.isfinite(seconds) else default


def _refusal(what: str, reply: Reply, parts: Parts) -> TrueupError:
    problem = parts["explain"](reply) if "explain" in parts else None
    code, words = problem or ("", "")
    said = f"{what}: {reply.status}" + (f" {code}" if code else "") + (f": {words.rstrip('.')}" if words else "")
    said += f" (request id {reply.request_id})" if reply.request_id else ""
    match reply.status:
        case 401 | 403:
            return Unauthorized(f"{said}. Check the credentials and what they are allowed to do.")
        case 404:
            return NotFound(f"{said}. There is no such thing there.")
        case 429:
            wait = retry_after_seconds(reply)
            return Throttled(f"{said}. The rate budget is spent; wait {wait:g} s.", retry_after_seconds=wait)
        case status if status in (408, 425) or status >= 500:
            doubt = " It may have been applied: ask before repeating it." if parts["writes"] else ""
            return Transient(f"{said}. The system is in trouble.{doubt}", maybe_applied=parts["writes"])
        case status if 300 <= status < 400:
            return Rejected(
                f"{said}. It redirects elsewhere, and credentials are not carried elsewhere; correct the address.",
                code=code or str(status),
            )
    return Rejected(f"{said}. The same request will be refused again.", code=code or str(reply.status))


def _is_worth_repeating(error: Exception) -> bool:
    return isinstance(error, Transient) and not isinstance(error, Throttled)


def _revealed(values: Mapping[str, Text] | None) -> dict[str, str] | None:
    if values is None:
        return None
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}


def _connect_reason(error: httpx2.ConnectError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


def checked_address(name: str, base_url: str) -> tuple[str, bool]:
    """The address and whether it is on this machine. Raises ConfigurationError for one that must not be asked."""
    try:
        url = httpx2.URL(base_url)
    except (httpx2.InvalidURL, TypeError):
        raise ConfigurationError(f"{name}: the address cannot be read; expected https://host.") from None
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(f"{name}: the address must not carry a user, a password, a query or a fragment.")
    local = url.host == "localhost" or _is_loopback(url.host)
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and local)):
        raise ConfigurationError(
            f"{name}: address {base_url!r}; expected https://host (http:// only for this machine, such as http://127.0.0.1)."
        )
    return str(url).rstrip("/"), local


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
