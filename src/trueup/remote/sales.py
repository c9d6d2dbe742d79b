"""The capability of a shop to tell what it sold: which orders changed, and each of them whole."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from trueup.domain.shop_sales import ShopSale
from trueup.remote.observed import Observed


@runtime_checkable
class SaleSource(Protocol):
    """Orders of a shop as sales."""

    @property
    def name(self) -> str: ...

    def find_changed(self, since: datetime, page: str | None) -> Observed[tuple[tuple[str, ...], str | None]]:
        """Ids of orders that changed since, from an index that may lag, and the next page. Raises RemoteError."""
        ...

    def fetch_sale(self, sale_id: str) -> Observed[ShopSale]:
        """One order whole, without an index. Raises NotFound, RemoteError."""
        ...
