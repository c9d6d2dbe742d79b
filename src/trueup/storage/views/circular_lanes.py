"""Circular units as people carry them: how many are in each stage, a row a unit with what it waits for, cost and brought, who has
each when, and what is overdue by its value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.circular import Window
from trueup.domain.circular_stages import STAGES, Stage, due_of, stage_of, waits_for
from trueup.domain.circular_units import Lane, Unit, called, clashes
from trueup.storage.bulk import among_pairs
from trueup.storage.circular import Kind, circular_changes, circular_records, load_records
from trueup.storage.circular_units import Alike, count_alike, is_overdue, units_of_items
from trueup.storage.shop_sales import load_named_sales
from trueup.storage.views.circular import earned, find_units, item_json, skus_of, sum_known
from trueup.storage.views.growing import MOST, Growing, GrowingRows, GrowingWhole

_MOST_TOLD = 10 * MOST
"""So many of the latest changes are looked at for what is new: more are more than are counted."""
_AWAITED = 100
"""Of units that are due back so many are put in the order of their value; where there are more, the page of that stage has them."""


@dataclass(frozen=True, slots=True)
class InStage:
    """A stage with how many units are in it, and the rows of the first of them."""

    stage: Stage
    count: int
    rows: tuple[dict[str, Any], ...]


def stage_named(text: str) -> Stage | None:
    """A stage by its name, None for "". Raises Invalid."""
    if not text:
        return None
    try:
        return Stage(text)
    except ValueError:
        raise Invalid(f"Stage {text!r}: expected one of {', '.join(Stage)}.") from None


def count_stages(connection: sa.Connection, now: datetime) -> dict[Stage, int]:
    """How many units are in each stage, every stage there."""
    return _counted(count_alike(connection, now), now)


def _counted(kinds: Sequence[Alike], now: datetime) -> dict[Stage, int]:
    counts = dict.fromkeys(Stage, 0)
    for each in kinds:
        counts[stage_of(each.unit, now)] += each.count
    return counts


def list_lanes(connection: sa.Connection, now: datetime, shown: int) -> list[InStage]:
    """Every stage with its first units; those that are due back by what is overdue and their value, the others by their number."""
    kinds = count_alike(connection, now, _AWAITED)
    firsts: dict[Stage, list[tuple[str, int]]] = {stage: [] for stage in Stage}
    for each in kinds:
        firsts[stage_of(each.unit, now)] += [(each.unit.programme, number) for number in each.first]
    counts = _counted(kinds, now)
    for stage, keys in firsts.items():
        keys[:] = sorted(keys)[: _AWAITED if stage is Stage.DUE_BACK else shown]
    units = units_of_items(connection, [key for keys in firsts.values() for key in keys])
    found: dict[Stage, list[Unit]] = {stage: [] for stage in Stage}
    for unit in units:
        found[stage_of(unit, now)].append(unit)
    if counts[Stage.DUE_BACK] <= _AWAITED:
        found[Stage.DUE_BACK].sort(key=lambda unit: _urgency(unit, now))
    rows = {
        (row["programme"], row["id"]): row
        for row in _rows(connection, now, [unit for of in found.values() for unit in of[:shown]])
    }
    return [
        InStage(stage, counts[stage], tuple(rows[unit.programme, unit.item.id] for unit in found[stage][:shown]))
        for stage in Stage
    ]


def _urgency(unit: Unit, now: datetime) -> tuple[bool, int, str]:
    """What is overdue first, the most valuable before all; then what is to be back soonest."""
    due, cost = due_of(unit), unit.item.acquisition_cost
    late = due is not None and due < now
    return (not late, -(cost.minor if cost is not None and late else 0), due.isoformat() if due is not None else "~")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which units are asked for: of a stage, of a lane, of a product; None is any."""

    stage: Stage | None = None
    lane: Lane | None = None
    sku: str | None = None


Place = tuple[tuple[str, int], int]
"""A page: after which programme and id, and how many."""


def list_units(connection: sa.Connection, now: datetime, asked: Asked, page: Place) -> list[dict[str, Any]]:
    """A row a unit, in the order of programme and id."""
    return _rows(connection, now, _find(connection, now, asked, page))


def list_intervals(connection: sa.Connection, now: datetime, asked: Asked, page: Place) -> list[dict[str, Any]]:
    """The same units, each with who has it when."""
    units = _find(connection, now, asked, page)
    skus = skus_of(connection, [unit.item.variant for unit in units])
    return [{**item_json(unit, now, skus), "intervals": intervals_of(unit, now)} for unit in units]


def growing_units(now: datetime, asked: Asked) -> Growing:
    """Units as a list that grows by what is told of them: those that appeared or changed, as far as they are in it now."""
    told = GrowingRows(sa.select(circular_changes.c.id), circular_changes.c.id)
    return GrowingWhole(told, lambda connection, after: _count_told(connection, now, asked, after))


def growing_overdue(now: datetime) -> Growing:
    """Rentals that should be back and are not as a list that grows in the same way."""
    return _growing_records(Kind.CYCLE, is_overdue(now, circular_records.c))


def growing_returns() -> Growing:
    """Returns that are not over as a list that grows in the same way."""
    return _growing_records(Kind.RETURN, circular_records.c.open)


def _growing_records(kind: Kind, kept: sa.ColumnElement[bool]) -> Growing:
    told = GrowingRows(sa.select(circular_changes.c.id), circular_changes.c.id)
    record = circular_records.c

    def count(connection: sa.Connection, after: int) -> int:
        first, of_record = _told_after(after)
        query = sa.select(record.programme, record.id).select_from(first.join(circular_records, of_record)).distinct()
        found = query.where(record.kind == kind.value, kept)
        return int(connection.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one())

    return GrowingWhole(told, count)


def _told_after(after: int) -> tuple[sa.Subquery, sa.ColumnElement[bool]]:
    """What was told first after a change, as far as it is looked at, and of which records that is."""
    change, record = circular_changes.c, circular_records.c
    latest = sa.select(change.programme, change.kind, change.record).where(change.id > after).order_by(change.id.desc())
    first = latest.limit(_MOST_TOLD).subquery()
    of_record = sa.and_(record.programme == first.c.programme, record.kind == first.c.kind, record.id == first.c.record)
    return first, of_record


def _count_told(connection: sa.Connection, now: datetime, asked: Asked, after: int) -> int:
    record = circular_records.c
    first, of_record = _told_after(after)
    item = sa.case((record.kind == Kind.ITEM.value, record.id), else_=record.item)
    query = sa.select(record.programme, item).select_from(first.join(circular_records, of_record)).distinct()
    units = units_of_items(
        connection, [(programme, number) for programme, number in connection.execute(query) if number]
    )
    skus = skus_of(connection, [unit.item.variant for unit in units]) if asked.sku is not None else {}
    kept = [
        unit
        for unit in units
        if (asked.stage is None or stage_of(unit, now) is asked.stage)
        and (asked.lane is None or unit.lane(now) is asked.lane)
        and (asked.sku is None or skus.get(unit.item.variant or "") == asked.sku)
    ]
    return len(kept)


def _find(connection: sa.Connection, now: datetime, asked: Asked, page: Place) -> list[Unit]:
    wanted = None
    if asked.stage is not None or asked.lane is not None:
        wanted = [
            each
            for each in count_alike(connection, now)
            if (asked.stage is None or stage_of(each.unit, now) is asked.stage)
            and (asked.lane is None or each.unit.lane(now) is asked.lane)
        ]
    return find_units(connection, now, wanted, asked.sku, page)


def intervals_of(unit: Unit, now: datetime) -> list[dict[str, Any]]:
    """Who has the unit when, from now on: its cycles, the days on which it is blocked, and a purchase order. `clashes` is of those
    that cannot all be kept."""
    clashing: set[int | None] = set()
    for clash in clashes(unit, now):
        clashing |= {clash.first.id, clash.second.id if clash.second is not None else None}
    found = [
        {
            **_interval("cycle", called(cycle), window, clashing=cycle.id in clashing),
            "cycle": cycle.id,
            "overdue": cycle.is_overdue(now),
        }
        for cycle, window in unit.windows(now)
    ]
    for block in unit.blocked:
        label = f"blocked: {block.description}" if block.description else "blocked"
        found.append(_interval("blocked", label, block.window, clashing=False))
    if unit.claim is not None:
        held = Window(unit.claim.made_at)
        found.append(_interval("claim", "a purchase order", held, clashing=None in clashing))
    return sorted(found, key=lambda each: (each["from"] or "", each["label"]))


def _interval(what: str, label: str, window: Window, *, clashing: bool) -> dict[str, Any]:
    start, end = (write_instant(each) if each is not None else None for each in (window.start, window.end))
    return {"what": what, "label": label, "from": start, "to": end, "clashes": clashing}


def _rows(connection: sa.Connection, now: datetime, units: Sequence[Unit]) -> list[dict[str, Any]]:
    skus = skus_of(connection, [unit.item.variant for unit in units])
    brought = _brought(connection, [(unit.programme, unit.item.id) for unit in units])
    return [
        {
            **item_json(unit, now, skus),
            **_standing(unit, now),
            **_result(unit, brought.get((unit.programme, unit.item.id))),
        }
        for unit in units
    ]


def _standing(unit: Unit, now: datetime) -> dict[str, Any]:
    stage, due = stage_of(unit, now), due_of(unit)
    return {
        "stage": stage.value,
        "stage_words": STAGES[stage],
        "waits_for": waits_for(unit, now),
        "due": write_instant(due) if due is not None else None,
        "clashes": bool(clashes(unit, now)),
    }


def _result(unit: Unit, brought: Money | None) -> dict[str, Any]:
    """What a unit brought beyond its cost, as far as both are known and of one currency."""
    cost = unit.item.acquisition_cost
    known = brought is not None and cost is not None and brought.currency == cost.currency
    return {
        "brought": str(brought) if brought is not None else None,
        "result": str(brought - cost) if known and brought is not None and cost is not None else None,
    }


def _brought(connection: sa.Connection, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], Money]:
    """What the cycles of these units brought by the shop's own orders, over or not; one of which nothing is known is not there."""
    if not keys:
        return {}
    mine = among_pairs(circular_records.c.programme, circular_records.c.item, keys)
    cycles = load_records(connection, Kind.CYCLE, mine)
    sales = load_named_sales(connection, {each.record.order for each in cycles if each.record.order})
    amounts: dict[tuple[str, int], list[Money | None]] = defaultdict(list)
    for each in cycles:
        amounts[each.programme, each.record.item].append(earned(each.record, sales))
    sums = {key: sum_known(found) for key, found in amounts.items()}
    return {key: found for key, found in sums.items() if found is not None}


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many rentals should be back and are not, and what their units cost as far as that is known, a sum a currency."""

    count: int
    value: tuple[Money, ...]


def count_overdue(connection: sa.Connection, now: datetime) -> Overdue:
    """All of them; `list_cycles` has the rows."""
    cycle, item = circular_records.alias("cycle"), circular_records.alias("item")
    cost = item.c.body["acquisition_cost"]
    query = (
        sa.select(
            cost["currency"].astext.label("currency"),
            sa.func.sum(sa.cast(cost["minor"].astext, sa.BigInteger)).label("minor"),
            sa.func.count().label("cycles"),
        )
        .select_from(cycle)
        .outerjoin(
            item,
            sa.and_(item.c.kind == Kind.ITEM.value, item.c.programme == cycle.c.programme, item.c.id == cycle.c.item),
        )
        .where(cycle.c.kind == Kind.CYCLE.value, is_overdue(now, cycle.c))
        .group_by(sa.text("currency"))
    )
    rows = connection.execute(query.order_by(sa.text("currency"))).all()
    value = tuple(Money(int(row.minor), row.currency) for row in rows if row.currency is not None)
    return Overdue(sum(row.cycles for row in rows), value)
