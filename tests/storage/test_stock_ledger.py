"""The stock ledger in PostgreSQL: levels, history and supplies come out the same in any order, and as the domain says."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.checks import Ground
from trueup.checks.stock_ledger import find_unbalanced
from trueup.domain.catalog import CountSource, Product
from trueup.domain.inventory import Level, Reservation, weigh
from trueup.domain.stock_ledger import Movement, MovementKind, Place, balances
from trueup.storage import stock, supplies
from trueup.storage.database import Database
from trueup.storage.orders import orders
from trueup.storage.products import COUNTED, save_master
from trueup.storage.shipped_stock import note_shipped
from trueup.storage.shop_products import Neighbours, save_shop_products
from trueup.storage.stock_ledger import (
    append_movements,
    load_levels,
    load_movements,
    load_observations,
    record_levels,
    stock_observations,
)

SKUS = ["A", "B", "C"]


def level(sku: str, at: datetime, eaches: int, committed: int = 0) -> Level:
    """What the shop said."""
    return Level(sku, "main", eaches, committed, eaches + committed, True, at, source="shop", evidence="e" * 64)


def state_of(connection: sa.Connection) -> Any:
    """Levels and the history of all products."""
    levels = sorted(load_levels(connection, SKUS, "main", CountSource.SHOP), key=lambda each: each.sku)
    return levels, [load_observations(connection, sku, "main") for sku in SKUS]


@pytest.mark.parametrize("seed", range(4))
def test_observations_in_any_order_end_the_same(database: Database, clock: ManualClock, seed: int) -> None:
    """One by one, in batches, late, twice: levels are the newest, and the history ends with them."""
    chance = random.Random(seed)
    at = clock.now()
    told = [level(chance.choice(SKUS), at + timedelta(minutes=minute), chance.randrange(4)) for minute in range(40)]
    with database.engine.begin() as connection:
        for each in told:
            record_levels(connection, [each], CountSource.SHOP)
        straight = state_of(connection)
        record_levels(connection, told, CountSource.SHOP)
        assert state_of(connection) == straight, "told again"
        connection.execute(sa.text("TRUNCATE trueup.stock_levels"))
        connection.rollback()
    shuffled = chance.sample(told + told[::3], len(told) + len(told[::3]))
    with database.engine.begin() as connection:
        for start in range(0, len(shuffled), 7):
            record_levels(connection, shuffled[start : start + 7], CountSource.SHOP)
        levels, histories = state_of(connection)
    assert levels == straight[0]
    said = {(each.sku, each.on_hand, each.observed_at) for each in told}
    for sku, newest, found in zip(SKUS, levels, histories, strict=True):
        assert {(sku, each.on_hand, each.observed_at) for each in found} <= said
        assert found[-1].on_hand == newest.on_hand, "the history ends with the level"


def test_an_unchanged_count_grows_no_history(database: Database, clock: ManualClock) -> None:
    """A sweep that finds what is known writes only that it was confirmed."""
    with database.engine.begin() as connection:
        record_levels(connection, [level("A", clock.now(), 7)], CountSource.SHOP)
        later = clock.now() + timedelta(hours=1)
        assert record_levels(connection, [level("A", later, 7)], CountSource.SHOP) == 0
        assert load_levels(connection, ["A"], "main", CountSource.SHOP)[0].observed_at == later
        assert connection.execute(sa.select(sa.func.count()).select_from(stock_observations)).scalar_one() == 1


def _order(connection: sa.Connection, number: int, state: str, now: datetime) -> None:
    connection.execute(
        sa.insert(orders).values(
            partner="amazon-us",
            number=f"PO{number}",
            vendor_code="NORDA",
            state=state,
            revision=1,
            ordered_at=now,
            first_seen_at=now,
            history=False,
            again=False,
            runs=0,
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_supplies_in_one_statement_are_what_the_domain_weighs(
    database: Database, clock: ManualClock, seed: int
) -> None:
    """For random reservations, claimed before or after the count or not at all, of open and closed orders."""
    chance = random.Random(seed)
    now = clock.now()
    with database.engine.begin() as connection:
        save_master(
            connection,
            [(Product("A", "A"), None), (Product("B", "B", declared_source="warehouse"), None)],
            "0" * 64,
            now,
        )
        save_shop_products(
            connection,
            Neighbours("shop"),
            [Product("A", "A", tracked=True, shop_item="i", shop_variant="v")],
            "0" * 64,
            now,
        )
        for number in range(1, 9):
            _order(connection, number, chance.choice(["new", "closed"]), now)
            sku = chance.choice(["A", "B"])
            stock.save_reservations(
                connection, [Reservation(number, 1, sku, "main", chance.randrange(1, 9))], number, now
            )
            if chance.random() < 0.6:
                stock.mark_claimed(connection, number, [1], now + timedelta(minutes=chance.randrange(-9, 9)))
        record_levels(connection, [level("A", now, 50, 4)], CountSource.SHOP)
        stock.declare_count(connection, [("B", "main", 40)], "0" * 64, now)
        sold = Movement("B", "main", MovementKind.SOLD, 3, now + timedelta(minutes=1), "shop", "order 1")
        assert append_movements(connection, [sold, sold]) == 1
        found = {supply.level.sku: supply for supply, _ in supplies.load_supplies(connection, "main")}
        chosen = supplies.load_supplies(connection, "main", ["A"])
        assert [supply for supply, _ in chosen] == [found["A"]]
        for sku in ("A", "B"):
            held = stock.load_reservations(connection, [sku], "main")
            if sku == "B":
                held = [Reservation(*(each.order_id, 1, sku, "main", each.eaches)) for each in held]
            weighed = weigh(found[sku].level, held, for_order=0)
            assert found[sku].held == weighed.held, sku
            assert found[sku].held_known <= weighed.held_known
            ledger = balances(load_movements(connection, sku, "main"))
            assert ledger[Place.WHOLESALE] == sum(each.eaches for each in held), (
                "the ledger holds what reservations hold"
            )
        assert (found["A"].moved, found["B"].moved) == (0, -3)


def test_what_has_shipped_is_not_released_again(database: Database, clock: ManualClock) -> None:
    """Partly shipped, a line is lowered beneath what left, raised, moved and ended: the ledger comes to what is held still."""
    now = clock.now()
    with database.engine.begin() as connection:
        _order(connection, 1, "new", now)
        for number, (sku, eaches, left) in enumerate([("A", 10, 8), ("A", 5, 0), ("A", 9, 2), ("B", 10, 4)], 1):
            stock.save_reservations(connection, [Reservation(1, 1, sku, "main", eaches)], number, now)
            assert list(find_unbalanced(connection, cast("Ground", None))) == []
            if left:
                gone = Movement(sku, "main", MovementKind.SHIPPED, left, now, "shop", f"parcel {number}")
                assert note_shipped(connection, 1, gone) == left
                append_movements(connection, [gone])
            assert list(find_unbalanced(connection, cast("Ground", None))) == []
        stock.release_reservation(connection, 1, 1, now)
        assert list(find_unbalanced(connection, cast("Ground", None))) == []


def test_the_ledger_follows_every_change_of_a_reservation(database: Database, clock: ManualClock) -> None:
    """Raised, lowered, moved to another product, released: its balance is what is held, and its rows never change."""
    now = clock.now()
    with database.engine.begin() as connection:
        _order(connection, 1, "new", now)
        for number, (sku, eaches) in enumerate([("A", 6), ("A", 10), ("A", 4), ("B", 5)], 1):
            stock.save_reservations(connection, [Reservation(1, 1, sku, "main", eaches)], number, now)
            held = {each: balances(load_movements(connection, each, "main"))[Place.WHOLESALE] for each in ("A", "B")}
            assert held == {"A": eaches if sku == "A" else 0, "B": eaches if sku == "B" else 0}
            assert list(find_unbalanced(connection, cast("Ground", None))) == []
        connection.execute(sa.text("UPDATE trueup.reservations SET eaches = 7, claimed_eaches = 0"))
        [case] = find_unbalanced(connection, cast("Ground", None))
        assert case.title == "Reservations hold 7 of B at main, its movements come to 5"
        connection.execute(sa.text("UPDATE trueup.reservations SET eaches = 5"))
        stock.release_reservation(connection, 1, 1, now)
        assert balances(load_movements(connection, "B", "main"))[Place.WHOLESALE] == 0
    with pytest.raises(sa.exc.DBAPIError), database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM trueup.stock_movements"))


@pytest.mark.parametrize("tracked", [True, False, None])
@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("declared", [None, "", "warehouse", "supercycle", "Supercycle"])
def test_the_rule_of_counting_is_one(
    database: Database, tracked: bool | None, circular: bool, declared: str | None
) -> None:
    """The statement and the domain say the same of every product."""
    product = Product("A", "A", tracked=tracked, circular=circular, declared_source=declared)
    with database.engine.begin() as connection:
        found = connection.execute(
            sa.text(
                f"SELECT {COUNTED} FROM (SELECT CAST(:tracked AS boolean) AS tracked, CAST(:circular AS boolean) "
                f"AS circular, CAST(:declared AS text) AS declared_source) AS p"
            ),
            {"tracked": tracked, "circular": circular, "declared": declared},
        ).scalar_one()
    assert found == product.count_source.value
