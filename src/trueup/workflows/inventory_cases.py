"""Inventory cases: what a person must know of numbers told to a buyer's direct fulfillment, and what closes each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import Delivery
from trueup.domain.direct_fulfillment import DirectFulfillment
from trueup.domain.inventory_advice import AdvisedItem
from trueup.storage import cases, inventory_updates
from trueup.storage.inventory_updates import Place
from trueup.workflows.stock_cases import worth
from trueup.workflows.world import Tx

UNANSWERED = "inventory.unanswered"
REFUSED = "inventory.refused"
ITEM_REFUSED = "inventory.item-refused"
DIFFERS = "inventory.differs"
DIFFERS_FOR = timedelta(hours=1)
"""What the buyer holds otherwise for so long is told, where rounds are that often: two of them at least did not bring it there."""
_SHOWN = 10
_AGAIN = (Resolution.RETRY, Resolution.DISMISS)


def tell_unanswered(tx: Tx, place: Place, delivery: Delivery, words: str) -> None:
    """Nobody knows whether an update stands. The next that is accepted closes it."""
    draft = _draft(
        tx,
        UNANSWERED,
        place,
        (f"Amazon's word on {delivery.key}", words),
        f"Nobody knows whether Amazon took {delivery.key}: {words}. It is not sent again; the next update states the same "
        f"products' numbers anew",
    )
    cases.open_case(tx.connection, draft, tx.now)


def tell_refused(tx: Tx, place: Place, delivery: Delivery, words: str) -> None:
    """An update was refused whole, and no item is named: a wrong warehouse, party, or size."""
    draft = _draft(
        tx,
        REFUSED,
        place,
        ("an update that is accepted", words),
        f"Amazon refused {delivery.key} whole: {words}. What it holds of warehouse {place[2]} is what it accepted last; check "
        f"warehouse and vendor code in [[partners.direct_fulfillment]]",
    )
    cases.open_case(tx.connection, draft, tx.now)


def refused_whole(tx: Tx, place: Place) -> bool:
    """Whether an update was refused whole, and nobody said since that it is mended."""
    return bool(cases.find_open(tx.connection, REFUSED, _subject(place)))


def tell_item_refused(tx: Tx, place: Place, sku: str, item: AdvisedItem, words: str) -> None:
    """One product was refused; the others are told without it."""
    names = " and ".join(name for name in (item.vendor_product_id, item.asin) if name)
    draft = _draft(
        tx,
        ITEM_REFUSED,
        place,
        (f"{item.eaches} eaches taken as {names}", words),
        f"Amazon refused the inventory of {sku} ({names}): {words}. It is left out of updates until its ids change or somebody "
        f"says to try again",
    )
    cases.open_case(tx.connection, replace(draft, subject=_subject(place, sku)), tx.now)


def close_told(tx: Tx, place: Place, skus: Iterable[str]) -> None:
    """An update was accepted: its products are known again, and the way is open."""
    for kind in (UNANSWERED, REFUSED):
        cases.close_case(tx.connection, kind, _subject(place), why="a later update was accepted", now=tx.now)
    told = {_subject(place, sku) for sku in skus}
    for subject in sorted(told & cases.open_subjects(tx.connection, ITEM_REFUSED)):
        cases.close_case(tx.connection, ITEM_REFUSED, subject, why="it was accepted since", now=tx.now)


def tell_differing(tx: Tx, terms: DirectFulfillment) -> None:
    """Amazon holds other numbers than ours, and has for long: both, and what is offered there too much, in money."""
    long = max(DIFFERS_FOR, 2 * terms.every)
    rows = inventory_updates.list_differing(tx.connection, terms.place, tx.now - long)
    if not rows:
        why = "Amazon accepted what we tell it"
        cases.close_case(tx.connection, DIFFERS, _subject(terms.place), why=why, now=tx.now)
        return
    shown = rows[:_SHOWN]
    more = f", and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    ours = ", ".join(f"{sku} {told}" for sku, told, _ in shown) + more
    theirs = ", ".join(f"{sku} {'unknown' if held is None else held}" for sku, _, held in shown) + more
    products = "1 product" if len(rows) == 1 else f"{len(rows)} products"
    draft = _draft(
        tx,
        DIFFERS,
        terms.place,
        (ours, theirs),
        f"Amazon's direct fulfillment holds other numbers than ours of {products} of warehouse {terms.warehouse}, for "
        f"{int(long.total_seconds()) // 3600} h or longer",
    )
    cases.open_case(tx.connection, replace(draft, money_at_risk=_offered_too_much(tx, rows)), tx.now)


def _offered_too_much(tx: Tx, rows: list[tuple[str, int, int | None]]) -> Money | None:
    """What Amazon may sell beyond ours, at agreed costs; None without any, or in several currencies."""
    amounts = [
        value
        for sku, told, held in rows
        if held is not None and held > told and (value := worth(tx, sku, held - told)) is not None
    ]
    if not amounts or len({amount.currency for amount in amounts}) != 1:
        return None
    return Money(sum(amount.minor for amount in amounts), amounts[0].currency)


def _draft(tx: Tx, kind: str, place: Place, numbers: tuple[str, str], title: str) -> CaseDraft:
    expected, found = numbers
    known = tx.resources.partners.get(place[0])
    mine = [each for each in known.direct_fulfillment if each.place == place] if known else []
    owner = mine[0].owner if mine else "operations"
    return CaseDraft(kind, _subject(place), title, expected, found, None, None, owner, _AGAIN)


def _subject(place: Place, sku: str = "") -> str:
    return f"inventory {'/'.join((*place, sku) if sku else place)}"
