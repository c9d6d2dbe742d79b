"""Documents that are true: the tree is the tree, links lead somewhere, commands exist, decisions have their four parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import CHECKOUT, PACKAGE, packages
from trueup.cli.main import PLACES, load_command

DECISIONS = sorted((CHECKOUT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])
PARTS = ["Context", "Decision", "Consequences", "Alternatives"]
MOST_LINES = 60


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(CHECKOUT)) for path in paths]


def tree() -> tuple[set[str], set[str]]:
    """Packages and top-level files in the tree of ARCHITECTURE.md: two spaces a level, a folder ends with a stroke."""
    text = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = text.split("```\nsrc/trueup/\n")[1].split("```")[0]
    folders: set[str] = set()
    files: set[str] = set()
    path: list[str] = []
    for indent, name, stroke in re.findall(r"(?m)^((?:  )+)([a-z0-9_.]+)(/?)(?= |$)", block):
        level = len(indent) // 2 - 1
        if stroke:
            path = [*path[:level], name]
            folders.add("/".join(path))
        elif level == 0:
            files.add(name)
    return folders, files


def test_the_tree_is_the_tree() -> None:
    """ARCHITECTURE.md shows every package and every top-level file, and none that is not there."""
    folders, files = tree()
    assert folders == packages(), "mend the tree in ARCHITECTURE.md"
    assert files == {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}, "mend the tree in ARCHITECTURE.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named(DOCUMENTS))
def test_links_lead_somewhere(document: Path) -> None:
    """Every link to a file of ours is to one that is there."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    ours = [link for link in links if not re.match(r"[a-z]+:", link)]
    broken = [link for link in ours if not (document.parent / link).exists()]
    assert not broken, f"{document.name} links to {broken}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named(DOCUMENTS))
def test_make_commands_exist(document: Path) -> None:
    """Every `make something` in a document is a target of the Makefile."""
    targets = set(re.findall(r"(?m)^([a-z]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8")))
    told = set(re.findall(r"(?m)(?:`|^\s*\$? ?)make ([a-z]+)", document.read_text(encoding="utf-8")))
    assert told <= targets, f"{document.name} tells to make {sorted(told - targets)}"


def test_commands_in_documents_exist() -> None:
    """Every `trueup something` in a document is a command, and one that can be loaded."""
    places = {place.name: place for place in PLACES}
    told: dict[str, str] = {}
    for document in DOCUMENTS:
        for command in re.findall(r"(?m)(?:`|bin/|^\s*\$ ?)trueup ([a-z-]+)", document.read_text(encoding="utf-8")):
            told[command] = document.name
    assert told
    for command, where in sorted(told.items()):
        assert command in places, f"{where} tells of `trueup {command}`, which is no command"
        assert load_command(places[command]).get_short_help_str(), f"`trueup {command}` says nothing of itself"


@pytest.mark.parametrize("record", DECISIONS, ids=named(DECISIONS))
def test_a_decision_has_its_four_parts(record: Path) -> None:
    """Context, decision, consequences and alternatives, in sixty lines: what is longer is not decided yet."""
    text = record.read_text(encoding="utf-8")
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name)
    assert text.startswith(f"# {record.name[:4]} "), "the title begins with the number"
    assert re.findall(r"(?m)^## (.+)$", text) == PARTS
    assert text.count("\n") <= MOST_LINES
    bodies = [part.strip() for part in re.split(r"(?m)^## .+$", text)[1:]]
    assert all(len(body) > 40 for body in bodies), "every part says something"


def test_decisions_are_numbered_without_gaps() -> None:
    """A record is never deleted: one that no longer holds says which replaced it."""
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert DECISIONS


def test_the_changelog_tells_of_this_version() -> None:
    """What users get is told before they get it."""
    version = re.search(r'__version__ = "([^"]+)"', (PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert version is not None
    assert f"## [{version.group(1)}]" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
