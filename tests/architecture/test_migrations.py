"""Migrations are one line: each follows the one before it, by number and by what it says."""

from __future__ import annotations

import re
from pathlib import Path

import trueup.storage.migrations

VERSIONS = Path(trueup.storage.migrations.__file__).parent / "versions"


def test_each_migration_follows_the_one_before_it() -> None:
    """Two that follow the same one, as two changes side by side bring them, leave a database that cannot be opened."""
    names = sorted(path.stem for path in VERSIONS.glob("[0-9]*.py"))
    before = "None"
    for place, name in enumerate(names, 1):
        text = (VERSIONS / f"{name}.py").read_text(encoding="utf-8")
        said = dict(re.findall(r"^(revision|down_revision)[^=]*= \"?([\w]+)\"?$", text, re.MULTILINE))
        assert name.startswith(f"{place:04d}_"), f"{name}: the {place}th"
        assert said == {"revision": name, "down_revision": before}, name
        before = name
