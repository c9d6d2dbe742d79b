"""Import products: an item master file is archived, read, compared with what is kept, and taken in whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from trueup.base.ids import Digest
from trueup.base.money import UnitPrice
from trueup.domain.catalog import Listing, Product
from trueup.formats.document import Finding
from trueup.formats.item_master import Item, read_item_master
from trueup.storage import products
from trueup.storage.documents import Arrival
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.taking_in import look_at_held
from trueup.workflows.uncounted_stock import tell_uncounted
from trueup.workflows.world import Tx

KIND = "item-master"
_OF_PRODUCT = ("title", "case_size", "gtin", "declared_source", "obsolete")
_OF_LISTING = ("asin", "vendor_product_id", "cost")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Change:
    """One field that an import changes; `before` is None throughout for what is new."""

    sku: str
    vendor_code: str
    field: str
    before: str | None
    after: str | None
    new: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. `taken` is false when errors kept the file out; then nothing was changed."""

    digest: Digest
    taken: bool
    products: int
    listings: int
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


def archive_upload(tx: Tx, content: bytes, kind: str, name: str, person: Person) -> Digest:
    """Keep a file that a person hands in, before anything reads it."""
    arrival = Arrival(kind=kind, source=f"upload by {person.name}", name=name, received_at=tx.now, subject=kind)
    return tx.resources.archive.append(tx.connection, content, arrival).digest


def import_products(tx: Tx, content: bytes, person: Person, decimal_mark: str = ".") -> Imported:
    """Take an archived item master in. A column it does not have leaves what is known; an empty cell empties it.

    Raises Unreadable when it is no item master, Refused without a role that may.
    """
    demand_role(person, "products.import")
    reading = read_item_master(content, decimal_mark)
    items = list(_merged(tx.connection, reading.values, reading.facts["columns"]))
    changes = tuple(_changes(tx.connection, items))
    if reading.errors:
        return Imported(reading.evidence, False, 0, 0, changes, reading.findings)
    saved, listed = products.save_master(tx.connection, items, reading.evidence, tx.now)
    if changes:
        tell_uncounted(tx, {change.sku for change in changes})
        look_at_held(tx)
    after = {"products": saved, "listings": listed, "changes": len(changes)}
    record_deed(tx.connection, tx.now, person, Deed("products.imported", KIND, None, after, reading.evidence))
    return Imported(reading.evidence, True, saved, listed, changes, reading.findings)


def _merged(connection: sa.Connection, items: tuple[Item, ...], columns: list[str]) -> Iterator[Item]:
    """The items with what is known already in the fields whose column the file does not have."""
    kept = [name for name in _OF_PRODUCT if name not in columns]
    kept_of_listing = [name for name in _OF_LISTING if name not in columns]
    known = _known(connection, [product.sku for product, _ in items]) if kept or kept_of_listing else {}
    for product, listing in items:
        before, listings = known.get(product.sku, (None, {}))
        earlier = listings.get(listing.vendor_code) if listing else None
        yield (
            replace(product, **{name: getattr(before, name) for name in kept}) if before else product,
            replace(listing, **{name: getattr(earlier, name) for name in kept_of_listing})
            if listing and earlier
            else listing,
        )


def _changes(connection: sa.Connection, items: list[Item]) -> Iterator[Change]:
    known = _known(connection, [product.sku for product, _ in items])
    seen: set[str] = set()
    for product, listing in items:
        before, listings = known.get(product.sku, (None, {}))
        if product.sku not in seen:
            seen.add(product.sku)
            yield from _differing(product.sku, "", before, product, _OF_PRODUCT)
        if listing is not None:
            earlier = listings.get(listing.vendor_code)
            yield from _differing(product.sku, listing.vendor_code, earlier, listing, _OF_LISTING)


def _differing(
    sku: str, vendor_code: str, before: Product | Listing | None, after: Product | Listing, names: tuple[str, ...]
) -> Iterator[Change]:
    for name in names:
        old, new = _shown(getattr(before, name, None)), _shown(getattr(after, name))
        if old != new:
            yield Change(sku, vendor_code, name, old, new, before is None)


def _shown(value: Any) -> str | None:
    match value:
        case None | False | "":
            return None
        case True:
            return "yes"
        case UnitPrice():
            return f"{value.value.normalize():f} {value.currency}"
        case _:
            return str(value)


def _known(connection: sa.Connection, skus: list[str]) -> dict[str, tuple[Product, dict[str, Listing]]]:
    found: dict[str, tuple[Product, dict[str, Listing]]] = {}
    wanted = sorted(set(skus))
    for start in range(0, len(wanted), _BATCH):
        for product, listings in products.load_products(connection, wanted[start : start + _BATCH]):
            found[product.sku] = product, {listing.vendor_code: listing for listing in listings}
    return found
