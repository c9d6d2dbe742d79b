"""Item masters read as they are expected to be, all and only: every file here has an expectation and the other way round."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from trueup.formats.item_master import FORMAT, Item, read_item_master

HERE = Path(__file__).parent / "item_master"
FILES = sorted(HERE.glob("*.csv"))


def shown(item: Item) -> dict[str, Any]:
    product, listing = item
    values: dict[str, Any] = {"sku": product.sku, "title": product.title, "case_size": product.case_size}
    values |= {"gtin": product.gtin, "declared_source": product.declared_source, "obsolete": product.obsolete}
    if listing is not None:
        values["listing"] = [listing.vendor_code, listing.asin, listing.vendor_product_id, str(listing.cost or "")]
    return values


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_item_master_reads_as_expected(path: Path) -> None:
    """Values and findings, with their places, are those of the expectation. TRUEUP_GOLDEN_UPDATE=1 rewrites it."""
    content = path.read_bytes()
    assert FORMAT.recognise(content[:4096])
    reading = read_item_master(content)
    found = {
        "values": [shown(item) for item in reading.values],
        "findings": [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings],
        "facts": reading.facts,
    }
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_has_its_file() -> None:
    """An expectation without a file proves nothing."""
    assert {path.name.partition(".")[0] for path in HERE.iterdir()} == {path.stem for path in FILES}
