"""The item master in the database: products and their listings, and the few an order asks about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.money import UnitPrice
from trueup.domain.catalog import SUPERCYCLE, Catalog, CountSource, Listing, Product
from trueup.storage.bulk import among, given_rows
from trueup.storage.schema import metadata

COUNTED = f"""CASE WHEN coalesce(declared_source, '') <> ''
     THEN CASE WHEN lower(declared_source) = '{SUPERCYCLE}' THEN '{CountSource.ITEMS}' ELSE '{CountSource.DECLARED}' END
     WHEN tracked AND NOT circular THEN '{CountSource.SHOP}' ELSE '{CountSource.UNKNOWN}' END"""
"""`Product.count_source` as the column `counted`, so that the planner knows how many of each there are; a property holds both to
the same answer."""

_HELD = 1_000
products = sa.Table(
    "products",
    metadata,
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("case_size", sa.BigInteger),
    sa.Column("gtin", sa.Text),
    sa.Column("gtin14", sa.Text, index=True),
    sa.Column("shop_variant", sa.Text),
    sa.Column("shop_item", sa.Text),
    sa.Column("tracked", sa.Boolean),
    sa.Column("circular", sa.Boolean, nullable=False),
    sa.Column("declared_source", sa.Text),
    sa.Column("obsolete", sa.Boolean, nullable=False),
    sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("counted", sa.Text, sa.Computed(COUNTED, persisted=True), nullable=False),
    sa.Index("ix_products_items", "sku", postgresql_where=sa.text(f"counted = '{CountSource.ITEMS}'")),
)
listings = sa.Table(
    "listings",
    metadata,
    sa.Column("vendor_code", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, sa.ForeignKey("products.sku"), primary_key=True),
    sa.Column("asin", sa.Text),
    sa.Column("vendor_product_id", sa.Text),
    sa.Column("code14", sa.Text),
    sa.Column("cost", sa.Numeric),
    sa.Column("currency", sa.CHAR(3)),
    sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_listings_asin", "vendor_code", "asin"),
    sa.Index("ix_listings_code14", "vendor_code", "code14"),
)

_SHOP_FIELDS = ("shop_variant", "shop_item", "tracked", "circular")
_MASTER_FIELDS = ("title", "case_size", "gtin", "gtin14", "declared_source", "obsolete")


def save_master(
    connection: sa.Connection, rows: Iterable[tuple[Product, Listing | None]], evidence: str, now: datetime
) -> tuple[int, int]:
    """What the merchant's item master says: it owns titles, packs, declared sources, and the agreed costs.

    Returns how many products and listings were written. What the shop says of a product is left as it is.
    """
    by_sku: dict[str, Product] = {}
    listed: dict[tuple[str, str], Listing] = {}
    for product, listing in rows:
        by_sku[product.sku] = product
        if listing is not None:
            listed[listing.vendor_code, listing.sku] = listing
    _upsert_products(connection, by_sku.values(), _MASTER_FIELDS, evidence, now)
    if listed:
        values = [{**_listing_row(listing), "updated_at": now, "evidence": evidence} for listing in listed.values()]
        statement = insert(listings)
        columns = ("asin", "vendor_product_id", "code14", "cost", "currency", "updated_at", "evidence")
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["vendor_code", "sku"], set_={name: statement.excluded[name] for name in columns}
            ),
            values,
        )
    return len(by_sku), len(listed)


def save_shop_words(connection: sa.Connection, found: Iterable[Product], evidence: str, now: datetime) -> None:
    """What the shops together say: ids, whether one counts the stock, whether Supercycle took over. See `shop_products`."""
    _upsert_products(connection, found, _SHOP_FIELDS, evidence, now)


def learn_packs(connection: sa.Connection, found: Iterable[Product]) -> None:
    """The packs that a shop knows of products whose pack nobody knows yet."""
    known = {product.sku: product.case_size for product in found if product.case_size is not None}
    if known:
        given = given_rows({"sku": (sa.Text, list(known)), "pack": (sa.BigInteger, list(known.values()))})
        unknown = sa.and_(products.c.sku == given.c.sku, products.c.case_size.is_(None))
        connection.execute(sa.update(products).where(unknown).values(case_size=given.c.pack))


def _upsert_products(
    connection: sa.Connection, found: Iterable[Product], owned: Sequence[str], evidence: str, now: datetime
) -> None:
    values = [{**_product_row(product), "updated_at": now, "evidence": evidence} for product in found]
    if not values:
        return
    statement = insert(products)
    updated = {name: statement.excluded[name] for name in (*owned, "updated_at", "evidence")}
    connection.execute(statement.on_conflict_do_update(index_elements=["sku"], set_=updated), values)


def load_product(connection: sa.Connection, sku: str) -> Product | None:
    """One product, or None."""
    row = connection.execute(sa.select(products).where(products.c.sku == sku)).mappings().first()
    return _product(row) if row else None


def load_catalog(connection: sa.Connection, vendor_code: str, asins: Iterable[str], codes: Iterable[str]) -> Catalog:
    """The part of the item master that identifiers of an order could mean; matching itself is the domain's."""
    codes14 = [code.zfill(14) if code.isdigit() else code for code in codes]
    mine = listings.c.vendor_code == vendor_code
    wanted = sa.or_(among(listings.c.asin, asins), among(listings.c.code14, codes14), among(products.c.gtin14, codes14))
    query = (
        sa.select(listings, products)
        .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
        .join(products, products.c.sku == listings.c.sku)
        .where(mine, wanted)
        .order_by(listings.c.sku)
    )
    found: dict[str, Product] = {}
    listed: list[Listing] = []
    for row in connection.execute(query).mappings():
        product = _product(_of(row, products))
        found[product.sku] = product
        listed.append(_listing(_of(row, listings)))
    return Catalog(found, tuple(listed))


def _of(row: Any, table: sa.Table) -> dict[str, Any]:
    return {column.name: row[f"trueup_{table.name}_{column.name}"] for column in table.c}


def walk_products(connection: sa.Connection) -> Iterator[tuple[Product, Listing | None]]:
    """All products in SKU order, each once for each of its listings, or alone: by a cursor of the database, as they stood when it
    began. A thousand are held at once."""
    query = (
        sa.select(products, listings)
        .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
        .outerjoin(listings, listings.c.sku == products.c.sku)
        .order_by(products.c.sku, listings.c.vendor_code)
    )
    held = {"stream_results": True, "yield_per": _HELD}
    for row in connection.execute(query, execution_options=held).mappings():
        is_listed = row["trueup_listings_vendor_code"] is not None
        yield _product(_of(row, products)), _listing(_of(row, listings)) if is_listed else None


def list_products(
    connection: sa.Connection, *, after: str = "", limit: int = 100
) -> list[tuple[Product, list[Listing]]]:
    """Products in SKU order from after a SKU, each with its listings."""
    return _with_listings(connection, sa.select(products).where(products.c.sku > after).limit(limit))


def load_products(connection: sa.Connection, skus: Iterable[str]) -> list[tuple[Product, list[Listing]]]:
    """Those of these SKUs that there are, each with its listings."""
    return _with_listings(connection, sa.select(products).where(among(products.c.sku, skus)))


def _with_listings(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Product, list[Listing]]]:
    rows = connection.execute(query.order_by(products.c.sku)).mappings().all()
    skus = [row["sku"] for row in rows]
    of: dict[str, list[Listing]] = {sku: [] for sku in skus}
    for row in connection.execute(
        sa.select(listings).where(among(listings.c.sku, skus)).order_by(listings.c.vendor_code)
    ).mappings():
        of[row["sku"]].append(_listing(row))
    return [(_product(row), of[row["sku"]]) for row in rows]


def _product_row(product: Product) -> dict[str, Any]:
    row = asdict(product)
    row["gtin14"] = product.gtin.zfill(14) if product.gtin else None
    return row


def _listing_row(listing: Listing) -> dict[str, Any]:
    code = listing.vendor_product_id
    return {
        "vendor_code": listing.vendor_code,
        "sku": listing.sku,
        "asin": listing.asin,
        "vendor_product_id": code,
        "code14": (code.zfill(14) if code.isdigit() else code) if code else None,
        "cost": listing.cost.value if listing.cost else None,
        "currency": listing.cost.currency if listing.cost else None,
    }


def _product(row: Any) -> Product:
    return Product(
        sku=row["sku"],
        title=row["title"],
        case_size=row["case_size"],
        gtin=row["gtin"],
        shop_variant=row["shop_variant"],
        shop_item=row["shop_item"],
        tracked=row["tracked"],
        circular=row["circular"],
        declared_source=row["declared_source"],
        obsolete=row["obsolete"],
    )


def _listing(row: Any) -> Listing:
    cost = UnitPrice(row["cost"], row["currency"]) if row["cost"] is not None else None
    return Listing(row["vendor_code"], row["sku"], row["asin"], row["vendor_product_id"], cost)
