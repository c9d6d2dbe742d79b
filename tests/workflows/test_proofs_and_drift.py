"""Orders of the shop, Amazon's word and proofs of delivery, held against what was billed and paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.ids import digest_of
from trueup.base.money import Money, UnitPrice
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine, AmazonInvoiceStatus, VarianceReason
from trueup.domain.cases import Resolution
from trueup.domain.chart import Purpose
from trueup.domain.invoices import InvoiceLine
from trueup.domain.sales_orders import ShownLine, ShownOrder
from trueup.storage.amazon_invoices import save_witness
from trueup.storage.database import Database
from trueup.storage.sales_orders import SavedSalesOrder, save_sales_order
from trueup.workflows.claim_causes import route_claims
from trueup.workflows.import_proofs import import_proofs
from trueup.workflows.prove_books import every_check, prove
from trueup.workflows.resolve_case import resolve_case
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

NOBODY = "0" * 64


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def sold(books: Bookkeeping, number: str, eaches: int, price: int, **more: Any) -> None:
    """The shop holds an order of so many eaches at so many cents."""
    ordered_at = more.pop("ordered_at", datetime(2026, 8, 20, 9, tzinfo=UTC))

    def save(tx: Tx) -> None:
        order_id = tx.connection.execute(
            sa.text(
                "INSERT INTO trueup.orders (partner, number, vendor_code, state, revision, ordered_at, first_seen_at, history,"
                " again, runs) VALUES (:partner, :number, 'NORDA', 'acknowledged', 1, :at, :at, false, false, 0) RETURNING id"
            ),
            {"partner": PARTNER, "number": number, "at": ordered_at},
        ).scalar_one()
        shown = ShownOrder(
            f"gid://{number}",
            f"#{number}",
            number,
            more.pop("cancelled", False),
            (ShownLine("1", "LAMP-1", "v", eaches, Money(price, "USD"), "main", 1),),
        )
        saved = SavedSalesOrder("shop", shown, True, NOBODY, "", tx.now, NOBODY)
        save_sales_order(tx.connection, order_id, number, saved)

    books.act(save)


def cases(books: Bookkeeping, prefix: str) -> list[tuple[str, str, int]]:
    return [case for case in books.open_cases() if case[0].startswith(prefix)]


def test_each_order_is_paid_what_the_shop_says_it_is_worth(books: Bookkeeping) -> None:
    """Too little, without an order, and never: each with its money. What agrees, or still has time, is no case."""
    for number, eaches in (("PO-A", 10), ("PO-B", 10), ("PO-C", 10), ("PO-D", 10)):
        sold(books, number, eaches, 10_00)
    books.bill(
        invoice("INV-A", 110_00, tax=Money(10_00, "USD"), purchase_order="PO-A"),
        invoice("INV-B", 90_00, purchase_order="PO-B"),
        invoice("INV-C", 100_00, purchase_order="PO-C", due_on=date(2026, 12, 1)),
        invoice("INV-X", 33_00, purchase_order="PO-X"),
    )
    books.take_in(payment("P1", line("INV-A", 110_00), line("INV-B", 90_00), line("INV-X", 33_00)))
    books.act(prove, "settlement-drift")
    assert cases(books, "settlement.") == [
        ("settlement.drift", f"order {PARTNER}/PO-B USD", 10_00),
        ("settlement.no-order", f"order {PARTNER}/PO-X USD", 33_00),
    ]
    books.clock.move_to(datetime(2026, 12, 20, tzinfo=UTC))
    books.act(prove, "settlement-drift")
    assert [case for case in cases(books, "settlement.") if case[0] == "settlement.orphan"] == [
        ("settlement.orphan", f"order {PARTNER}/PO-C USD", 100_00),
        ("settlement.orphan", f"order {PARTNER}/PO-D USD", 100_00),
    ]
    books.take_in(payment("P2", line("INV-C", 100_00), paid_on=date(2026, 12, 15)))
    books.act(prove, "settlement-drift")
    assert ("settlement.orphan", f"order {PARTNER}/PO-C USD", 100_00) not in books.open_cases()


def test_a_claim_is_its_own_case_and_no_drift(books: Bookkeeping) -> None:
    """Amazon pays an invoice in full and claims beside it: the order is settled, the claim is disputed by itself."""
    sold(books, "PO-A", 10, 10_00)
    books.bill(invoice("INV-A", 100_00, purchase_order="PO-A"))
    books.take_in(payment("P1", line("INV-A", 100_00), line("INV-ASC", -30_00)))
    books.act(prove, "settlement-drift")
    assert cases(books, "settlement.") == []


def test_history_from_before_the_shop_is_no_payment_without_an_order(books: Bookkeeping) -> None:
    """A new customer starts with imported invoices; the shop was not there yet."""
    sold(books, "PO-A", 10, 10_00, ordered_at=datetime(2026, 10, 1, tzinfo=UTC))
    books.bill(invoice("INV-OLD", 55_00, purchase_order="PO-OLD"))
    books.take_in(payment("P1", line("INV-OLD", 55_00)))
    books.act(prove, "settlement-drift")
    assert cases(books, "settlement.") == []


def said(number: str, amount: int, *lines: AmazonInvoiceLine, **more: Any) -> AmazonInvoice:
    """What Amazon says of an invoice on the first of November."""
    values: dict[str, Any] = {
        "number": number,
        "identifier": f"{number}~NORDA",
        "payee": "NORDA",
        "status": AmazonInvoiceStatus.PAID,
        "type": "AP_INVENTORY",
        "issued_on": date(2026, 9, 1),
        "amount": Money(amount, "USD"),
        "changed_at": datetime(2026, 11, 1, tzinfo=UTC),
        "lines": lines,
        "complete": bool(lines),
    }
    return AmazonInvoice(**{**values, **more})


def witness(books: Bookkeeping, *invoices: AmazonInvoice) -> None:
    """Amazon tells so."""

    def save(tx: Tx) -> None:
        for each in invoices:
            save_witness(tx.connection, PARTNER, each, digest_of(each.number.encode()), tx.now)
            route_claims(tx, PARTNER, [each.number])

    books.act(save)
    books.act(prove, "amazon-invoices")


def test_where_amazon_contradicts_the_remittance_or_the_invoice_both_numbers_are_told(books: Bookkeeping) -> None:
    """Another amount, another payment, a payment no remittance tells of, one it rejected, one it never had."""
    books.bill(*(invoice(f"INV-{name}", 100_00, issued_on=date(2026, 9, 1)) for name in "ABCDEF"))
    books.take_in(payment("P1", line("INV-A", 100_00), line("INV-B", 98_00, discount=2_00), line("INV-C", 100_00)))
    witness(
        books,
        said("INV-A", 100_00, settlement={"AmountPaid": 100_00}, related={"UNIQUE_PAYMENT_IDS": ("P1",)}),
        said("INV-B", 100_00, settlement={"AmountPaid": 98_00, "QuickPayDiscount": 2_00}),
        said("INV-C", 90_00, settlement={"AmountPaid": 90_00}),
        said("INV-D", 100_00, settlement={"AmountPaid": 100_00}, related={"UNIQUE_PAYMENT_IDS": ("P9",)}),
        said("INV-E", 100_00, status=AmazonInvoiceStatus.REJECTED),
        said("INV-Z", 1_00),
    )
    assert cases(books, "invoice.amazon") + cases(books, "remittance.missing") == [
        ("invoice.amazon-amount", f"invoice {PARTNER}/INV-C", 10_00),
        ("invoice.amazon-paid", f"invoice {PARTNER}/INV-C", 10_00),
        ("invoice.amazon-rejected", f"invoice {PARTNER}/INV-E", 100_00),
        ("invoice.amazon-unknown", f"invoice {PARTNER}/INV-F", 100_00),
        ("remittance.missing", f"payment {PARTNER}/P9 USD", 100_00),
    ]
    ((title,),) = books.rows("SELECT title FROM trueup.cases WHERE kind = 'invoice.amazon-paid'")
    assert "90.00 USD" in title and "100.00 USD" in title
    books.take_in(payment("P9", line("INV-D", 100_00)))
    books.act(prove, "amazon-invoices")
    assert cases(books, "remittance.missing") == []


REASONED = AmazonInvoiceLine(
    "1",
    240_00,
    24,
    UnitPrice.of("10.00", "USD"),
    product_ids={"SKU": "LAMP-1"},
    matched_quantity=20,
    quantity_variance=4,
    reasons=(VarianceReason("PQV", ("SHORTAGES_IN_TRANSIT",)),),
)


def test_a_claim_goes_where_amazons_reason_leads(books: Bookkeeping) -> None:
    """The reason names cause, owner and, should the claim be given up, the account; whichever is known first."""
    books.bill(invoice("INV-A", 240_00), invoice("INV-B", 100_00))
    books.take_in(payment("P1", line("INV-A", 240_00), line("INV-ASC", -40_00)))
    too_much = replace(REASONED, reasons=(VarianceReason("PQV", ("OTHER", "OVERBILLING")),))
    witness(books, said("INV-A", 240_00, REASONED), said("INV-B", 100_00, too_much))
    books.take_in(payment("P2", line("INV-B", 100_00), line("INV-BSC", -25_00)))
    rows = dict(books.rows("SELECT subject, owner FROM trueup.cases WHERE kind = 'claim.shortage' AND state = 'open'"))
    assert {subject[-12:-4]: owner for subject, owner in rows.items()} == {"e/INVASC": "operations"} or set(
        rows.values()
    ) == {"operations", "finance"}
    titles = [row[0] for row in books.rows("SELECT title FROM trueup.cases WHERE kind = 'claim.shortage' ORDER BY id")]
    assert "fewer arrived than were shipped (PQV SHORTAGES_IN_TRANSIT)" in titles[0] and "bill of lading" in titles[0]
    assert "more was billed than Amazon received or expected (PQV OVERBILLING)" in titles[1]
    (second,) = books.rows("SELECT id FROM trueup.cases WHERE kind = 'claim.shortage' AND risk_minor = 2500")
    books.act(write_off_claim, second[0], FINA, note="they are right")
    assert books.balance(Purpose.REVENUE) == 25_00 and books.balance(Purpose.CLAIM_LOSSES) == 0
    books.check()


def test_fewer_matched_than_proven_is_a_case_with_the_worth_of_what_is_missing(books: Bookkeeping) -> None:
    """Proofs of delivery by purchase order or invoice; each is one however often it is imported."""
    lamp = InvoiceLine(1, "LAMP-1", 24, UnitPrice.of("10.00", "USD"), Money(240_00, "USD"))
    books.bill(invoice("INV-A", 240_00, purchase_order="PO-A", lines=(lamp,)))
    witness(books, said("INV-A", 240_00, REASONED))
    assert cases(books, "invoice.amazon-received") == []
    content = (
        b"kind,purchase_order,sku,quantity,day,carrier,tracking\n"
        b"shipped,PO-A,LAMP-1,24,2026-09-01,UPS,1Z1\ndelivered,PO-A,LAMP-1,12,2026-09-03,UPS,1Z1\n"
        b"delivered,PO-A,LAMP-1,11,2026-09-04,UPS,1Z2\n"
    )
    assert books.act(import_proofs, content, PARTNER, FINA).new == 3
    again = books.act(import_proofs, content, PARTNER, FINA)
    assert (again.new, again.same) == (0, 3)
    books.act(prove, "amazon-invoices")
    assert cases(books, "invoice.amazon-received") == [("invoice.amazon-received", f"invoice {PARTNER}/INV-A", 40_00)]
    case = books.case("invoice.amazon-received")
    books.act(resolve_case, case, Resolution.DISMISS, FINA, "too old")
    books.act(prove, "amazon-invoices")
    assert cases(books, "invoice.amazon-received") == []


@pytest.mark.parametrize("books_revenue", [True, False])
def test_revenue_is_booked_once(database: Database, books_revenue: bool) -> None:
    """Trueup and the shop's own feed both, or neither: a case with the revenue that is concerned."""
    terms = replace(Bookkeeping.terms, books_revenue=books_revenue)
    books = Bookkeeping(database, terms)
    books.world = replace(books.world, feeds={"shop": books_revenue})
    books.engine = type(books.engine)(database.engine, replace(books.engine.program, resources=books.world))
    content = b"number,partner,payee,issued,currency,total\nINV-1,amazon-us,NORDA,2026-09-01,USD,100.00\n"
    from trueup.workflows.import_invoices import import_invoices

    books.act(import_invoices, content, FINA)
    books.act(prove, "booked-revenue")
    kind = "books.booked-twice" if books_revenue else "books.booked-by-nobody"
    assert cases(books, "books.") == [(kind, "agreement amazon-us/NORDA 2000-01-01 USD", 100_00)]


def test_every_check_says_what_it_compares_and_opens_no_kind_of_another(books: Bookkeeping) -> None:
    """Two sources, what it protects from, an owner; kinds are its own, for it closes what it no longer finds."""
    checks = every_check()
    kinds = [kind for check in checks for kind in check.kinds]
    assert len(kinds) == len(set(kinds)) and [check.name for check in checks] == sorted(check.name for check in checks)
    for check in checks:
        assert all((*check.sources, check.protects, check.owner, check.tolerance))
        assert books.act(prove, check.name) == {"open": 0, "dismissed": 0, "closed": 0}


def test_proofs_go_round_by_themselves(books: Bookkeeping) -> None:
    """A difference that arises is found within the hour, without anybody asking."""
    from trueup.durable.simulated import run_until
    from trueup.workflows.prove_books import ensure_proofs

    books.engine.act(ensure_proofs)
    sold(books, "PO-A", 10, 10_00)
    books.bill(invoice("INV-A", 90_00, purchase_order="PO-A"))
    books.take_in(payment("P1", line("INV-A", 90_00)))
    run_until(books.engine, books.clock, books.clock.now() + timedelta(hours=1))
    assert cases(books, "settlement.") == [("settlement.drift", f"order {PARTNER}/PO-A USD", 10_00)]
