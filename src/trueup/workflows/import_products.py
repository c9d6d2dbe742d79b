"""Import products: an item master file is archived, read, compared with what is kept, and taken in whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from trueup.base.ids import Digest, digest_of
from trueup.base.money import UnitPrice
from trueup.domain.catalog import Listing, Product
from trueup.formats.document import Finding, Reading
from trueup.formats.item_master import Item, read_item_master, write_item_master
from trueup.formats.sheet_table import as_table, cell_name
from trueup.storage import products
from trueup.storage.acts import hold_subject, newest_act
from trueup.storage.documents import Arrival
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.taking_in import look_at_held
from trueup.workflows.uncounted_stock import tell_uncounted
from trueup.workflows.world import Tx

KIND, EARLIER = "item-master", "item-master-before"
_OF_PRODUCT = ("title", "case_size", "gtin", "declared_source", "obsolete")
_OF_LISTING = ("asin", "vendor_product_id", "cost")
_BATCH = 500
_CELL = re.compile(r"row (?P<row>\d+), column (?P<column>\w+)")


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
    earlier: Digest | None = None
    """A file that says what was changed as it was before; None where nothing that was known is another now."""


def archive_upload(tx: Tx, content: bytes, kind: str, name: str, person: Person) -> Digest:
    """Keep a file that a person hands in, before anything reads it."""
    arrival = Arrival(kind=kind, source=f"upload by {person.name}", name=name, received_at=tx.now, subject=kind)
    return tx.resources.archive.append(tx.connection, content, arrival).digest


def import_products(
    tx: Tx, content: bytes, person: Person, decimal_mark: str = ".", told: Callable[[int], None] | None = None
) -> Imported:
    """Take an archived item master in, a CSV or a workbook's first sheet. `told`: who is told of how many rows were compared.

    A column it does not have leaves what is known; an empty cell empties it.
    Raises Unreadable when it is no item master, Refused without a role that may.
    """
    demand_role(person, "products.import")
    table = as_table(content, "Item master")
    # A workbook's numbers have a point, however they are shown.
    reading = read_item_master(table, "." if table is not content else decimal_mark)
    evidence = digest_of(content)
    hold_subject(tx.connection, KIND)
    items = list(_merged(tx.connection, reading.values, reading.facts["columns"]))
    changes = tuple(_changes(tx.connection, items, told or _nobody))
    if reading.errors:
        return Imported(evidence, False, 0, 0, changes, _placed(reading))
    last = newest_act(tx.connection, KIND, ("products.imported",))
    if not changes and last is not None and last.evidence == evidence:
        taken = last.after
        return Imported(evidence, True, taken["products"], taken["listings"], (), _placed(reading))
    earlier = _keep_earlier(tx, changes)
    saved, listed = products.save_master(tx.connection, items, evidence, tx.now)
    if changes:
        tell_uncounted(tx, {change.sku for change in changes})
        look_at_held(tx)
    after = {"products": saved, "listings": listed, "changes": len(changes)}
    before = {"earlier": earlier} if earlier else None
    record_deed(tx.connection, tx.now, person, Deed("products.imported", KIND, before, after, evidence))
    return Imported(evidence, True, saved, listed, changes, _placed(reading), earlier)


def _placed(reading: Reading[Item]) -> tuple[Finding, ...]:
    """The findings with the cells that a spreadsheet shows them in: `C7 (row 7, column cost)`."""
    columns = list(reading.facts["columns"])
    return tuple(
        replace(found, location=replace(found.location, path=_cell_of(found.location.path, columns)))
        for found in reading.findings
    )


def _cell_of(path: str, columns: list[str]) -> str:
    told = _CELL.fullmatch(path)
    if told is None or told["column"] not in columns:
        return path
    return f"{cell_name(columns.index(told['column']) + 1, int(told['row']))} ({path})"


def _keep_earlier(tx: Tx, changes: tuple[Change, ...]) -> Digest | None:
    """What is changed, as it is until now, as a file of the same form: handed in again, it takes the import back."""
    skus = sorted({change.sku for change in changes if not (change.new and not change.vendor_code)})
    known = _known(tx.connection, skus)
    rows: list[Item] = []
    for product, listings in known.values():
        rows += [(product, listing) for listing in listings.values()] or [(product, None)]
    if not rows:
        return None
    return tx.resources.keep(
        tx.connection, write_item_master(rows), kind=EARLIER, source="trueup", name="item master as it was before"
    )


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


def _nobody(_rows: int) -> None:
    """Nobody waits to be told."""


def _changes(connection: sa.Connection, items: list[Item], told: Callable[[int], None]) -> Iterator[Change]:
    known = _known(connection, [product.sku for product, _ in items])
    seen: set[str] = set()
    for number, (product, listing) in enumerate(items, 1):
        told(number)
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
