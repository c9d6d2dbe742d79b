"""Take in sales: orders of a shop as they are now become movements of stock, and entries of deposits. One reading serves both.

A page of orders is archived when anything on it is news, and is the evidence of all that. An order that was read before moves
nothing again: what it moved is in the ledger under its own key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.money import Money
from trueup.domain.credit_posting import place_deposit
from trueup.domain.sale_movements import movements_of, unsaid_of
from trueup.domain.shop_sales import Deposit, ShopSale, deposits_of
from trueup.domain.stock_ledger import Movement
from trueup.durable.tally import Tally
from trueup.storage import shipped_stock, shop_courses, shop_products, stock
from trueup.storage.shop_courses import WHOLESALE_KINDS
from trueup.storage.shop_sales import are_news, deposits, save_sale
from trueup.storage.stock_ledger import append_movements
from trueup.workflows.credit_entries import post
from trueup.workflows.wanted_stock import stock_changed
from trueup.workflows.world import ACTOR, Tx

KIND = "sale"


def take_in_sales(tx: Tx, shop: str, sales: Sequence[ShopSale], content: bytes) -> int:
    """Keep orders as they are now, tell the ledger what they moved, and bring their deposits on the books to what is held.
    Returns how many were news."""
    fresh = are_news(tx.connection, shop, sales)
    news = [sale for sale in sales if sale.id in fresh]
    known = sum(1 for sale in sales if sale.id not in fresh)
    tx.count(Tally("orders of the shop", len(sales), {"news": len(news), "known before": known}))
    if not news:
        return 0
    name = f"order {news[0].name}" + (f" and {len(news) - 1} more" if len(news) > 1 else "")
    evidence = tx.resources.keep(tx.connection, content, kind=KIND, source=shop, name=name)
    for sale in news:
        if save_sale(tx.connection, shop, sale, evidence, tx.now):
            for deposit in deposits_of(sale, tx.resources.hidden_products):
                _book_deposit(tx, shop, deposit, evidence)
    _move_stock(tx, shop, news, evidence)
    return len(news)


def _move_stock(tx: Tx, shop: str, sales: Sequence[ShopSale], evidence: str) -> None:
    """What the orders moved that was not told before; whoever sells from those places is brought up to date."""
    items = {line.item for sale in sales for line in sale.lines if line.item}
    skus = {item: sku for sku, item in shop_products.find_items(tx.connection, shop, items)}
    hidden = tx.resources.hidden_products
    told = [(sale, each) for sale in sales for each in movements_of(sale, hidden, skus, shop, evidence)]
    for sale in sales:
        shop_courses.save_unsaid(tx.connection, shop, unsaid_of(sale, hidden, skus), evidence)
    known = shop_courses.find_known(tx.connection, (each for _, each in told))
    fresh = [(sale, each) for sale, each in told if (each.sku, each.location, each.reference) not in known]
    for location in sorted({each.location for _, each in fresh}):
        there = [(sale, each) for sale, each in fresh if each.location == location]
        moved = [each.sku for _, each in there]
        stock.lock_stock(tx.connection, moved, location)
        append_movements(tx.connection, _as_held(tx, shop, there))
        stock_changed(tx, moved, location)


def _as_held(tx: Tx, shop: str, told: Iterable[tuple[ShopSale, Movement]]) -> list[Movement]:
    """Of what left for purchase orders, as much as they hold still: what a count found gone was told then."""
    found = []
    for sale, each in told:
        if each.kind not in WHOLESALE_KINDS:
            found.append(each)
            continue
        order_id = shipped_stock.find_claimant(tx.connection, shop, sale.ours)
        eaches = shipped_stock.note_shipped(tx.connection, order_id, each) if order_id is not None else 0
        if eaches:
            found.append(replace(each, eaches=eaches))
    return found


def _book_deposit(tx: Tx, shop: str, deposit: Deposit, evidence: str) -> None:
    """The books hold what is held: a difference is one entry."""
    currency = deposit.amount.currency
    key = {"shop": shop, "line_id": deposit.line}
    facts = {
        "sale_id": deposit.sale,
        "name": deposit.name,
        "customer": deposit.customer,
        "left_on": deposit.left_on,
        "currency": currency,
        "minor": deposit.amount.minor,
        "given_back_minor": deposit.given_back.minor,
    }
    statement = insert(deposits).values(**key, **facts, booked_minor=0, bookings=0)
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=facts)
    row = tx.connection.execute(statement.returning(deposits.c.booked_minor, deposits.c.bookings)).one()
    change = Money(deposit.held.minor - row.booked_minor, currency)
    if not change:
        return
    placed = place_deposit(tx.resources.books.chart, deposit.name, change)
    words = f"Deposit of order {deposit.name}: {deposit.held} held"
    post(tx, f"deposit {shop} {deposit.line} {row.bookings + 1}", words, placed, evidence, ACTOR)
    which = sa.and_(deposits.c.shop == shop, deposits.c.line_id == deposit.line)
    values = {"booked_minor": deposit.held.minor, "bookings": row.bookings + 1}
    tx.connection.execute(sa.update(deposits).where(which).values(**values))
