"""The item master as a workbook to mend and hand in again: the columns of the CSV, one row a listing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO

from trueup.domain.catalog import Listing, Product
from trueup.reports.workbook import Cell, Column, Properties, Sheet, write_workbook

_COLUMNS = (
    Column("sku", 20),
    Column("title", 44),
    Column("case_size", 10),
    Column("gtin", 16),
    Column("declared_source", 16),
    Column("obsolete", 9),
    Column("vendor_code", 12),
    Column("asin", 13),
    Column("vendor_product_id", 18),
    Column("cost", 10),
    Column("currency", 9),
)


def write_item_sheet(out: BinaryIO, items: Iterable[tuple[Product, Listing | None]], made_at: datetime) -> None:
    """Products and listings, one sheet. Codes are text, so that no spreadsheet takes zeros off them."""
    sheet = Sheet("Item master", _COLUMNS, (_cells(product, listing) for product, listing in items))
    write_workbook(out, [sheet], Properties("Item master", made_at))


def _cells(product: Product, listing: Listing | None) -> Sequence[Cell]:
    cost = listing.cost if listing else None
    return (
        product.sku,
        product.title,
        product.case_size,
        product.gtin,
        product.declared_source,
        "yes" if product.obsolete else None,
        listing.vendor_code if listing else None,
        listing.asin if listing else None,
        listing.vendor_product_id if listing else None,
        cost.value if cost else None,
        cost.currency if cost else None,
    )
