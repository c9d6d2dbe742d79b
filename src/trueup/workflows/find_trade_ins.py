"""Find trade-ins: every item of a circular programme that something was paid for, held against the trade-ins that are known.

An item with a cost and no trade-in, a credit whose item is gone, a cost that is not the credit: each is a case with its money.
The items are read whole, because nothing tells which of them changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.trade_ins import CreditState
from trueup.durable.flow import Flow
from trueup.remote.circular import ItemQuery
from trueup.storage import sources, trade_ins, vendor_returns
from trueup.storage.proven_cases import replace_cases
from trueup.storage.trade_ins import SavedTradeIn
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

QUERY = "trade-ins"
NO_CREDIT, NO_ITEM, COST = "trade-in.no-credit", "credit.no-item", "trade-in.cost-differs"
"""The kinds of cases of what differs between items and trade-ins."""
MOST_PAGES = 10_000
PACE = timedelta(hours=12)
"""A hundred items a request, of 120 requests a minute that others need too."""


def find_trade_ins(c: Flowing, programme: str) -> None:
    """All pages of items; then they are held against the trade-ins, and the next round is set."""
    page: str | None = None
    items: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        try:
            found = c.step(fetch_costs, programme, page)
        except NOT_DONE as error:
            c.commit(finish_search, programme, c.run_id, None, str(error))
            return
        items += found["items"]
        page = found["next_page"]
        if page is None:
            break
    c.commit(finish_search, programme, c.run_id, items, "")


def ensure_searches(tx: Tx) -> None:
    """Look at once, and go on from there. Called whenever a worker starts."""
    for rounds in search_rounds(tx.resources):
        start_rounds(tx, rounds)


def search_rounds(world: World) -> list[Rounds]:
    """The one chain, of the programme that takes trade-ins."""
    terms = world.trade_ins
    return [_rounds(terms.system)] if terms is not None and terms.system in world.programmes else []


def fetch_costs(world: World, programme: str, page: str | None) -> dict[str, Any]:
    """One page: what was paid for its items, None where nothing is said."""
    batch = world.programmes[programme].connection.items.fetch_items(ItemQuery(), page).value
    items = [
        {
            "id": item.id,
            "serial": item.serial or "",
            "minor": item.acquisition_cost.minor if item.acquisition_cost else None,
            "currency": item.acquisition_cost.currency if item.acquisition_cost else "",
        }
        for item in batch.values
    ]
    return {"items": items, "next_page": batch.next_page}


def finish_search(tx: Tx, programme: str, run_id: str, items: list[dict[str, Any]] | None, failed: str) -> None:
    """Bring the cases to what differs now, and set the next round."""
    if items is None:
        note_failure(tx, programme, QUERY, failed)
    else:
        drafts = list(differences(tx, programme, items))
        replace_cases(tx.connection, (NO_CREDIT, NO_ITEM, COST), drafts, why="both agree now", now=tx.now)
        note_working(tx, programme, QUERY)
        sources.note_success(tx.connection, programme, QUERY, covered_until=tx.now, documents=len(items), now=tx.now)
    set_next(tx, _rounds(programme), run_id, timedelta(minutes=10) if failed else PACE)


def differences(tx: Tx, programme: str, items: list[dict[str, Any]]) -> Iterator[CaseDraft]:
    """Items against trade-ins, both ways, and their amounts."""
    known = [each for each in trade_ins.list_trade_ins(tx.connection, limit=1_000_000) if each.system == programme]
    by_item = {each.trade_in.item: each for each in known if each.trade_in.item is not None}
    by_serial = {each.trade_in.serial: each for each in known}
    came_back = vendor_returns.load_serials(tx.connection, programme)
    for item in items:
        cost = Money(item["minor"], item["currency"]) if item["minor"] else None
        saved = by_item.get(item["id"]) or by_serial.get(item["serial"])
        if cost is None or item["serial"] in came_back:  # what a buyer had agreed to pay is owed to no customer
            continue
        if saved is None:
            yield _untold(tx, programme, item, cost)
        elif saved.trade_in.value is not None and saved.trade_in.value != cost:
            yield _cost(tx, saved, cost)
    there = {item["id"] for item in items}
    for saved in known:
        credit = saved.credit
        gone = saved.trade_in.item is not None and saved.trade_in.item not in there
        if gone and credit is not None and credit.state is CreditState.ISSUED:
            yield _gone(tx, saved)


def _untold(tx: Tx, programme: str, item: dict[str, Any], cost: Money) -> CaseDraft:
    serial = item["serial"] or "none"
    title = f"Item {item['id']} (serial {serial}) in {programme} cost {cost}, and no trade-in is known of it"
    expected = "a trade-in of that serial (`trueup trade-ins record`), or an item that was bought otherwise"
    return _draft(tx, NO_CREDIT, f"item {programme}/{item['id']}", (title, expected, f"a cost of {cost}"), cost)


def _cost(tx: Tx, saved: SavedTradeIn, cost: Money) -> CaseDraft:
    value, key = saved.trade_in.value, saved.trade_in.key
    assert value is not None
    risk = abs(cost - value) if cost.currency == value.currency else value
    title = f"Trade-in {key}: its item cost {cost} in {saved.system}, its credit is {value}; correct the cost there"
    return _draft(tx, COST, f"trade-in {key}", (title, f"an item cost of {value}", str(cost)), risk)


def _gone(tx: Tx, saved: SavedTradeIn) -> CaseDraft:
    trade_in, value = saved.trade_in, saved.trade_in.value
    assert value is not None
    title = f"A credit of {value} was given for trade-in {trade_in.key}, and its item {trade_in.item} is not in {saved.system}"
    expected = f"item {trade_in.item} with serial {trade_in.serial}"
    return _draft(tx, NO_ITEM, f"trade-in {trade_in.key}", (title, expected, "no such item in a whole reading"), value)


def _draft(tx: Tx, kind: str, subject: str, words: tuple[str, str, str], risk: Money) -> CaseDraft:
    title, expected, found = words
    return CaseDraft(
        kind=kind,
        subject=subject,
        title=title,
        expected=expected,
        found=found,
        money_at_risk=risk,
        deadline=tx.now + timedelta(days=7),
        owner=Role.FINANCE.value,
        resolutions=(Resolution.DISMISS,),
    )


def _rounds(programme: str) -> Rounds:
    return Rounds("find_trade_ins", f"trade-ins:{programme}", programme, QUERY, (programme,), PACE)


FLOWS = (Flow[World]("find_trade_ins", find_trade_ins, "circular"),)
