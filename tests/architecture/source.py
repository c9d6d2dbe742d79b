"""The source as data: every module of the product, parsed once, with what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "src" / "trueup"


@dataclass(frozen=True)
class Module:
    """A file of code: its dotted name (or path, outside the product), its text, and its syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def where(self) -> str:
        return str(self.path.relative_to(CHECKOUT))

    @property
    def layer(self) -> str:
        """The first word after `trueup`: base, domain, app, ...; empty for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of all that is imported, wherever it stands; a module taken from its package by its own name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, _target(self, node, alias.name)) for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def constants(self) -> set[str]:
        """Names given a value at the top of the module."""
        targets = [node.targets for node in self.tree.body if isinstance(node, ast.Assign)]
        targets += [[node.target] for node in self.tree.body if isinstance(node, ast.AnnAssign)]
        return {target.id for group in targets for target in group if isinstance(target, ast.Name)}


def _target(module: Module, node: ast.ImportFrom, name: str) -> str:
    assert node.level == 0, (
        f"{module.where}:{node.lineno}: import by the full name, from trueup...., so that layers can be read"
    )
    full = f"{node.module}.{name}"
    return full if full in names_of_modules() else str(node.module)


@cache
def names_of_modules() -> frozenset[str]:
    return frozenset(_name(path) for path in PACKAGE.rglob("*.py"))


@cache
def product() -> tuple[Module, ...]:
    """Every module under src/trueup."""
    return tuple(_parse(path, _name(path)) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def all_code() -> tuple[Module, ...]:
    """The product, its tests and its measurements."""
    others = [path for folder in ("tests", "bench") for path in sorted((CHECKOUT / folder).rglob("*.py"))]
    return product() + tuple(_parse(path, str(path.relative_to(CHECKOUT))) for path in others)


def packages() -> set[str]:
    """Folders of the product that hold code, as `formats/x12`."""
    found = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    return {str(folder) for folder in found if folder != Path()}


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _parse(path: Path, name: str) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(name, path, text, ast.parse(text, str(path)))
