"""Exported stock: what a channel's file says, taken in as it was when the export began; the rest is read item by item."""

from __future__ import annotations

from trueup.base.ids import Digest
from trueup.remote.exports import NUMBERS, ExportedItem, ExportedLevel
from trueup.storage import exported_rows, publications, stock_looks
from trueup.storage.exported_rows import StockPage, StockRow
from trueup.storage.shop_exports import ShopExport
from trueup.workflows.exported import ROWS_AT_ONCE, Taking
from trueup.workflows.shown_stock import take_in_export
from trueup.workflows.wake_stock import look_now, wake_looks
from trueup.workflows.world import Tx


def write_rows(tx: Tx, export: ShopExport, evidence: str) -> int:
    """Its lines as they come; how many. Raises Unreadable."""
    publications.know_products(tx.connection, export.channel, tx.resources.places_of(export.channel))
    exporter = tx.resources.connections.exporters[export.channel]
    content = tx.resources.archive.open_document(tx.connection, Digest(evidence))
    return exported_rows.save_stock(tx.connection, export.id, map(_row, exporter.read_stock_export(content)))


def _row(line: ExportedItem | ExportedLevel) -> StockRow:
    if isinstance(line, ExportedItem):
        return StockRow(line.item, line.sku, line.tracked)
    return StockRow(line.item, None, None, line.location, *(getattr(line, name) for name in NUMBERS))


def take_in_page(tx: Tx, export: ShopExport, after: str) -> str | None:
    """What it shows of the next items; what was due to be read of them by its beginning has been."""
    if export.evidence is None or export.as_of is None:
        return None
    page = StockPage(after, ROWS_AT_ONCE, tx.resources.places_of(export.channel))
    told = (export.id, export.channel, export.as_of)
    shown, following = exported_rows.load_stock(tx.connection, told, page, whole=bool(export.whole))
    fresh = take_in_export(tx, export.channel, shown, export.evidence)
    stock_looks.forget_looks(tx.connection, export.channel, fresh, export.as_of)
    return following


def read_rest(tx: Tx, export: ShopExport) -> None:
    """What it did not tell of is read item by item, and so is what waited for it."""
    unseen = publications.list_unseen(tx.connection, export.channel, export.as_of or export.wanted_at)
    if unseen:
        look_now(tx, export.channel, unseen)
    else:
        wake_looks(tx, export.channel)


STOCK = Taking(write_rows, take_in_page, read_rest, read_rest)
