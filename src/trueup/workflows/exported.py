"""Exported: what is done with the rows of an export, of whatever kind: written down, taken in by pages, and then over with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trueup.storage.shop_exports import ShopExport
from trueup.workflows.world import Tx

ROWS_AT_ONCE = 2500
"""Of one page: while it is taken in, writes of the same rows wait."""


@dataclass(frozen=True, slots=True)
class Taking:
    """How one kind of export is taken in. `take_in_page` is given after which row to go on, and says the same of the next page."""

    write_rows: Callable[[Tx, ShopExport, str], int]
    take_in_page: Callable[[Tx, ShopExport, str], str | None]
    finish: Callable[[Tx, ShopExport], None]
    give_up: Callable[[Tx, ShopExport], None]
