"""Domain values as JSON columns: frozen dataclasses to plain JSON and back, exactly (decimals as text, instants as ISO 8601)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Plain JSON of a domain value; no floats anywhere, decimals are text."""
    return msgspec.to_builtins(value, enc_hook=_plain)


def from_json(data: Any, kind: type[T]) -> T:
    """The domain value again. Raises msgspec.ValidationError when the row was not written by `to_json`: a defect."""
    return msgspec.convert(data, kind, strict=False)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)  # an identifier (Asin, Gtin ...) is text with a shape
    raise TypeError(f"no JSON for {type(value).__name__}")
