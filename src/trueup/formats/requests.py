"""HTTP requests as bytes to keep: what came in one moment as one document of the media type application/http.

RFC 9112 (10.2) lets that type enclose a pipeline of requests. Each is written with its own length, so that every body can be
had again byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trueup.base.errors import Unreadable

MEDIA_TYPE = "application/http"
_END = b"\r\n\r\n"
_LONGEST_LENGTH = 18


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """One request: where it went, the headers worth keeping (never one with a secret), and its body as it came."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def write_requests(requests: Iterable[KeptRequest]) -> bytes:
    """One after the other."""
    parts: list[bytes] = []
    for each in requests:
        lines = [f"POST {_one_line(each.path)} HTTP/1.1"]
        lines += [f"{name}: {_one_line(value)}" for name, value in each.headers if name != "content-length"]
        lines.append(f"content-length: {len(each.body)}")
        parts += ["\r\n".join(lines).encode("latin-1", errors="replace"), _END, each.body]
    return b"".join(parts)


def read_requests(content: bytes) -> Iterator[KeptRequest]:
    """What was written. Raises Unreadable."""
    start = 0
    while start < len(content):
        end = content.find(_END, start)
        if end < 0:
            raise Unreadable(f"Requests: byte {start} begins no request that ends; expected a head and an empty line.")
        first, *rest = content[start:end].decode("latin-1").split("\r\n")
        method, _, target = first.partition(" ")
        path, _, version = target.rpartition(" ")
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in rest))
        length = dict(headers).get("content-length", "")
        if method != "POST" or version != "HTTP/1.1" or not length.isdecimal() or len(length) > _LONGEST_LENGTH:
            raise Unreadable(
                f"Requests: byte {start}: expected POST, HTTP/1.1 and a content-length, found {first[:80]!r}."
            )
        body = content[end + len(_END) : end + len(_END) + int(length)]
        if len(body) < int(length):
            raise Unreadable(
                f"Requests: a body of {length} bytes was announced at byte {start}, {len(body)} are there."
            )
        yield KeptRequest(path, tuple(pair for pair in headers if pair[0] != "content-length"), body)
        start = end + len(_END) + int(length)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
