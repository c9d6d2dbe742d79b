"""Expected against charged: what Amazon takes is held against the terms in force; too much is a case, no rate is no guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import ADA, FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money, UnitPrice
from trueup.domain.cases import Resolution, Role
from trueup.domain.invoices import Invoice, InvoiceLine
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Basis, Term
from trueup.storage.database import Database
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.check_charges import ask_check
from trueup.workflows.keep_terms import (
    propose_change,
    propose_file,
)
from trueup.workflows.resolve_case import Person, resolve_case

START, TODAY = date(2026, 1, 1), date(2026, 11, 2)
CO_OP = Term("co-op", "", Basis.NET_RECEIPTS, START, TODAY, "agreement 6268", percent=Decimal(4))
ASN = Term("chargeback-asn", PARTNER, Basis.ORDER, START, TODAY, "policy 2026", percent=Decimal(2))
QUICK = Term("quick-pay", "NORDA", Basis.INVOICE, START, TODAY, "QPD", percent=Decimal(1), within_days=30)
SPAN = "Base accrual 2026-09-07 to 2026-09-13"


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def taxed(number: str, net: int, **more: object) -> Invoice:
    return replace(invoice(number, net + net // 5, issued_on=date(2026, 9, 9), **more), tax=Money(net // 5, "USD"))


def enter(books: Bookkeeping, *terms: Term) -> None:
    books.agree(*terms)
    books.engine.settle()


def check(books: Bookkeeping) -> None:
    books.act(ask_check, PARTNER)
    books.engine.settle()


def verdicts(books: Bookkeeping) -> dict[str, tuple[str, int, int | None]]:
    rows = books.rows("SELECT reference, kind, verdict, charged_minor, expected_minor FROM trueup.charges")
    return {f"{row[0]} {row[1]}": (row[2], row[3], row[4]) for row in rows}


def test_an_accrual_above_its_rate_of_the_days_it_names_is_a_case_with_both_numbers(books: Bookkeeping) -> None:
    """Of invoices without tax, issued in those days; a cent for each invoice is tolerated."""
    books.bill(taxed("INV-1", 1000_00), taxed("INV-2", 500_00), invoice("INV-3", 900_00, issued_on=date(2026, 9, 14)))
    enter(books, CO_OP)
    books.take_in(
        payment("P1", line("INV-1", 1200_00), line("6268-1490899880", -75_00, description=SPAN)),
        payment("P2", line("INV-2", 600_00), line("6268-1490899881", -60_02, description=SPAN)),
        payment("P3", line("INV-3", 900_00), line("6268-1490899882", -59_00, description=SPAN)),
    )
    check(books)
    assert [case for case in books.open_cases() if case[0] == "charge.overcharged"] == [
        ("charge.overcharged", f"charge {PARTNER}/P1 line 2", 15_00)
    ]
    assert verdicts(books) == {
        "6268-1490899880 co-op": ("overcharge", 75_00, 60_00),
        "6268-1490899881 co-op": ("as-agreed", 60_02, 60_00),
        "6268-1490899882 co-op": ("undercharge", 59_00, 60_00),
    }
    ((expected, found),) = books.rows("SELECT expected, found FROM trueup.cases WHERE kind = 'charge.overcharged'")
    assert expected == (
        "60.00 USD: 4% of net-receipts from 2026-01-01 (agreement 6268); "
        "1500.00 USD of 2 invoices issued 2026-09-07 to 2026-09-13"
    )
    assert found == "75.00 USD (6268-1490899880)"


def test_where_a_vendor_codes_own_rate_ended_its_partners_holds(books: Bookkeeping) -> None:
    """The vendor code's before its partner's, and that before all marketplaces'; one that is over hides none of them."""
    books.bill(taxed("INV-1", 1000_00))
    ended = replace(CO_OP, marketplace="NORDA", percent=Decimal(6), valid_to=date(2026, 6, 1), source="own, until June")
    enter(books, replace(CO_OP, marketplace=PARTNER, percent=Decimal(5), source="the partner's"), CO_OP, ended)
    books.take_in(payment("P1", line("INV-1", 1200_00), line("6268-1490899880", -50_00, description=SPAN)))
    check(books)
    assert verdicts(books) == {"6268-1490899880 co-op": ("as-agreed", 50_00, 50_00)}


def test_what_no_rate_is_documented_for_is_unrated_until_someone_enters_it(books: Bookkeeping) -> None:
    """Nor are days that are not named, orders that are not ours, and invoices that are not known: none is a case."""
    books.bill(invoice("INV-1", 1000_00, purchase_order="4RABC123"))
    books.take_in(
        payment(
            "P1",
            line("INV-1", 1000_00),
            line("6268-1490899880", -75_00, description="Vine enrolment"),
            line("6268-1490899881", -75_00, description="Base accrual"),
            line("6268-1490899882", -75_00, description="Base accrual 2026-05-04 to 2026-05-10"),
            line("123456789VCBSINV", -40_00, description="ASN accuracy/4RXYZ999"),
            line("223456789VCBSINV", -40_00, description="ASN accuracy/4RABC123"),
        )
    )
    check(books)
    assert {verdict[0] for verdict in verdicts(books).values()} == {"unrated"}
    enter(books, CO_OP, ASN)
    assert not [case for case in books.open_cases() if case[0].startswith("charge.")][1:]
    assert [case for case in books.open_cases() if case[0].startswith("charge.")] == [
        ("charge.overcharged", f"charge {PARTNER}/P1 line 6", 20_00)
    ]
    missing = dict(books.rows("SELECT reference, missing FROM trueup.charges WHERE verdict = 'unrated'"))
    assert missing == {
        "6268-1490899880": "rate",
        "6268-1490899881": "base",
        "6268-1490899882": "base",
        "123456789VCBSINV": "base",
    }
    books.check()


def test_invoices_that_come_later_judge_a_charge_anew(books: Bookkeeping) -> None:
    """What was too much of what was known is as agreed of all: its case closes by itself, in whatever order files come."""
    enter(books, CO_OP)
    books.bill(taxed("INV-1", 1000_00))
    books.take_in(payment("P1", line("INV-1", 1200_00), line("6268-1490899880", -60_00, description=SPAN)))
    check(books)
    assert books.case("charge.overcharged")
    books.bill(taxed("INV-2", 500_00))
    check(books)
    assert books.open_cases() == []
    assert verdicts(books)["6268-1490899880 co-op"] == ("as-agreed", 60_00, 60_00)


def test_a_discount_is_due_only_for_who_pays_early(books: Bookkeeping) -> None:
    """One per cent within thirty days of the invoice; later none at all, and the lines of one payment are one case."""
    enter(books, QUICK)
    books.bill(
        invoice("INV-1", 100_00, issued_on=date(2026, 9, 10)),
        invoice("INV-2", 100_00, issued_on=date(2026, 8, 10)),
        invoice("INV-3", 100_00, issued_on=date(2026, 9, 10)),
    )
    books.take_in(
        payment(
            "P1",
            line("INV-1", 99_00, discount=1_00),
            line("INV-2", 99_00, discount=1_00),
            line("INV-3", 97_00, discount=3_00),
        )
    )
    check(books)
    assert books.open_cases() == [("charge.overcharged", f"charge {PARTNER}/P1 quick-pay", 3_00)]
    assert verdicts(books)["INV-1 quick-pay"] == ("as-agreed", 1_00, 1_00)
    assert verdicts(books)["INV-2 quick-pay"] == ("overcharge", 1_00, 0)
    assert verdicts(books)["INV-3 quick-pay"] == ("overcharge", 3_00, 1_00)


def test_an_amount_a_unit_is_taken_of_the_units_of_the_order(books: Bookkeeping) -> None:
    """As the lines of our invoices say them; without lines it cannot be told."""
    term = replace(
        ASN, kind="chargeback-preparation", basis=Basis.UNITS, percent=None, per_unit=UnitPrice.of("0.50", "USD")
    )
    enter(books, term)
    lines = (InvoiceLine(1, "LAMP", 12, UnitPrice.of("5.00", "USD"), Money(60_00, "USD")),)
    books.bill(
        invoice("INV-1", 60_00, purchase_order="4RABC123", lines=lines),
        invoice("INV-2", 9_00, purchase_order="4RNOLINE"),
    )
    books.take_in(
        payment(
            "P1",
            line("INV-1", 60_00),
            line("123456789VCBSINV", -8_00, description="Prep: bagging/4RABC123"),
            line("223456789VCBSINV", -8_00, description="Prep: bagging, PO 4RNOLINE1 4RNOLINE"),
        )
    )
    check(books)
    found = {name.partition(" ")[0]: verdict for name, verdict in verdicts(books).items()}
    assert found["123456789VCBSINV"] == ("overcharge", 8_00, 6_00)
    assert found["223456789VCBSINV"] == ("unrated", 8_00, None)


def test_what_a_person_dismissed_comes_again_only_with_other_numbers(books: Bookkeeping) -> None:
    """And a retry looks again."""
    enter(books, CO_OP)
    books.bill(taxed("INV-1", 1000_00))
    books.take_in(payment("P1", line("INV-1", 1200_00), line("6268-1490899880", -60_00, description=SPAN)))
    check(books)
    books.act(resolve_case, books.case("charge.overcharged"), Resolution.RETRY, FINA, "")
    books.engine.settle()
    books.act(resolve_case, books.case("charge.overcharged"), Resolution.DISMISS, FINA, "agreed by mail")
    check(books)
    assert books.open_cases() == []
    enter(books, replace(CO_OP, known_from=TODAY, valid_from=date(2026, 9, 1), percent=Decimal(3), marketplace=PARTNER))
    assert books.open_cases() == [("charge.overcharged", f"charge {PARTNER}/P1 line 2", 30_00)]


def test_terms_are_known_from_a_day_and_never_changed(books: Bookkeeping) -> None:
    """A contradiction is refused, a correction is known later, the same again is no news; the table only grows."""
    enter(books, CO_OP)
    with pytest.raises(Refused, match="contradicts"):
        enter(books, replace(CO_OP, percent=Decimal(5)))
    with pytest.raises(Refused, match="expected a partner or one of its vendor codes"):
        enter(books, replace(CO_OP, marketplace="MARS"))
    with pytest.raises(Refused, match=r"terms\.propose"):
        books.act(
            propose_change, TermChange((WantedTerm(CO_OP),), "more"), Person("Olga", frozenset({Role.OPERATIONS}))
        )
    with pytest.raises(Conflict, match="stand there already"):
        enter(books, CO_OP)
    tomorrow = replace(CO_OP, percent=Decimal(6), known_from=date(2026, 11, 3))
    enter(books, tomorrow)
    books.bill(taxed("INV-1", 1000_00))
    books.take_in(payment("P1", line("INV-1", 1200_00), line("6268-1490899880", -60_00, description=SPAN)))
    check(books)
    assert verdicts(books)["6268-1490899880 co-op"] == ("overcharge", 60_00, 40_00)
    books.clock.advance(timedelta(days=1))
    books.engine.settle()
    assert verdicts(books)["6268-1490899880 co-op"] == ("as-agreed", 60_00, 60_00)
    assert books.open_cases() == []
    with books.database.engine.begin() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("DELETE FROM trueup.terms")


def test_a_file_of_terms_is_taken_in_whole_or_not_at_all(books: Bookkeeping) -> None:
    """Kinds may be called by Amazon's words; a row that is wrong is told with its place."""
    head = "kind,marketplace,basis,percent,valid_from,source,within_days\n"
    good = head + (
        "chargeback:asn-accuracy,amazon-us,purchase-order,2,2026-01-01,policy,\n"
        "damage-allowance,,net-invoiced,1,2026-01-01,agreement,\n"
        "quick-pay,NORDA,invoice,1,2026-01-01,QPD,30\n"
    )
    bad = f"{good}chargeback:dancing,,purchase-order,3,2026-01-01,policy,\n".encode()
    wrong = books.act(propose_file, bad, "the file", FINA)
    assert wrong.sheet is None and "row 5, column kind" in str(wrong.findings[0])
    done = books.act(propose_file, good.encode(), "the file", FINA)
    assert done.sheet is not None
    assert [term.kind for term in done.sheet.added] == ["chargeback-asn", "allowance-damage", "quick-pay"]
    books.clock.advance(timedelta(days=3))
    decided = books.act(approve_change, done.sheet.id, ADA, "as in the contract")
    assert {term.known_from for _, term in decided.entered} == {date(2026, 11, 5)}, "known once two people agree"
    again = books.act(propose_file, good.encode() + b"co-op,,net-receipts,4,2026-01-01,6268,\n", "the file", FINA)
    assert again.sheet is not None
