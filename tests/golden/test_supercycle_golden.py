"""Replies of Supercycle read as they are expected to be, all and only: every file here has an expectation and the other way
round. The word before `.json` says what a reply is of; TRUEUP_GOLDEN_UPDATE=1 rewrites the expectations."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.golden.test_golden import plain
from trueup.connectors.supercycle.v1.calendar import read_blocked_date, read_timeline
from trueup.connectors.supercycle.v1.cycles import read_cycle, read_return
from trueup.connectors.supercycle.v1.items import read_item
from trueup.connectors.supercycle.v1.record import Record
from trueup.connectors.supercycle.v1.replies import read_one, read_page

HERE = Path(__file__).parent / "supercycle"
FILES = sorted(path for path in HERE.glob("*.json") if ".expected." not in path.name)
ZONE = ZoneInfo("America/New_York")
RECORDS: dict[str, Callable[[Record], Any]] = {
    "newer": lambda record: read_item(record, "USD"),
    "older": lambda record: read_item(record, "USD"),
    "rentals": read_cycle,
    "return_orders": read_return,
    "blocked_dates": read_blocked_date,
}


def shown(path: Path) -> dict[str, Any]:
    """What is made of a reply."""
    kind = path.name.split(".")[1]
    if kind == "timeline":
        variant = "gid://shopify/ProductVariant/9001"
        observed = read_one(path.read_bytes(), "a timeline", ZONE, lambda record: read_timeline(record, variant))
        days = [[f"{day}", count] for day, count in observed.value.occupancy]
        return {**plain(observed.value), "occupancy": days}
    batch = read_page(path.read_bytes(), "a page", ZONE, RECORDS[kind]).value
    findings = [f"{finding.weight.value}: {finding}" for finding in batch.findings]
    found = {"values": plain(batch.values), "findings": findings, "next_page": batch.next_page}
    again: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return again


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reply_reads_as_expected(path: Path) -> None:
    """Values, findings with their places, and the cursor are those of the expectation."""
    found = shown(path)
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_has_its_file() -> None:
    """An expectation without a reply proves nothing."""
    expected = {path.name.removesuffix(".expected.json") for path in HERE.glob("*.expected.json")}
    assert expected == {path.stem for path in FILES}


def test_nothing_personal_is_taken_from_a_cycle() -> None:
    """Names, addresses and mail stay in the archived reply: what is kept of a customer is an id."""
    text = json.dumps([shown(path) for path in FILES])
    assert not [word for word in ("example.com", "Street", "12345") if word in text]
