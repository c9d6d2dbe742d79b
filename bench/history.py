"""Years of orders, loaded by COPY into the real tables: copies of orders that went the whole path, under keys of their own.

Each copy has what its original has: revision, lines, decisions, reservations that the shop has claimed, with their movements,
answers, the order in the shop, delivery, attempts, acts, archived documents with their sealed bytes, and for the last tenth the
finished runs with their checkpoints, which are kept for a month. All are closed: the buyer has received them in full. It breaks
the chain of the archive, which nothing reads here; and the stock that the shop shows as committed knows nothing of it, as all was
shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

FAR = 1_000_000
"""Orders and deliveries of history have ids from here on."""
_APART = 10_000
_KEY = "{} + " + f"{FAR} + n * {_APART}"
_ORDER = {"order_id": _KEY.format("order_id")}
_DIGEST = "encode(sha256(convert_to(digest || n, 'UTF8')), 'hex')"
_TEXT = "{} || '-' || n"
_EARLIER = "{} - ({{copies}} - n) * interval '1 year' / {{copies}}"
_RECENT = "WHERE n <= {copies} / 10"
_TABLES: tuple[tuple[str, Mapping[str, str], str], ...] = (
    ("trueup.orders", {"id": _KEY.format("id"), "number": _TEXT.format("number"), "state": "'closed'"}, ""),
    ("trueup.order_revisions", _ORDER, ""),
    ("trueup.order_lines", _ORDER, ""),
    ("trueup.decisions", _ORDER, ""),
    ("trueup.reservations", _ORDER, ""),
    ("trueup.stock_movements", {"id": _KEY.format("id"), "reference": _TEXT.format("reference")}, ""),
    ("trueup.answers", _ORDER, ""),
    ("trueup.sales_orders", {**_ORDER, "key": _TEXT.format("key"), "remote_id": _TEXT.format("remote_id")}, ""),
    ("trueup.deliveries", {**_ORDER, "id": _KEY.format("id"), "key": _TEXT.format("key")}, ""),
    ("trueup.delivery_attempts", {"delivery_id": _KEY.format("delivery_id")}, ""),
    ("trueup.acts", {"id": _KEY.format("id"), "subject": _TEXT.format("subject"), "at": _EARLIER.format("at")}, ""),
    ("trueup.contents", {"id": _KEY.format("id"), "digest": _DIGEST}, ""),
    ("trueup.content_chunks", {"content_id": _KEY.format("content_id")}, ""),
    (
        "trueup.documents",
        {
            "id": _KEY.format("id"),
            "content_id": _KEY.format("content_id"),
            "digest": _DIGEST,
            "position": _KEY.format("position"),
            "name": "CASE WHEN name = '' THEN '' ELSE name || ' copy ' || n END",
            "received_at": _EARLIER.format("received_at"),
        },
        "ORDER BY n",
    ),
    ("durable.checkpoints", {"run_id": _TEXT.format("run_id")}, _RECENT),
    ("dbos.workflow_status", {"workflow_uuid": _TEXT.format("workflow_uuid")}, _RECENT + " AND status = 'SUCCESS'"),
)


def load_history(engine: sa.Engine, orders: int) -> int:
    """Load so many orders, copied from those that the database has; returns how many rows that made."""
    with engine.connect() as connection:
        originals = connection.execute(sa.text("SELECT count(*) FROM trueup.orders")).scalar_one()
        highest = connection.execute(sa.text("SELECT max(id) FROM trueup.documents")).scalar_one()
    assert 0 < originals <= orders and highest < _APART, f"{originals} orders and {highest} documents to copy from"
    copies = orders // originals
    rows = sum(_copy(engine, table, keys, rest, copies) for table, keys, rest in _TABLES if _is_there(engine, table))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return rows


def _is_there(engine: sa.Engine, table: str) -> bool:
    """Whether the database has it: DBOS's own are not in one on which work goes on in this process."""
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT to_regclass(:table)"), {"table": table}).scalar() is not None


def _copy(engine: sa.Engine, table: str, keys: Mapping[str, str], rest: str, copies: int) -> int:
    schema, name = table.split(".")
    query = sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = :name "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position"
    )
    with engine.connect() as reading, engine.begin() as writing:
        columns = list(reading.execute(query, {"schema": schema, "name": name}).scalars())
        chosen = ", ".join(
            f'({keys[column].format(copies=copies)}) AS "{column}"' if column in keys else f'"{column}"'
            for column in columns
        )
        listed = ", ".join(f'"{column}"' for column in columns)
        source: Any = reading.connection.cursor()
        target: Any = writing.connection.cursor()
        many = f"SELECT {chosen} FROM {table} CROSS JOIN generate_series(1, {copies}) AS n {rest.format(copies=copies)}"
        with (
            source.copy(f"COPY ({many}) TO STDOUT") as out,
            target.copy(f"COPY {table} ({listed}) FROM STDIN") as into,
        ):
            for piece in out:
                into.write(piece)
        return int(target.rowcount)
