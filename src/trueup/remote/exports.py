"""Exports of a shop: all of its stock, or its whole catalogue, in one file that it makes in the background."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from trueup.domain.catalog import Product
from trueup.remote.observed import Observed


class Exported(StrEnum):
    """What an export tells of."""

    STOCK = "stock"
    PRODUCTS = "products"


class ExportState(StrEnum):
    """How far an export is. FAILED: it will not end well; what it has got may be fetched all the same."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ShownExport:
    """An export as the shop shows it. `started_at` is its own word, `lines` how many its file has so far.

    `denied`: it failed because our access does not reach; only a person mends that.
    """

    reference: str
    state: ExportState
    started_at: datetime
    lines: int
    has_content: bool
    words: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """An item of a file of stock, by the shop's own id of it."""

    item: str
    sku: str
    tracked: bool


NUMBERS = (
    "available",
    "committed",
    "on_hand",
    "reserved",
    "damaged",
    "quality_control",
    "safety_stock",
    "incoming",
)
"""The numbers of a level, as its fields are called."""


@dataclass(frozen=True, slots=True)
class ExportedLevel:
    """What a file of stock says of an item at one of our places, in eaches. It stands somewhere after its item."""

    item: str
    location: str
    available: int
    committed: int
    on_hand: int
    reserved: int
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    incoming: int = 0


@runtime_checkable
class ShopExporter(Protocol):
    """A shop that can tell all of its stock or products in one file, made in minutes. It takes no key: find before you start."""

    @property
    def name(self) -> str: ...

    def find_exports(self, of: Exported, since: datetime) -> Observed[tuple[ShownExport, ...]]:
        """Exports like ours that began since, the newest first. Raises RemoteError."""
        ...

    def start_export(self, of: Exported) -> Observed[ShownExport]:
        """Raises Throttled while too many run, RemoteError; after `maybe_applied` find it first."""
        ...

    def look_at_export(self, reference: str) -> Observed[ShownExport]:
        """Raises NotFound, RemoteError."""
        ...

    def fetch_export(self, reference: str) -> Iterator[bytes]:
        """Its file as it lies there. Raises NotFound, RemoteError."""
        ...

    def read_stock_export(self, content: Iterable[bytes]) -> Iterator[ExportedItem | ExportedLevel]:
        """What a file of stock says, line by line. Raises Unreadable."""
        ...

    def read_product_export(self, content: Iterable[bytes]) -> Iterator[Product]:
        """The goods that a file of products tells of, doubles of a SKU included, line by line. Raises Unreadable."""
        ...
