"""Compute buffers: once a day, for each channel whose risk is agreed, from each product's sales and the measured delay.

A product without a history of its own has no computed buffer; the fixed and the percentage of its channel hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from trueup.domain.buffers import compute_buffer
from trueup.domain.channels import Channel
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import sources, supplies
from trueup.workflows.product_courses import load_product_courses
from trueup.workflows.promises import all_channels, find_channel, with_buffers
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.world import Flowing, Tx, World

QUERY = "buffers"
HISTORY = timedelta(days=90)
AT_ONCE = 2_000


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
    """The channels for which a risk is agreed, of any product, with their locations."""
    return [
        [channel.name, channel.location] for channel in all_channels(tx.resources, tx.now) if _is_risky(tx, channel)
    ]


def _is_risky(tx: Tx, channel: Channel) -> bool:
    rules = [channel.buffer, *with_buffers(tx.connection, channel, None, tx.now).buffers.values()]
    return any(rule.risk_percent is not None for rule in rules)


def compute_some(tx: Tx, name: str, location: str, after: str) -> str | None:
    """The buffers of the products from after a SKU; returns the last, None when there are no more."""
    skus = supplies.list_counted(tx.connection, location, after, AT_ONCE)
    channel = find_channel(tx.resources, name, location, tx.now)
    if not skus or channel is None:
        return None
    computed = compute_now(tx, channel, skus)
    without = len(skus) - computed
    tx.count(Tally("products", len(skus), {"computed": computed, "without a risk or a history of their own": without}))
    return skus[-1]


def compute_now(tx: Tx, channel: Channel, skus: Collection[str]) -> int:
    """The buffers of these products, from what is known now; those for which no risk is agreed have none. Returns how many."""
    channel = with_buffers(tx.connection, channel, skus, tx.now)
    return supplies.save_buffers(tx.connection, channel.name, channel.location, _computed(tx, channel, skus), tx.now)


def _computed(tx: Tx, channel: Channel, skus: Collection[str]) -> Iterator[tuple[str, int, str]]:
    risks = {sku: risk for sku in skus if (risk := channel.buffer_of(sku).risk_percent) is not None}
    for each in load_product_courses(tx.connection, channel, risks, tx.now - HISTORY, tx.now):
        if each.measured is not None:
            found = compute_buffer(each.course.asked(each.delay, own=False), risks[each.sku] / 100)
            yield each.sku, found.eaches, str(found)


def ensure_buffers(tx: Tx) -> None:
    """Set the first round. Called whenever a worker starts."""
    for rounds in buffer_rounds(tx.resources):
        start_rounds(tx, rounds, timedelta(minutes=10))


def buffer_rounds(world: World) -> list[Rounds]:
    """The one chain, where any channel sells: people agree on risks without a restart."""
    if not (world.shop_places or any(partner.agreements for partner in world.partners.values())):
        return []
    return [Rounds("compute_buffers", "buffers", "trueup", QUERY, (), world.pace.buffers)]


def finish_buffers(tx: Tx, run_id: str) -> None:
    """Set the next round."""
    sources.note_success(tx.connection, "trueup", QUERY, covered_until=tx.now, documents=0, now=tx.now)
    for rounds in buffer_rounds(tx.resources):
        set_next(tx, rounds, run_id, rounds.pace)


FLOWS = (Flow[World]("compute_buffers", compute_buffers, "polls"),)
