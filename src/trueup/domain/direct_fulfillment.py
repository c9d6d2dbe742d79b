"""Direct fulfillment: a buyer's customers are sent goods from our warehouse, and the buyer is told how many it may sell.

Numbers are absolute and replace each other, so what is told next follows from what the buyer accepted last: a product whose number
is not known there, or is another one, is told; one that nobody counts any more is told as none; one that the buyer refused is left
out until somebody mends it, because one bad item fails an update whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from trueup.base.errors import ConfigurationError
from trueup.domain.buffers import BufferRule
from trueup.domain.inventory_advice import AdvisedItem

_AROUND = ".,:;!?'\"()[]"


@dataclass(frozen=True, slots=True)
class DirectFulfillment:
    """The terms of one warehouse of a buyer's direct fulfillment programme.

    `warehouse`: the buyer's code of our warehouse; `ship_from`: the location whose stock it is; `buffer`: what the buyer is never
    told of any product. `every`: how often changes are told; `whole_every`: how often everything is, and what is not named then
    counts as not available there.
    """

    partner: str
    vendor_code: str
    warehouse: str
    ship_from: str
    buffer: BufferRule = BufferRule()  # noqa: RUF009 - frozen
    every: timedelta = timedelta(minutes=5)
    whole_every: timedelta = timedelta(days=1)
    owner: str = "operations"

    def __post_init__(self) -> None:
        if not timedelta(0) < self.every <= self.whole_every:
            raise ConfigurationError(
                f"Direct fulfillment {self.key}: changes every {self.every}, everything every {self.whole_every}; expected "
                f"changes at least as often as everything."
            )

    @property
    def key(self) -> str:
        """By which this warehouse is known: `amazon-us/ABCDE/WH1`."""
        return f"{self.partner}/{self.vendor_code}/{self.warehouse}"

    @property
    def place(self) -> tuple[str, str, str]:
        """Partner, vendor code and warehouse."""
        return self.partner, self.vendor_code, self.warehouse


def place_of(key: str) -> tuple[str, str, str]:
    """Partner, vendor code and warehouse of a key. Raises ValueError for what is none."""
    partner, vendor_code, warehouse = key.split("/")
    return partner, vendor_code, warehouse


@dataclass(frozen=True, slots=True)
class Standing:
    """What a buyer was told of a product last, and what it accepted last. `accepted` None: nobody knows what it holds.

    `refused`: the buyer's words against the item, where it refused it under these ids.
    """

    told: AdvisedItem
    accepted: int | None = None
    refused: str = ""

    def refuses(self, item: AdvisedItem) -> bool:
        """Whether the buyer refused the item under the ids that it still has."""
        ids = (self.told.vendor_product_id, self.told.asin)
        return bool(self.refused) and ids == (item.vendor_product_id, item.asin)


def items_to_tell(
    free: Mapping[str, AdvisedItem], known: Mapping[str, Standing], *, whole: bool
) -> dict[str, AdvisedItem]:
    """By SKU what the next update says: everything that is free, or what the buyer holds otherwise or nobody knows."""
    found = {
        sku: item
        for sku, item in free.items()
        if not ((standing := known.get(sku)) is not None and standing.refuses(item))
        and (whole or standing is None or standing.accepted != item.eaches)
    }
    if not whole:
        found |= {
            sku: replace(standing.told, eaches=0)
            for sku, standing in known.items()
            if sku not in free and standing.accepted != 0 and not standing.refused
        }
    return found


def refused_items(errors: Iterable[str], items: Mapping[str, AdvisedItem]) -> dict[str, str]:
    """By SKU the buyer's words against items of an update that failed: those that an error names by one of their ids.

    Amazon names the item in words alone ("AAA is not a valid product ID"). Source: issues of the published model.
    """
    by_id = {name: sku for sku, item in items.items() for name in (item.vendor_product_id, item.asin) if name}
    found: dict[str, str] = {}
    for error in errors:
        for name in _names(error):
            if name in by_id:
                found.setdefault(by_id[name], error)
    return found


def _names(error: str) -> Iterator[str]:
    """Whatever may be an id in an error: each word, and all that stands before the first " is "."""
    _, _, words = error.partition(": ")
    yield (words or error).partition(" is ")[0].strip()
    yield from (word.strip(_AROUND) for word in error.split())
