"""One download from an address that is itself the permission: presigned, good for minutes, and never shown to anyone.

No credential of ours goes along: such addresses refuse a request that brings its own. No redirect is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2

from trueup.base.errors import ConfigurationError, ContractChanged, NotFound, Transient, TrueupError
from trueup.base.secret import Secret
from trueup.remote.http import Transport, certificates, checked_address


@dataclass(frozen=True, slots=True)
class Download:
    """What is fetched, under which name messages speak of it, and how much of it at most."""

    name: str
    address: Secret
    largest_bytes: int
    timeout_seconds: float = 20.0


def download(
    wanted: Download, *, transport: Transport | None = None, on_effect: Callable[[str], None] | None = None
) -> Iterator[bytes]:
    """The bytes as they lie there, in pieces; no encoding of the transfer is undone. `on_effect` as of HttpClient.

    Raises Transient when it cannot be fetched now or the address has expired (ask for a new one), NotFound, ContractChanged for
    more bytes than allowed, ConfigurationError for an address that is neither https:// nor on this machine.
    """
    origin, local = _origin(wanted)
    note = on_effect or (lambda _label: None)
    note(f"{wanted.name}: GET leaves")
    trusted = certificates(local=local)
    with httpx2.Client(
        timeout=wanted.timeout_seconds, transport=transport, verify=trusted, trust_env=not local
    ) as client:
        failure: TrueupError | None = None
        try:
            with client.stream("GET", wanted.address.reveal(), headers={"accept-encoding": "identity"}) as response:
                note(f"{wanted.name}: GET answered")
                failure = _refusal(wanted, origin, response)
                if failure is None:
                    yield from _pieces(wanted, response)
        except httpx2.HTTPError as error:
            failure = Transient(f"{wanted.name}: {origin} did not give it whole ({type(error).__name__}); try again.")
    if failure is not None:
        raise failure


def _pieces(wanted: Download, response: httpx2.Response) -> Iterator[bytes]:
    size = 0
    for piece in response.iter_raw(1 << 16):
        size += len(piece)
        if size > wanted.largest_bytes:
            raise ContractChanged(f"{wanted.name}: it is larger than {wanted.largest_bytes} bytes; not read further.")
        yield piece


def _refusal(wanted: Download, origin: str, response: httpx2.Response) -> TrueupError | None:
    status = response.status_code
    if status == 200:
        return None
    if status == 404:
        return NotFound(f"{wanted.name}: {origin} does not have it.")
    if status in (400, 401, 403):
        return Transient(f"{wanted.name}: {origin} refuses the address ({status}): it has expired; ask for a new one.")
    if status < 400:
        return ContractChanged(f"{wanted.name}: {origin} answers {status}; a document is not fetched elsewhere.")
    return Transient(f"{wanted.name}: {origin} answers {status}; try again.")


def _origin(wanted: Download) -> tuple[str, bool]:
    """Where it lies, and whether that is on this machine: all of the address that may be shown."""
    try:
        url = httpx2.URL(wanted.address.reveal())
        user = f"{url.userinfo.decode()}@" if url.userinfo else ""
        origin = f"{url.scheme}://{user}{url.netloc.decode()}"
    except (httpx2.InvalidURL, TypeError, ValueError):
        raise ConfigurationError(f"{wanted.name}: the address that was given for it cannot be read.") from None
    return checked_address(wanted.name, origin)
