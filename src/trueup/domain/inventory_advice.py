"""Inventory advice: what we tell a buyer that it may order of each product, as of a moment, from one warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trueup.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class AdvisedItem:
    """One product by our own id of it, and by the buyer's where it is known; never fewer than zero eaches."""

    vendor_product_id: str
    asin: str | None
    eaches: int

    def __post_init__(self) -> None:
        if self.eaches < 0 or not self.vendor_product_id:
            raise Invalid(
                f"Advice of {self.eaches} eaches of {self.vendor_product_id!r}: expected zero or more of a product."
            )


@dataclass(frozen=True, slots=True)
class InventoryAdvice:
    """`whole`: everything there is. What it does not name is then taken for not available, so only a full sweep says so."""

    number: str
    vendor_code: str
    warehouse: str
    as_of: datetime
    items: tuple[AdvisedItem, ...]
    whole: bool
