"""The item master as CSV: products, their packs, and where each is listed at what agreed cost; read and written.

One row is one product with one listing. A row with a title states the whole product; a further listing has a row with the
same `sku` and an empty title, or states the same product again. Anything else would leave a pack size to chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import UnitPrice, check_currency
from trueup.domain.catalog import Listing, Product
from trueup.domain.identifiers import Asin, Gtin, check_digit
from trueup.formats.document import Format, Reading, Severity
from trueup.formats.tabular import (
    Column,
    Findings,
    Layout,
    Row,
    decimal,
    flag,
    has_columns,
    read_table,
    table_parts,
    text,
    whole,
)

Item = tuple[Product, Listing | None]
"""A product and one of its listings; None where a row names no vendor code."""

_OF_PRODUCT = ("title", "case_size", "gtin", "declared_source", "obsolete")
_OF_LISTING = ("asin", "vendor_product_id", "cost", "currency")
COLUMNS = ("sku", *_OF_PRODUCT, "vendor_code", *_OF_LISTING)
_LARGEST_CASE = 100_000


def read_item_master(content: bytes, decimal_mark: str = ".") -> Reading[Item]:
    """Products and listings, and a finding for every row that is not taken in.

    `cost` is on the agreement's cost basis. `facts["columns"]` says which columns the file has: what it does not have is
    unknown, not empty. Raises Unreadable when it is no such table.
    """
    table = read_table(content, _layout(decimal_mark))
    findings = Findings(list(table.findings))
    taken: list[tuple[Row, Item]] = []
    first: dict[str, tuple[Row, Product]] = {}
    for row in table.rows:
        try:
            item = _product(row, first), _listing(row)
        except Invalid as error:
            findings.add("row", str(error).removesuffix("."), row.location())
            continue
        first.setdefault(item[0].sku, (row, item[0]))
        taken.append((row, item))
    _look_for_doubles(taken, findings)
    facts = {"columns": list(table.columns), "delimiter": table.delimiter, "encoding": table.encoding}
    return Reading(digest_of(content), FORMAT.name, tuple(item for _, item in taken), findings.all(), facts)


def write_item_master(items: Iterable[Item]) -> bytes:
    """The same table, every row stating its whole product; `read_item_master` gives the items back."""
    return b"".join(item_master_parts(items))


def item_master_parts(items: Iterable[Item]) -> Iterator[bytes]:
    """The same in parts, for a master that nobody needs whole."""
    return table_parts(COLUMNS, (_cells(product, listing) for product, listing in items))


def _layout(decimal_mark: str) -> Layout:
    columns = (
        Column("sku", text, needed=True),
        Column("title", text, aliases=("name", "product")),
        Column("case_size", whole(1, _LARGEST_CASE), aliases=("case_pack", "pack_size", "units_per_case")),
        Column("gtin", _gtin, aliases=("ean", "upc", "barcode")),
        Column("declared_source", text, aliases=("count_source",)),
        Column("obsolete", flag),
        Column("vendor_code", _vendor_code),
        Column("asin", Asin.parse),
        Column("vendor_product_id", text, aliases=("vendor_sku", "model_number")),
        Column("cost", decimal(decimal_mark), aliases=("net_cost",)),
        Column("currency", check_currency),
    )
    return Layout("Item master", columns, unique=("sku", "vendor_code"))


def _product(row: Row, first: dict[str, tuple[Row, Product]]) -> Product:
    sku: str = row.values["sku"]
    stated: dict[str, Any] = {name: row.values.get(name) for name in _OF_PRODUCT}
    before = first.get(sku)
    if not stated["title"]:
        if before is None:
            raise Invalid(f"{sku}: expected a title in the first row of a product, or its first row was not taken in")
        given = {name: value for name, value in stated.items() if value is not None}
        _demand_same(sku, given, before)
        return before[1]
    stated["obsolete"] = bool(stated["obsolete"])
    product = Product(sku=sku, **stated)
    if before is not None:
        _demand_same(sku, {name: getattr(product, name) for name in _OF_PRODUCT}, before)
    return product


def _demand_same(sku: str, given: dict[str, Any], before: tuple[Row, Product]) -> None:
    row, product = before
    for name, value in given.items():
        if value != getattr(product, name):
            raise Invalid(
                f"{sku}: {name} {value!r} here and {getattr(product, name)!r} in row {row.number}; which is it?"
            )


def _listing(row: Row) -> Listing | None:
    values = row.values
    given = [name for name in _OF_LISTING if values.get(name) is not None]
    if values.get("vendor_code") is None:
        if given:
            raise Invalid(f"{values['sku']}: {', '.join(given)} without a vendor_code; say with whom it is agreed")
        return None
    cost, currency = values.get("cost"), values.get("currency")
    if (cost is None) != (currency is None):
        raise Invalid(f"{values['sku']}: expected cost and currency together, found one of them; give both or none")
    if cost is not None and cost < 0:
        raise Invalid(f"{values['sku']}: cost {cost} is negative; expected zero or more")
    price = UnitPrice(cost, currency) if cost is not None and currency is not None else None
    return Listing(values["vendor_code"], values["sku"], values.get("asin"), values.get("vendor_product_id"), price)


def _look_for_doubles(taken: list[tuple[Row, Item]], findings: Findings) -> None:
    """One code on two products makes their order lines ambiguous, and those are held: better to know it now."""
    owners: dict[tuple[str, str, str], tuple[str, int]] = {}
    for row, (product, listing) in taken:
        codes = [("gtin", "", product.gtin and Gtin(product.gtin).fourteen)]
        if listing is not None:
            codes.append(("asin", listing.vendor_code, listing.asin))
            codes.append(("vendor_product_id", listing.vendor_code, listing.vendor_product_id))
        for name, vendor_code, code in codes:
            if not code:
                continue
            sku, number = owners.setdefault((name, vendor_code, code), (product.sku, row.number))
            if sku != product.sku:
                words = f"{name} {code} is that of {sku} in row {number} too; order lines with it will be held"
                findings.add("ambiguous", words, row.location(name), Severity.WARNING)


def _cells(product: Product, listing: Listing | None) -> list[str]:
    values: dict[str, Any] = {name: getattr(product, name) for name in ("sku", *_OF_PRODUCT)}
    values["obsolete"] = "yes" if product.obsolete else ""
    if listing is not None:
        values |= {name: getattr(listing, name) for name in ("vendor_code", "asin", "vendor_product_id")}
        if listing.cost is not None:
            values |= {"cost": f"{listing.cost.value:f}", "currency": listing.cost.currency}
    return ["" if values.get(name) is None else str(values[name]) for name in COLUMNS]


def _gtin(cell: str) -> Gtin:
    """A GTIN. Raises Invalid, with the two things that spreadsheets do to long numbers."""
    if "e+" in cell.lower():
        raise Invalid(
            f"GTIN {cell!r} was rounded by a spreadsheet and is lost; format the column as text and enter it again"
        )
    digits = cell.isascii() and cell.isdigit() and len(cell) in (7, 10, 11)
    if (
        digits
        and (whole_code := cell.zfill(8 if len(cell) == 7 else 12))
        and check_digit(whole_code[:-1]) == whole_code[-1]
    ):
        raise Invalid(f"GTIN {cell!r} lost its leading zero, probably in a spreadsheet; write {whole_code}")
    return Gtin.parse(cell)


def _vendor_code(cell: str) -> str:
    if not (cell.isascii() and cell.isalnum() and cell == cell.upper() and len(cell) <= 20):
        raise Invalid(f"vendor code {cell[:40]!r}: expected capital letters and digits, such as ABCDE")
    return cell


FORMAT = Format(
    "item-master",
    "Item master (CSV)",
    lambda head: has_columns(head, ("sku", "title", "vendor_code")),
    read_item_master,
)
