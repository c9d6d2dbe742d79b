"""Undone matches in the database: what lines were posted as before a person took that apart. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.domain.settlement import Placement
from trueup.storage.json_values import to_json
from trueup.storage.schema import metadata
from trueup.storage.suspense import LineAnswer

undone_matches = sa.Table(
    "undone_matches",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("remittance_id", sa.BigInteger, sa.ForeignKey("remittances.id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("placements", JSONB, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("chosen_by", sa.Text, nullable=False),
    sa.Column("chosen_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("undone_by", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.CheckConstraint("kind IN ('decision', 'match', 'grammar')", name="kind"),
    sa.CheckConstraint("approved_by IS NULL OR lower(approved_by) <> lower(undone_by)", name="two_persons"),
    sa.Index("ix_undone_matches_line", "remittance_id", "line", "id"),
    sa.Index("ix_undone_matches_at", "undone_at", "id"),
)


@dataclass(frozen=True, slots=True)
class Undoing:
    """Who took a match apart, who approved it where that takes two, when and why."""

    by: str
    approved_by: str | None
    at: datetime
    reason: str


def save_undoing(
    connection: sa.Connection,
    at: tuple[int, str, int],
    answer: LineAnswer | None,
    placements: Sequence[Placement],
    undoing: Undoing,
) -> None:
    """Keep what a line was posted as: `at` is (payment id, source, line). Without an answer its grammar had said so."""
    values: dict[str, Any] = {
        "remittance_id": at[0],
        "source": at[1],
        "line": at[2],
        "kind": answer.kind if answer else "grammar",
        "placements": to_json(tuple(placements)),
        "why": answer.said.why if answer else "what the line says of itself",
        "chosen_by": answer.said.by if answer else "trueup",
        "chosen_at": answer.said.at if answer else None,
        "undone_by": undoing.by,
        "approved_by": undoing.approved_by,
        "undone_at": undoing.at,
        "reason": undoing.reason,
    }
    connection.execute(sa.insert(undone_matches).values(values))
