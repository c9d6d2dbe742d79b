"""The folder of a demonstration: made anew each time, and never in the place of what it did not make."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from trueup.base.errors import Refused, TrueupError
from trueup.storage.embedded import EmbeddedServer

FOLDER = Path(".demo")
MARK = "made-by-trueup-demo"


def prepare_folder(folder: Path, data: Path) -> None:
    """Remove what an earlier demonstration left, its server stopped first. Raises Refused for a folder that it did not make."""
    for place in {folder, data}:
        if place.exists() and any(place.iterdir()) and not (place / MARK).is_file():
            raise Refused(
                f"{place} is not empty and was not made by an earlier demo; it is left alone. Move it, or name another folder."
            )
    for place in (data, folder / "data"):
        with suppress(TrueupError):
            if place.is_dir():
                EmbeddedServer(place).stop()
    for place in (data, folder):
        if place.exists():
            shutil.rmtree(place)
    for place in (folder, data):
        place.mkdir(parents=True, exist_ok=True)
        (place / MARK).write_text("`trueup demo` replaces this folder whenever it starts.\n", encoding="utf-8")


def write_secrets(folder: Path, hidden: dict[str, str]) -> None:
    """Each secret as a file that its owner alone may read."""
    place = folder / "secrets"
    place.mkdir()
    for name, secret in hidden.items():
        path = place / name
        path.write_text(secret, encoding="utf-8")
        path.chmod(0o600)
