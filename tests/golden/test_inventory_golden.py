"""Inventory as it is told to a buyer, byte for byte: by EDI as an 846, by API as an update of a warehouse."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.formats.amazon_vendor.inventory_updates import read_inventory_update, write_inventory_update
from trueup.formats.x12.sets.inventory_846 import read_advices, write_advice

HERE = Path(__file__).parent / "inventory"
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
ITEMS = (
    AdvisedItem("LAMP-1", "B000000001", 76),
    AdvisedItem("CHAIR-1", None, 0),
    AdvisedItem("VASE-1", "B000000003", 1_200),
)
RETURNS = {
    "sender": ["ZZ", "AMAZON"],
    "receiver": ["ZZ", "NORDA"],
    "group_sender": "AMAZON",
    "group_receiver": "NORDA",
    "release": "004010",
    "usage": "P",
    "separators": {"segment": "~", "element": "*", "component": ">", "repetition": ""},
    "encoding": "utf-8",
}


def _advice(number: int, *, whole: bool) -> InventoryAdvice:
    return InventoryAdvice(f"NORDA-{number:06}", "NORDA", "WH1", NOW, ITEMS if whole else ITEMS[:1], whole)


def _by_edi(advice: InventoryAdvice) -> bytes:
    return write_advice(advice, RETURNS, control_number=41, now=NOW)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("name", "write"), [("inventory_846.edi", _by_edi), ("inventory_update.json", write_inventory_update)]
)
def test_it_is_written_as_expected(name: str, write: Callable[[InventoryAdvice], bytes], whole: bool) -> None:
    """Everything, and what changed."""
    path = HERE / f"{'whole' if whole else 'changed'}_{name}"
    found = write(_advice(1 if whole else 2, whole=whole))
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        path.write_bytes(found)
    assert found == path.read_bytes()


def test_what_was_written_reads_back() -> None:
    """The files say what was to be said."""
    [advice] = read_advices((HERE / "whole_inventory_846.edi").read_bytes()).values
    assert advice == _advice(1, whole=True)
    assert read_inventory_update((HERE / "changed_inventory_update.json").read_bytes()) == (False, ITEMS[:1])
