"""The capability of a shop to show a merchant numbers that are not its own: fields on products, and objects beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from trueup.remote.observed import Observed
from trueup.remote.stock import Written


@dataclass(frozen=True, slots=True)
class ShownFields:
    """What a product shows now: its values by key, and by which mark each is known to be unchanged."""

    product: str
    values: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """A value to be set where the field still bears the mark; None: where there is none yet."""

    product: str
    key: str
    value: str
    mark: str | None


@runtime_checkable
class Showcase(Protocol):
    """Fields and objects that belong to us in a shop. A write compares before it sets; an object is known by its handle."""

    @property
    def name(self) -> str: ...
    @property
    def most_fields(self) -> int:
        """How many fields one write may have."""
        ...

    def define(self) -> Observed[tuple[str, ...]]:
        """Have every field and object declared; what was new. Raises ConfigurationError where one is declared otherwise,
        RemoteError."""
        ...

    def read_fields(self, products: Sequence[str]) -> Observed[tuple[ShownFields, ...]]:
        """What products show; those that do not exist are left out. Raises RemoteError."""
        ...

    def set_fields(self, writes: Sequence[FieldWrite]) -> Written:
        """All of them or none. Raises RemoteError; doing it again is harmless: it compares."""
        ...

    def remove_fields(self, fields: Sequence[tuple[str, str]]) -> Observed[int]:
        """Have (product, key) show nothing; how many did. Raises RemoteError; doing it again is harmless."""
        ...

    def read_object(self, handle: str) -> Observed[Mapping[str, str] | None]:
        """The values of an object by key; None when there is none. Raises RemoteError."""
        ...

    def put_object(self, handle: str, values: Mapping[str, str]) -> Observed[Mapping[str, str]]:
        """Make or replace an object whole; doing it again changes nothing. Raises RemoteError."""
        ...
