"""What orders of a shop move: which goods left by a parcel and which came back, each under a key of the shop's own.

A parcel or a refund is told once, however often it is read: what it moved has its id for a name. Goods of an order that holds
stock for a purchase order were reserved, so that they are *shipped* and not *sold*; what is rented or sold item by item moves by
its cycle, and what is no stock (deposits, memberships, gift cards) moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.shop_sales import HiddenProducts, SaleKind, SaleLine, ShopSale, kind_of
from trueup.domain.stock_ledger import Movement, MovementKind

_KINDS = {
    SaleKind.RETAIL: (MovementKind.SOLD, MovementKind.RETURNED),
    SaleKind.WHOLESALE: (MovementKind.SHIPPED, MovementKind.RECALLED),
}
"""What leaving and coming back is, of an order's lines that move the shelf."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Units of a line that were taken off an order before they left, and of which the shop does not say what became: they lie
    there to be sold, or are gone from its count. `at`: not later than then."""

    line: str
    sku: str
    eaches: int
    reference: str
    at: datetime


def movements_of(
    sale: ShopSale, hidden: HiddenProducts, skus: Mapping[str, str], source: str, evidence: str
) -> Iterator[Movement]:
    """All that an order moved, as far as it is known to be at a place. `skus`: ours, by the shop's id of what it counts."""
    lines = {line.id: line for line in sale.lines}
    for parcel in sale.parcels:
        for part, (line_id, eaches) in parcel.eaches.items():
            told = _told(sale, hidden, skus, lines.get(line_id))
            if told is None or not parcel.location or eaches <= 0:
                continue
            sku, (left, back) = told
            reference = f"{sale.name} parcel {_number(part)}"
            yield Movement(sku, parcel.location, left, eaches, parcel.at, source, reference, evidence=evidence)
            if parcel.cancelled_at is not None:
                reference = f"{reference} cancelled"
                yield Movement(
                    sku, parcel.location, back, eaches, parcel.cancelled_at, source, reference, evidence=evidence
                )
    for each in sale.put_back:
        told = _told(sale, hidden, skus, lines.get(each.line))
        if told is not None and each.location and each.eaches > 0:
            # What came back is nobody's: it is not held for the purchase order that it was shipped for.
            reference = f"{sale.name} return {_number(each.id)}"
            kind = MovementKind.RETURNED
            yield Movement(told[0], each.location, kind, each.eaches, each.at, source, reference, evidence=evidence)


def unsaid_of(sale: ShopSale, hidden: HiddenProducts, skus: Mapping[str, str]) -> Iterator[Unsaid]:
    """What the shop does not say. Whoever restocks a cancelled order or an edit says so to Shopify, and Shopify to nobody:
    `refunds` name what was put back, and not all that was taken off. Nothing is believed of these units: they are not on the
    shelf because of it, and a count that is lower by them is explained."""
    for line in sale.lines:
        told = _told(sale, hidden, skus, line)
        if told is not None and line.unsaid:
            at = sale.cancelled_at or sale.updated_at
            yield Unsaid(line.id, told[0], line.unsaid, f"{sale.name} taken off", at)


def _told(
    sale: ShopSale, hidden: HiddenProducts, skus: Mapping[str, str], line: SaleLine | None
) -> tuple[str, tuple[MovementKind, MovementKind]] | None:
    """Our SKU of a line and what its leaving and coming back are; None of what moves no shelf."""
    if line is None or line.item not in skus:
        return None
    kinds = _KINDS.get(kind_of(sale, line, hidden))
    return (skus[line.item], kinds) if kinds is not None else None


def _number(gid: str) -> str:
    return gid.rsplit("/", 1)[-1]
