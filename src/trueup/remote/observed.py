"""What a system with typed requests answers: a value in the domain's words, and the raw reply that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Observed(Generic[T_co]):
    """A value and the raw reply that says so."""

    value: T_co
    evidence: bytes
