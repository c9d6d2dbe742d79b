"""Declared stock counts as CSV: product, location, eaches on hand; read and written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trueup.base.ids import digest_of
from trueup.formats.document import Format, Reading
from trueup.formats.tabular import Column, Layout, has_columns, read_table, text, whole, write_table

COLUMNS = ("sku", "location", "on_hand")
_LARGEST_COUNT = 1_000_000_000
_LAYOUT = Layout(
    "Stock counts",
    (
        Column("sku", text, needed=True),
        Column("location", text, needed=True, aliases=("warehouse",)),
        Column("on_hand", whole(0, _LARGEST_COUNT), needed=True, aliases=("count", "quantity", "eaches")),
    ),
    unique=("sku", "location"),
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many eaches of a product lie at a location, those promised to orders among them."""

    sku: str
    location: str
    on_hand: int


def read_stock_counts(content: bytes) -> Reading[Count]:
    """Counts, and a finding for every row that is not taken in. Raises Unreadable when it is no such table."""
    table = read_table(content, _LAYOUT)
    counts = tuple(Count(row.values["sku"], row.values["location"], row.values["on_hand"]) for row in table.rows)
    return Reading(digest_of(content), "stock-counts", counts, table.findings)


def write_stock_counts(counts: Iterable[Count]) -> bytes:
    """The same table; `read_stock_counts` gives the counts back."""
    return write_table(COLUMNS, ((count.sku, count.location, str(count.on_hand)) for count in counts))


_NAMES = [(column.name, *column.aliases) for column in _LAYOUT.columns]


def _is_counts(head: bytes) -> bool:
    return all(any(has_columns(head, (name,)) for name in names) for names in _NAMES)


FORMAT = Format("stock-counts", "Stock counts (CSV)", _is_counts, read_stock_counts)
