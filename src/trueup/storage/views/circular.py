"""Circular programmes to look at: items by lane, cycles, returns, what is overdue, and the story of one unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.base.money import Money
from trueup.domain.circular import Cycle, Item, Method, ReturnLineStatus, ReturnOrder
from trueup.domain.circular_units import LANES, Clash, Lane, Unit, called, clashes
from trueup.domain.shop_sales import ShopSale, earned_by
from trueup.storage.bulk import among, among_pairs
from trueup.storage.circular import Kept, Kind, circular_records, list_changes, load_newest, load_record, load_records
from trueup.storage.circular_units import Alike, count_alike, is_late, items_of_kinds, load_units, units_of_items
from trueup.storage.item_claims import item_claims
from trueup.storage.orders import orders
from trueup.storage.shop_products import shop_products
from trueup.storage.shop_sales import load_named_sales
from trueup.storage.vendor_returns import find_origin

_BATCH = 1000
_CHANGES_SHOWN = 100


def lane_named(text: str | None) -> Lane | None:
    """A lane by its name. Raises Invalid."""
    if text is None:
        return None
    try:
        return Lane(text)
    except ValueError:
        raise Invalid(f"--lane {text}: expected one of {', '.join(Lane)}.") from None


def list_items(
    connection: sa.Connection,
    now: datetime,
    *,
    lane: Lane | None = None,
    sku: str | None = None,
    page: tuple[tuple[str, int], int] = (("", 0), 50),
) -> list[dict[str, Any]]:
    """Items in the order of programme and id, of one lane and product or all; `page` is after which, and how many."""
    wanted = None if lane is None else [each for each in count_alike(connection, now) if each.unit.lane(now) is lane]
    units = find_units(connection, now, wanted, sku, page)
    skus = skus_of(connection, [unit.item.variant for unit in units])
    return [item_json(unit, now, skus) for unit in units]


def find_units(
    connection: sa.Connection,
    now: datetime,
    wanted: Sequence[Alike] | None,
    sku: str | None,
    page: tuple[tuple[str, int], int],
) -> list[Unit]:
    """Units of some kinds (None: of any) and of one product or all, in the order of programme and id."""
    after, limit = page
    conditions = []
    if sku is not None:
        variants = sa.select(shop_products.c.variant).where(shop_products.c.sku == sku)
        conditions.append(circular_records.c.variant.in_(variants))
    if wanted is None:
        return load_units(connection, *conditions, after=after, limit=limit)
    found: list[Unit] = []
    while len(found) < limit and (keys := items_of_kinds(connection, now, wanted, after, _BATCH if sku else limit)):
        found += load_units(
            connection, among_pairs(circular_records.c.programme, circular_records.c.id, keys), *conditions
        )
        after = keys[-1]
    return found[:limit]


def count_lanes(connection: sa.Connection, now: datetime) -> dict[Lane, int]:
    """How many items are in each lane, every lane there. One item stands for all that are alike."""
    counts = dict.fromkeys(Lane, 0)
    for each in count_alike(connection, now):
        counts[each.unit.lane(now)] += each.count
    return counts


def list_cycles(
    connection: sa.Connection, now: datetime, *, only_open: bool = True, overdue: bool = False, limit: int = 50
) -> list[dict[str, Any]]:
    """Cycles, the newest first; `overdue`: those that should be back, by the value of what is out, the largest first."""
    table = circular_records
    if overdue:
        kept = [each for each in load_records(connection, Kind.CYCLE, is_late(now)) if each.record.is_overdue(now)]
    else:
        kept = load_newest(connection, Kind.CYCLE, [table.c.open] if only_open else [], limit)
    units = _units(connection, kept)
    rows = [cycle_json(each, units.get((each.programme, each.record.item or 0)), now) for each in kept]
    return sorted(rows, key=lambda row: (-(row["value_minor"] or 0), row["due"] or ""))[:limit] if overdue else rows


def page_cycles(
    connection: sa.Connection, now: datetime, *, only_open: bool, page: tuple[tuple[str, int], int]
) -> list[dict[str, Any]]:
    """Cycles in the order of programme and id; `page` is after which, and how many."""
    after, limit = page
    conditions = [circular_records.c.open] if only_open else []
    kept = load_records(connection, Kind.CYCLE, *conditions, after=after, limit=limit)
    units = _units(connection, kept)
    return [cycle_json(each, units.get((each.programme, each.record.item or 0)), now) for each in kept]


def list_returns(connection: sa.Connection, *, only_open: bool = True, limit: int = 50) -> list[dict[str, Any]]:
    """Returns, the newest first."""
    conditions = [circular_records.c.open] if only_open else []
    return [_return_json(each) for each in load_newest(connection, Kind.RETURN, conditions, limit)]


def find_unit(connection: sa.Connection, named: str) -> Unit:
    """A unit by its serial, its id, or `programme/id`. Raises NotFound, Invalid when several bear it."""
    programme, _, number = named.rpartition("/")
    table = circular_records
    conditions = [table.c.serial == named]
    if number.isascii() and number.isdigit() and len(number) < 19:
        by_id = table.c.id == int(number)
        conditions.append(sa.and_(by_id, table.c.programme == programme) if programme else by_id)
    units = load_units(connection, sa.or_(*conditions))
    exact = [unit for unit in units if unit.item.serial == named] or units
    if not exact:
        raise NotFound(f"Item {named}: no item has that serial or id. `trueup circular items` lists them.")
    if len(exact) > 1:
        several = ", ".join(f"{unit.programme}/{unit.item.id}" for unit in exact)
        raise Invalid(f"Item {named}: {len(exact)} items bear it: {several}. Name one of these.")
    return exact[0]


def show_item(connection: sa.Connection, named: str, now: datetime) -> dict[str, Any]:
    """The story of one unit: what it is, who has it when, what clashes, who claimed it, and what changed. Raises NotFound."""
    unit = find_unit(connection, named)
    table = circular_records
    mine = (table.c.programme == unit.programme, table.c.item == unit.item.id)
    cycles = load_records(connection, Kind.CYCLE, *mine)
    wanted = {(Kind.ITEM, unit.item.id), *((Kind.CYCLE, each.record.id) for each in cycles)}
    skus = skus_of(connection, [unit.item.variant])
    kept = load_record(connection, Kind.ITEM, unit.programme, unit.item.id)
    sales = load_named_sales(connection, {each.record.order for each in cycles if each.record.order})
    brought = [earned(each.record, sales) for each in cycles]
    rows = [
        {**cycle_json(each, unit, now), "earned": str(money) if money is not None else None}
        for each, money in zip(cycles, brought, strict=True)
    ]
    found = sum_known(brought)
    return {
        **item_json(unit, now, skus),
        "evidence": kept.evidence if kept else "",
        "earned": str(found) if found is not None else None,
        "unread": dict(unit.item.unread),
        "cycles": rows,
        "blocked": [
            {
                "id": block.id,
                "from": f"{block.first_day}" if block.first_day else None,
                "to": f"{block.last_day}" if block.last_day else None,
                "description": block.description,
            }
            for block in unit.blocked
        ],
        "clashes": [clash_words(clash) for clash in clashes(unit, now)],
        "claims": _claims(connection, unit),
        "came_back": _origin(connection, unit),
        "changes": [
            _change_json(row) for row in list_changes(connection, unit.programme, wanted, limit=_CHANGES_SHOWN)
        ],
    }


def list_clashes(connection: sa.Connection, now: datetime, items: Iterable[tuple[str, int]]) -> dict[str, list[str]]:
    """What clashes on each of these items, in words, by `programme/id`."""
    return {
        f"{unit.programme}/{unit.item.id}": [clash_words(clash) for clash in clashes(unit, now)]
        for unit in units_of_items(connection, sorted(set(items)))
    }


def clash_words(clash: Clash) -> str:
    """Both claims and when, in words."""
    other = called(clash.second) if clash.second is not None else "a purchase order"
    start, end = (write_instant(each) if each is not None else None for each in (clash.window.start, clash.window.end))
    return f"{called(clash.first)} and {other}, {start or 'ever'} to {end or 'open'}"


def item_json(unit: Unit, now: datetime, skus: dict[str, str]) -> dict[str, Any]:
    """A unit as plain JSON."""
    item: Item = unit.item
    lane = unit.lane(now)
    return {
        "programme": unit.programme,
        "id": item.id,
        "serial": item.serial,
        "title": item.title,
        "sku": skus.get(item.variant or ""),
        "variant": item.variant,
        "lane": lane.value,
        "lane_words": LANES[lane],
        "visibility": str(item.visibility),
        "readiness": str(item.readiness),
        "condition": item.condition.title or f"condition {item.condition.id}" if item.condition else None,
        "location": item.location,
        "acquisition_cost": str(item.acquisition_cost) if item.acquisition_cost else None,
        "active_cycle": item.active_cycle,
        "seen_at": write_instant(unit.seen_at) if unit.seen_at else None,
    }


def cycle_json(kept: Kept, unit: Unit | None, now: datetime) -> dict[str, Any]:
    """A cycle as plain JSON, with when it has its item as far as can be known now, and what that item cost."""
    cycle: Cycle = kept.record
    window = cycle.occupies(now)
    value = unit.item.acquisition_cost if unit is not None else None
    due = cycle.receive_at or cycle.rental_end
    overdue = cycle.is_overdue(now)
    return {
        "programme": kept.programme,
        "id": cycle.id,
        "cycle": called(cycle),
        "method": str(cycle.method),
        "status": str(cycle.status),
        "item": cycle.item,
        "serial": unit.item.serial if unit is not None else None,
        "title": unit.item.title if unit is not None else "",
        "order": cycle.order_name or cycle.order,
        "from": write_instant(window.start) if window and window.start else None,
        "to": write_instant(window.end) if window and window.end else None,
        "due": write_instant(due) if due and cycle.method is not Method.RESALE else None,
        "overdue_days": (now - due).days if overdue and due else None,
        "value": str(value) if value else None,
        "value_minor": value.minor if value else None,
        "seen_at": write_instant(kept.seen_at),
        "evidence": kept.evidence,
    }


def earned(cycle: Cycle, sales: Mapping[str, ShopSale]) -> Money | None:
    """What a cycle brought by the shop's own order; None where that is not known."""
    sale = sales.get(cycle.order or "")
    return earned_by(sale, cycle.order_line or "") if sale is not None else None


def sum_known(amounts: Iterable[Money | None]) -> Money | None:
    """Amounts of one currency as one; None where nothing is known, or they are of several."""
    known = [amount for amount in amounts if amount is not None]
    if not known or len({each.currency for each in known}) > 1:
        return None
    return Money(sum(each.minor for each in known), known[0].currency)


def _return_json(kept: Kept) -> dict[str, Any]:
    order: ReturnOrder = kept.record
    counts = {status: sum(line.status == status for line in order.lines) for status in ReturnLineStatus}
    return {
        "programme": kept.programme,
        "id": order.id,
        "number": order.sequential_id,
        "status": str(order.status),
        "lines": len(order.lines),
        **{status.value: count for status, count in counts.items()},
        "cycles": [line.cycle for line in order.lines if line.cycle is not None],
        "requested_at": write_instant(order.requested_at) if order.requested_at else None,
        "seen_at": write_instant(kept.seen_at),
        "evidence": kept.evidence,
    }


def _units(connection: sa.Connection, kept: Iterable[Kept]) -> dict[tuple[str, int], Unit]:
    wanted = {(each.programme, each.record.item) for each in kept if each.record.item is not None}
    return {(unit.programme, unit.item.id): unit for unit in units_of_items(connection, wanted)}


def skus_of(connection: sa.Connection, variants: Iterable[str | None]) -> dict[str, str]:
    wanted = sorted({variant for variant in variants if variant})
    rows = connection.execute(
        sa.select(shop_products.c.variant, shop_products.c.sku).where(among(shop_products.c.variant, wanted))
    )
    return {row.variant: row.sku for row in rows}


def _claims(connection: sa.Connection, unit: Unit) -> list[dict[str, Any]]:
    table = item_claims
    query = (
        sa.select(table, orders.c.partner, orders.c.number)
        .join(orders, orders.c.id == table.c.order_id)
        .where(table.c.programme == unit.programme, table.c.item == unit.item.id)
        .order_by(table.c.id.desc())
    )
    return [
        {
            "order": f"{row['partner']}/{row['number']}",
            "line": row["sequence"],
            "state": row["state"],
            "why": row["why"],
            "made_at": write_instant(row["made_at"]),
            "changed_at": write_instant(row["changed_at"]),
            "evidence": row["evidence"],
        }
        for row in connection.execute(query).mappings()
    ]


def _origin(connection: sa.Connection, unit: Unit) -> dict[str, Any] | None:
    """The purchase order that the unit came back from."""
    row = find_origin(connection, unit.programme, unit.item.id)
    if row is None:
        return None
    order = connection.execute(sa.select(orders.c.partner, orders.c.number).where(orders.c.id == row["order_id"])).one()
    return {
        "order": f"{order.partner}/{order.number}",
        "line": row["sequence"],
        "recorded_at": write_instant(row["recorded_at"]),
        "recorded_by": row["recorded_by"],
        "evidence": row["evidence"],
    }


def _change_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": write_instant(row["at"]),
        "of": f"{row['kind']} {row['record']}",
        "what": row["what"],
        "before": row["before"],
        "after": row["after"],
        "evidence": row["evidence"],
    }
