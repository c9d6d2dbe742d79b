"""Lies on demand: what a real system does wrong at times, told by the simulator when asked to.

Each Fault names a kind and may be addressed to an operation, to a purchase order, or both; it fires `count` times (None: for
ever) and each time with `probability`, drawn from the simulator's seed. What each kind does:

| kind | what happens |
|---|---|
| processing_forever | 202 and a transaction that stays Processing; never applied |
| applied_late | 202; applied only after `seconds` of simulated time instead of the usual delay |
| transaction_failure | 202, then the transaction is a Failure with `text`; nothing applied |
| partially_applied | only the first half of the lines (rounded up) is applied, the others stay as they were |
| applied_but_timed_out | carried out, but the reply is lost: `mode` drop (cut), hang (cut after `seconds`) or 504 |
| server_error | `status` (500 or 503) before anything is done |
| throttled | 429 QuotaExceeded although the bucket has tokens |
| token_refused | the token endpoint says invalid_client; an operation says 403 to a good token |
| slow | the reply comes after `seconds` |
| malformed_json | carried out, but the body of the reply is cut in half |
| duplicate_orders | a page carries one order twice |
| reordered_pages | a page comes in random order |
| empty_page | a page is empty but has a nextToken that leads on |
| ascending_refused | sortOrder=ASC is answered with 400, as some vendors saw |
| changed_mid_flight | Amazon changes the order by `change` (default: halves a line) as its acknowledgement arrives |
| report_stuck | a report waits `seconds` before it is begun; with 0 seconds for ever |
| report_fatal | a report ends FATAL; its document says `text`, with an empty one there is none |
| address_expired | the address of a report's document has expired when it is given |
| document_damaged | a report's document is cut in half |
| receipts_lag | the status shows of a line what had been counted in `seconds` ago (Vendor Central shows more) |
| receipts_missing | the status tells nothing of receipts, as for some vendors |
| contradicts | the status shows one piece less accepted (with none accepted: one more) than was acknowledged |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from random import Random
from typing import Annotated, Literal

import msgspec

from trueup.simulators.amazon.budgets import OPERATIONS
from trueup.simulators.amazon.shapes import OrderChange


class FaultKind(StrEnum):
    """The kinds of the table above."""

    PROCESSING_FOREVER = "processing_forever"
    APPLIED_LATE = "applied_late"
    TRANSACTION_FAILURE = "transaction_failure"
    PARTIALLY_APPLIED = "partially_applied"
    APPLIED_BUT_TIMED_OUT = "applied_but_timed_out"
    SERVER_ERROR = "server_error"
    THROTTLED = "throttled"
    TOKEN_REFUSED = "token_refused"
    SLOW = "slow"
    MALFORMED_JSON = "malformed_json"
    DUPLICATE_ORDERS = "duplicate_orders"
    REORDERED_PAGES = "reordered_pages"
    EMPTY_PAGE = "empty_page"
    ASCENDING_REFUSED = "ascending_refused"
    CHANGED_MID_FLIGHT = "changed_mid_flight"
    CONTRADICTS = "contradicts"
    RECEIPTS_LAG = "receipts_lag"
    RECEIPTS_MISSING = "receipts_missing"
    REPORT_STUCK = "report_stuck"
    REPORT_FATAL = "report_fatal"
    ADDRESS_EXPIRED = "address_expired"
    DOCUMENT_DAMAGED = "document_damaged"


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One lie and when it is told; see the table of this module."""

    kind: FaultKind
    operation: str | None = None
    purchase_order: str | None = None
    count: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    status: Literal[500, 503] = 500
    mode: Literal["drop", "hang", "504"] = "drop"
    text: str = "The acknowledgement could not be processed."
    change: OrderChange | None = None
    fired: int = 0

    def __post_init__(self) -> None:
        if self.operation is not None and self.operation not in OPERATIONS:
            raise ValueError(
                f"Fault {self.kind}: operation {self.operation!r}, expected one of {', '.join(OPERATIONS)}."
            )

    def spent(self) -> bool:
        """Whether it has fired as often as it should."""
        return self.count is not None and self.fired >= self.count

    def concerns(self, operation: str, purchase_orders: Collection[str]) -> bool:
        """Whether it is addressed to this operation on one of these orders."""
        return (self.operation is None or self.operation == operation) and (
            self.purchase_order is None or self.purchase_order in purchase_orders
        )


class Faults:
    """The lies to be told, in the order they were added, and how often each kind was told."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.active: list[Fault] = list(faults)
        self.told: Counter[str] = Counter()
        self._chance = Random(0)

    def seed(self, seed: int) -> None:
        """Make the draws of probable faults repeatable."""
        self._chance = Random(f"faults {seed}")

    def add(self, fault: Fault) -> None:
        """Tell this lie from now on."""
        self.active.append(fault)

    def clear(self, kind: FaultKind | None = None) -> None:
        """Stop telling lies, all or of one kind."""
        self.active = [fault for fault in self.active if kind is not None and fault.kind is not kind]

    def take(self, kind: FaultKind, operation: str, purchase_orders: Collection[str] = ()) -> Fault | None:
        """The first fault of a kind that fires now, counted as told; None when the truth is to be told."""
        for index, fault in enumerate(self.active):
            if fault.kind is not kind or not fault.concerns(operation, purchase_orders):
                continue
            if fault.probability < 1.0 and self._chance.random() >= fault.probability:
                continue
            fault.fired += 1
            self.told[kind.value] += 1
            if fault.spent():
                del self.active[index]
            return fault
        return None
