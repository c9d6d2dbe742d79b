"""Plugins: a folder that grows by one file a thing. Each module defines one constant; outside packages use an entry point."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from types import ModuleType
from typing import TypeVar

from trueup.base.errors import ConfigurationError

T = TypeVar("T")


def collect(
    folder: ModuleType, constant: str, kind: type[T], *, key: Callable[[T], str], group: str | None = None
) -> dict[str, T]:
    """Import every module of `folder` in name order and take its `constant`, then those of the entry-point `group`.

    Returns them by `key`. Raises ConfigurationError when a module lacks the constant, it is of another type, or two
    share a key: recognition is never first-wins.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda item: item.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{folder.__name__}.{info.name}")
        _add(found, getattr(module, constant, None), (constant, kind, key), module.__name__)
    for entry in sorted(entry_points(group=group), key=lambda item: item.name) if group else ():
        _add(found, entry.load(), (constant, kind, key), entry.value)
    return found


def _add(found: dict[str, T], thing: object, demanded: tuple[str, type[T], Callable[[T], str]], origin: str) -> None:
    constant, kind, key = demanded
    if not isinstance(thing, kind):
        expected = f"a constant {constant} of type {kind.__name__}"
        raise ConfigurationError(f"Plugin {origin}: expected {expected}, found {type(thing).__name__}.")
    name = key(thing)
    if name in found:
        raise ConfigurationError(f"Plugin {origin}: {constant} {name!r} is defined twice; rename one of them.")
    found[name] = thing
