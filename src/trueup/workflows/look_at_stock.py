"""Look at stock: items of a channel that somebody says have changed, or that we wrote, are read again and held against our word.

One run at a time reads what is due, a request's worth, and takes from the channel's budget only what writes leave of it. When so
much is due that an export tells it more cheaply, it waits for that one; what falls due while it is made is read by pages as ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.domain.publishing import ShownStock
from trueup.durable.flow import Flow
from trueup.remote.exports import Exported
from trueup.storage import publications, pumps, shop_exports, sources, stock_looks
from trueup.storage.json_values import from_json
from trueup.storage.stock_looks import Due
from trueup.workflows.export_shop import may_export, start_export
from trueup.workflows.publish_stock import LONGEST_PAUSE, pause_seconds, read_items
from trueup.workflows.shown_stock import note_gone, take_in_shown
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.wake_stock import LOOK_FLOW, look_pump_name
from trueup.workflows.wanted_stock import places_of
from trueup.workflows.world import Flowing, Tx, World

QUERY = "read-back"
MOST_LOOKS = 250
"""Items read in one run: one request to each place."""


def look_at_stock(c: Flowing, channel: str, number: int) -> None:
    """One run of a channel's reading pump; then it rests, or the next follows."""
    due = c.commit(take_due, channel, number)
    if due is None:
        return
    items = [item for item, _ in due]
    try:
        shown = c.step(read_items, channel, items) if items else None
    except NOT_DONE as error:
        c.commit(put_back, channel, items)
        c.commit(finish_looks, channel, number, str(error), pause_seconds(error), needs_person(error))
        return
    if shown is not None:
        c.commit(note_seen, channel, due, shown)
    c.commit(finish_looks, channel, number, "", 0, False)


def take_due(tx: Tx, channel: str, number: int) -> list[list[str]] | None:
    """What is due, each with since when it was noted. None when this run was taken for lost and another took its place."""
    if not pumps.keep_pump(tx.connection, look_pump_name(channel), number, tx.now):
        return None
    answered = _answered(tx, channel)
    if answered is None and _are_many(tx, Due(channel, tx.now)) and may_export(tx, channel, Exported.STOCK):
        start_export(tx, channel, Exported.STOCK)
        answered = _answered(tx, channel)
    due = stock_looks.take_looks(tx.connection, Due(channel, tx.now, answered), MOST_LOOKS)
    return [[item, write_instant(since)] for item, since in due]


def _answered(tx: Tx, channel: str) -> datetime | None:
    """What was due by then waits for the export that is under way; None without one. What fell due since waits for the next one,
    when it is as much."""
    answered = shop_exports.answered_until(tx.connection, channel, Exported.STOCK.value)
    return tx.now if answered is not None and _are_many(tx, Due(channel, tx.now, answered)) else answered


def _are_many(tx: Tx, due: Due) -> bool:
    most = tx.resources.pace.stock_export_from
    return stock_looks.count_due(tx.connection, due, most) >= most


def note_seen(tx: Tx, channel: str, due: list[list[str]], shown: dict[str, Any]) -> int:
    """Keep what the channel shows, judge it, and measure how long it took us to look."""
    items = [item for item, _ in due]
    publications.know_places(tx.connection, places_of(tx, channel, items))
    found = [from_json(each, ShownStock) for each in shown["shown"]]
    news = take_in_shown(tx, channel, found, shown["evidence"])
    note_gone(tx, channel, items, found)
    waited = {item: read_instant(since) for item, since in due}
    publications.note_detected(
        tx.connection,
        channel,
        [(each.item, each.observed_at - waited[each.item]) for each in found if each.item in waited],
    )
    return news


def put_back(tx: Tx, channel: str, items: list[str]) -> None:
    """They could not be read: they are to be read still."""
    stock_looks.note_looks(tx.connection, channel, items, tx.now)


def finish_looks(tx: Tx, channel: str, number: int, failed: str, pause: int, at_once: bool) -> None:
    """Rest when nothing is to be read, now or later; else the next run comes when something is due.

    A full request's worth is read at once; less waits a moment, so that what events tell of one by one is read together.
    """
    name = look_pump_name(channel)
    if not pumps.lock_pump(tx.connection, name, number):
        return
    sources.load_source(tx.connection, channel, QUERY)
    least = timedelta(0)
    if failed:
        failures = note_failure(tx, channel, QUERY, failed, at_once=at_once)
        least = min(LONGEST_PAUSE, timedelta(seconds=max(1, pause) * failures))
    else:
        note_working(tx, channel, QUERY)
    answered = _answered(tx, channel)
    due = stock_looks.next_look(tx.connection, channel, answered=answered)
    if due is None:
        pumps.rest_pump(tx.connection, name)
        return
    soon = tx.now + tx.resources.pace.stock_pause
    waiting = stock_looks.count_due(tx.connection, Due(channel, tx.now, answered), MOST_LOOKS)
    if not failed and due < soon and waiting < MOST_LOOKS:
        due = soon
    # Who hears of a change does not wait for a read-back that is due later; what failed is given its pause.
    following = pumps.next_round(tx.connection, name, tx.now, sleeps_until=None if failed or due == soon else due)
    tx.at(max(due, tx.now + least), LOOK_FLOW, f"looks:{channel}:{following}", channel, following)


FLOWS = (Flow[World](LOOK_FLOW, look_at_stock, "looks"),)
