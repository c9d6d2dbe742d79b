"""Units in the database: items with their cycles, blocked days and claims put together, for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.domain.circular import BlockedDate, BlockedResource, Cycle, Item, Method
from trueup.domain.circular_stages import DAMAGED, SOON
from trueup.domain.circular_units import OPEN_CLAIMS, Unit
from trueup.storage.bulk import among, among_pairs
from trueup.storage.circular import Kept, Kind, circular_records, load_records
from trueup.storage.item_claims import load_open_claims
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


@dataclass(frozen=True, slots=True)
class Alike:
    """Units of one kind: one of them, how many there are, and the ids of the first of them."""

    unit: Unit
    kind: str
    count: int
    first: tuple[int, ...]


def count_alike(connection: sa.Connection, now: datetime, first: int = 1) -> list[Alike]:
    """Every unit as one of its kind, and how many there are of that: units that nothing told of them, of what cycles make of them
    by now, and of claims and blocked days tells apart are in one lane and one stage, whichever the domain says."""
    rows = connection.execute(_ALIKE, {**_told(connection, now), "first": first}).all()
    units = {(each.programme, each.item.id): each for each in units_of_items(connection, [_one(row) for row in rows])}
    return [Alike(units[_one(row)], row.kind, row.alike, tuple(row.first)) for row in rows]


def items_of_kinds(
    connection: sa.Connection, now: datetime, kinds: Collection[Alike], after: tuple[str, int], limit: int
) -> list[tuple[str, int]]:
    """Items (programme, id) of these kinds in the order of programme and id, from after one."""
    given = {
        **_told(connection, now),
        "of": sorted({each.unit.programme for each in kinds}),
        "wanted": [f"{each.unit.programme} {each.kind}" for each in kinds],
        "programme": after[0],
        "id": after[1],
        "limit": limit,
    }
    return [(row.programme, row.id) for row in connection.execute(_OF_KINDS, given)]


def _one(row: Any) -> tuple[str, int]:
    return (row.programme, row.first[0])


def _told(connection: sa.Connection, now: datetime) -> dict[str, Any]:
    """What the statement has to be told besides the records: the time, and what blocked days that last are laid on."""
    day = now.date()
    blocks: list[BlockedDate] = [
        kept.record for kept in load_records(connection, Kind.BLOCKED, circular_records.c.open)
    ]
    lasting = [each for each in blocks if each.last_day is None or each.last_day >= day]
    return {
        "now": now,
        "soon": now + SOON,
        "items": sorted({each.resource_id for each in lasting if each.resource is BlockedResource.ITEM}),
        "variants": sorted({each.variant for each in lasting if each.variant is not None}),
        "products": sorted({each.product for each in lasting if each.product is not None}),
    }


# What `Cycle` says of an open cycle: that it is away, overdue or to be back soon, or has the item still; a test holds both to the
# same answer.
_KINDS = f"""
WITH told AS (
    SELECT programme, item, body ->> 'method' = '{Method.RESALE}' AS for_good,
        body ->> 'fulfilled_at' IS NOT NULL AND body ->> 'received_at' IS NULL AS away,
        (coalesce(body ->> 'receive_at', body ->> 'rental_end'))::timestamptz AS due,
        greatest((body ->> 'rental_end')::timestamptz, (body ->> 'receive_at')::timestamptz,
            (body ->> 'restock_by')::timestamptz) AS ends,
        coalesce(least((body ->> 'fulfill_at')::timestamptz, (body ->> 'fulfilled_at')::timestamptz,
            (body ->> 'rental_start')::timestamptz), (body ->> 'created_at')::timestamptz) AS begins
    FROM trueup.circular_records WHERE kind = '{Kind.CYCLE}' AND open AND item IS NOT NULL
), cycles AS (
    SELECT programme, item, bool_or(away) AS away, bool_or(away AND NOT for_good AND due < :now) AS overdue,
        bool_or(away AND NOT for_good AND due < :soon) AS soon,
        bool_or(for_good OR away OR ends IS NULL OR ends > :now OR begins > ends) AS taken
    FROM told GROUP BY programme, item
), claims AS (
    SELECT programme, item FROM trueup.item_claims WHERE state IN ({", ".join(f"'{each}'" for each in OPEN_CLAIMS)})
), kinds AS (
    SELECT i.programme, i.id, concat_ws(' ', i.gone_at IS NULL, i.state, i.body ->> 'readiness',
        i.body ->> 'active_return' IS NULL, i.body ->> 'active_cycle' IS NULL, coalesce(c.away, false),
        coalesce(c.overdue, false), coalesce(c.soon, false), coalesce(c.taken, false), k.item IS NULL,
        i.id = ANY(:items) OR coalesce(i.variant, '') = ANY(:variants) OR coalesce(i.body ->> 'product', '') = ANY(:products),
        starts_with(lower(coalesce(i.body -> 'condition' ->> 'title', '')), '{DAMAGED}')) AS kind
    FROM trueup.circular_records i
    LEFT JOIN cycles c ON c.programme = i.programme AND c.item = i.id
    LEFT JOIN claims k ON k.programme = i.programme AND k.item = i.id
    WHERE i.kind = '{Kind.ITEM}'
)
"""
_PARAMETERS = (
    sa.bindparam("now", type_=sa.TIMESTAMP(timezone=True)),
    sa.bindparam("soon", type_=sa.TIMESTAMP(timezone=True)),
    sa.bindparam("items", type_=sa.ARRAY(sa.BigInteger)),
    sa.bindparam("variants", type_=sa.ARRAY(sa.Text)),
    sa.bindparam("products", type_=sa.ARRAY(sa.Text)),
)
_ALIKE = sa.text(f"""{_KINDS}
SELECT programme, kind, count(*) AS alike, (array_agg(id ORDER BY id))[1 : :first] AS first
FROM kinds GROUP BY programme, kind
""").bindparams(*_PARAMETERS)
_OF_KINDS = sa.text(f"""{_KINDS}
SELECT programme, id FROM kinds
WHERE programme = ANY(:of) AND programme || ' ' || kind = ANY(:wanted) AND (programme, id) > (:programme, :id)
ORDER BY programme, id LIMIT :limit
""").bindparams(
    *_PARAMETERS, sa.bindparam("of", type_=sa.ARRAY(sa.Text)), sa.bindparam("wanted", type_=sa.ARRAY(sa.Text))
)


def is_overdue(now: datetime, told: Any) -> sa.ColumnElement[bool]:
    """Whether a record of a cycle is of one that is overdue: what `Cycle.is_overdue` says, by its columns."""
    due = sa.func.coalesce(told.body["receive_at"].astext, told.body["rental_end"].astext)
    return sa.and_(
        told.open,
        told.body["fulfilled_at"].astext.is_not(None),
        told.body["received_at"].astext.is_(None),
        told.body["method"].astext != Method.RESALE.value,
        sa.cast(due, told.seen_at.type) < now,
    )


def is_late(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a record of a cycle may be of one that is overdue: it went out, and its day of return is over."""
    told = circular_records.c
    due = sa.func.coalesce(told.body["receive_at"].astext, told.body["rental_end"].astext)
    return sa.and_(told.open, told.body["fulfilled_at"].astext.is_not(None), sa.cast(due, told.seen_at.type) < now)


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
