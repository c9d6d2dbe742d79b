"""bench/RESULTS.md, one section a benchmark: each run replaces its own section and leaves the others alone."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
_HEADER = "# Results\n\nWritten by the benchmarks in this folder; each replaces its own section.\n"


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Replace the section `name` with `text`, or add it at the end. The markers around it are comments."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n## {name}\n\n{text.strip()}\n{end}\n"
    before = path.read_text(encoding="utf-8") if path.exists() else _HEADER
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end) + r"\n?", re.DOTALL)
    after = pattern.sub(lambda _: section, before) if pattern.search(before) else f"{before.rstrip()}\n\n{section}"
    path.write_text(after, encoding="utf-8")
