"""Domain values as JSON columns: frozen dataclasses to plain JSON and back, exactly (decimals as text, instants as ISO 8601)."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_known: set[Any] = set()
_learning = threading.Lock()


def to_json(value: Any) -> Any:
    """Plain JSON of a domain value; no floats anywhere, decimals are text."""
    return msgspec.to_builtins(value, enc_hook=_plain)


def from_json(data: Any, kind: type[T]) -> T:
    """The domain value again. Raises msgspec.ValidationError when the row was not written by `to_json`: a defect."""
    if kind not in _known:
        _learn(kind)
    return msgspec.convert(data, kind, strict=False)


def _learn(kind: Any) -> None:
    """Have msgspec look at a type, and at all that it is made of, in one thread alone.

    What it learns it keeps with the class, and puts it there before it is whole: a second thread that converts into the
    same class meanwhile reads a table of nothing, and the process dies (msgspec 0.22).
    """
    with _learning:
        msgspec.json.Decoder(kind)
        _known.add(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)  # an identifier (Asin, Gtin ...) is text with a shape
    raise TypeError(f"no JSON for {type(value).__name__}")
