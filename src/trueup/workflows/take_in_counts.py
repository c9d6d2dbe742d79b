"""Take in counts: a file of counted stock becomes the levels of products whose count is declared, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from trueup.base.errors import Unreadable
from trueup.base.ids import Digest
from trueup.domain.catalog import CountSource
from trueup.durable.tally import Tally
from trueup.formats.document import Finding, Location, Severity
from trueup.formats.stock_counts import Count, read_stock_counts
from trueup.storage import acts, products, stock
from trueup.storage.views.stock import list_declared
from trueup.workflows.wanted_stock import stock_changed
from trueup.workflows.world import ACTOR, Tx, World

KIND = "stock-counts"
DECLARED, WORTH = "stock.declared", "worth"
"""The act of each count, and where it says what it changed is worth: minor units by currency."""
UPLOADED = "by upload"
"""The standing in acts of who handed a document in, for a run that reads it."""
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration came to: each count with the one before it. `taken` is false when errors kept the file out."""

    digest: Digest
    taken: bool
    counts: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    sums: dict[str, int]

    @property
    def errors(self) -> list[Finding]:
        """What keeps all of it out."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]


def look_at_counts(tx: Tx, content: bytes) -> Declared:
    """What a file of counts says, each with the one before it, and what is wrong with it; nothing is taken.

    Raises Unreadable when it is no such table.
    """
    reading = read_stock_counts(content)
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
    return Declared(reading.evidence, False, counts, (*reading.findings, *_misplaced(tx, reading.values)), {})


def declare_counts(tx: Tx, content: bytes, counted_at: datetime | None = None) -> Declared:
    """Take counts in, and bring every channel that sells them up to date. Raises Unreadable when it is no such table.

    `counted_at`: of when they are, where that is not now. What was closed since may have left after it was counted, so that
    nothing which orders hold ends with them: too late costs a sale, too early an oversell.
    """
    seen = look_at_counts(tx, content)
    if seen.errors:
        return seen
    rows = [(each["sku"], each["location"], each["on_hand"]) for each in seen.counts]
    stock.lock_places(tx.connection, [(sku, location) for sku, location, _ in rows])
    stock.declare_count(tx.connection, rows, seen.digest, counted_at or tx.now)
    counted = [] if counted_at else [(sku, location) for sku, location, _ in rows]
    departed = stock.end_departed(tx.connection, counted, tx.now)
    for location in sorted({location for _, location, _ in rows}):
        stock_changed(tx, [sku for sku, at, _ in rows if at == location], location)
    after = {"counts": len(rows), "eaches": sum(on_hand for _, _, on_hand in rows)}
    if departed:
        after["departed_eaches"] = sum(held.eaches for held in departed)
    return replace(seen, taken=True, sums=after)


def take_in_counts(tx: Tx, content: bytes, uploaded: tuple[str, Mapping[str, int]] = ("", {})) -> None:
    """A file that nobody stands beside, so what is wrong is raised: a warehouse left it in a folder, or a person handed it in.
    `uploaded`: who did, and for what it counts in a day of their counts.

    Raises Unreadable when it is no such table, or a row of it is of no use: none is taken then.
    """
    done = declare_counts(tx, content)
    if not done.taken:
        raise not_taken(done)
    tx.count(Tally("counts", len(done.counts), {"taken": done.sums["counts"]}))
    by, worth = uploaded
    after = {**done.sums, **({WORTH: dict(worth)} if worth else {})}
    act = acts.Act(by or ACTOR, UPLOADED if by else "worker", DECLARED, KIND, None, after, done.digest)
    acts.append_act(tx.connection, tx.now, act)


def not_taken(seen: Declared) -> Unreadable:
    """Why none of it was taken, the first errors of it."""
    errors = [str(finding) for finding in seen.errors]
    more = f", and {len(errors) - MOST_TOLD} more" if len(errors) > MOST_TOLD else ""
    return Unreadable(f"no count of it was taken: {'; '.join(errors[:MOST_TOLD])}{more}")


def _misplaced(tx: Tx, counts: tuple[Count, ...]) -> list[Finding]:
    """Counts that nothing would ever look at: a count that is silently of no use would be taken for one that holds."""
    skus = sorted({count.sku for count in counts})
    known = {product.sku: product for product, _ in products.load_products(tx.connection, skus)}
    places = places_of(tx.resources)
    found = []
    for row, count in enumerate(counts, 2):
        product = known.get(count.sku)
        if product is None:
            words = f"{count.sku}: no such product; import it first"
        elif product.count_source is not CountSource.DECLARED:
            words = f"{count.sku}: no declared count source; set declared_source in the item master first"
        elif places and count.location not in places:
            words = f"{count.sku}: nothing is sold from {count.location!r}; the places that are: {', '.join(places)}"
        else:
            continue
        found.append(Finding(Severity.ERROR, "misplaced", words, Location(0, f"count {row - 1}")))
    return found


def places_of(world: World) -> list[str]:
    """The places from which something is sold."""
    partners = world.partners.values()
    agreed = {terms.ship_from for partner in partners for terms in partner.agreements}
    agreed |= {warehouse.ship_from for partner in partners for warehouse in partner.direct_fulfillment}
    return sorted(agreed.union(*world.shop_places.values()))
