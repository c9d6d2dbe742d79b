"""Files that pages give away: their name, their kind by its ending, and that a browser keeps them and never shows them."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
_LONGEST_NAME = 120
_UNSAFE = re.compile(r"[^\w.-]")
_FOREIGN = re.compile(r"[^\w.-]", re.ASCII)


def download(name: str, content: bytes) -> Response:
    """A file of ours to keep; its ending says its kind."""
    headers = {"Content-Disposition": kept_as(name)}
    return Response(content, media_type=_KINDS[name.rpartition(".")[2]], headers=headers)


def kept_as(name: str) -> str:
    """The header that has a browser keep a file by its name: its letters in any script (RFC 6266), the rest without meaning."""
    safe = _UNSAFE.sub("_", name)[-_LONGEST_NAME:]
    return f"attachment; filename=\"{_FOREIGN.sub('_', safe)}\"; filename*=UTF-8''{quote(safe)}"
