"""Files that pages give away: their name, their kind by its ending, and that a browser keeps them and never shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
_LONGEST_NAME = 120
_IN_MEMORY, _AT_ONCE = 1_000_000, 65_536
_UNSAFE = re.compile(r"[^\w.-]")
_FOREIGN = re.compile(r"[^\w.-]", re.ASCII)


def download(name: str, content: bytes) -> Response:
    """A file of ours to keep; its ending says its kind."""
    headers = {"Content-Disposition": kept_as(name)}
    return Response(content, media_type=_KINDS[name.rpartition(".")[2]], headers=headers)


def download_written(name: str, write: Callable[[BinaryIO], object]) -> Response:
    """The same of what `write` writes: beyond a megabyte it is on disk, so that no file is too long for the memory."""
    file = cast(BinaryIO, SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - closed when it is sent
    try:
        write(file)
        headers = {"Content-Disposition": kept_as(name), "Content-Length": str(file.tell())}
    except BaseException:
        file.close()
        raise
    return StreamingResponse(_read(file), media_type=_KINDS[name.rpartition(".")[2]], headers=headers)


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(_AT_ONCE):
            yield part


def kept_as(name: str) -> str:
    """The header that has a browser keep a file by its name: its letters in any script (RFC 6266), the rest without meaning."""
    safe = _UNSAFE.sub("_", name)[-_LONGEST_NAME:]
    return f"attachment; filename=\"{_FOREIGN.sub('_', safe)}\"; filename*=UTF-8''{quote(safe)}"
