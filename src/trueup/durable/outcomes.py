"""What a step or commit came to, as text: a JSON value, or a TrueupError that comes back as the same class."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from trueup.base.errors import TrueupError


def to_json(value: Any, origin: str) -> str:
    """Compact JSON of a value. Raises TypeError, naming the origin, for what JSON cannot hold."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        expected = "expected None, bool, int, str, list or dict"
        raise TypeError(f"{origin}: {expected}, found {value!r:.200} ({error}).") from error


def outcome_of(fn: Callable[[], Any], origin: str) -> str:
    """Run `fn` and write down its result or its TrueupError. Any other exception passes: it is a defect."""
    try:
        return written_result(fn(), origin)
    except TrueupError as error:
        return written_error(error)


def written_result(value: Any, origin: str) -> str:
    """The outcome that `revealed` returns as `value`, made of JSON."""
    return '{"ok":' + to_json(value, origin) + "}"


def written_error(error: TrueupError) -> str:
    """The outcome that `revealed` raises: class names from the nearest up, the message, and plain attributes."""
    lineage = [cls.__name__ for cls in type(error).__mro__ if issubclass(cls, TrueupError)]
    attributes = {
        name: value
        for name, value in vars(error).items()
        if value is None or isinstance(value, bool | int | float | str)
    }
    return json.dumps(
        {"error": {"class": lineage, "message": str(error), "attributes": attributes}}, ensure_ascii=False
    )


def is_error(outcome: str) -> bool:
    """Whether `revealed` would raise."""
    return "error" in json.loads(outcome)


def revealed(outcome: str) -> Any:
    """Return the recorded value or raise the recorded error: the same on the first run and on every replay."""
    content = json.loads(outcome)
    if "error" in content:
        raise _error_from(content["error"])
    return content["ok"]


def _error_from(record: dict[str, Any]) -> TrueupError:
    known = {cls.__name__: cls for cls in _descendants(TrueupError)}
    # A class that a newer program renamed comes back as its nearest ancestor that still exists.
    cls = next((known[name] for name in record["class"] if name in known), TrueupError)
    error = cls.__new__(cls, record["message"])
    vars(error).update(record["attributes"])
    return error


def _descendants(cls: type[TrueupError]) -> Iterator[type[TrueupError]]:
    for child in cls.__subclasses__():
        yield from _descendants(child)
    yield cls
