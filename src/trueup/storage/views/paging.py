"""Paging by key: the rows after a row, however many came before it. The last page costs what the first does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import takewhile
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from trueup.base.errors import Invalid

ROWS = 50
MANY = 1000
"""So many are read at once where all of them are walked."""
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Order:
    """By what rows are sorted: never-null expressions that together name one row, all in one direction."""

    keys: tuple[sa.ColumnElement[Any], ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between rows: the key of the row next to it, and whether one looks back from there."""

    values: tuple[Any, ...]
    back: bool = False


@dataclass(frozen=True, slots=True)
class Paged:
    """Some rows in their order, and the cursors to those before and after them; empty where there are none."""

    rows: Sequence[Mapping[Any, Any]]
    before: str = ""
    after: str = ""


_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Cut(Generic[_Row]):
    """The same of rows that were all there."""

    rows: Sequence[_Row]
    before: str = ""
    after: str = ""


def fetch_page(connection: sa.Connection, query: sa.Select[Any], order: Order, cursor: str, limit: int = ROWS) -> Paged:
    """The rows of a query beyond a cursor ("": the first). Raises Invalid for a cursor that is none of this order."""
    place = read_cursor(cursor, order) if cursor else None
    back = place is not None and place.back
    descending = order.descending is not back
    ordered = [key.desc() if descending else key.asc() for key in order.keys]
    wanted = query.add_columns(*(key.label(f"key_{index}") for index, key in enumerate(order.keys)))
    if place is not None:
        wanted = wanted.where(*_beyond(place, order, descending=descending))
    found = list(connection.execute(wanted.order_by(*ordered).limit(limit + 1)).mappings())
    more, rows = len(found) > limit, found[:limit]
    if back:
        rows.reverse()
    if not rows:
        return Paged(())
    has_before = more if back else place is not None
    has_after = True if back else more
    return Paged(
        rows,
        write_cursor(_key(rows[0], order), back=True) if has_before else "",
        write_cursor(_key(rows[-1], order)) if has_after else "",
    )


def walk_pages(page: Callable[[str], Paged]) -> Iterator[Mapping[Any, Any]]:
    """The rows of all pages, one page after the other held. `page`: that of a place, "" the first."""
    at = ""
    while True:
        paged = page(at)
        yield from paged.rows
        if not (at := paged.after):
            return


def keyed_by(*kinds: type, descending: bool = False) -> Order:
    """The order of rows that are all there, for `cut_page`, whose keys are of these types: int, str or date."""
    types: dict[type, sa.types.TypeEngine[Any]] = {int: sa.BigInteger(), str: sa.Text(), date: sa.Date()}
    return Order(tuple(sa.literal_column(f"key_{n}", types[kind]) for n, kind in enumerate(kinds)), descending)


def cut_page(
    rows: Sequence[_Row], order: Order, key_of: Callable[[_Row], tuple[Any, ...]], at: str, limit: int
) -> Cut[_Row]:
    """A page of rows that are all there, in their order: what was worked out whole is shown by the same places.

    `key_of` has the keys of a row, by which the rows are sorted. Raises Invalid for a cursor that is none of this order.
    """
    place = read_cursor(at, order) if at else None
    keys = [key_of(row) for row in rows]
    if place is None:
        start, end = 0, limit
    elif place.back:
        end = sum((key > place.values) if order.descending else (key < place.values) for key in keys)
        start = max(0, end - limit)
    else:
        start = sum((key >= place.values) if order.descending else (key <= place.values) for key in keys)
        end = start + limit
    shown = rows[start:end]
    if not shown:
        return Cut(())
    before = write_cursor(keys[start], back=True) if start else ""
    return Cut(shown, before, write_cursor(keys[start + len(shown) - 1]) if end < len(rows) else "")


def count_up_to(connection: sa.Connection, query: sa.Select[Any], most: int = 10_000) -> tuple[int, bool]:
    """How many rows a query has, counted up to `most`, and whether there are more."""
    counted = sa.select(sa.func.count()).select_from(query.order_by(None).limit(most + 1).subquery())
    count: int = connection.execute(counted).scalar_one()
    return min(count, most), count > most


def write_cursor(values: Sequence[Any], *, back: bool = False) -> str:
    """A cursor as text for an address."""
    told = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([back, *told]).encode()).decode().rstrip("=")


def read_place(at: str, order: Order) -> tuple[Any, ...]:
    """The key of the row that a cursor stands beside. Raises Invalid for a cursor that is none of this order."""
    return read_cursor(at, order).values


def read_cursor(text: str, order: Order) -> Cursor:
    """A cursor of an address. Raises Invalid for one that is none of this order."""
    try:
        back, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        read = tuple(_value(value, key) for value, key in zip(values, order.keys, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid("This address names a place in another list; begin at the first page.") from error
    return Cursor(read, bool(back))


def _value(value: Any, key: sa.ColumnElement[Any]) -> Any:
    kind = key.type.python_type
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if not isinstance(value, kind) or (kind is str and "\x00" in value) or (kind is int and abs(value) >= _LARGEST):
        raise TypeError(value)
    return value


def _beyond(place: Cursor, order: Order, *, descending: bool) -> Iterator[sa.ColumnElement[bool]]:
    """Beyond a place. Where the keys are of several tables, no index of the first has them all: what they come to in that table
    is said too, so that its rows before the place are not read."""
    values = _literals(place, order)
    left, right = sa.tuple_(*order.keys), sa.tuple_(*values)
    yield left < right if descending else left > right
    own = list(takewhile(lambda key: _tables(key) == _tables(order.keys[0]), order.keys))
    if len(own) < len(order.keys):
        first, to = sa.tuple_(*order.keys[: len(own)]), sa.tuple_(*values[: len(own)])
        yield first <= to if descending else first >= to


def _tables(key: sa.ColumnElement[Any]) -> set[Any]:
    return {each.table for each in visitors.iterate(key) if isinstance(each, sa.Column)}


def _literals(place: Cursor, order: Order) -> list[sa.ColumnElement[Any]]:
    return [sa.literal(value, type_=key.type) for value, key in zip(place.values, order.keys, strict=True)]


def _key(row: Mapping[Any, Any], order: Order) -> list[Any]:
    return [row[f"key_{index}"] for index in range(len(order.keys))]
