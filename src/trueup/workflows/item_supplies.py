"""Item supplies: how much of goods that are counted unit by unit may be promised to a purchase order, as the same sum of terms."""

from __future__ import annotations

from dataclasses import replace

from trueup.domain.catalog import CountSource
from trueup.domain.circular_units import is_free, tally
from trueup.domain.inventory import Availability, Reservation, Supply
from trueup.storage import item_claims, products, stock
from trueup.storage.circular_units import units_of_skus
from trueup.workflows.assessment import Situation
from trueup.workflows.promises import fitness_of, units_level, wholesale_channel, with_buffers
from trueup.workflows.world import Tx


def item_supplies(tx: Tx, situation: Situation) -> dict[str, Availability]:
    """What may be promised to the undecided lines of goods that a circular programme counts.

    Units that rentals or resales have, now or at any time to come, are not among it, nor those that wholesale may not take.
    What other lines hold is subtracted; what is withheld for nobody's reservation any more is not offered until it is released,
    and what this order claimed and did not get is not chosen for it again.
    """
    undecided = {line.sequence for line in situation.undecided}
    skus = {
        product.sku
        for line in undecided
        if (product := situation.units[line].product).count_source is CountSource.ITEMS
    }
    if not skus:
        return {}
    channel = with_buffers(tx.connection, wholesale_channel(tx.resources, situation.agreement, tx.now), skus, tx.now)
    reserved = stock.load_reservations(tx.connection, skus, situation.agreement.ship_from)
    mine = situation.saved.id
    lost = item_claims.load_lost(tx.connection, mine)
    units = units_of_skus(tx.connection, skus)
    found: dict[str, Availability] = {}
    for sku in skus:
        others = [
            held for held in reserved if held.sku == sku and (held.order_id != mine or held.sequence not in undecided)
        ]
        fitness = fitness_of(channel, sku, tx.now)
        counted = tally(units.get(sku, []), fitness, tx.now)
        missed = [unit for unit in units.get(sku, []) if (unit.programme, unit.item.id) in lost]
        theirs = [unit for unit in units.get(sku, []) if unit.claim is not None and unit.claim.order_id != mine]
        surplus = max(0, len(theirs) - sum(held.eaches for held in others if held.order_id != mine))
        supply = Supply(
            units_level(sku, situation.agreement.ship_from, units.get(sku, []), (counted.there, tx.now)),
            unoffered=counted.unoffered + surplus + sum(is_free(unit, fitness, tx.now) for unit in missed),
            rented=counted.rented,
            held=sum(held.eaches for held in others),
        )
        found[sku] = replace(channel.available(supply, tx.now.date(), 0), pending=0)
    return found


def concerns_items(tx: Tx, order_id: int) -> bool:
    """Whether the order holds goods that are counted unit by unit, or still claims some: then its items are seen to."""
    return bool(tx.resources.programmes) and bool(
        counted_by_items(tx, order_id) or item_claims.load_order_claims(tx.connection, order_id)
    )


def counted_by_items(tx: Tx, order_id: int) -> dict[int, Reservation]:
    """What an order holds of goods that are counted unit by unit, by line."""
    reserved = stock.load_order_reservations(tx.connection, order_id)
    found = products.load_products(tx.connection, {held.sku for held in reserved.values()})
    by_items = {product.sku for product, _ in found if product.count_source is CountSource.ITEMS}
    return {line: held for line, held in reserved.items() if held.sku in by_items and held.eaches}
