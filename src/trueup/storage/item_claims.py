"""Claims of purchase orders on single items in the database: one open claim an item, whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.domain.circular_units import OPEN_CLAIMS, Claim, ClaimState
from trueup.storage.bulk import among_pairs
from trueup.storage.schema import metadata

_OPEN = ", ".join(f"'{state.value}'" for state in OPEN_CLAIMS)

item_claims = sa.Table(
    "item_claims",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("item", sa.BigInteger, nullable=False),
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Index("uq_item_claims_open", "programme", "item", unique=True, postgresql_where=sa.text(f"state IN ({_OPEN})")),
    sa.Index("ix_item_claims_order", "order_id", "sequence"),
)


def make_claims(connection: sa.Connection, wanted: Iterable[Claim], now: datetime) -> int:
    """Claim items that nobody claims; returns how many were. One that somebody else claimed meanwhile is left to them."""
    rows = [
        {
            "programme": claim.programme,
            "item": claim.item,
            "order_id": claim.order_id,
            "sequence": claim.sequence,
            "sku": claim.sku,
            "state": ClaimState.WANTED.value,
            "made_at": now,
            "changed_at": now,
            "evidence": "",
            "why": "chosen",
        }
        for claim in wanted
    ]
    made = 0
    for row in rows:
        made += connection.execute(
            insert(item_claims)
            .values(**row)
            .on_conflict_do_nothing(index_elements=["programme", "item"], index_where=sa.text(f"state IN ({_OPEN})"))
        ).rowcount
    return made


def move_claim(
    connection: sa.Connection, claim: int, state: ClaimState, *, why: str, evidence: str = "", now: datetime
) -> None:
    """It is that far now."""
    values = {"state": state.value, "why": why, "changed_at": now} | ({"evidence": evidence} if evidence else {})
    connection.execute(sa.update(item_claims).where(item_claims.c.id == claim).values(**values))


def mark_writing(connection: sa.Connection, claim: int, now: datetime) -> None:
    """Its withholding is about to be written."""
    connection.execute(
        sa.update(item_claims)
        .where(item_claims.c.id == claim, item_claims.c.state == ClaimState.WANTED.value)
        .values(state=ClaimState.WITHHOLDING.value, why="being withheld", changed_at=now)
    )


def was_writing(connection: sa.Connection, claim: int) -> bool:
    """Whether its withholding may have been written."""
    query = sa.select(item_claims.c.state).where(item_claims.c.id == claim)
    return bool(connection.execute(query).scalar_one() == ClaimState.WITHHOLDING)


def load_order_claims(connection: sa.Connection, order_id: int, *, only_open: bool = True) -> list[Claim]:
    """What an order claims, by line and item; locked, so that two runs do not settle one claim."""
    query = sa.select(item_claims).where(item_claims.c.order_id == order_id)
    if only_open:
        query = query.where(item_claims.c.state.in_([state.value for state in OPEN_CLAIMS]))
    query = query.order_by(item_claims.c.sequence, item_claims.c.item, item_claims.c.id).with_for_update()
    return [claim_of(row) for row in connection.execute(query).mappings()]


def load_claim(connection: sa.Connection, claim: int) -> Claim:
    """One claim."""
    return claim_of(connection.execute(sa.select(item_claims).where(item_claims.c.id == claim)).mappings().one())


def load_open_claims(connection: sa.Connection, items: Collection[tuple[str, int]]) -> dict[tuple[str, int], Claim]:
    """The open claim on each of these items (programme, id)."""
    if not items:
        return {}
    query = sa.select(item_claims).where(
        item_claims.c.state.in_([state.value for state in OPEN_CLAIMS]),
        among_pairs(item_claims.c.programme, item_claims.c.item, items),
    )
    return {(row["programme"], row["item"]): claim_of(row) for row in connection.execute(query).mappings()}


def claimed_items(connection: sa.Connection) -> list[tuple[str, int]]:
    """Every item with an open claim."""
    query = sa.select(item_claims.c.programme, item_claims.c.item).where(
        item_claims.c.state.in_([state.value for state in OPEN_CLAIMS])
    )
    return [(row.programme, row.item) for row in connection.execute(query.order_by(item_claims.c.id))]


def orders_with_claims(connection: sa.Connection) -> list[int]:
    """Orders that claim items, or are giving them up."""
    query = sa.select(item_claims.c.order_id).where(item_claims.c.state.in_([state.value for state in OPEN_CLAIMS]))
    return list(connection.execute(query.distinct().order_by(item_claims.c.order_id)).scalars())


def claim_of(row: Any) -> Claim:
    """A row as a claim."""
    return Claim(
        id=row["id"],
        programme=row["programme"],
        item=row["item"],
        order_id=row["order_id"],
        sequence=row["sequence"],
        state=ClaimState(row["state"]),
        made_at=row["made_at"],
        sku=row["sku"],
    )


def forget_lost(connection: sa.Connection, order_id: int, sequence: int, now: datetime) -> None:
    """A line may be given again what it claimed and did not get: who had it may have let it go."""
    lost = (
        item_claims.c.order_id == order_id,
        item_claims.c.sequence == sequence,
        item_claims.c.state == ClaimState.LOST.value,
    )
    done = sa.update(item_claims).where(*lost).values(state=ClaimState.RELEASED.value, changed_at=now)
    connection.execute(done)


def load_lost(connection: sa.Connection, order_id: int) -> set[tuple[str, int]]:
    """Items (programme, id) that an order claimed and did not get: not chosen for it again."""
    query = sa.select(item_claims.c.programme, item_claims.c.item).where(
        item_claims.c.order_id == order_id, item_claims.c.state == ClaimState.LOST.value
    )
    return {(row.programme, row.item) for row in connection.execute(query)}
