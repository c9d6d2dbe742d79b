"""A warehouse counts ten thousand products in one file: a list of so many pairs was refused by the database as too deep."""

from __future__ import annotations

from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.storage.publications import load_publications
from trueup.storage.stock import end_departed


def test_ten_thousand_places_are_looked_at_at_once(database: Database, clock: ManualClock) -> None:
    """None of them is held or published, and that is said in no time."""
    places = [(f"SKU-{number:06d}", "main") for number in range(20_000)]
    with database.transaction() as connection:
        assert end_departed(connection, places, clock.now()) == []
        assert end_departed(connection, [], clock.now()) == []
        assert load_publications(connection, "shop", places, lock=True) == []
