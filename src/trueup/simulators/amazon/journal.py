"""Every request the simulator received, with its totals: what an auditor reads to see that nothing was sent twice."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

_KEPT_REQUESTS = 20_000


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request and its answer. `query` has no paging token; no header is kept, so no access token is."""

    number: int
    at: datetime
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    operation: str | None
    vendor_group: str | None
    status: int
    request_id: str
    faults: tuple[str, ...]


class RequestJournal:
    """The last requests in a ring, and totals over all of them by operation and status."""

    def __init__(self, kept: int = _KEPT_REQUESTS) -> None:
        self.requests: deque[ReceivedRequest] = deque(maxlen=kept)
        self.totals: Counter[tuple[str, int]] = Counter()
        self.seen = 0

    def append(self, request: ReceivedRequest) -> None:
        """Keep a request; the oldest makes room."""
        self.requests.append(request)
        self.totals[request.operation or "unknown", request.status] += 1
        self.seen = request.number

    def totals_by_operation(self) -> dict[str, dict[str, int]]:
        """How often each operation answered with each status."""
        table: dict[str, dict[str, int]] = {}
        for (operation, status), count in sorted(self.totals.items()):
            table.setdefault(operation, {})[str(status)] = count
        return table
