"""Poll sales: orders of a shop that changed are read whole and kept; deposits in them go on the books and off again.

Only where something hangs on it: a shop that gives credits for trade-ins, or whose deposits and memberships are named. The list of
what changed comes from a search that lags, so windows overlap; an order seen again changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import NotFound, Rejected
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.credit_posting import place_deposit
from trueup.domain.shop_sales import Deposit, ShopSale, deposits_of
from trueup.durable.flow import Flow
from trueup.storage import cases, sources
from trueup.storage.json_values import from_json, to_json
from trueup.storage.shop_sales import deposits, save_sale
from trueup.workflows.credit_entries import post
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.world import ACTOR, Flowing, Tx, World

QUERY = "sales"
MOST_PAGES = 10_000
UNREADABLE = "shop.sale-unreadable"
OVERLAP = timedelta(minutes=10)
"""Shopify's search of orders has been seen to lag by seconds; an order that was changed while it was down comes later."""


def poll_sales(c: Flowing, shop: str) -> None:
    """All that changed since the last round, order by order; then the next round is set."""
    began = write_instant(c.now())
    since = c.commit(changed_since, shop)
    page: str | None = None
    for _ in range(MOST_PAGES):
        try:
            found = c.step(find_changed, shop, since, page)
            for sale_id in found["ids"]:
                c.commit(take_in_sale, shop, c.step(fetch_sale, shop, sale_id))
        except NOT_DONE as error:
            c.commit(finish_sales, shop, c.run_id, began, str(error))
            return
        page = found["next_page"]
        if page is None:
            break
    c.commit(finish_sales, shop, c.run_id, began, "")


def ensure_sales(tx: Tx) -> None:
    """Ask every shop at once, and go on from there. Called whenever a worker starts."""
    for rounds in sale_rounds(tx.resources):
        start_rounds(tx, rounds)


def sale_rounds(world: World) -> list[Rounds]:
    """Every chain of polls: one a shop that something hangs on."""
    return [_rounds(world, shop) for shop in world.connections.sales if shop in world.sales_shops]


def changed_since(tx: Tx, shop: str) -> str:
    """From when on changes are asked for."""
    state = sources.load_source(tx.connection, shop, QUERY)
    covered = min(state.covered_until, tx.now) if state.covered_until else tx.now - tx.resources.pace.back_fill
    return write_instant(covered - OVERLAP)


def find_changed(world: World, shop: str, since: str, page: str | None) -> dict[str, Any]:
    """One page of what changed."""
    ids, following = world.connections.sales[shop].find_changed(read_instant(since), page).value
    return {"ids": list(ids), "next_page": following}


def fetch_sale(world: World, shop: str, sale_id: str) -> dict[str, Any]:
    """One order whole with its reply; or the words of why it cannot be had."""
    try:
        found = world.connections.sales[shop].fetch_sale(sale_id)
    except (NotFound, Rejected) as error:
        return {"id": sale_id, "refused": str(error)}
    return {"id": sale_id, "sale": to_json(found.value), "evidence": found.evidence.decode(errors="replace")}


def take_in_sale(tx: Tx, shop: str, fetched: dict[str, Any]) -> None:
    """Keep an order as it is now, and bring its deposits on the books to what is held."""
    subject = f"sale {shop} {fetched['id']}"
    if "refused" in fetched:
        cases.open_case(tx.connection, _unreadable(tx, subject, fetched["refused"]), tx.now)
        return
    cases.close_case(tx.connection, UNREADABLE, subject, why="it can be read now", now=tx.now)
    sale = from_json(fetched["sale"], ShopSale)
    content = fetched["evidence"].encode()
    evidence = tx.resources.keep(tx.connection, content, kind="sale", source=shop, name=f"order {sale.name}")
    if save_sale(tx.connection, shop, sale, evidence, tx.now):
        for deposit in deposits_of(sale, tx.resources.hidden_products):
            _book_deposit(tx, shop, deposit, evidence)


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


def _unreadable(tx: Tx, subject: str, words: str) -> CaseDraft:
    return CaseDraft(
        kind=UNREADABLE,
        subject=subject,
        title=f"An order of the shop cannot be read whole: {words}",
        expected="an order that can be read whole",
        found=words,
        money_at_risk=None,
        deadline=tx.now + timedelta(days=7),
        owner=Role.ECOMMERCE.value,
        resolutions=(Resolution.DISMISS,),
    )


def finish_sales(tx: Tx, shop: str, run_id: str, began: str, failed: str) -> None:
    """Note how it went, and set the next round. What is covered is covered from when the round began."""
    if failed:
        note_failure(tx, shop, QUERY, failed)
    else:
        note_working(tx, shop, QUERY)
        covered = read_instant(began)
        sources.note_success(tx.connection, shop, QUERY, covered_until=covered, documents=0, now=tx.now)
    after = timedelta(minutes=2) if failed else tx.resources.pace.credits
    set_next(tx, _rounds(tx.resources, shop), run_id, after)


def _rounds(world: World, shop: str) -> Rounds:
    return Rounds("poll_sales", f"sales:{shop}", shop, QUERY, (shop,), world.pace.credits)


FLOWS = (Flow[World]("poll_sales", poll_sales, "polls"),)
