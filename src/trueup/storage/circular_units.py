"""Units in the database: items with their cycles, blocked days and claims put together, for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from trueup.domain.circular import BlockedDate, BlockedResource, Cycle, Item
from trueup.domain.circular_units import OPEN_CLAIMS, Unit
from trueup.storage.bulk import among, among_pairs
from trueup.storage.circular import Kept, Kind, circular_records, load_records
from trueup.storage.item_claims import item_claims, load_open_claims
from trueup.storage.shop_products import variants_of


def load_units(
    connection: sa.Connection,
    *conditions: sa.ColumnElement[bool],
    after: tuple[str, int] = ("", 0),
    limit: int | None = None,
) -> list[Unit]:
    """Units whose items fulfil conditions on `circular_records`, in the order of programme and id. Four statements in all."""
    found = load_records(connection, Kind.ITEM, *conditions, after=after, limit=limit)
    keys = [(kept.programme, kept.record.id) for kept in found]
    cycles = _cycles(connection, keys)
    blocked = _blocked(connection, found)
    claims = load_open_claims(connection, keys)
    return [
        Unit(
            kept.programme,
            kept.record,
            tuple(cycles.get(key, ())),
            tuple(blocked.get(key, ())),
            claims.get(key),
            kept.gone_at is not None,
            kept.seen_at,
        )
        for key, kept in zip(keys, found, strict=True)
    ]


def units_of_skus(connection: sa.Connection, skus: Collection[str]) -> dict[str, list[Unit]]:
    """The units of products, by SKU; items of variants that bear none of them are nobody's here."""
    if not skus:
        return {}
    by_variant = variants_of(connection, skus)
    found: dict[str, list[Unit]] = {sku: [] for sku in by_variant.values()}
    if by_variant:
        for unit in load_units(connection, among(circular_records.c.variant, by_variant)):
            found[by_variant[unit.item.variant or ""]].append(unit)
    return found


def units_of_items(connection: sa.Connection, items: Collection[tuple[str, int]]) -> list[Unit]:
    """The units of these items (programme, id)."""
    if not items:
        return []
    return load_units(connection, among_pairs(circular_records.c.programme, circular_records.c.id, items))


def count_alike(connection: sa.Connection) -> list[tuple[Unit, int]]:
    """Items to which nothing is attached, one of each kind with how many there are of it: what is said of them is all that tells
    them apart, so that the lane of one is that of all."""
    told = circular_records.c
    said = (told.state, told.body["readiness"].astext, told.gone_at.is_not(None))
    busy = (told.body["active_return"].astext.is_(None), told.body["active_cycle"].astext.is_(None))
    query = sa.select(told.programme, sa.func.min(told.id).label("one"), sa.func.count().label("count")).where(
        told.kind == Kind.ITEM.value, ~is_attached(connection)
    )
    counts = {
        (row.programme, row.one): row.count
        for row in connection.execute(query.group_by(told.programme, *said, *busy))
    }
    if not counts:
        return []
    ones = load_records(connection, Kind.ITEM, among_pairs(told.programme, told.id, counts))
    return [
        (Unit(one.programme, one.record, gone=one.gone_at is not None), counts[one.programme, one.record.id])
        for one in ones
    ]


def is_attached(connection: sa.Connection) -> sa.ColumnElement[bool]:
    """Whether an item of `circular_records` is ours still, and an open cycle, claim or blocked day may say something of it."""
    told, cycles = circular_records.c, circular_records.alias("cycles")
    product = told.body["product"].astext
    on_cycle = sa.exists().where(
        cycles.c.programme == told.programme, cycles.c.item == told.id, cycles.c.kind == Kind.CYCLE.value, cycles.c.open
    )
    claimed = sa.exists().where(
        item_claims.c.programme == told.programme,
        item_claims.c.item == told.id,
        item_claims.c.state.in_([state.value for state in OPEN_CLAIMS]),
    )
    blocks = [kept.record for kept in load_records(connection, Kind.BLOCKED, told.open)]
    blocked = sa.or_(
        among(told.id, {block.resource_id for block in blocks if block.resource is BlockedResource.ITEM}),
        among(sa.func.coalesce(told.variant, ""), {block.variant for block in blocks if block.variant is not None}),
        among(sa.func.coalesce(product, ""), {block.product for block in blocks if block.product is not None}),
    )
    return sa.and_(told.open, sa.or_(on_cycle, claimed, blocked))


def contested_items(connection: sa.Connection) -> list[tuple[str, int]]:
    """Items that may clash: several open cycles on one, or a claim of wholesale and an open cycle. The domain judges."""
    return [(row.programme, row.item) for row in connection.execute(_CONTESTED)]


_CONTESTED = sa.text("""
SELECT c.programme, c.item FROM trueup.circular_records c
WHERE c.kind = 'cycle' AND c.open AND c.item IS NOT NULL
GROUP BY c.programme, c.item
HAVING count(*) > 1 OR EXISTS (
    SELECT 1 FROM trueup.item_claims k
    WHERE k.programme = c.programme AND k.item = c.item AND k.state IN ('wanted', 'withholding', 'held')
)
ORDER BY c.programme, c.item
""")


def _cycles(connection: sa.Connection, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], list[Cycle]]:
    found: dict[tuple[str, int], list[Cycle]] = defaultdict(list)
    if keys:
        table = circular_records
        mine = among_pairs(table.c.programme, table.c.item, keys)
        for kept in load_records(connection, Kind.CYCLE, mine, table.c.open):
            found[kept.programme, kept.record.item].append(kept.record)
    return found


def _blocked(connection: sa.Connection, items: Collection[Kept]) -> dict[tuple[str, int], list[BlockedDate]]:
    """Blocked dates of items, and of their variants and products."""
    programmes = {kept.programme for kept in items}
    if not programmes:
        return {}
    table = circular_records
    found = load_records(connection, Kind.BLOCKED, table.c.programme.in_(sorted(programmes)), table.c.open)
    by_resource: dict[tuple[str, str, Any], list[BlockedDate]] = defaultdict(list)
    for kept in found:
        block: BlockedDate = kept.record
        match block.resource:
            case BlockedResource.ITEM:
                by_resource[kept.programme, "item", block.resource_id].append(block)
            case BlockedResource.VARIANT:
                by_resource[kept.programme, "variant", block.variant or ""].append(block)
            case _:
                by_resource[kept.programme, "product", block.product or ""].append(block)
    return {(kept.programme, kept.record.id): _laid_on(by_resource, kept) for kept in items} if by_resource else {}


def _laid_on(by_resource: dict[tuple[str, str, Any], list[BlockedDate]], kept: Kept) -> list[BlockedDate]:
    item: Item = kept.record
    asked = (("item", item.id), ("variant", item.variant), ("product", item.product))
    near = [block for kind, of in asked for block in by_resource.get((kept.programme, kind, of), ())]
    return [block for block in near if block.concerns(item)]
