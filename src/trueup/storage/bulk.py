"""Many rows at once: COPY into a table, and ids reserved for them beforehand. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import JsonbDumper

from trueup.storage.schema import SCHEMA


def copy_rows(connection: sa.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table of schema `trueup`; returns how many. A dict is JSON, a list an array of PostgreSQL.

    Constraints and triggers hold as for INSERT; all rows are one statement.
    """
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(SCHEMA, table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    count = 0
    with driver.cursor() as cursor:
        for kind in (dict, JsonList):
            cursor.adapters.register_dumper(kind, JsonbDumper)
        with cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
    return count


class JsonList(tuple[Any, ...]):
    """A JSON array, told apart from an array of PostgreSQL."""

    __slots__ = ()


def reserve_ids(connection: sa.Connection, table: str, count: int) -> list[int]:
    """The next ids of a table, taken for rows that are about to be copied."""
    if not count:
        return []
    query = sa.text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(connection.execute(query, {"name": f"{SCHEMA}.{table}", "count": count}).scalars())


def array_text(values: Iterable[int | date | None]) -> str:
    """Whole numbers or days as PostgreSQL writes an array of them: for thousands, the driver's own way is slower than the query."""
    return f"{{{','.join('NULL' if each is None else str(each) for each in values)}}}"


def text_array(values: Iterable[str]) -> str:
    """Texts as PostgreSQL writes an array of them, each in quotes."""
    quoted = (each.replace("\\", "\\\\").replace('"', '\\"') for each in values)
    return "{" + ",".join([f'"{each}"' for each in quoted]) + "}"


def among(column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of these values, however many: a list in a statement ends at 65,535 of them, and each length of it
    is another statement."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))


def among_pairs(
    first: sa.ColumnElement[Any], second: sa.ColumnElement[Any], pairs: Iterable[tuple[Any, Any]]
) -> sa.ColumnElement[bool]:
    """Whether two columns are one of these pairs, of which there is one at least. As a list, ten thousand would be planned as ten
    thousand conditions, for minutes, or refused as too deep."""
    ones, others = zip(*sorted(set(pairs)), strict=True)
    wanted = sa.select(
        sa.func.unnest(sa.literal(list(ones), sa.ARRAY(first.type))).label("first"),
        sa.func.unnest(sa.literal(list(others), sa.ARRAY(second.type))).label("second"),
    ).subquery("wanted")
    return sa.tuple_(first, second).in_(sa.select(wanted.c.first, wanted.c.second))


def given_rows(columns: Mapping[str, tuple[Any, Sequence[Any]]]) -> sa.TableValuedAlias:
    """Values by column, each with its type, as rows to select from: one statement with an array a column, however many rows."""
    arrays = (sa.literal(list(values), sa.ARRAY(kind)) for kind, values in columns.values())
    named = (sa.column(name, kind) for name, (kind, _) in columns.items())
    return sa.func.unnest(*arrays).table_valued(*named).render_derived().alias("given")
