"""Check stock: every published number is read back, whatever was heard of it; what events missed is found here.

A sweep lists everything that is published, also what was read a moment ago: its number may have changed since, and nobody told.
The reading pump reads it at the pace that writes leave it. What we hold is compared anew too: a change that nobody marked is
marked here.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from trueup.domain.publishing import decide
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.remote.exports import Exported
from trueup.storage import hints, publications, pumps, sources, stock_writes
from trueup.storage.publications import Publication
from trueup.workflows.export_shop import start_export
from trueup.workflows.publish_stock import may_write
from trueup.workflows.rounds import LEAST_PAUSE, Rounds, set_next, start_rounds
from trueup.workflows.stock_cases import tell_late
from trueup.workflows.wake_stock import look_now, wake_stock
from trueup.workflows.wanted_stock import wanted_stock
from trueup.workflows.world import Flowing, Tx, World

QUERY = "stock-sweep"
NUMBERS = "published numbers"
"""What a sweep counts."""
PLACES_AT_ONCE = 2000
_UNTRACKED = "not counted there"
LATE_AFTER = timedelta(minutes=15)
"""What a channel should show and does not take for so long is a case."""
KEEP = timedelta(days=35)
"""Longer than any delivery is repeated, and than anyone asks what was written."""


def check_stock(c: Flowing, channel: str) -> None:
    """One sweep of one channel, a page at a time; then the next is set. One that finds another under way leaves it alone."""
    number = c.commit(begin_sweep, channel, c.run_id)
    if number is None:
        return
    after: list[str] | None = ["", ""]
    seen = 0
    while after is not None:
        page = c.commit(sweep_page, channel, number, after)
        if page is None:
            return
        seen += page["seen"]
        after = page["next"]
    c.commit(finish_sweep, channel, c.run_id, number, seen)


def begin_sweep(tx: Tx, channel: str, run_id: str) -> int | None:
    """The number of this sweep; None while another of the channel is under way: this one then comes again after it."""
    number = pumps.wake_pump(tx.connection, _lease(channel), tx.now)
    if number is None:
        set_next(tx, _rounds(tx.resources, channel), run_id, LEAST_PAUSE)
    return number


def _lease(channel: str) -> str:
    return f"sweep {channel}"


def ensure_sweeps(tx: Tx) -> None:
    """Sweep every channel at once, and go on from there. Called whenever a worker starts."""
    for rounds in sweep_rounds(tx.resources):
        start_rounds(tx, rounds)


def sweep_rounds(world: World) -> list[Rounds]:
    """Every chain of sweeps: one a channel that we publish to."""
    return [_rounds(world, channel) for channel in world.connections.stock_sinks]


def _rounds(world: World, channel: str) -> Rounds:
    return Rounds("check_stock", f"stock-sweep:{channel}", channel, QUERY, (channel,), world.pace.stock_sweep)


def sweep_page(tx: Tx, channel: str, number: int, after: list[str]) -> dict[str, Any] | None:
    """One page of what is published: noted for reading; marked where we want something else. None when another took over."""
    if not pumps.keep_pump(tx.connection, _lease(channel), number, tx.now):
        return None
    if after == ["", ""]:
        publications.know_products(tx.connection, channel, tx.resources.places_of(channel))
    exported = _is_exported(tx, channel)
    if exported and after == ["", ""]:
        start_export(tx, channel, Exported.STOCK)
    page = publications.list_page(tx.connection, channel, after=(after[0], after[1]), limit=PLACES_AT_ONCE)
    wanted = wanted_stock(tx, channel, [(each.place.sku, each.place.location) for each in page])
    missed = []
    became: Counter[str] = Counter()
    for each in page:
        place, standing = each.place, each.standing
        due = decide(place.sku, place.item, place.location, wanted[place.sku, place.location], standing)
        if due.nothing:
            became["as they should be"] += 1
        elif not may_write(each):
            became[_UNTRACKED] += 1
        elif each.changed_since is not None:
            became["waiting to be sent"] += 1
        else:
            became["marked to be sent: nobody had told"] += 1
            missed.append(place)
        _note_late(tx, each)
    tx.count(Tally(NUMBERS, len(page), became, {_UNTRACKED: became.pop(_UNTRACKED, 0)}))
    if publications.mark_changed(tx.connection, missed, tx.now):
        wake_stock(tx, channel)
    if not exported:
        look_now(tx, channel, [each.place.item for each in page])
    last = page[-1].place if len(page) == PLACES_AT_ONCE else None
    return {"seen": len(page), "next": [last.sku, last.location] if last else None}


def _is_exported(tx: Tx, channel: str) -> bool:
    """Whether the channel is so big that its stock is better had in one file, and can make one."""
    most = tx.resources.pace.stock_export_from
    return channel in tx.resources.connections.exporters and (
        publications.count_items(tx.connection, channel, most) >= most
    )


def _note_late(tx: Tx, each: Publication) -> None:
    if each.changed_since is not None and tx.now - each.changed_since > LATE_AFTER:
        tell_late(tx, each, tx.now - each.changed_since)


def finish_sweep(tx: Tx, channel: str, run_id: str, number: int, seen: int) -> None:
    """Note that it was done, forget what is old, and set the next."""
    if pumps.lock_pump(tx.connection, _lease(channel), number):
        pumps.rest_pump(tx.connection, _lease(channel))
    sources.note_success(tx.connection, channel, QUERY, covered_until=tx.now, documents=seen, now=tx.now)
    stock_writes.forget_writes(tx.connection, tx.now - KEEP)
    hints.forget_hints(tx.connection, tx.now - KEEP)
    rounds = _rounds(tx.resources, channel)
    set_next(tx, rounds, run_id, rounds.pace)


FLOWS = (Flow[World]("check_stock", check_stock, "polls"),)
