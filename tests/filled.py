"""Tables filled by SQL with as many rows as a big house has: values of their columns' types, and what a test says of some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trueup.storage.schema import SCHEMA, load_tables

_SCATTERED = "(n * 7919 % 20011)"
"""A number for each row in an order of its own: so that no table lies in the order of an index."""
AT = f"timestamptz '2026-11-23 09:00+00' - {_SCATTERED} * interval '1 minute'"
"""An instant of the fortnight before the test's clock."""
DAY = f"date '2026-11-23' - {_SCATTERED}::int % 365"
"""A day of the year before the test's clock."""
_BY_TYPE: tuple[tuple[type[Any], str], ...] = (
    (sa.CHAR, "md5(n::text) || md5(n::text)"),
    (sa.Text, "''"),
    (sa.Boolean, "false"),
    (sa.BigInteger, "n"),
    (sa.SmallInteger, "1"),
    (sa.Integer, "1"),
    (sa.Numeric, "1"),
    (sa.TIMESTAMP, AT),
    (sa.Date, DAY),
    (sa.JSON, "'{}'"),
    (sa.ARRAY, "'{}'"),
)
Rows = tuple[int, int]
"""The first and the last number of rows."""


def fill(connection: sa.Connection, name: str, rows: Rows, values: Mapping[str, str]) -> None:
    """Rows of a table, of which `values` says columns as SQL about their number `n`. What is not said and can be null is null.

    Neither foreign keys nor triggers are asked; they are not what is tested.
    """
    table = load_tables().tables[f"{SCHEMA}.{name}"]
    said = {
        column.name: values.get(column.name) or _value(column)
        for column in table.columns
        if column.computed is None and (column.name in values or not column.nullable)
    }
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    statement = (
        f"INSERT INTO {table.fullname} ({', '.join(said)}) OVERRIDING SYSTEM VALUE"
        f" SELECT {', '.join(said.values())} FROM generate_series({rows[0]}::bigint, {rows[1]}) AS n"
    )
    connection.execute(sa.text(statement))


def _value(column: sa.Column[object]) -> str:
    if isinstance(column.type, sa.CHAR) and column.type.length == 3:
        return "'EUR'"
    if column.name == "sku":
        return "'SKU-' || lpad(n::text, 6, '0')"
    return next(said for of, said in _BY_TYPE if isinstance(column.type, of))
