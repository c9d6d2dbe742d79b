"""The capability of a shop to tell what it sold: the orders that changed, whole as far as a page has room, and any of them by its
id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from trueup.domain.shop_sales import ShopSale
from trueup.remote.observed import Observed


@dataclass(frozen=True, slots=True)
class ChangedSales:
    """A page of orders that changed, those whole that fit on it. `long`: ids of the others, which are to be read one by one."""

    sales: tuple[ShopSale, ...]
    long: tuple[str, ...] = ()
    next_page: str | None = None


@runtime_checkable
class SaleSource(Protocol):
    """Orders of a shop as sales."""

    @property
    def name(self) -> str: ...

    def fetch_changed(self, since: datetime, page: str | None) -> Observed[ChangedSales]:
        """Orders that changed since, from an index that may lag. Raises RemoteError."""
        ...

    def fetch_sale(self, sale_id: str) -> Observed[ShopSale]:
        """One order whole, without an index. Raises NotFound, RemoteError; Rejected when it is longer than can be read."""
        ...
