"""Declare stock: counts of products that no shop counts, from a warehouse's file or a person's own count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import Digest
from trueup.domain.catalog import CountSource
from trueup.formats.document import Finding, Location, Severity
from trueup.formats.stock_counts import Count, read_stock_counts, write_stock_counts
from trueup.storage import products, stock
from trueup.storage.views.stock import list_declared
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.wanted_stock import stock_changed
from trueup.workflows.world import Tx, World

KIND = "stock-counts"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration came to: each count with the one before it. `taken` is false when errors kept the file out."""

    digest: Digest
    taken: bool
    counts: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]


def declare_stock(tx: Tx, content: bytes, person: Person) -> Declared:
    """Take archived counts in, whole or not at all: eaches on hand, goods reserved or claimed for orders among them.

    What orders hold that are closed by now is not among them: it ends with this count.

    Raises Unreadable when it is no such table, Refused without a role that may.
    """
    demand_role(person, "stock.declare")
    reading = read_stock_counts(content)
    findings = [*reading.findings, *_misplaced(tx, reading.values)]
    before = list_declared(tx.connection, [count.sku for count in reading.values])
    counts = tuple(
        {
            "sku": count.sku,
            "location": count.location,
            "before": before.get((count.sku, count.location)),
            "on_hand": count.on_hand,
        }
        for count in reading.values
    )
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        return Declared(reading.evidence, False, counts, tuple(findings))
    rows = [(count.sku, count.location, count.on_hand) for count in reading.values]
    stock.declare_count(tx.connection, rows, reading.evidence, tx.now)
    departed = stock.end_departed(tx.connection, [(sku, location) for sku, location, _ in rows], tx.now)
    after = {"counts": len(rows), "eaches": sum(on_hand for _, _, on_hand in rows)}
    if departed:
        after["departed_eaches"] = sum(held.eaches for held in departed)
    record_deed(tx.connection, tx.now, person, Deed("stock.declared", KIND, None, after, reading.evidence))
    for location in sorted({location for _, location, _ in rows}):
        stock_changed(tx, [sku for sku, at, _ in rows if at == location], location)
    return Declared(reading.evidence, True, counts, tuple(findings))


def _misplaced(tx: Tx, counts: tuple[Count, ...]) -> list[Finding]:
    """Counts that nothing would ever look at: a count that is silently of no use would be taken for one that holds."""
    skus = sorted({count.sku for count in counts})
    known = {product.sku: product for product, _ in products.load_products(tx.connection, skus)}
    places = _places(tx.resources)
    found = []
    for row, count in enumerate(counts, 2):
        product = known.get(count.sku)
        if product is None:
            words = f"{count.sku}: no such product; import it first"
        elif product.count_source is not CountSource.DECLARED:
            words = f"{count.sku}: no declared count source; set declared_source in the item master first"
        elif places and count.location not in places:
            words = f"{count.sku}: no agreement ships from {count.location!r}; those that do: {', '.join(places)}"
        else:
            continue
        found.append(Finding(Severity.ERROR, "misplaced", words, Location(0, f"count {row - 1}")))
    return found


def _places(world: World) -> list[str]:
    return sorted({terms.ship_from for partner in world.partners.values() for terms in partner.agreements})


def count_of(sku: str | None, location: str | None, on_hand: int | None) -> bytes:
    """One count as the file that says it. Raises Invalid when something is missing."""
    if not sku or not location or on_hand is None:
        raise Invalid("Expected a file of counts, or --sku, --location and --on-hand together.")
    return write_stock_counts([Count(sku, location, on_hand)])
