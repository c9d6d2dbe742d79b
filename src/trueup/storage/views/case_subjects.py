"""Whether there is what the subject of a case names: a product, an order, a payment, a run."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.storage.orders import find_order
from trueup.storage.products import load_products
from trueup.storage.remittances import find_remittances
from trueup.storage.views.runs import show_run


def is_product(connection: sa.Connection, sku: str) -> bool:
    """Whether it is a product of ours: a case may be about one that the buyer alone knows."""
    return bool(load_products(connection, [sku]))


def is_order(connection: sa.Connection, key: str) -> bool:
    """Whether `partner/number` is an order that came here."""
    partner, _, number = key.partition("/")
    return find_order(connection, partner, number) is not None


def payment_of(connection: sa.Connection, partner: str, payment: str) -> int | None:
    """The id of a payment by its number; None where it is not known."""
    return find_remittances(connection, partner, [payment]).get(payment)


def is_run(connection: sa.Connection, run: str) -> bool:
    """Whether it is known still: rounds that failed are told by their chain, and runs that ended are forgotten."""
    try:
        show_run(connection, run)
    except NotFound:
        return False
    return True
