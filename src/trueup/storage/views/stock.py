"""Stock to look at: what was declared of each product at a location, and what orders hold of it, claimed in the shop or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import read_instant, write_instant
from trueup.domain.stock_ledger import HERE, ROUTES
from trueup.storage.bulk import among, among_pairs
from trueup.storage.documents import documents
from trueup.storage.orders import orders, revisions
from trueup.storage.products import products
from trueup.storage.stock import reservations, stock
from trueup.storage.stock_ledger import NUMBERS, stock_levels, stock_movements
from trueup.storage.views.paging import ROWS, Order, Paged, count_up_to, fetch_page


def list_stock(
    connection: sa.Connection, *, location: str | None = None, after: str = "", limit: int = 50
) -> list[dict[str, Any]]:
    """Products with a declared count or a reservation, in the order of their SKUs. Eaches everywhere.

    `free` is the declared count less all that orders hold; None where the shop counts, which alone knows its number.
    """
    held = (
        sa.select(
            reservations.c.sku,
            reservations.c.location,
            sa.func.sum(reservations.c.eaches).label("reserved"),
            sa.func.sum(reservations.c.claimed_eaches).label("claimed"),
            sa.func.count().label("lines"),
        )
        .group_by(reservations.c.sku, reservations.c.location)
        .subquery()
    )
    query = (
        sa.select(stock, products.c.title, products.c.declared_source, held.c.reserved, held.c.claimed, held.c.lines)
        .outerjoin(held, sa.and_(held.c.sku == stock.c.sku, held.c.location == stock.c.location))
        .outerjoin(products, products.c.sku == stock.c.sku)
        .where(stock.c.sku > after, sa.or_(stock.c.declared_on_hand.is_not(None), held.c.reserved > 0))
        .order_by(stock.c.sku, stock.c.location)
        .limit(limit)
    )
    if location is not None:
        query = query.where(stock.c.location == location)
    return [_row(row) for row in connection.execute(query).mappings()]


def list_declared(connection: sa.Connection, skus: Iterable[str]) -> dict[tuple[str, str], int]:
    """What is declared of these products, by product and location."""
    query = sa.select(stock.c.sku, stock.c.location, stock.c.declared_on_hand).where(
        among(stock.c.sku, set(skus)), stock.c.declared_on_hand.is_not(None)
    )
    return {(row.sku, row.location): row.declared_on_hand for row in connection.execute(query)}


def list_on_hand(connection: sa.Connection, skus: Iterable[str]) -> dict[tuple[str, str], int]:
    """What lies there by the ledger, by product and location: what is declared, and what moved since."""
    moves = stock_movements.c
    change = {kind: (end in HERE) - (start in HERE) for kind, (start, end) in ROUTES.items()}
    kinds = {sign: [kind.value for kind, by in change.items() if by == sign] for sign in (1, -1)}
    moved = sa.case((moves.kind.in_(kinds[1]), moves.eaches), (moves.kind.in_(kinds[-1]), -moves.eaches), else_=0)
    since = sa.and_(
        moves.sku == stock.c.sku, moves.location == stock.c.location, moves.occurred_at >= stock.c.declared_at
    )
    on_hand = stock.c.declared_on_hand + sa.func.coalesce(sa.func.sum(moved), 0)
    query = (
        sa.select(stock.c.sku, stock.c.location, on_hand.label("on_hand"))
        .outerjoin(stock_movements, since)
        .where(among(stock.c.sku, set(skus)), stock.c.declared_on_hand.is_not(None))
        .group_by(stock.c.sku, stock.c.location)
    )
    return {(row.sku, row.location): int(row.on_hand) for row in connection.execute(query)}


def list_counted_since(connection: sa.Connection, places: Collection[tuple[str, str]], moment: datetime) -> list[str]:
    """What of (product, location) was declared at a moment or after it, as people say it: `VASE-1 at main`."""
    if not places:
        return []
    query = sa.select(stock.c.sku, stock.c.location).where(
        among_pairs(stock.c.sku, stock.c.location, places), stock.c.declared_at >= moment
    )
    return [f"{row.sku} at {row.location}" for row in connection.execute(query.order_by(stock.c.sku, stock.c.location))]


def last_counted(connection: sa.Connection, places: Collection[tuple[str, str]]) -> str:
    """When any of (product, location) was declared last, "" where none ever was."""
    query = sa.select(sa.func.max(stock.c.declared_at)).where(among_pairs(stock.c.sku, stock.c.location, places))
    found: datetime | None = connection.execute(query).scalar() if places else None
    return write_instant(found) if found is not None else ""


def page_products(connection: sa.Connection, words: str, counted: str, cursor: str, limit: int = ROWS) -> Paged:
    """Products in the order of their SKUs, those whose SKU or title has the words, and that are counted by such a source."""
    query = sa.select(
        products.c.sku,
        products.c.title,
        products.c.declared_source,
        products.c.circular,
        products.c.counted.label("counted_by"),
    )
    if words:
        query = query.where(
            sa.or_(products.c.sku.icontains(words, autoescape=True), products.c.title.icontains(words, autoescape=True))
        )
    if counted:
        query = query.where(products.c.counted == counted)
    return fetch_page(connection, query, Order((products.c.sku,)), cursor, limit)


def count_products(connection: sa.Connection, counted: str = "") -> tuple[int, bool]:
    """How many products there are, or are counted by such a source, up to what people count; and whether there are more."""
    query = sa.select(products.c.sku)
    return count_up_to(connection, query.where(products.c.counted == counted) if counted else query)


def list_levels(connection: sa.Connection, sku: str) -> list[dict[str, Any]]:
    """What each source says of a product at each location, and since when it says so."""
    query = sa.select(stock_levels).where(stock_levels.c.sku == sku)
    rows = connection.execute(query.order_by(stock_levels.c.location, stock_levels.c.counted)).mappings()
    return [
        {
            "location": row["location"],
            "counted_by": row["counted"],
            "source": row["source"],
            **{name: row[name] for name in NUMBERS},
            "tracked": row["tracked"],
            "observed_at": write_instant(row["observed_at"]),
            "unchanged_since": write_instant(row["changed_at"]),
            "evidence": row["evidence"],
        }
        for row in rows
    ]


def list_places(connection: sa.Connection, sku: str) -> list[str]:
    """Every location at which a product was ever counted or moved."""
    counted = sa.select(stock_levels.c.location).where(stock_levels.c.sku == sku)
    moved = sa.select(stock_movements.c.location).where(stock_movements.c.sku == sku)
    return sorted(set(connection.execute(sa.union(counted, moved)).scalars()))


def name_orders(connection: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    """Orders by their ids, as people say them: `amazon-us/PO000001`."""
    if not ids:
        return {}
    query = sa.select(orders.c.id, orders.c.partner + "/" + orders.c.number).where(orders.c.id.in_(sorted(ids)))
    return {row[0]: row[1] for row in connection.execute(query)}


def name_documents(connection: sa.Connection, digests: Collection[str]) -> dict[str, str]:
    """Of documents that people handed in, who did and as what, by their hash: `upload by Elke: count of VASE-1: recount`."""
    if not digests:
        return {}
    told = documents.c.source + ": " + documents.c.name
    query = sa.select(documents.c.digest, told).where(
        documents.c.digest.in_(sorted(digests)), documents.c.source.startswith("upload by ")
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def list_reservations(connection: sa.Connection, sku: str) -> list[dict[str, Any]]:
    """Which order lines hold a product, the oldest first. `ships_by`: when its goods leave at the latest, None if nobody said."""
    newest = sa.and_(revisions.c.order_id == orders.c.id, revisions.c.revision == orders.c.revision)
    ends = [revisions.c.body[name]["end"].as_string() for name in ("ship_window", "delivery_window")]
    query = (
        sa.select(reservations, orders.c.partner, orders.c.number, sa.func.coalesce(*ends).label("ships_by"))
        .join(orders, orders.c.id == reservations.c.order_id)
        .outerjoin(revisions, newest)
        .where(reservations.c.sku == sku)
        .order_by(reservations.c.reserved_at, reservations.c.order_id, reservations.c.sequence)
    )
    return [
        {
            "sku": row["sku"],
            "location": row["location"],
            "order": f"{row['partner']}/{row['number']}",
            "line": row["sequence"],
            "eaches": row["eaches"],
            "claimed_eaches": row["claimed_eaches"],
            "reserved_at": write_instant(row["reserved_at"]),
            "claimed_at": write_instant(row["claimed_at"]) if row["claimed_at"] else None,
            "ships_by": write_instant(read_instant(row["ships_by"])) if row["ships_by"] else None,
        }
        for row in connection.execute(query).mappings()
    ]


def _row(row: Any) -> dict[str, Any]:
    declared, reserved = row["declared_on_hand"], int(row["reserved"] or 0)
    return {
        "sku": row["sku"],
        "title": row["title"],
        "location": row["location"],
        "counted_by": row["declared_source"] or "shop",
        "declared_on_hand": declared,
        "declared_at": write_instant(row["declared_at"]) if row["declared_at"] else None,
        "reserved": reserved,
        "claimed": int(row["claimed"] or 0),
        "order_lines": row["lines"] or 0,
        "free": max(0, declared - reserved) if declared is not None and row["declared_source"] else None,
        "evidence": row["evidence"],
    }
