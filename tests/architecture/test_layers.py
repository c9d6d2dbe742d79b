"""Who may import whom, as ARCHITECTURE.md says: a test, not a wish."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source import CHECKOUT, PACKAGE, Module, product

EVERYTHING = ("*",)
_FACES = (
    "base", "domain", "formats", "remote", "workflows", "checks", "invariants", "reports", "storage.views", "settings",
)  # fmt: skip
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "base": (),
    "domain": ("base",),
    "formats": ("base", "domain"),
    "remote": ("base", "domain"),
    "connectors": ("base", "domain", "remote"),
    "durable": ("base",),
    "storage": ("base", "domain", "durable"),
    "workflows": (
        "base",
        "domain",
        "formats",
        "remote",
        "durable",
        "storage",
        "checks",
        "invariants",
        "reports",
    ),
    "checks": ("base", "domain", "storage"),
    "invariants": ("base", "domain", "storage", "checks"),
    "reports": ("base", "domain", "storage"),
    "settings": ("base", "domain"),
    "cli": (*_FACES, "app", "store", "demo"),
    "api": (*_FACES, "desk"),
    "console": (*_FACES, "desk"),
    "simulation": ("base",),
    "simulators": ("base",),
    "store": ("base", "settings", "storage"),
    "desk": ("settings", "workflows"),
    "wiring": ("base", "domain", "remote", "connectors", "settings", "workflows"),
    "app": EVERYTHING,
    "demo": EVERYTHING,
}
# Each speaks to one system, or is one: what two of them share belongs to the layer below.
APART = ("connectors", "simulators")
THIRD_PARTY: dict[str, set[str]] = {
    "base": set(),
    "domain": set(),
    "formats": {"msgspec", "python_calamine", "pypdf"},
    "remote": {"httpx2", "stamina", "structlog"},
    "connectors": {"msgspec", "structlog", "authlib", "joserfc"},
    "durable": {"dbos", "sqlalchemy", "psycopg", "structlog"},
    "reports": {"xlsxwriter", "reportlab"},
    "settings": {"pydantic", "pydantic_core", "platformdirs"},
}
CLOCKS_AND_CHANCE = {
    "time", "random", "secrets", "os", "io", "pathlib", "socket", "subprocess", "threading", "asyncio", "logging", "tempfile",
    "shutil", "http", "sqlite3", "uuid", "sys", "glob", "signal", "multiprocessing",
}  # fmt: skip


def imports_of_ours(module: Module) -> Iterator[tuple[int, str]]:
    for line, name in module.imports():
        if name == "trueup" or name.startswith("trueup."):
            yield line, name.partition(".")[2]


def in_layer(*layers: str) -> list[Module]:
    return [module for module in product() if module.layer in layers]


def test_every_folder_has_its_place() -> None:
    """A new folder under src/trueup is first given a row in the table of ARCHITECTURE.md and of this file."""
    layers = {module.layer for module in product()} - {""}
    assert layers <= MAY_IMPORT.keys(), f"no rule for {sorted(layers - MAY_IMPORT.keys())}: decide what it may import"


def test_the_table_of_the_architecture_is_this_one() -> None:
    """What a reader is told is what is tested: one row a layer, the same names."""
    text = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## Who may import whom")[1].split("\n## ")[0]
    told: dict[str, set[str]] = {}
    for left, right in re.findall(r"(?m)^\| ([a-z, ]+) \| ([^|]+) \|", section):
        for layer in left.split(", "):
            told[layer] = set(re.findall(r"[a-z.]+", right.replace("everything", "").replace("nothing", "")))
    told.pop("folder", None)
    assert told == {layer: set(names) - {"*"} for layer, names in MAY_IMPORT.items()}


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_layers_import_downwards(layer: str) -> None:
    """A layer imports what its row allows; what it needs from elsewhere is passed in by app.py, or moves down."""
    allowed = MAY_IMPORT[layer]
    wrong = [
        f"{module.where}:{line} imports trueup.{name}"
        for module in in_layer(layer)
        for line, name in imports_of_ours(module)
        if allowed != EVERYTHING
        and name
        and not any(name == each or name.startswith(each + ".") for each in (*allowed, layer))
    ]
    assert not wrong, f"{layer} may import {', '.join(allowed) or 'nothing of ours'}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("layer", APART)
def test_neighbours_do_not_know_each_other(layer: str) -> None:
    """One connector never imports another, nor one simulator: what two share moves to remote, or to a file beside them."""
    folders = {path.name for path in (PACKAGE / layer).iterdir() if path.is_dir()} - {"__pycache__"}
    wrong = []
    for module in in_layer(layer):
        own = module.name.split(".")[2] if module.name.count(".") >= 2 else ""
        for line, name in imports_of_ours(module):
            other = name.split(".")[1] if name.startswith(layer + ".") else ""
            if other in folders and other != own:
                wrong.append(f"{module.where}:{line} imports trueup.{name}")
    assert not wrong, "\n".join(wrong)


def test_nobody_but_the_edges_imports_the_composition_root() -> None:
    """wiring.py (and demo, which adds simulators) alone names connectors, for app.py alone: workflows get capabilities."""
    wrong = [
        f"{module.where}:{line} imports trueup.{name}"
        for module in product()
        for line, name in imports_of_ours(module)
        if (name.split(".")[0] == "connectors" and module.layer not in ("connectors", "wiring", "demo"))
        or (name.split(".")[0] == "wiring" and module.layer not in ("wiring", "app"))
        or (name.split(".")[0] == "app" and module.layer not in ("app", "cli", "demo"))
        or (name.split(".")[0] == "demo" and module.layer not in ("demo", "cli"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", sorted(THIRD_PARTY))
def test_third_party_stays_in_its_layer(layer: str) -> None:
    """base and domain use the standard library alone; the others name the packages they are a face of."""
    wrong = [
        f"{module.where}:{line} imports {name}"
        for module in in_layer(layer)
        for line, name in module.imports()
        if (top := name.partition(".")[0]) != "trueup"
        and top not in sys.stdlib_module_names
        and top not in THIRD_PARTY[layer]
    ]
    assert not wrong, (
        f"{layer} uses {', '.join(sorted(THIRD_PARTY[layer])) or 'the standard library alone'}:\n" + "\n".join(wrong)
    )


def test_the_domain_is_pure() -> None:
    """No clock, chance, file, network or environment in a decision: `now` and all facts are passed in as values."""
    wrong = [
        f"{module.where}:{line} imports {name}"
        for module in in_layer("domain")
        for line, name in module.imports()
        if name.partition(".")[0] in CLOCKS_AND_CHANCE
    ]
    for module in in_layer("domain"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and _is_a_class(node.value):
                wrong.append(f"{module.where}:{node.lineno} asks the clock: {ast.unparse(node)}")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("open", "print", "input")
            ):
                wrong.append(f"{module.where}:{node.lineno} does input or output: {node.func.id}()")
    assert not wrong, "\n".join(wrong)


def _is_a_class(node: ast.expr) -> bool:
    return ast.unparse(node) in ("datetime", "date", "datetime.datetime", "datetime.date")


def test_the_domain_has_no_float() -> None:
    """Money and rates are exact: integers, Decimal, Fraction. A float in a decision loses a cent somewhere."""
    wrong = [
        f"{module.where}:{node.lineno} has a float: {ast.unparse(node)}"
        for module in in_layer("domain")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", ["formats", "remote", "connectors", "workflows", "storage", "durable"])
def test_time_is_passed_in(layer: str) -> None:
    """Behind the domain too, the time comes from a Clock, so that simulated days are days."""
    wrong = [
        f"{module.where}:{node.lineno} asks the machine's clock: {ast.unparse(node)}"
        for module in in_layer(layer)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and _is_a_class(node.value)
    ]
    assert not wrong, "\n".join(wrong)
