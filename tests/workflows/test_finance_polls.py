"""Remittances and invoice statuses by API: all of a year, late changes, half-offered accounts, faults and crashes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.workflows.bookkeeping import PARTNER, invoice
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere
from tests.workflows.financed import Financed, ask, finance
from trueup.domain.chart import Purpose
from trueup.simulation.ledger import read_ledger
from trueup.simulators.amazon.faults import FaultKind
from trueup.storage.database import Database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_year_of_payments_is_fetched_and_settled_once(database: Database) -> None:
    """Every window back to a year; the next rounds change nothing; each page is in the archive before it is read."""
    with finance(database) as books:
        books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
        books.pay("700001", ("INV-1", "100.00"), ("INV-1SC", "-30.00"), paid_at=books.clock.now() - 200 * DAY)
        books.pay("700002", ("INV-2", "50.00"))
        books.pay("600000", ("INV-0", "1.00"), paid_at=books.clock.now() - 400 * DAY)
        ask(books)
        books.pass_time(2 * HOUR)
        assert books.balance(Purpose.CASH) == 120_00 and books.balance(Purpose.DISPUTED) == 30_00
        assert [case[0] for case in books.open_cases()] == ["claim.shortage"]
        (kept,) = books.rows("SELECT count(*) FROM trueup.documents WHERE kind IN ('remittance', 'remittance-list')")
        after = books.balances()
        books.pass_time(3 * DAY)
        assert books.balances() == after and books.source()[0] == 0 and kept[0] > 5
        told = books.rows("SELECT payment, source, unique_id FROM trueup.remittances ORDER BY payment")
        assert [tuple(row) for row in told] == [
            ("700001", "finance-api", "U700001"),
            ("700002", "finance-api", "U700002"),
        ]
        books.check()


def test_what_amazon_changes_later_is_seen_and_posted_as_a_difference(database: Database) -> None:
    """In progress posts nothing; successful posts; a line that comes a week later is a correction; failed takes back."""
    with finance(database) as books:
        books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
        now = books.clock.now()
        books.pay("1", ("INV-1", "100.00"), status="IN_PROGRESS", paid_at=now - HOUR)
        books.pay("1", ("INV-1", "100.00"), paid_at=now - HOUR, visible_at=now + 2 * DAY)
        books.pay("1", ("INV-1", "100.00"), ("INV-2", "50.00"), paid_at=now - HOUR, visible_at=now + 9 * DAY)
        ask(books)
        books.pass_time(DAY)
        assert books.balances() == {}
        books.pass_time(2 * DAY)
        assert books.balance(Purpose.CASH) == 100_00
        books.pass_time(8 * DAY)
        assert books.balance(Purpose.CASH) == 150_00
        kinds = [row[0] for row in books.rows("SELECT kind FROM trueup.journal_entries ORDER BY id")]
        assert kinds == ["remittance", "correction"]
        books.pay(
            "1", ("INV-1", "100.00"), ("INV-2", "50.00"), paid_at=now - HOUR, status="FAILED", visible_at=now + 12 * DAY
        )
        books.pass_time(3 * DAY)
        assert books.balances() == {}
        books.check()


def test_an_account_that_is_not_offered_the_apis_is_left_in_peace(database: Database) -> None:
    """No case, no failure, asked once a day; when it is offered, everything comes."""
    with finance(database, roles=("Amazon Fulfillment",)) as books:
        ask(books)
        books.pass_time(2 * DAY + HOUR)
        assert books.open_cases() == [] and books.source()[:2] == (0, "")
        assert books.rows("SELECT round FROM trueup.sources WHERE query = 'remittances'") == [(4,)]


def test_a_broken_authorisation_is_told_at_once(database: Database) -> None:
    """It looks like a refusal, but a probe tells the two apart."""
    with finance(database) as books:
        books.amazon.add_fault({"kind": "token_refused", "count": None})
        ask(books)
        books.pass_time(timedelta(minutes=3))
        assert {case[0] for case in books.open_cases()} == {"source.failing"}


def test_faults_of_the_network_lose_nothing(database: Database) -> None:
    """Errors, throttling, garbled replies and empty pages: tried again until all is here."""
    with finance(database) as books:
        books.bill(*(invoice(f"INV-{place}", 100_00) for place in range(5)))
        for place in range(5):
            books.pay(f"70{place}", (f"INV-{place}", "100.00"))
        for kind in (FaultKind.SERVER_ERROR, FaultKind.THROTTLED, FaultKind.MALFORMED_JSON, FaultKind.EMPTY_PAGE):
            books.amazon.add_fault({"kind": kind.value, "probability": 0.3, "count": 8})
        ask(books)
        books.pass_time(DAY)
        assert books.balance(Purpose.CASH) == 500_00
        assert [case for case in books.open_cases() if case[0] != "source.failing"] == []


def test_a_payment_of_many_pages_is_settled_whole(database: Database) -> None:
    """Its lines come six hundred a page; half a payment is none; the evidence is all pages, in the archive."""
    with finance(database) as books:
        books.pay("9", *((f"INV-{place}", "1.00") for place in range(1300)))
        ask(books)
        books.pass_time(HOUR)
        (row,) = books.rows("SELECT line_count, tie_minor, evidence FROM trueup.remittances")
        assert tuple(row)[:2] == (1300, 0)
        assert books.rows("SELECT count(*) FROM trueup.documents WHERE digest = :d", d=row[2]) == [(1,)]


def _ledger(books: Financed) -> dict[str, list[str]]:
    with books.database.transaction() as connection:
        ledger = read_ledger(lambda text: connection.exec_driver_sql(text).all(), {})
    return {name: sorted(map(str, found)) for name, found in ledger.items()}


def test_a_worker_killed_at_any_effect_of_a_poll_changes_nothing(new_database: NewDatabase) -> None:
    """Requests and transactions are counted; whichever is the last, someone goes on and the books are the same."""

    def live(fate: Fate) -> dict[str, list[str]]:
        with new_database() as database, finance(database) as books:
            books.bill(invoice("INV-1", 100_00))
            now = books.clock.now()
            books.pay("1", ("INV-1", "100.00"), ("INV-1SC", "-10.00"), status="IN_PROGRESS", paid_at=now - HOUR)
            books.pay("1", ("INV-1", "100.00"), ("INV-1SC", "-10.00"), paid_at=now - HOUR, visible_at=now + HOUR)
            books.engine.fate = fate
            ask(books)
            books.pass_time(7 * HOUR)
            return _ledger(books)

    assert any("claim.shortage" in row for row in kill_everywhere(live)["cases"])


def test_invoice_statuses_are_kept_with_the_reasons_of_those_that_are_short(database: Database) -> None:
    """Headers of all, lines of what Amazon does not pay whole; a later change is found; a claim gets its cause."""
    with finance(database) as books:
        books.bill(invoice("INV-1", 100_00), invoice("INV-2", 100_00))
        books.amazon.add_invoices([_shown(books, "INV-1"), _shown(books, "INV-2", short=40)])
        books.pay("1", ("INV-1", "100.00"), ("INV-2", "100.00"), ("INV-2SC", "-40.00"))
        ask(books)
        books.pass_time(2 * HOUR)
        kept = books.rows("SELECT reference, status, complete FROM trueup.amazon_invoices ORDER BY 1")
        assert [tuple(row) for row in kept] == [("INV1", "paid", False), ("INV2", "partially-paid", True)]
        ((owner, title),) = books.rows("SELECT owner, title FROM trueup.cases WHERE kind = 'claim.shortage'")
        assert owner == "operations" and "SHORTAGES_IN_TRANSIT" in title
        assert [case[0] for case in books.open_cases()] == ["claim.shortage"]
        changed = _shown(books, "INV-1", short=10)
        changed["invoiceHeader"]["lastUpdatedDate"] = "2026-11-03T00:00:00Z"
        books.amazon.add_invoices([changed])
        books.pass_time(DAY)
        assert books.rows("SELECT status FROM trueup.amazon_invoices WHERE reference = 'INV1'") == [("partially-paid",)]
        assert ("invoice.amazon-paid", f"invoice {PARTNER}/INV-1", 10_00) in books.open_cases()


def _shown(books: Financed, number: str, short: int = 0) -> dict[str, Any]:
    """An invoice of ten at ten dollars as Amazon has it, of which it took some dollars."""

    def dollars(amount: int) -> dict[str, str]:
        return {"currencyCode": "USD", "currencyAmount": f"{amount}.00"}

    paid = [{"breakdownType": "AmountPaid", "breakdownAmount": dollars(100 - short)}]
    if short:
        paid.append({"breakdownType": "QuantityVarianceAmount", "breakdownAmount": dollars(short)})
    matching: dict[str, Any] = {
        "matchedQuantity": 10 - short // 10,
        "matchedAmount": dollars(100 - short),
        "quantityVariance": short // 10,
    }
    if short:
        matching["varianceReasons"] = [{"varianceType": "PQV", "defectTypes": ["SHORTAGES_IN_TRANSIT"]}]
    party = {"partnerId": "X", "partnerType": "VENDOR", "partnerName": "N", "partnerEntities": ["NORDA"]}
    return {
        "marketplaceId": "ATVPDKIKX0DER",
        "invoiceHeader": {
            "invoiceNumber": number,
            "invoiceIdentifier": f"{number}~NORDA",
            "invoiceStatus": "PARTIALLY_PAID" if short else "PAID",
            "invoiceType": "AP_INVENTORY",
            "payer": party,
            "payee": party,
            "issueDate": "2026-09-01T08:00:00Z",
            "creationDate": "2026-09-01T08:00:00Z",
            "lastUpdatedDate": "2026-11-02T11:00:00Z",
            "invoiceAmount": dollars(100),
            "invoiceSettlementBreakdowns": paid,
            "relatedIdentifiers": [{"relatedIdentifierName": "PAYEE_CODE", "relatedIdentifierValue": ["NORDA"]}],
        },
        "invoiceItems": [
            {
                "lineItemId": "1",
                "quantity": 10,
                "unitCost": dollars(10),
                "totalAmount": dollars(100),
                "lineItemContext": {"lineItemType": "GOODS", "itemIdentifiers": [], "matchingContext": matching},
            }
        ],
    }
