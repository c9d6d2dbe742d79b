"""Assets as they were when the server started: read once and kept, so that building them anew breaks no page that is open."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_SMALLEST_BYTES = 1000
_PACKED_TYPES = ("text/", "application/javascript", "application/json", "image/svg")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, the same packed where that makes it smaller, and what it is."""

    content: bytes
    packed: bytes
    media_type: str


def keep_assets(folder: Path) -> dict[str, Asset]:
    """Every built file by its name."""
    return {path.name: _kept(path) for path in sorted(folder.iterdir()) if path.is_file()}


def answer_asset(assets: Mapping[str, Asset], request: Request) -> Response:
    """The names of the files change with their content, so a browser keeps them for ever."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    asset = assets.get(str(request.path_params["name"]))
    if asset is None:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        packed = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(asset.packed, media_type=asset.media_type, headers=headers | packed)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _kept(path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packs = len(content) >= _SMALLEST_BYTES and media_type.startswith(_PACKED_TYPES)
    return Asset(content, gzip.compress(content, mtime=0) if packs else b"", media_type)
