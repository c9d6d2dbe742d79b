"""Capabilities: what a workflow may ask of a remote system. Connectors implement them; workflows know nothing else.

What carries a document carries bytes; formats give them meaning. What has typed requests (a shop) answers in domain
values together with the raw reply, which is the evidence of what was said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from trueup.domain.catalog import Product
from trueup.domain.inventory import Level
from trueup.domain.sales_orders import SalesOrder, ShownOrder
from trueup.remote.observed import Observed


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a system gave for a document we sent: its own id for the transaction. Not acceptance."""

    reference: str
    evidence: bytes


class OrderQuery(StrEnum):
    """By which of their times orders are asked for. Amazon's two windows are separate: created, and changed by Amazon."""

    CREATED = "created"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Page:
    """One reply of a listing, as bytes, and the token of the next (None: the last). A page may be empty and not the last."""

    content: bytes
    name: str
    media_type: str
    next_page: str | None


@runtime_checkable
class OrderSource(Protocol):
    """Orders by windows of time."""

    @property
    def name(self) -> str: ...
    @property
    def longest_window_seconds(self) -> int: ...
    @property
    def farthest_back_seconds(self) -> int: ...

    def fetch_orders(self, query: OrderQuery, start: datetime, end: datetime, page: str | None) -> Page:
        """Raises RemoteError."""
        ...

    def fetch_order(self, number: str) -> Page:
        """One order by its number. Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class AcknowledgementSink(Protocol):
    """Takes acknowledgements in the bytes of its format. It has no key of its own: never repeat a send blindly."""

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str:
        """The name of the format in which it wants them: `amazon-vendor` or `x12`."""
        ...

    def send_acknowledgement(self, content: bytes, name: str) -> Receipt:
        """Raises RemoteError; `maybe_applied` when the reply was lost."""
        ...


@runtime_checkable
class OrderStatusSource(Protocol):
    """The independent read-back: what the buyer holds, and how it judged a transaction."""

    @property
    def name(self) -> str: ...
    @property
    def longest_window_seconds(self) -> int: ...
    @property
    def farthest_back_seconds(self) -> int: ...

    def fetch_order_statuses(self, start: datetime, end: datetime, page: str | None) -> Page:
        """One page of the statuses that changed between two instants. Raises RemoteError."""
        ...

    def fetch_order_status(self, number: str, vendor_code: str, since: datetime, until: datetime) -> Page:
        """Status of one order. Raises RemoteError."""
        ...

    def fetch_transaction(self, reference: str) -> Page:
        """Raises NotFound, RemoteError."""
        ...


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A document that waits to be fetched. `reference` names it to its source."""

    reference: str
    name: str
    size_bytes: int


@runtime_checkable
class DocumentSource(Protocol):
    """A place where documents wait: a folder, a server."""

    @property
    def name(self) -> str: ...

    def find_waiting(self) -> Sequence[WaitingDocument]:
        """What is there whole. Raises RemoteError."""
        ...

    def fetch_document(self, reference: str) -> Iterator[bytes]:
        """In chunks. Raises NotFound, RemoteError."""
        ...

    def settle_document(self, reference: str) -> None:
        """It is archived here; take it away there. Doing it twice is harmless."""
        ...


@runtime_checkable
class DocumentSink(Protocol):
    """A place that takes documents by a name of our choosing, which is their key."""

    @property
    def name(self) -> str: ...

    def find_document(self, name: str) -> bytes | None:
        """The bytes under that name, None when there is nothing. Raises RemoteError."""
        ...

    def send_document(self, name: str, content: bytes) -> Receipt:
        """Visible whole or not at all. Raises Conflict when other bytes have the name, RemoteError."""
        ...


@runtime_checkable
class ProductSource(Protocol):
    """The item master of a shop."""

    @property
    def name(self) -> str: ...

    def fetch_products(self, page: str | None) -> Observed[tuple[tuple[Product, ...], str | None]]:
        """Products of one page and the token of the next. Raises RemoteError."""
        ...

    def fetch_products_by_sku(self, skus: Sequence[str]) -> Observed[tuple[Product, ...]]:
        """Exactly those SKUs that exist. Raises RemoteError."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A product whose stock is asked for."""

    sku: str
    shop_item: str


@runtime_checkable
class StockSource(Protocol):
    """What a shop says about stock, now."""

    @property
    def name(self) -> str: ...

    def fetch_levels(self, wanted: Sequence[Wanted], location: str) -> Observed[tuple[Level, ...]]:
        """One level for each product that exists at the location. Raises RemoteError."""
        ...


@runtime_checkable
class SalesOrderSink(Protocol):
    """Holds our orders so that their stock is claimed. Every write is preceded by `find_sales_order`."""

    @property
    def name(self) -> str: ...

    def find_sales_order(self, key: str) -> Observed[ShownOrder | None]:
        """By our key, without an index that lags. Raises RemoteError."""
        ...

    def send_sales_order(self, order: SalesOrder) -> Observed[ShownOrder]:
        """Claims the stock or fails whole. Raises Conflict (code INVENTORY_CLAIM_FAILED) when it is not there, RemoteError."""
        ...

    def amend_sales_order(self, shown: ShownOrder, order: SalesOrder) -> Observed[ShownOrder]:
        """Bring an order to other quantities. Raises Conflict when stock is not there, RemoteError."""
        ...

    def cancel_sales_order(self, shown: ShownOrder, reason: str) -> Observed[ShownOrder]:
        """Cancel it and give the stock back; it may take a moment to show. Raises RemoteError."""
        ...

    def move_sales_order(self, shown: ShownOrder, location: str) -> Observed[ShownOrder]:
        """Have it shipped from another location. Raises RemoteError."""
        ...


class Verdict(StrEnum):
    """How a probe of a connection went. UNAVAILABLE: an optional ability that this account is not offered; nothing is amiss.
    UNTRIED: a probe writes nothing, and nothing else shows whether it works."""

    WORKS = "works"
    MISSING = "missing"
    FAILS = "fails"
    UNAVAILABLE = "not available"
    UNTRIED = "not tried"

    @property
    def is_amiss(self) -> bool:
        """Whether something is to be done about it."""
        return self in (Verdict.MISSING, Verdict.FAILS)


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing a connection must be able to do, whether it can, and what to do if not.

    `grant` is what the other system must have granted for it, by the name it has there: a scope, a role; "" where it grants nothing
    that has a name.
    """

    connection: str
    ability: str
    verdict: Verdict
    found: str
    remedy: str = ""
    grant: str = ""


@runtime_checkable
class Probed(Protocol):
    """A connection that can say what works."""

    @property
    def name(self) -> str: ...

    def probe(self) -> Sequence[Probe]:
        """Never raises for what it finds; a dead system is a verdict."""
        ...


@runtime_checkable
class RemittanceSource(Protocol):
    """What a buyer says it paid, in the bytes of its format. Optional: where `probe_remittances` says UNAVAILABLE, files come.

    There, and only there, every fetch raises Unauthorized or NotFound: a stated condition, not a fault. A payment that was
    fetched may change later; fetching it again tells.
    """

    @property
    def name(self) -> str: ...
    @property
    def longest_window_seconds(self) -> int: ...
    @property
    def farthest_back_seconds(self) -> int: ...

    def probe_remittances(self) -> Probe:
        """Never raises for what it finds."""
        ...

    def fetch_remittances(self, start: datetime, end: datetime, page: str | None) -> Page:
        """Payments by day of payment, without lines. Raises Refused for a window that is not allowed, RemoteError."""
        ...

    def fetch_remittance(self, unique_id: str, page: str | None = None) -> Page:
        """The lines of one payment, a page of them. Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class InvoiceStatusSource(Protocol):
    """What a buyer matched and paid of our invoices: the independent witness. Optional, as a RemittanceSource is."""

    @property
    def name(self) -> str: ...
    @property
    def longest_window_seconds(self) -> int: ...

    def probe_invoices(self) -> Probe:
        """Never raises for what it finds."""
        ...

    def fetch_invoices(
        self, start: datetime, end: datetime, page: str | None, *, changed_after: datetime | None = None
    ) -> Page:
        """Invoices by day of issue, without lines; of those the changed ones. Raises Refused, RemoteError."""
        ...

    def fetch_invoice(self, identifier: str, page: str | None = None) -> Page:
        """The lines of one invoice, a page of them. Raises NotFound, RemoteError."""
        ...
