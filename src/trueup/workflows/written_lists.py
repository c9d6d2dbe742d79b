"""Written lists: the lists of the console that are given away as files, whole: what each is filtered by, counted in and written as.

They are for people and their spreadsheets. Rows are walked, not held, so that no list is too long.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO, TypeVar, cast

import sqlalchemy as sa

from trueup.base.errors import Invalid, NotFound
from trueup.formats.case_decisions import case_parts
from trueup.formats.item_master import item_master_parts
from trueup.formats.tabular import sheet_parts
from trueup.reports.case_sheet import write_case_sheet
from trueup.reports.coding_sheet import write_coding_sheet
from trueup.reports.item_sheet import write_item_sheet
from trueup.storage.json_values import from_json
from trueup.storage.views.audit_trail import ActFilter, count_acts, walk_acts
from trueup.storage.views.case_queue import CaseFilter, walk_cases
from trueup.storage.views.case_sums import count_cases
from trueup.storage.views.deductions import DeductionFilter, count_deductions, walk_deductions
from trueup.storage.views.order_pages import OrderFilter, count_orders, walk_orders
from trueup.storage.views.products import count_items, walk_items
from trueup.storage.views.waiting_lines import WaitingFilter, count_waiting, walk_waiting
from trueup.workflows.world import World

FORMS = {
    "xlsx": ("XLSX workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": ("CSV", "text/csv"),
}
"""What a list can be written as: what people call it, and its media type."""
ORDER_COLUMNS = (
    *("partner", "number", "vendor_code", "state", "standing", "ordered_at", "answer_due_at", "first_seen_at"),
    *("revision", "open_cases"),
)
ACT_COLUMNS = ("id", "at", "actor", "role", "act", "subject", "before", "after", "evidence")
AMOUNTS = ("taken", "given", "lost", "held")
DEDUCTION_COLUMNS = ("id", "partner", "claim", "type", "invoice", "since", "currency", *AMOUNTS)
_Row = TypeVar("_Row")
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a list is written from: the world, a connection to look through, and the time that it is as of."""

    world: World
    connection: sa.Connection
    now: datetime


@dataclass(frozen=True, slots=True)
class NoFilter:
    """A list that is given away whole or not at all."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Orders of a filter, in an order of `order_pages.SORTS`."""

    orders: OrderFilter
    sort: str = ""


@dataclass(frozen=True, slots=True)
class WrittenList:
    """A list. `title`: of its rows, as people say it; `unit`: one of the counted words; `stem`: how its files are called.

    `filter`: what it is filtered by. `count`: how many rows, counted up to so many, and whether there are more. `forms`: how each
    of `FORMS` that it comes in is written.
    """

    title: str
    unit: str
    stem: str
    filter: type[Any]
    count: Callable[[Ground, Any, int], tuple[int, bool]]
    walk: Callable[[Ground, Any], Iterable[Any]]
    forms: Mapping[str, Callable[[Ground, IO[bytes], Iterable[Any]], None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A list that is asked for: its rows by a filter, in a form of its own."""

    of: WrittenList
    wanted: Any
    form: str


def list_named(name: str, form: str) -> WrittenList:
    """The list of a name, which comes in a form. Raises NotFound."""
    found = LISTS.get(name)
    if found is None:
        raise NotFound(f"List {name!r}: expected one of {', '.join(LISTS)}.")
    if form not in found.forms:
        raise NotFound(f"{found.title} come as {' or '.join(found.forms)}, not as {form!r}.")
    return found


def read_wanted(of: WrittenList, said: Any) -> Any:
    """The filter that was written down. Raises Invalid for what is none of this list."""
    try:
        return from_json(said, of.filter)
    except ValueError as error:
        raise Invalid(f"{of.title}: this is no filter of them ({error}).") from error


def write_list(ground: Ground, asked: Asked, out: IO[bytes], told: Told | None = None) -> None:
    """Write all rows of a filter; `told` is told after each how many are written."""
    rows = asked.of.walk(ground, asked.wanted)
    asked.of.forms[asked.form](ground, out, rows if told is None else _telling(rows, told))


def _telling(rows: Iterable[_Row], told: Told) -> Iterator[_Row]:
    for number, row in enumerate(rows, start=1):
        yield row
        told(number)


def _write_cases(ground: Ground, out: IO[bytes], rows: Iterable[Any]) -> None:
    write_case_sheet(cast(BinaryIO, out), rows, ground.now)


def _write_items(ground: Ground, out: IO[bytes], rows: Iterable[Any]) -> None:
    write_item_sheet(cast(BinaryIO, out), rows, ground.now)


def _write_waiting(ground: Ground, out: IO[bytes], rows: Iterable[Any]) -> None:
    types = ground.world.books.grammars.now(ground.connection).types.values()
    named = sorted((each.code, each.label) for each in types)
    write_coding_sheet(cast(BinaryIO, out), rows, named, ground.now)


def _in_parts(parts: Callable[[Iterable[Any]], Iterator[bytes]]) -> Callable[[Ground, IO[bytes], Iterable[Any]], None]:
    def write(_ground: Ground, out: IO[bytes], rows: Iterable[Any]) -> None:
        for part in parts(rows):  # not `writelines`, which looks how much there is only at the end
            out.write(part)

    return write


def _order_parts(rows: Iterable[Any]) -> Iterator[bytes]:
    return sheet_parts(ORDER_COLUMNS, ([row[name] for name in ORDER_COLUMNS] for row in rows))


def _act_parts(rows: Iterable[Any]) -> Iterator[bytes]:
    """What was before and after as JSON, for it is of any shape."""
    told = (
        {**row, **{name: json.dumps(row[name]) if row[name] else "" for name in ("before", "after")}} for row in rows
    )
    return sheet_parts(ACT_COLUMNS, ([row[name] for name in ACT_COLUMNS] for row in told))


def _deduction_parts(rows: Iterable[Any]) -> Iterator[bytes]:
    """Amounts as numbers that a spreadsheet adds up, their currency beside them."""
    told = ({**row, **{name: row[name].partition(" ")[0] for name in AMOUNTS}} for row in rows)
    return sheet_parts(DEDUCTION_COLUMNS, ([row[name] for name in DEDUCTION_COLUMNS] for row in told))


LISTS: Mapping[str, WrittenList] = {
    "cases": WrittenList(
        *("Cases", "cases", "cases", CaseFilter),
        lambda ground, wanted, most: count_cases(ground.connection, wanted, ground.now, most),
        lambda ground, wanted: walk_cases(ground.connection, wanted, ground.now),
        {"xlsx": _write_cases, "csv": _in_parts(case_parts)},
    ),
    "waiting-lines": WrittenList(
        *("Lines in suspense", "lines", "lines", WaitingFilter),
        lambda ground, wanted, most: count_waiting(ground.connection, wanted, most),
        lambda ground, wanted: walk_waiting(ground.connection, wanted),
        {"xlsx": _write_waiting},
    ),
    "orders": WrittenList(
        *("Orders", "orders", "orders", Sorted),
        lambda ground, wanted, most: count_orders(ground.connection, wanted.orders, most),
        lambda ground, wanted: walk_orders(ground.connection, wanted.orders, sort=wanted.sort),
        {"csv": _in_parts(_order_parts)},
    ),
    "acts": WrittenList(
        *("Acts", "rows", "audit-trail", ActFilter),
        lambda ground, wanted, most: count_acts(ground.connection, wanted, most),
        lambda ground, wanted: walk_acts(ground.connection, wanted),
        {"csv": _in_parts(_act_parts)},
    ),
    "deductions": WrittenList(
        *("Deductions", "rows", "deductions", DeductionFilter),
        lambda ground, wanted, most: count_deductions(ground.connection, wanted, most),
        lambda ground, wanted: walk_deductions(ground.connection, wanted),
        {"csv": _in_parts(_deduction_parts)},
    ),
    "products": WrittenList(
        *("Products of the item master", "rows", "item-master", NoFilter),
        lambda ground, _wanted, most: count_items(ground.connection, most),
        lambda ground, _wanted: walk_items(ground.connection),
        {"xlsx": _write_items, "csv": _in_parts(item_master_parts)},
    ),
}
"""Every list that is given away as a file, by its name."""
