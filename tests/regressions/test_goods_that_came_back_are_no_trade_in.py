"""An item made of goods that a buyer sent back was taken for a trade-in that nobody had told of: a case for each of them."""

from __future__ import annotations

from tests.workflows.traded_in import Trading, trade
from trueup.base.money import Money
from trueup.domain.circular import Visibility
from trueup.domain.vendor_returns import ReturnedUnit
from trueup.storage.database import Database
from trueup.storage.vendor_returns import append_returns
from trueup.workflows.find_trade_ins import differences


def _told(books: Trading, serial: str) -> list[str]:
    item = {"id": 9, "serial": serial, "minor": 21000, "currency": "USD"}
    return [draft.kind for draft in books.act(lambda tx: list(differences(tx, "shelf", [item])))]


def test_an_item_that_came_back_is_owed_to_nobody(database: Database) -> None:
    """Its cost is what the buyer had agreed to pay; one that nobody speaks of still asks for its trade-in."""
    with trade(database) as books:
        with database.transaction() as connection:
            order = connection.exec_driver_sql(_ORDER).scalar_one()
            unit = ReturnedUnit(
                0, order, 1, "TENT-2", "shelf", "TN-0207", Visibility.UNAVAILABLE, Money.of("210", "USD")
            )
            append_returns(connection, [unit], by="Olga", evidence="0" * 64, now=books.clock.now())
        assert _told(books, "TN-0207") == []
        assert _told(books, "TN-0208") == ["trade-in.no-credit"]


_ORDER = """
INSERT INTO trueup.orders (partner, number, vendor_code, state, revision, ordered_at, first_seen_at, history, again, runs)
VALUES ('amazon-us', '4RETENTS', 'RIVRE', 'closed', 1, now(), now(), false, false, 0) RETURNING id
"""
