"""Records of bulk operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trueup.simulators.shopify.records import App, Record


@dataclass(slots=True, eq=False)
class BulkOperation(Record):
    """A query that runs in the background. `lines` is its result so far, `key` the secret in the address of its file."""

    type_name = "BulkOperation"
    app: App
    query: str
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    object_count: int = 0
    root_object_count: int = 0
    key: str = ""
    lines: list[bytes] = field(default_factory=list)
