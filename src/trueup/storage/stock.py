"""Stock in the database: what orders hold of each product, and counts declared by hand or by a feed.

Whoever decides about a product or counts it locks its row first, always in the order of SKUs as Python sorts them, so that
two orders never promise the same case, and none waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level, Reservation
from trueup.domain.orders import OrderState
from trueup.domain.stock_ledger import Movement, MovementKind
from trueup.storage.bulk import among, among_pairs, given_rows
from trueup.storage.orders import orders
from trueup.storage.products import products
from trueup.storage.schema import metadata
from trueup.storage.stock_ledger import append_movements, load_levels, record_levels

stock = sa.Table(
    "stock",
    metadata,
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("declared_on_hand", sa.BigInteger),
    sa.Column("declared_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("evidence", sa.CHAR(64)),
)
reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Column("claimed_eaches", sa.BigInteger, nullable=False),
    sa.Column("shipped_eaches", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("reserved_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("claimed_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("decision", sa.BigInteger, nullable=False),
    sa.CheckConstraint("eaches > 0", name="eaches_positive"),
    sa.CheckConstraint("claimed_eaches BETWEEN 0 AND eaches", name="claimed_within"),
    sa.Index("ix_reservations_claimed", "sku", "location", "claimed_at"),
    sa.Index("ix_reservations_unclaimed", "sku", "location", postgresql_where=sa.text("claimed_eaches < eaches")),
)

FULFILLED_LATE = timedelta(days=60)
"""How long after its claim a closed order is taken to be committed in the shop still."""


def lock_stock(connection: sa.Connection, skus: Iterable[str], location: str) -> None:
    """Take the products' locks in SKU order, for the rest of the transaction."""
    wanted = sorted(set(skus))
    if not wanted:
        return
    given = given_rows({"sku": (sa.Text, wanted)})
    missing = insert(stock).from_select(["sku", "location"], sa.select(given.c.sku, sa.literal(location)))
    connection.execute(missing.on_conflict_do_nothing(index_elements=["sku", "location"]))
    connection.execute(
        sa.select(stock.c.sku)
        .where(among(stock.c.sku, wanted), stock.c.location == location)
        .order_by(stock.c.sku.collate("C"))
        .with_for_update()
    ).all()


def lock_places(connection: sa.Connection, places: Iterable[tuple[str, str]]) -> None:
    """Take the locks of (product, location), one location after the other, each in SKU order."""
    wanted = set(places)
    for location in sorted({at for _, at in wanted}):
        lock_stock(connection, [sku for sku, at in wanted if at == location], location)


def load_reservations(
    connection: sa.Connection,
    skus: Collection[str],
    location: str,
    *,
    order_id: int | None = None,
    seen_at: datetime | None = None,
) -> list[Reservation]:
    """What every order holds of the products at a location. A raised claim counts as not yet claimed by its rise.

    With `seen_at` all that other orders than `order_id` had claimed before then is left out: years of it are in the count.
    """
    if not skus:
        return []
    every = sa.select(reservations).where(among(reservations.c.sku, set(skus)), reservations.c.location == location)
    query: sa.Select[Any] | sa.CompoundSelect[Any] = every
    if seen_at is not None:
        # Each by its own index: together they would read all that was ever held of the products.
        query = sa.union(
            every.where(reservations.c.order_id == order_id),
            every.where(reservations.c.claimed_eaches < reservations.c.eaches),
            every.where(reservations.c.claimed_at >= seen_at),
        )
    found = []
    for row in connection.execute(query).mappings():
        common = (row["order_id"], row["sequence"], row["sku"], row["location"])
        if row["claimed_eaches"]:
            found.append(Reservation(*common, row["claimed_eaches"], row["claimed_at"]))
        if row["eaches"] > row["claimed_eaches"]:
            found.append(Reservation(*common, row["eaches"] - row["claimed_eaches"], None))
    return found


def claimed_by_others(connection: sa.Connection, order_id: int, level: Level, since: datetime | None = None) -> int:
    """Eaches that the shop was seen to hold for other orders when a level was read; with `since`, of what came after then.

    Of years of orders only those are summed that are open, or were claimed within FULFILLED_LATE: a shop goes on committing goods
    that have left for its buyer until somebody fulfils the order there.
    """
    claims = sa.select(reservations.c.order_id, reservations.c.sequence, reservations.c.claimed_eaches).where(
        reservations.c.sku == level.sku,
        reservations.c.location == level.location,
        reservations.c.order_id != order_id,
        reservations.c.claimed_eaches > 0,
        reservations.c.claimed_at <= level.observed_at,
    )
    if since is not None:
        counted = claims.where(reservations.c.claimed_at > since).subquery()
    else:
        still_open = sa.select(orders.c.id).where(orders.c.state != sa.literal_column(f"'{OrderState.CLOSED.value}'"))
        counted = sa.union(
            claims.where(reservations.c.order_id.in_(still_open)),
            claims.where(reservations.c.claimed_at > level.observed_at - FULFILLED_LATE),
        ).subquery()
    query = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(counted.c.claimed_eaches), 0), sa.BigInteger))
    eaches: int = connection.execute(query).scalar_one()
    return eaches


def held_by_open_orders(connection: sa.Connection, skus: Collection[str]) -> dict[str, int]:
    """By SKU, the eaches that orders hold which are not closed."""
    query = (
        sa.select(reservations.c.sku, sa.func.sum(reservations.c.eaches).label("eaches"))
        .join(orders, orders.c.id == reservations.c.order_id)
        .where(among(reservations.c.sku, set(skus)), orders.c.state != OrderState.CLOSED.value)
        .group_by(reservations.c.sku)
    )
    return {row.sku: int(row.eaches) for row in connection.execute(query)}


def load_order_reservations(connection: sa.Connection, order_id: int) -> dict[int, Reservation]:
    """What an order holds, by line."""
    rows = connection.execute(sa.select(reservations).where(reservations.c.order_id == order_id)).mappings()
    return {
        row["sequence"]: Reservation(
            order_id,
            row["sequence"],
            row["sku"],
            row["location"],
            row["eaches"],
            row["claimed_at"] if row["claimed_eaches"] == row["eaches"] else None,
        )
        for row in rows
    }


def save_reservations(connection: sa.Connection, wanted: Sequence[Reservation], decision: int, now: datetime) -> None:
    """Hold so many eaches for each line, instead of what it held before. What the shop has claimed already stays claimed."""
    if not wanted:
        return
    rows = [
        {
            "order_id": reservation.order_id,
            "sequence": reservation.sequence,
            "sku": reservation.sku,
            "location": reservation.location,
            "eaches": reservation.eaches,
            "claimed_eaches": 0,
            "reserved_at": now,
            "claimed_at": None,
            "decision": decision,
        }
        for reservation in wanted
    ]
    _tell_held(connection, wanted, decision, now)
    statement = insert(reservations)
    same = sa.and_(reservations.c.sku == statement.excluded.sku, reservations.c.location == statement.excluded.location)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id", "sequence"],
            set_={
                "sku": statement.excluded.sku,
                "location": statement.excluded.location,
                "eaches": statement.excluded.eaches,
                "decision": statement.excluded.decision,
                "claimed_eaches": sa.case(
                    (same, sa.func.least(reservations.c.claimed_eaches, statement.excluded.eaches)), else_=0
                ),
                "claimed_at": sa.case((same, reservations.c.claimed_at), else_=None),
                "shipped_eaches": sa.case(
                    (same, sa.func.least(reservations.c.shipped_eaches, statement.excluded.eaches)), else_=0
                ),
            },
        ),
        rows,
    )


def _tell_held(connection: sa.Connection, wanted: Sequence[Reservation], decision: int, now: datetime) -> None:
    """The ledger learns by how much more or less each line holds than before: what has shipped is released no more."""
    before = {
        (reservation.order_id, reservation.sequence): reservation
        for order_id in {each.order_id for each in wanted}
        for reservation in load_order_reservations(connection, order_id).values()
    }
    gone = sa.select(reservations.c.order_id, reservations.c.sequence, reservations.c.shipped_eaches).where(
        among(reservations.c.order_id, {each.order_id for each in wanted}), reservations.c.shipped_eaches > 0
    )
    shipped = {(row.order_id, row.sequence): int(row.shipped_eaches) for row in connection.execute(gone)}
    told = []
    for each in wanted:
        left = shipped.get((each.order_id, each.sequence), 0)
        held = before.get((each.order_id, each.sequence))
        reference = f"{each.order_id}/{each.sequence}/{decision}"
        if held is not None and (held.sku, held.location) != (each.sku, each.location):
            if held.eaches > left:
                told.append(_movement(held, MovementKind.RELEASED, held.eaches - left, now, f"{reference}/before"))
            held, left = None, 0
        more = max(each.eaches, left) - (held.eaches if held else 0)
        if more:
            kind = MovementKind.RESERVED if more > 0 else MovementKind.RELEASED
            told.append(_movement(each, kind, abs(more), now, reference))
    append_movements(connection, told)


def _movement(held: Reservation, kind: MovementKind, eaches: int, now: datetime, reference: str) -> Movement:
    return Movement(held.sku, held.location, kind, eaches, now, "reservations", reference)


def release_reservation(connection: sa.Connection, order_id: int, sequence: int, now: datetime) -> None:
    """The line holds nothing any more."""
    mine = sa.and_(reservations.c.order_id == order_id, reservations.c.sequence == sequence)
    _end(connection, mine, MovementKind.RELEASED, now)


def _end(
    connection: sa.Connection, which: sa.ColumnElement[bool], kind: MovementKind, now: datetime
) -> list[Reservation]:
    """Delete reservations and tell the ledger of what had not shipped; returns what they held."""
    rows = connection.execute(sa.delete(reservations).where(which).returning(reservations)).mappings().all()
    ended = [
        (
            Reservation(
                row["order_id"], row["sequence"], row["sku"], row["location"], row["eaches"], row["claimed_at"]
            ),
            row["eaches"] - row["shipped_eaches"],
            f"{row['order_id']}/{row['sequence']}/{row['decision']}/{kind.value}",
        )
        for row in rows
    ]
    told = [_movement(held, kind, left, now, reference) for held, left, reference in ended if left > 0]
    append_movements(connection, told)
    return sorted((held for held, _, _ in ended), key=lambda held: (held.order_id, held.sequence))


def mark_claimed(connection: sa.Connection, order_id: int, sequences: Collection[int], now: datetime) -> None:
    """The shop was seen to hold all that these lines of the order hold."""
    connection.execute(
        sa.update(reservations)
        .where(reservations.c.order_id == order_id, reservations.c.sequence.in_(list(sequences)))
        .where(reservations.c.claimed_eaches < reservations.c.eaches)
        .values(claimed_eaches=reservations.c.eaches, claimed_at=now)
    )


def load_unclaimed(
    connection: sa.Connection, skus: Iterable[str], location: str, since_before: datetime
) -> dict[str, int]:
    """By SKU, the eaches that orders have held since before then and no shop has claimed."""
    held = sa.func.sum(reservations.c.eaches - reservations.c.claimed_eaches)
    query = sa.select(reservations.c.sku, held.label("eaches")).where(
        among(reservations.c.sku, set(skus)),
        reservations.c.location == location,
        reservations.c.claimed_eaches < reservations.c.eaches,
        reservations.c.reserved_at < since_before,
    )
    return {row.sku: int(row.eaches) for row in connection.execute(query.group_by(reservations.c.sku))}


def declare_count(
    connection: sa.Connection, counts: Iterable[tuple[str, str, int]], evidence: str, now: datetime
) -> int:
    """Counts (sku, location, on hand) from a declared source: a warehouse's feed, or a person."""
    newest = {(sku, location): on_hand for sku, location, on_hand in sorted(counts)}
    if not newest:
        return 0
    skus, places = zip(*newest, strict=True)
    told = {"sku": (sa.Text, skus), "location": (sa.Text, places), "eaches": (sa.BigInteger, list(newest.values()))}
    given = given_rows(told)
    when = sa.literal(now, sa.TIMESTAMP(timezone=True))
    counted = sa.select(given.c.sku, given.c.location, given.c.eaches, when, sa.literal(evidence))
    columns = ("declared_on_hand", "declared_at", "evidence")
    statement = insert(stock).from_select(["sku", "location", *columns], counted)
    set_ = {name: statement.excluded[name] for name in columns}
    # Who began earlier and waited for the place says what was, not what is: the newer count stands, here as in the ledger.
    newer = sa.or_(stock.c.declared_at.is_(None), stock.c.declared_at <= statement.excluded.declared_at)
    connection.execute(statement.on_conflict_do_update(index_elements=["sku", "location"], set_=set_, where=newer))
    _tell_counts(connection, newest, evidence, now)
    return len(newest)


def _tell_counts(
    connection: sa.Connection, counts: Mapping[tuple[str, str], int], evidence: str, now: datetime
) -> None:
    query = sa.select(products.c.sku, products.c.declared_source).where(
        among(products.c.sku, {sku for sku, _ in counts})
    )
    sources = {row.sku: row.declared_source for row in connection.execute(query)}
    levels = [
        Level(
            sku,
            location,
            on_hand,
            0,
            on_hand,
            True,
            now,
            source=sources.get(sku) or CountSource.DECLARED.value,
            evidence=evidence,
        )
        for (sku, location), on_hand in counts.items()
    ]
    record_levels(connection, levels, CountSource.DECLARED)


def end_departed(connection: sa.Connection, counted: Collection[tuple[str, str]], now: datetime) -> list[Reservation]:
    """End what closed orders hold of (sku, location) that are counted anew: those goods are not in the new count.

    A buyer closes an order when it has all of it, so they had left before anybody counted. An order that is not known to be
    closed goes on holding: its goods may lie there and be counted, and ending by a date of its window could promise them
    twice. Too late costs a sale, too early an oversell.
    """
    if not counted:
        return []
    gone = sa.and_(
        reservations.c.order_id == orders.c.id,
        orders.c.state == OrderState.CLOSED.value,
        among_pairs(reservations.c.sku, reservations.c.location, counted),
    )
    return _end(connection, gone, MovementKind.SHIPPED, now)


def holds_declared(connection: sa.Connection, order_id: int) -> bool:
    """Whether an order holds goods of which a count was declared."""
    same = sa.and_(stock.c.sku == reservations.c.sku, stock.c.location == reservations.c.location)
    query = sa.select(reservations.c.sku).join(stock, same)
    query = query.where(reservations.c.order_id == order_id, stock.c.declared_on_hand.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def load_declared(connection: sa.Connection, skus: Iterable[str], location: str) -> list[Level]:
    """Declared counts as levels. All we ever reserved since the count is held by us and not known to it."""
    return load_levels(connection, set(skus), location, CountSource.DECLARED)
