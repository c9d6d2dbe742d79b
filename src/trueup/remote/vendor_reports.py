"""The capability of a buyer to report on a vendor's products: reports are asked for, made later, and fetched when done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from trueup.domain.vendor_reports import Question
from trueup.remote.observed import Observed


class Progress(StrEnum):
    """How far a report is. CANCELLED: by someone, or because there is no data. FATAL: its document may say why."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FATAL = "fatal"


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report as the buyer shows it. `finished_at` is of when its figures are; `document` names what can be fetched."""

    reference: str
    progress: Progress
    created_at: datetime
    finished_at: datetime | None
    document: str | None


@runtime_checkable
class VendorReportSource(Protocol):
    """Reports of one vendor group on one of the buyer's stores. Asking is slow and budgeted: about one a minute."""

    @property
    def name(self) -> str: ...
    @property
    def marketplace(self) -> str:
        """The buyer's own id of the store."""
        ...

    def find_reports(self, question: Question, since: datetime) -> Observed[tuple[ShownReport, ...]]:
        """Reports of that kind and window that were asked for since, the newest first. Their options are not shown.
        Raises RemoteError."""
        ...

    def request_report(self, question: Question) -> Observed[str]:
        """Ask for one; returns its reference. There is no key: find first. Raises RemoteError, `maybe_applied`."""
        ...

    def fetch_report(self, reference: str) -> Observed[ShownReport]:
        """Raises NotFound, RemoteError."""
        ...

    def fetch_document(self, document: str) -> Iterator[bytes]:
        """The bytes as they lie there, compressed, in pieces. Raises NotFound, RemoteError."""
        ...

    def cancel_report(self, reference: str) -> None:
        """Only while it is queued. Raises Rejected when it is not, NotFound, RemoteError."""
        ...
