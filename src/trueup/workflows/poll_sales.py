"""Poll sales: orders of a shop that changed are read whole and kept, page by page; what hangs on them follows.

Every shop whose stock is published or promised from, and those that give credits for trade-ins or whose deposits and memberships
are named. The list of what changed comes from a search that lags, so windows overlap; an order seen again changes nothing. A
number that the shop shows and nothing explained yet is judged when all orders are known that could.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import NotFound, Rejected
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.shop_sales import ShopSale
from trueup.durable.flow import Flow
from trueup.storage import cases, sources
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.rounds import LEAST_PAUSE, Rounds, ask_sooner, set_next, start_rounds
from trueup.workflows.shop_drift import ORDER_LAG, QUERY, judge_doubted, oldest_doubt
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.take_in_sales import take_in_sales
from trueup.workflows.world import Flowing, Tx, World

MOST_PAGES = 10_000
UNREADABLE = "shop.sale-unreadable"
OVERLAP = timedelta(minutes=10)
"""Shopify's search of orders has been seen to lag by seconds."""
LONGER = ((timedelta(days=1), timedelta(hours=26)), (timedelta(hours=1), timedelta(hours=3)))
"""(once in, looked back over): nobody says how long an order may stay hidden when the search is in trouble, and one that appears
behind what was covered would never be seen."""
AFTER_FAILURE = timedelta(minutes=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def poll_sales(c: Flowing, shop: str) -> None:
    """All that changed since the last round, a page at a time; then the next round is set."""
    began = write_instant(c.now())
    since = c.commit(changed_since, shop)
    page: str | None = None
    for _ in range(MOST_PAGES):
        try:
            found = c.step(fetch_changed, shop, since, page)
            c.commit(take_in_page, shop, found)
            for sale_id in found["long"]:
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
    """From when on changes are asked for: a little before what is covered, and long before it once an hour and once a day."""
    state = sources.load_source(tx.connection, shop, QUERY)
    covered = min(state.covered_until, tx.now) if state.covered_until else tx.now - tx.resources.pace.back_fill
    longer = (back for every, back in LONGER if _round(covered, every) != _round(tx.now, every))
    return write_instant(covered - next(longer, OVERLAP))


def _round(at: datetime, every: timedelta) -> int:
    return (at - _EPOCH) // every


def fetch_changed(world: World, shop: str, since: str, page: str | None) -> dict[str, Any]:
    """One page of what changed."""
    found = world.connections.sales[shop].fetch_changed(read_instant(since), page)
    return {
        "sales": to_json(found.value.sales),
        "long": list(found.value.long),
        "next_page": found.value.next_page,
        "evidence": found.evidence.decode(errors="replace"),
    }


def fetch_sale(world: World, shop: str, sale_id: str) -> dict[str, Any]:
    """One order whole with its reply; or the words of why it cannot be had."""
    try:
        found = world.connections.sales[shop].fetch_sale(sale_id)
    except (NotFound, Rejected) as error:
        return {"id": sale_id, "refused": str(error)}
    return {"id": sale_id, "sale": to_json(found.value), "evidence": found.evidence.decode(errors="replace")}


def take_in_page(tx: Tx, shop: str, found: dict[str, Any]) -> int:
    """The orders that fit on a page; returns how many were news."""
    sales = [from_json(each, ShopSale) for each in found["sales"]]
    standing = cases.open_subjects(tx.connection, UNREADABLE)
    for sale in sales:
        if _subject(shop, sale.id) in standing:
            cases.close_case(tx.connection, UNREADABLE, _subject(shop, sale.id), why=_READABLE, now=tx.now)
    return take_in_sales(tx, shop, sales, found["evidence"].encode())


def take_in_sale(tx: Tx, shop: str, fetched: dict[str, Any]) -> None:
    """An order that was read by its id; or a case that says why it cannot be."""
    subject = _subject(shop, fetched["id"])
    if "refused" in fetched:
        cases.open_case(tx.connection, _unreadable(tx, subject, fetched["refused"]), tx.now)
        return
    cases.close_case(tx.connection, UNREADABLE, subject, why=_READABLE, now=tx.now)
    take_in_sales(tx, shop, [from_json(fetched["sale"], ShopSale)], fetched["evidence"].encode())


_READABLE = "it can be read now"


def _subject(shop: str, sale_id: str) -> str:
    return f"sale {shop} {sale_id}"


def sales_changed(tx: Tx, shop: str) -> None:
    """Somebody says that orders of a shop changed: they are asked for soon."""
    ask_sooner(tx, [rounds for rounds in sale_rounds(tx.resources) if rounds.source == shop])


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
    """Note how it went, judge what waited for it, and set the next round. What is covered is covered from when the round began."""
    rounds = _rounds(tx.resources, shop)
    after = AFTER_FAILURE if failed else rounds.pace
    if failed:
        note_failure(tx, shop, QUERY, failed)
    else:
        note_working(tx, shop, QUERY)
        covered = read_instant(began)
        sources.note_success(tx.connection, shop, QUERY, covered_until=covered, documents=0, now=tx.now)
        judge_doubted(tx, shop)
        doubt = oldest_doubt(tx, shop)
        if doubt is not None:
            after = min(after, max(LEAST_PAUSE, doubt + ORDER_LAG - tx.now))
    set_next(tx, rounds, run_id, after)


def _rounds(world: World, shop: str) -> Rounds:
    # Asked more often because of hints it would read the same orders again and again: each window begins before the last one's end.
    return Rounds("poll_sales", f"sales:{shop}", shop, QUERY, (shop,), world.pace.sales, rest=ORDER_LAG)


FLOWS = (Flow[World]("poll_sales", poll_sales, "polls"),)
