"""Promises: how much of each product a channel may sell now. One answer for orders, for what is published, and for people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from trueup.domain.buffers import BufferRule
from trueup.domain.channels import Channel
from trueup.domain.inventory import Availability, Claimant
from trueup.domain.partners import Agreement
from trueup.domain.ring_fences import Fence
from trueup.storage import supplies
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


def all_channels(world: World, now: datetime) -> list[Channel]:
    """Every channel of the installation: each agreement in force, and its shop at the location it ships from."""
    found: dict[tuple[str, str], Channel] = {}
    for partner in world.partners.values():
        for terms in partner.agreements:
            if terms.covers(now):
                for channel in (
                    wholesale_channel(world, terms, now),
                    shop_channel(world, terms.shop, terms.ship_from, now),
                ):
                    found[channel.name, channel.location] = channel
    return [found[key] for key in sorted(found)]


def fences_at(world: World, location: str, now: datetime) -> tuple[Fence, ...]:
    """The ring-fences of every agreement in force that ships from a location."""
    return tuple(
        fence
        for partner in world.partners.values()
        for terms in partner.agreements
        if terms.ship_from == location and terms.covers(now)
        for fence in terms.fences
    )


def load_promises(
    connection: sa.Connection, channel: Channel, skus: Collection[str] | None, now: datetime
) -> dict[str, Availability]:
    """What the channel may sell of products (None: of all), each with the sum that makes it, in one statement.

    A product that nobody counts there is not among them: nothing is known of it, and nothing may be promised. What was
    observed is as old as `Availability.as_of` says.
    """
    day = now.date()
    return {
        supply.level.sku: channel.available(supply, day, computed)
        for supply, computed in supplies.load_supplies(connection, channel.location, skus, channel=channel.name)
    }
