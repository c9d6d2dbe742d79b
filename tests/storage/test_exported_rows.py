"""A file of an export as rows: in whatever order its lines come, pages put together what belongs together, and lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from trueup.domain.catalog import Product
from trueup.domain.publishing import ShownStock
from trueup.storage.database import Database
from trueup.storage.exported_rows import (
    StockPage,
    StockRow,
    forget_rows,
    load_products,
    load_stock,
    save_products,
    save_stock,
)
from trueup.storage.shop_products import Neighbours, save_shop_products

AS_OF = datetime(2026, 11, 23, 9, tzinfo=UTC)
ITEMS = {f"gid://shopify/InventoryItem/{number}": f"SKU-{number}" for number in range(1, 26)}
PLACES = ("annex", "main")


def lines() -> list[StockRow]:
    """Of each item a line, and a level at each place but of every third at the annex; nothing follows anything."""
    items = [StockRow(item, sku, True) for item, sku in ITEMS.items()]
    levels = [
        StockRow(item, None, None, place, number, 0, number, 0)
        for number, item in enumerate(ITEMS)
        for place in PLACES
        if place == "main" or number % 3
    ]
    every = [*items, *levels, StockRow("gid://shopify/InventoryItem/99", "SKU-3", True)]
    Random(5).shuffle(every)
    return [*every, every[0], every[-1]]


def test_pages_of_stock_are_whole_however_the_lines_come(database: Database) -> None:
    """Every item that the shop sells once at each place, in pages of any size; another item of the same SKU is not taken for it."""
    with database.transaction() as connection:
        sold = [Product(sku, sku, shop_variant=sku, shop_item=item, tracked=True) for item, sku in ITEMS.items()]
        save_shop_products(connection, Neighbours("shop"), sold, "0" * 64, AS_OF)
        assert save_stock(connection, 7, lines()) == len(lines())
        save_stock(connection, 8, [StockRow(item, sku, True) for item, sku in ITEMS.items()])
        for whole in (True, False):
            found: list[ShownStock] = []
            after: str | None = ""
            while after is not None:
                page, after = load_stock(connection, (7, "shop", AS_OF), StockPage(after, 4, PLACES), whole=whole)
                found += page
            cut_off = 0 if whole else 9
            assert len(found) == len({(each.item, each.location) for each in found}) == 50 - cut_off
            numbers = {each.item: each.on_hand for each in found if each.location == "main"}
            assert numbers == {item: number for number, item in enumerate(ITEMS)}
            assert all(ITEMS[each.item] == each.sku for each in found)
        forget_rows(connection, 7)
        assert load_stock(connection, (7, "shop", AS_OF), StockPage("", 4, PLACES), whole=True) == ([], None)
        page, _ = load_stock(connection, (8, "shop", AS_OF), StockPage("", 40, PLACES), whole=False)
        assert page == [], "of another export nothing was forgotten, and it has no levels"


def test_variants_of_one_sku_are_in_one_page(database: Database) -> None:
    """However they are scattered over the file, and whatever the size of a page."""
    variants = [
        Product(
            f"SKU-{number % 7}", "Title", shop_variant=f"variant {number}", shop_item=f"item {number}", tracked=True
        )
        for number in range(20)
    ]
    with database.transaction() as connection:
        save_products(connection, 7, variants)
        after: str | None = ""
        pages = []
        while after is not None:
            page, after = load_products(connection, 7, after, 3)
            pages.append(page)
        assert [len({each.sku for each in page}) for page in pages] == [3, 3, 1]
        assert sorted(variant.shop_variant or "" for page in pages for variant in page) == sorted(
            each.shop_variant or "" for each in variants
        )
        assert len({each.sku for page in pages for each in page}) == 7
