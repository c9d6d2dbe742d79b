"""Product courses: what happened to the free goods of products in a channel, from the counts that hold for each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.domain.catalog import CountSource
from trueup.domain.channels import Channel
from trueup.domain.inventory import Claimant
from trueup.domain.stock_policy import Course, course_of
from trueup.storage import products, stock_ledger

SHORTEST_DELAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ProductCourse:
    """A product's course in a channel, what its source says lies there now, and how late its feed is (None: unmeasured)."""

    sku: str
    course: Course
    on_hand: int
    measured: timedelta | None

    @property
    def delay(self) -> timedelta:
        """How late counts are taken to be: nothing is known at once."""
        return max(self.measured or SHORTEST_DELAY, SHORTEST_DELAY)


def load_product_courses(
    connection: sa.Connection, channel: Channel, skus: Collection[str], since: datetime, now: datetime
) -> Iterator[ProductCourse]:
    """The courses of those of these products that have one: two counts at least, by who counts them now."""
    own, place = channel.claimant is Claimant.SHOP, channel.location
    known = products.load_products(connection, set(skus))
    for counted in sorted({product.count_source for product, _ in known} - {CountSource.UNKNOWN}):
        of_source = [product.sku for product, _ in known if product.count_source is counted]
        measured = stock_ledger.measured_delay(connection, place, counted, now)
        levels = stock_ledger.load_courses(connection, of_source, place, counted, since)
        moved = stock_ledger.load_movements_of(connection, levels, place, since)
        for sku, seen in sorted(levels.items()):
            course = course_of(seen, moved.get(sku, ()), own=own, sales=counted is CountSource.DECLARED)
            if course is not None:
                yield ProductCourse(sku, course, max(0, seen[-1].on_hand), measured)
