"""Compute buffers: once a day, for each channel whose risk is agreed, from each product's sales and the measured delay.

A product without a history of its own has no computed buffer; the fixed and the percentage of its channel hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from trueup.domain.buffers import compute_buffer
from trueup.domain.catalog import CountSource
from trueup.domain.channels import Channel
from trueup.domain.inventory import Claimant
from trueup.domain.stock_policy import course_of
from trueup.durable.flow import Flow
from trueup.storage import sources, stock_ledger, supplies
from trueup.workflows.promises import all_channels
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.world import Flowing, Tx, World

QUERY = "buffers"
HISTORY = timedelta(days=90)
AT_ONCE = 2_000
SHORTEST_DELAY = timedelta(seconds=1)


def compute_buffers(c: Flowing) -> None:
    """Every channel, some thousand products a transaction; then the next round is set."""
    for channel, location in c.commit(list_risky):
        after = ""
        while True:
            last = c.commit(compute_some, channel, location, after)
            if last is None:
                break
            after = last
    c.commit(finish_buffers, c.run_id)


def list_risky(tx: Tx) -> list[list[str]]:
    """The channels for which a risk is agreed, with their locations."""
    return [
        [channel.name, channel.location]
        for channel in all_channels(tx.resources, tx.now)
        if channel.buffer.risk_percent is not None
    ]


def compute_some(tx: Tx, name: str, location: str, after: str) -> str | None:
    """The buffers of the products from after a SKU; returns the last, None when there are no more."""
    skus = supplies.list_counted(tx.connection, location, after, AT_ONCE)
    channel = next(
        (one for one in all_channels(tx.resources, tx.now) if (one.name, one.location) == (name, location)), None
    )
    if not skus or channel is None:
        return None
    supplies.save_buffers(tx.connection, name, location, _computed(tx, channel, skus), tx.now)
    return skus[-1]


def _computed(tx: Tx, channel: Channel, skus: list[str]) -> Iterator[tuple[str, int, str]]:
    risk, since = channel.buffer.risk_percent, tx.now - HISTORY
    assert risk is not None, f"{channel.name} has no agreed risk"
    for counted in (CountSource.SHOP, CountSource.DECLARED):
        delay = stock_ledger.measured_delay(tx.connection, channel.location, counted, tx.now)
        levels = stock_ledger.load_courses(tx.connection, skus, channel.location, counted, since)
        moved = stock_ledger.load_movements_of(tx.connection, levels, channel.location, since)
        for sku, course in levels.items():
            own, sales = channel.claimant is Claimant.SHOP, counted is CountSource.DECLARED
            told = course_of(course, moved.get(sku, ()), own=own, sales=sales)
            if told is not None and delay is not None:
                found = compute_buffer(told.asked(max(delay, SHORTEST_DELAY), own=False), risk / 100)
                yield sku, found.eaches, str(found)


def ensure_buffers(tx: Tx) -> None:
    """Set the first round. Called whenever a worker starts."""
    for rounds in buffer_rounds(tx.resources):
        start_rounds(tx, rounds, timedelta(minutes=10))


def buffer_rounds(world: World) -> list[Rounds]:
    """The one chain, where any channel has an agreed risk."""
    terms = [terms for partner in world.partners.values() for terms in partner.agreements]
    direct = [each for partner in world.partners.values() for each in partner.direct_fulfillment]
    rules = [*world.shop_buffers.values(), *(each.buffer for each in terms), *(each.buffer for each in direct)]
    if not any(rule.risk_percent is not None for rule in rules):
        return []
    return [Rounds("compute_buffers", "buffers", "trueup", QUERY, (), world.pace.buffers)]


def finish_buffers(tx: Tx, run_id: str) -> None:
    """Set the next round."""
    sources.note_success(tx.connection, "trueup", QUERY, covered_until=tx.now, documents=0, now=tx.now)
    for rounds in buffer_rounds(tx.resources):
        set_next(tx, rounds, run_id, rounds.pace)


FLOWS = (Flow[World]("compute_buffers", compute_buffers, "polls"),)
