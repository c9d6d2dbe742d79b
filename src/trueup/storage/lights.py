"""Lights in the database: how each invariant stood when it was last proven, and since when it stands so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.storage.schema import metadata

lights = sa.Table(
    "lights",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("proven_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("looked", sa.BigInteger, nullable=False),
    sa.Column("broken", sa.BigInteger, nullable=False),
    sa.Column("sums", JSONB, nullable=False),
    sa.Column("rows", JSONB, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Light:
    """One look at an invariant: how many rows were looked at and break it. `since`: from when it is unbroken, or broken.

    `sums` are the numbers that were compared (label, value); `rows` the first that break it (about, name, words).
    """

    name: str
    proven_at: datetime
    since: datetime
    looked: int
    broken: int
    sums: Sequence[Mapping[str, str]]
    rows: Sequence[Mapping[str, str]]


def save_light(connection: sa.Connection, light: Light) -> None:
    """It takes the place of the look before; its `since` is kept where nothing turned."""
    values = {column.name: getattr(light, column.name) for column in lights.c}
    new = insert(lights).values(**values)
    turned = (lights.c.broken > 0) != (new.excluded.broken > 0)
    kept = sa.case((turned, new.excluded.since), else_=lights.c.since)
    changes = {name: new.excluded[name] for name in values if name not in ("name", "since")}
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={**changes, "since": kept}))


def load_lights(connection: sa.Connection) -> dict[str, Light]:
    """Every light by the name of its invariant; one that was never proven is not there."""
    return {row["name"]: _light(row) for row in connection.execute(sa.select(lights)).mappings()}


def _light(row: Mapping[Any, Any]) -> Light:
    return Light(**{column.name: row[column.name] for column in lights.c})
