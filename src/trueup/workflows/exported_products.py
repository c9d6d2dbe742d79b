"""Exported products: what a shop's file says of its catalogue, taken in as it was when the export began."""

from __future__ import annotations

from datetime import datetime

from trueup.base.ids import Digest
from trueup.storage import exported_rows, sources
from trueup.storage.shop_exports import ShopExport
from trueup.workflows.exported import ROWS_AT_ONCE, Taking
from trueup.workflows.gone_products import note_gone_products, note_returned
from trueup.workflows.rounds import ask_sooner
from trueup.workflows.shown_products import QUERY, Catalogue, rounds_of, take_in_products
from trueup.workflows.source_failures import note_working
from trueup.workflows.world import Tx


def write_rows(tx: Tx, export: ShopExport, evidence: str) -> int:
    """Its lines as they come; how many. Raises Unreadable."""
    exporter = tx.resources.connections.exporters[export.channel]
    content = tx.resources.archive.open_document(tx.connection, Digest(evidence))
    return exported_rows.save_products(tx.connection, export.id, exporter.read_product_export(content))


def take_in_page(tx: Tx, export: ShopExport, after: str) -> str | None:
    """What it shows of the next SKUs, each with all variants that bear it."""
    if export.evidence is None or export.as_of is None:
        return None
    found, following = exported_rows.load_products(tx.connection, export.id, after, ROWS_AT_ONCE)
    taken = take_in_products(tx, found, _catalogue(export, export.evidence, export.as_of))
    note_returned(tx, export.channel, taken.renewed)
    return following


def _catalogue(export: ShopExport, evidence: str, as_of: datetime) -> Catalogue:
    return Catalogue(export.channel, evidence, as_of, as_of)


def finish(tx: Tx, export: ShopExport) -> None:
    """The catalogue is read, where the file was whole: what it did not tell of is gone. Else it is read by pages."""
    if not export.whole or export.as_of is None or export.evidence is None:
        give_up(tx, export)
        return
    note_gone_products(tx, _catalogue(export, export.evidence, export.as_of))
    note_working(tx, export.channel, QUERY)
    sources.note_success(tx.connection, export.channel, QUERY, covered_until=export.as_of, documents=1, now=tx.now)


def give_up(tx: Tx, export: ShopExport) -> None:
    """The next round comes at once, and reads pages."""
    ask_sooner(tx, [rounds_of(tx.resources, export.channel)])


PRODUCTS = Taking(write_rows, take_in_page, finish, give_up)
