"""Promises: how much of each product a channel may sell now. One answer for orders, for what is published, and for people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from trueup.domain.buffers import BufferRule
from trueup.domain.channels import Channel
from trueup.domain.circular_units import Fitness, Unit, tally
from trueup.domain.direct_fulfillment import DirectFulfillment
from trueup.domain.inventory import Availability, Claimant, Level, Supply
from trueup.domain.partners import Agreement
from trueup.domain.ring_fences import Fence, fencing
from trueup.storage import buffer_changes, stock, supplies
from trueup.storage.circular_units import units_of_skus
from trueup.workflows.world import World


def shop_channel(world: World, shop: str, location: str, now: datetime) -> Channel:
    """A shop that sells from a location."""
    buffer = world.shop_buffers.get(shop, BufferRule())
    return Channel(f"shop {shop}", Claimant.SHOP, location, buffer, fences_at(world, location, now))


def wholesale_channel(world: World, agreement: Agreement, now: datetime) -> Channel:
    """A vendor code that orders under an agreement."""
    name = f"wholesale {agreement.partner}/{agreement.vendor_code}"
    place = agreement.ship_from
    fences = dict.fromkeys((*agreement.fences, *fences_at(world, place, now)))
    return Channel(name, Claimant.WHOLESALE, place, agreement.buffer, tuple(fences))


def direct_channel(world: World, terms: DirectFulfillment, now: datetime) -> Channel:
    """A buyer whose customers are sent goods from a warehouse of ours: it sells beside the shop, and under the same fences."""
    name = f"direct fulfillment {terms.key}"
    return Channel(name, Claimant.DIRECT, terms.ship_from, terms.buffer, fences_at(world, terms.ship_from, now))


def all_channels(world: World, now: datetime) -> list[Channel]:
    """Every channel of the installation: each agreement in force, each shop at every place that it sells from, and each warehouse
    of a direct fulfillment programme."""
    shops = [shop_channel(world, shop, place, now) for shop, places in world.shop_places.items() for place in places]
    found = {(channel.name, channel.location): channel for channel in shops}
    for partner in world.partners.values():
        for terms in partner.agreements:
            if terms.covers(now):
                for channel in (
                    wholesale_channel(world, terms, now),
                    shop_channel(world, terms.shop, terms.ship_from, now),
                ):
                    found[channel.name, channel.location] = channel
        for warehouse in partner.direct_fulfillment:
            channel = direct_channel(world, warehouse, now)
            found[channel.name, channel.location] = channel
    return [found[key] for key in sorted(found)]


def find_channel(world: World, name: str, location: str, now: datetime) -> Channel | None:
    """The channel of that name at a location; None where no agreement in force has it."""
    return next((each for each in all_channels(world, now) if (each.name, each.location) == (name, location)), None)


def fences_at(world: World, location: str, now: datetime) -> tuple[Fence, ...]:
    """The ring-fences of every agreement in force that ships from a location."""
    return tuple(
        fence
        for partner in world.partners.values()
        for terms in partner.agreements
        if terms.ship_from == location and terms.covers(now)
        for fence in terms.fences
    )


def with_buffers(connection: sa.Connection, channel: Channel, skus: Collection[str] | None, now: datetime) -> Channel:
    """The channel with the buffers that people decided for these products (None: for all), as they hold now."""
    return replace(channel, buffers=buffer_changes.load_rules(connection, channel.name, channel.location, skus, now))


def load_promises(
    connection: sa.Connection, channel: Channel, skus: Collection[str] | None, now: datetime
) -> dict[str, Availability]:
    """What the channel may sell of products (None: of all), each with the sum that makes it, in two statements.

    A product that nobody counts there is not among them: nothing is known of it, and nothing may be promised. What was
    observed is as old as `Availability.as_of` says.
    """
    channel, day = with_buffers(connection, channel, skus, now), now.date()
    counted = {
        supply.level.sku: channel.available(supply, day, computed)
        for supply, computed in supplies.load_supplies(connection, channel.location, skus, channel=channel.name)
    }
    return counted | _item_promises(connection, channel, skus, now)


def _item_promises(
    connection: sa.Connection, channel: Channel, skus: Collection[str] | None, now: datetime
) -> dict[str, Availability]:
    """Of goods that are counted unit by unit."""
    wanted = supplies.list_by_items(connection, skus)
    if not wanted:
        return {}
    units = units_of_skus(connection, wanted)
    held = dict.fromkeys(wanted, 0)
    for each in stock.load_reservations(connection, wanted, channel.location):
        held[each.sku] += each.eaches
    return {
        sku: channel.available(_units_supply(channel, sku, units.get(sku, []), (held[sku], now)), now.date())
        for sku in wanted
    }


def fitness_of(channel: Channel, sku: str, now: datetime) -> Fitness:
    """Which units a channel may have: of wholesale, as the fences say; of any other, those that are offered at all."""
    if channel.claimant is not Claimant.WHOLESALE:
        return Fitness(ready_only=False)
    fences = fencing(channel.fences, sku, now.date())
    return Fitness(fences.conditions, fences.ready_only)


def _units_supply(channel: Channel, sku: str, units: Sequence[Unit], known: tuple[int, datetime]) -> Supply:
    """Units as a supply, with what orders hold. What is withheld for none of them any more waits to be released."""
    held, now = known
    sums = tally(units, fitness_of(channel, sku, now), now)
    level = units_level(sku, channel.location, units, (sums.there, now))
    return Supply(level, unoffered=sums.unoffered + max(0, sums.claimed - held), rented=sums.rented, held=held)


def units_level(sku: str, location: str, units: Collection[Unit], counted: tuple[int, datetime]) -> Level:
    """Units counted one by one as a level: as old as the unit that was told of longest ago."""
    there, now = counted
    seen = min((unit.seen_at for unit in units if unit.seen_at is not None), default=now)
    source = next((unit.programme for unit in units), "circular programme")
    return Level(sku, location, there, 0, there, True, seen, source=source)
