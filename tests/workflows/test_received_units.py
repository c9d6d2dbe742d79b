"""What Amazon's reports say it received, against deliveries, orders and its own receipts: both numbers, and the money."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tests.contracts.retail_reports import inventory
from tests.workflows.bookkeeping import PARTNER
from tests.workflows.reported import HOUR, TERMS, Reported, begin, report
from trueup.base.money import UnitPrice
from trueup.checks.amazon_received_units import CHECK
from trueup.domain.catalog import Listing, Product
from trueup.domain.proofs import Proof, ProofKind
from trueup.domain.vendor_reports import ReportKind
from trueup.storage.database import Database
from trueup.storage.products import save_master
from trueup.storage.proofs import take_in_proofs

INVENTORY = replace(TERMS, kinds=(ReportKind.INVENTORY,), late_days=14, back_fill_days=40)


def _found(books: Reported) -> list[tuple[str, str, int | None]]:
    with books.database.transaction() as connection:
        drafts = list(CHECK.find(connection, books.world.proof_ground(connection, books.clock.now())))
    return [
        (each.expected, each.found[:20], each.money_at_risk.minor if each.money_at_risk else None) for each in drafts
    ]


def _order(books: Reported, eaches: int, at: datetime) -> None:
    with books.database.transaction() as connection:
        connection.exec_driver_sql(
            "WITH o AS (INSERT INTO trueup.orders (partner, number, vendor_code, state, revision, ordered_at,"
            " first_seen_at, history, again, runs) VALUES (%s, %s, 'NORDA', 'closed', 1, %s, %s, false, false, 0)"
            " RETURNING id) INSERT INTO trueup.order_lines SELECT id, 1, 'NORDA', 'LAMP-1', %s FROM o",
            (PARTNER, f"PO{eaches}", at, at, eaches),
        )


def _prove(books: Reported, kind: ProofKind, eaches: int, day: datetime) -> None:
    proof = Proof(kind, day.date(), "PO1", "", "LAMP-1", eaches, document=f"{kind.value} {eaches}")
    with books.database.transaction() as connection:
        take_in_proofs(connection, PARTNER, [proof], evidence="0" * 64, now=books.clock.now())


def test_received_units_are_held_against_deliveries_orders_and_receipts(database: Database) -> None:
    """140 units in 28 days: more than anybody ordered, then all explained, then unlike its receipts, then fewer than delivered."""
    with report(database, INVENTORY) as books:
        cost = UnitPrice(Decimal("10.00"), "USD")
        rows = [
            (Product(sku, sku), Listing("NORDA", sku, "B000000001", sku, cost)) for sku in ("LAMP-1", "LAMP-1-GIFT")
        ]
        with books.database.transaction() as connection:
            save_master(connection, rows, "0" * 64, books.clock.now())
        for ago in range(3, 45):
            books.tell(books.day(ago), inventory(100, received=5))
        begin(books)
        books.pass_time(HOUR)
        assert _found(books) == [
            ("0 units on all orders that may have been on their way, at most", "140 net received uni", 1400_00)
        ], "one case an ASIN, whatever products share it"
        _order(books, 150, books.day(60))
        assert _found(books) == []
        _prove(books, ProofKind.DELIVERED, 180, books.day(6))
        assert _found(books) == [], "what was delivered a few days ago may not be received yet"
        _prove(books, ProofKind.RECEIVED, 110, books.day(10))
        assert _found(books) == [("110 units on Amazon's own receipts of these days", "140 net received uni", 300_00)]
        _prove(books, ProofKind.DELIVERED, 190, books.day(20))
        assert _found(books) == [("190 units delivered up to ten days before", "140 net received uni", 500_00)]


def test_without_a_report_about_each_day_nothing_is_compared(database: Database) -> None:
    """A day that is not known may have received anything."""
    with report(database, replace(INVENTORY, back_fill_days=0)) as books:
        rows = [(Product("LAMP-1", "Lamp"), Listing("NORDA", "LAMP-1", "B000000001", "LAMP-1", None))]
        with books.database.transaction() as connection:
            save_master(connection, rows, "0" * 64, books.clock.now())
        for ago in range(3, 45):
            books.tell(books.day(ago), inventory(100, received=50))
        begin(books)
        books.pass_time(HOUR)
        assert books.held("netReceivedInventoryUnits") and _found(books) == []
