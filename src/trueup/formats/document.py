"""The contract of a format: bytes in, a reading out, with every finding located in the original bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from trueup.base.ids import Digest

T = TypeVar("T")


class Severity(StrEnum):
    """ERROR: the document (or that part) is not taken in. WARNING: it is, and someone should know."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the bytes: the offset, and the format's own coordinates (segment and element, or a JSON path)."""

    offset: int
    path: str

    def __str__(self) -> str:
        return f"{self.path} (byte {self.offset})" if self.path else f"byte {self.offset}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a document. `code` is the standard's own word where it has one (X12 723: `1`), else ours."""

    severity: Severity
    code: str
    message: str
    location: Location

    def __str__(self) -> str:
        return f"{self.message} at {self.location}"


@dataclass(frozen=True, slots=True)
class RawDocument:
    """Bytes as they arrived, and what their carrier said of them."""

    content: bytes
    name: str
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What a format made of a document: values, findings, and the hash of the bytes as evidence for both."""

    evidence: Digest
    format: str
    values: tuple[T, ...]
    findings: tuple[Finding, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the envelope says (control numbers, next page), as JSON."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep something from being taken in."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of document. `recognise` says whether bytes are of this kind by their opening alone; it never raises."""

    name: str
    title: str
    recognise: Callable[[bytes], bool]
    read: Callable[[bytes], Reading[Any]]
