"""Credits after they are given: spent, expired, broken; deposits held and given back; and the month that adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.workflows.traded_in import EVE, FAY, TERMS, Trading, store_credit_terms, trade
from trueup.base.errors import Refused
from trueup.domain.chart import Purpose
from trueup.domain.closing import Month
from trueup.domain.shop_sales import PaidBy, SaleKind
from trueup.simulators.shopify.shopping import STORE_CREDIT
from trueup.storage.database import Database
from trueup.storage.views import monthly
from trueup.workflows.grade_trade_in import break_credit, reveal_code
from trueup.workflows.prove_books import prove

A_DAY = timedelta(hours=25)
RENTAL = {"_cycle": '{"method_type": "calendar", "rental_start": "2026-11-03"}'}


def credited(books: Trading) -> None:
    """One trade-in of eighty dollars, credited."""
    books.record()
    books.grade()
    books.pass_time()


def month_of(books: Trading) -> monthly.MonthOfAll:
    """November as people see it."""
    with books.database.transaction() as connection:
        return monthly.load_month(
            connection, Month.read("2026-11"), books.world.books.chart, books.world.hidden_products
        )


def test_what_a_gift_card_pays_leaves_the_liability(database: Database) -> None:
    """Spent in two orders, each change is one entry, and clearing has the other side."""
    with trade(database) as books:
        credited(books)
        books.watch()
        code = books.act(reveal_code, "T-1", EVE).reveal()
        books.shopify.world.till.cards_by_code[code].left -= Decimal(30)
        books.pass_time(A_DAY)
        assert (books.liability(), books.balance(Purpose.SHOP_CLEARING)) == (50_00, -30_00)
        books.buy(("tent", {}), gift_cards=[code])
        books.pass_time(A_DAY)
        assert (books.liability(), books.balance(Purpose.SHOP_CLEARING)) == (0, -80_00)
        assert books.shown()["credit"]["spent"] == "80.00 USD"
        books.check()


def test_store_credit_that_is_spent_and_expires(database: Database) -> None:
    """Only what was spent leaves the liability; what expired is owed until finance decides."""
    terms = replace(store_credit_terms(), expires_after=timedelta(days=30))
    with trade(database, terms) as books:
        credited(books)
        books.watch()
        books.buy(("tent", {}), store_credit=Decimal(25))
        books.pass_time(A_DAY)
        assert books.liability() == 55_00
        with pytest.raises(Refused, match="can still be spent until 2026-12-02"):
            books.act(break_credit, "T-1", "too early", FAY)
        books.pass_time(timedelta(days=33))
        assert books.store_credit()[0] == "0.00"
        assert books.liability() == 55_00
        assert books.balance(Purpose.BREAKAGE) == 0
        books.act(prove, "credits")
        assert ("credit.taken-by-hand", "trade-in T-1", 55_00) in books.open_cases()
        books.act(break_credit, "T-1", "expired", FAY)
        assert (books.liability(), books.balance(Purpose.BREAKAGE)) == (0, -55_00)
        books.act(prove, "credits")
        assert books.open_cases() == []
        books.check()


def test_store_credit_that_somebody_took_is_seen(database: Database) -> None:
    """A debit by hand, of more than others left in the account: the balance is less than what is left of ours."""
    with trade(database, store_credit_terms()) as books:
        credited(books)
        books.watch()
        account = books.shopify.world.till.customers[0].accounts["USD"]
        account.amount -= Decimal(5)
        books.pass_time(A_DAY)
        books.act(prove, "credits")
        assert books.open_cases() == [("credit.account-differs", f"account shop/{books.customer} USD", 5_00)]


def test_a_deposit_is_a_liability_until_it_is_given_back(database: Database) -> None:
    """Never revenue; past 120 days the card takes no refund, which is a case until it is given back another way."""
    with trade(database) as books:
        books.watch()
        order = books.buy(("tent", RENTAL), ("deposit", {}))
        books.pass_time(A_DAY)
        assert -books.balance(Purpose.DEPOSITS) == 50_00 == books.balance(Purpose.SHOP_CLEARING)
        sold = month_of(books).sales[0].sold
        assert sold == {SaleKind.CIRCULAR: 200_00, SaleKind.DEPOSIT: 50_00}
        books.act(prove, "deposits")
        assert books.open_cases() == []
        books.pass_time(timedelta(days=121))
        books.act(prove, "deposits")
        assert [(kind, risk) for kind, _, risk in books.open_cases()] == [("deposit.past-card-refund", 50_00)]
        books.shopify.refund_by_hand(order.name, {order.line_items[1].id: 1}, STORE_CREDIT)
        books.pass_time(A_DAY)
        books.act(prove, "deposits")
        assert (books.balance(Purpose.DEPOSITS), books.open_cases()) == (0, [])


def test_books_that_owe_another_amount_are_found(database: Database) -> None:
    """An entry by somebody else on the account of credits: both figures are said."""
    with trade(database) as books:
        credited(books)
        with books.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.credits SET spent_minor = 1000")
        books.act(prove, "credits")
        assert books.open_cases() == [("credit.books-differ", "credits USD", 10_00)]


def test_the_month_adds_up(database: Database) -> None:
    """Retail, rental and deposit; paid by card, gift card and store credit; credits and deposits with their age."""
    with trade(database, TERMS) as books:
        credited(books)
        books.watch()
        code = books.act(reveal_code, "T-1", EVE).reveal()
        books.buy(("tent", {}), gift_cards=[code])
        books.buy(("tent", RENTAL), ("deposit", {}))
        books.record(books.told("T-2", "TN-2", "40.00"))
        books.grade("T-2", "worn")
        books.pass_time(A_DAY)
        month = month_of(books)
        (sales,) = month.sales
        assert sales.sold == {SaleKind.RETAIL: 200_00, SaleKind.CIRCULAR: 200_00, SaleKind.DEPOSIT: 50_00}
        assert sales.paid == {PaidBy.GIFT_CARD: 80_00, PaidBy.MONEY: 370_00}
        assert sales.unpaid == 0
        (credits,) = month.credits
        assert (credits.opening, credits.added, credits.used, credits.closing) == (0, 104_00, 80_00, 24_00)
        assert month.aged_credits[0].classes == (24_00, 0, 0, 0, 0)
        assert month.aged_deposits[0].total == 50_00
        assert [tie.what for tie in monthly.ties_of(month) if not tie.holds] == []
