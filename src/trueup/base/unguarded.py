"""Values that are made a million times: frozen for the type checker, without the guard that makes each of them ten times as dear.

A frozen dataclass sets every field through a call that gets past its own guard. For a value of ten fields that is most of what
it costs, and a document of a million lines is a few million values.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def unguarded(cls: type[T]) -> type[T]:
    """Decorates a dataclass that is frozen and has slots: its fields are set plainly when it is made.

    It stays what it was, with its comparison, hash and `replace`; that nobody sets a field later is left to the type checker.
    """
    described = [(each.name, Any, _again(each)) for each in fields(cls)]  # type: ignore[arg-type]  # a dataclass, by contract
    checks = vars(cls).get("__post_init__")
    made = make_dataclass(cls.__name__, described, namespace={"__post_init__": checks} if checks else {})
    type.__setattr__(cls, "__init__", vars(made)["__init__"])
    for guard in ("__setattr__", "__delattr__"):
        type.__delattr__(cls, guard)
    return cls


def _again(each: Field[Any]) -> Any:
    """The field's own default."""
    if each.default_factory is not MISSING:
        return field(default_factory=each.default_factory, kw_only=each.kw_only)
    return field(default=each.default, kw_only=each.kw_only)
