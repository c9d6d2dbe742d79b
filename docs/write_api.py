"""Writes the part of docs/api.md that says what there is, from the API's own description: `.venv/bin/python docs/write_api.py`.

A test holds the page against the same text, so whoever adds an operation runs this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trueup.api.v1 import ROOT, describe

PAGE = Path(__file__).parent / "api.md"
BEGIN, END = "<!-- operations -->", "<!-- end of operations -->"


def operations() -> str:
    """Every operation by its kind of thing: its method and address, what it does, and the scope it takes."""
    groups: dict[str, list[str]] = {}
    for path, methods in describe()["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_row(method, path, operation))
    tables = [
        f"### {title}\n\n| call | does | scope |\n|---|---|---|\n" + "\n".join(sorted(rows))
        for title, rows in groups.items()
    ]
    return "\n\n".join(tables)


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    [required] = operation["security"]
    return f"| `{method.upper()} {path.removeprefix(ROOT)}` | {operation['summary']} | `{required['token'][0]}` |"


def whole(text: str) -> str:
    """The page with that part anew."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{operations()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(whole(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
