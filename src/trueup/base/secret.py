"""A secret as a value that never shows itself: not in text, logs, JSON, pickles, tracebacks or a debugger's list of locals."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, NoReturn, final

SHOWN: Final = "Secret(****)"


@final
class Secret:
    """Text that only `reveal` gives out. Two are equal when their texts are; comparing takes the same time either way.

    The text lives in a closure, not in an attribute: what walks through an object's attributes (a rich traceback with locals,
    structlog, `vars`) finds none. It is unhashable, for a hash would be a hint.
    """

    __slots__ = ("kept", "reveal")
    __hash__ = None  # type: ignore[assignment]

    reveal: Callable[[], str]
    """The text itself. Call it where the text is needed, and keep it in no variable."""
    kept: str
    """Where it is kept, such as `env:AMAZON_CLIENT_SECRET`: to be shown; "" where nobody said."""

    def __init__(self, text: str, kept: str = "") -> None:
        if not isinstance(text, str):
            raise TypeError(f"a secret is text, found {type(text).__name__}")
        object.__setattr__(self, "reveal", lambda: text)
        object.__setattr__(self, "kept", kept)

    def __repr__(self) -> str:
        return SHOWN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return SHOWN

    def __bool__(self) -> bool:
        """False for the empty text, so that `if settings.token` asks whether there is one."""
        return bool(self.reveal())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memory: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled: hand on its name instead")
