"""Imported invoices and shipments read as they are expected to be, all and only."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from trueup.base.money import Money, UnitPrice
from trueup.formats.document import Format
from trueup.formats.invoices_csv import FORMAT as INVOICES
from trueup.formats.invoices_csv import read_invoices
from trueup.formats.regional import Convention
from trueup.formats.shipments_csv import FORMAT as SHIPMENTS

HERE = Path(__file__).parent
KINDS: dict[str, Format] = {"invoices": INVOICES, "shipments": SHIPMENTS}
FILES = sorted(path for folder in KINDS for path in (HERE / folder).glob("*.csv"))


def plain(value: Any) -> Any:
    if isinstance(value, Money | UnitPrice):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: held for name, held in fields.items() if held not in (None, "", [])}
    return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_import_reads_as_expected(path: Path) -> None:
    """Values and findings, with their places, are those of the expectation. TRUEUP_GOLDEN_UPDATE=1 rewrites it."""
    content, known = path.read_bytes(), KINDS[path.parent.name]
    if b"Invoice Number" not in content:  # read when asked for, but others name their columns so too
        assert [name for name, each in KINDS.items() if each.recognise(content[:4096])] == [path.parent.name]
    reading = known.read(content)
    found = {
        "values": [plain(value) for value in reading.values],
        "findings": [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings],
    }
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", KINDS)
def test_every_expectation_of_an_import_has_its_file(folder: str) -> None:
    """An expectation without a file proves nothing."""
    names = {path.name.partition(".")[0] for path in (HERE / folder).iterdir()}
    assert names == {path.stem for path in FILES if path.parent.name == folder}


def test_a_declared_convention_settles_what_the_file_leaves_open() -> None:
    """What could be two numbers or two days is read once someone says how the file is written."""
    content = (HERE / "invoices" / "two_readings.csv").read_bytes()
    american = {each.number: each for each in read_invoices(content, Convention(".", day_first=False)).values}
    german = {each.number: each for each in read_invoices(content, Convention(",", day_first=True)).values}
    assert (str(american["C-1"].total), american["C-1"].issued_on) == ("1234.000 KWD", date(2026, 3, 4))
    assert (str(german["C-1"].total), german["C-1"].issued_on) == ("1.234 KWD", date(2026, 4, 3))


def test_a_day_of_a_year_in_which_nobody_bills_is_refused_with_its_row() -> None:
    head = "number,partner,issued,due,currency,total\n"
    rows = "A-1,p,2026-09-01,9999-12-31,USD,1.00\nA-2,p,0203-01-01,,USD,1.00\nA-3,p,2000-01-01,2199-12-31,USD,1.00\n"
    reading = read_invoices((head + rows).encode())
    assert [each.number for each in reading.values] == ["A-3"]
    due, issued = reading.findings
    assert "expected a day of the years 2000 to 2199, found 9999-12-31" in due.message and "2" in str(due.location)
    assert "found 0203-01-01" in issued.message and "3" in str(issued.location)
