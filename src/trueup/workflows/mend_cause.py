"""Mend a cause: one act that takes it away from every case it made, and what that closes.

An item that the master has wrong or not at all, a connection that rests. What would close is not guessed: it is done and rolled
back, and each order that is held is looked at with what is known then.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.base.money import Money
from trueup.domain.case_causes import CONNECTION, ITEM
from trueup.domain.catalog import Listing, Product
from trueup.storage import cases, orders, products
from trueup.storage.acts import say_who
from trueup.storage.pauses import find_pause
from trueup.storage.views.case_queue import closed_since, opened_after
from trueup.storage.views.case_sums import money_of
from trueup.storage.views.today import newest_case
from trueup.workflows.assessment import examine, open_hold_cases
from trueup.workflows.import_products import KIND, archive_upload, import_products
from trueup.workflows.pause_connection import resume_connection
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

MOST_ORDERS = 200
"""So many orders are looked at while the person waits; the others are by a worker, at once, with the same outcome."""
_BY_MASTER = tuple(
    f"held.{rule}"
    for rule in ("product-unknown", "cost-differs", "case-size-differs", "not-whole-packs", "stock-uncounted")
)
"""The holds that look at what the item master says."""
FIELDS = (
    "sku",
    "title",
    "case_size",
    "vendor_code",
    "asin",
    "vendor_product_id",
    "cost",
    "currency",
    "declared_source",
)
"""What of an item is told to mend it: columns of the item master."""
_ASIN = re.compile(r"[A-Z0-9]{10}")


@dataclass(frozen=True, slots=True)
class Cause:
    """What made cases: their kind, and the cause as they name it."""

    kind: str
    name: str

    @property
    def thing(self) -> str:
        """Whether it is an item, a connection, ..."""
        return self.name.partition(" ")[0]

    @property
    def of(self) -> str:
        """The name of the item, of the connection, ..."""
        return self.name.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of it. `closed`: the cases that are closed with it, as number and title; `money`: what was at risk in them.

    `left`: cases of the cause that stay open all the same; `opened`: what the same lines wait for next, as number and title;
    `unseen`: orders that a worker looks at.
    """

    closed: tuple[tuple[int, str], ...]
    money: tuple[Money, ...]
    left: int
    opened: tuple[tuple[int, str], ...] = ()
    unseen: int = 0


def can_mend_item(cause: Cause) -> bool:
    """Whether the item master is what takes the cause away."""
    return cause.thing == ITEM and cause.kind in _BY_MASTER


def can_resume(tx: Tx, cause: Cause) -> bool:
    """Whether the connection rests, and going on takes the cause away."""
    return cause.thing == CONNECTION and find_pause(tx.connection, cause.of) is not None


def mend_item(tx: Tx, cause: Cause, told: Mapping[str, str], person: Person) -> Mended:
    """Take one row into the item master, and look at once at the orders that the cause holds.

    Raises Invalid for a row that the master does not take, NotFound or Conflict for a cause without a
    case, Refused without a role that may.
    """
    if not can_mend_item(cause):
        raise Refused(f"Cases of {cause.kind} caused by {cause.name!r} are not mended in the item master.")
    held = cases.orders_of_cause(tx.connection, cause.kind, cause.name)
    if not held:
        if not (who := say_who(tx.connection, KIND, "products.imported")):
            raise NotFound(f"No order is held for {cause.name} any more ({cause.kind}).")
        raise Conflict(
            f"No order is held for {cause.name} any more ({cause.kind}); the item master was changed last{who}. "
            "Nothing was changed now."
        )

    def act() -> None:
        content = _row(
            {**_known_as(tx, told.get("sku", ""), held[0]), **{name: text for name, text in told.items() if text}}
        )
        digest = archive_upload(tx, content, KIND, f"{told.get('sku', '')}.csv", person)
        imported = import_products(tx, tx.resources.read(tx.connection, digest), person)
        if not imported.taken:
            raise Invalid("; ".join(map(str, imported.findings)))
        for order_id in held[:MOST_ORDERS]:
            _look_at(tx, order_id)

    return _mended(tx, cause, act, unseen=max(0, len(held) - MOST_ORDERS))


def mend_connection(tx: Tx, cause: Cause, person: Person) -> Mended:
    """Have the connection go on. Raises Conflict when it does not rest, NotFound, Refused."""
    if cause.thing != CONNECTION:
        raise Refused(f"Cases of {cause.kind} caused by {cause.name!r} are not mended by a connection that goes on.")
    return _mended(tx, cause, lambda: resume_connection(tx, cause.of, person))


def known_item(tx: Tx, cause: Cause) -> dict[str, str]:
    """What is known of the item, as the fields that mend it: a row of the master, or what the held lines say of it."""
    held = cases.orders_of_cause(tx.connection, cause.kind, cause.name)
    if not held:
        return {}
    known = _known_as(tx, cause.of, held[0])
    return known if "sku" in known or not _ASIN.fullmatch(cause.of) else {**known, "asin": cause.of}


def _known_as(tx: Tx, sku: str, order_id: int) -> dict[str, str]:
    """What the master says of a product, with its listing for the vendor code of an order."""
    vendor_code = orders.load_order(tx.connection, order_id).order.vendor_code
    found = products.load_products(tx.connection, [sku])
    if not found:
        return {"vendor_code": vendor_code}
    product, listings = found[0]
    listing = next((each for each in listings if each.vendor_code == vendor_code), None)
    return _told(product, listing, vendor_code)


def _told(product: Product, listing: Listing | None, vendor_code: str) -> dict[str, str]:
    told = {"sku": product.sku, "title": product.title, "vendor_code": vendor_code}
    told |= {"case_size": str(product.case_size or ""), "declared_source": product.declared_source or ""}
    if listing is not None:
        told |= {"asin": listing.asin or "", "vendor_product_id": listing.vendor_product_id or ""}
        if listing.cost is not None:
            told |= {"cost": f"{listing.cost.value:f}", "currency": listing.cost.currency}
    return told


def _row(told: Mapping[str, str]) -> bytes:
    """One row of an item master, with the columns that were told."""
    given = {name: told[name] for name in FIELDS if told.get(name)}
    out = io.StringIO()
    rows = csv.DictWriter(out, list(given))
    rows.writeheader()
    rows.writerow(given)
    return out.getvalue().encode()


def _look_at(tx: Tx, order_id: int) -> None:
    """Open and close what holds the lines of an order, with what is known now."""
    saved = orders.load_order(tx.connection, order_id)
    agreement = tx.resources.agreement(tx.connection, saved)
    if agreement is not None and not saved.history:
        open_hold_cases(tx, examine(tx.connection, tx.resources, saved, agreement, tx.now))


def _mended(tx: Tx, cause: Cause, act: Callable[[], object], unseen: int = 0) -> Mended:
    before, newest = closed_since(tx.connection, tx.now), newest_case(tx.connection)
    act()
    closed = {number: title for number, title in closed_since(tx.connection, tx.now).items() if number not in before}
    left = cases.count_of_cause(tx.connection, cause.kind, cause.name)
    opened = tuple(sorted(opened_after(tx.connection, newest).items()))
    return Mended(tuple(sorted(closed.items())), money_of(tx.connection, list(closed)), left, opened, unseen)
