"""Amazon's vendor reports read as they are expected to be, all and only: every file has an expectation and the other way round.

The word before `.json` is the module that reads it; TRUEUP_GOLDEN_UPDATE=1 rewrites the expectations.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.golden.test_golden import plain
from trueup.base.errors import Unreadable
from trueup.formats.compressed import opened
from trueup.formats.document import Format
from trueup.formats.recognise import known_formats, recognise
from trueup.formats.vendor_reports._rows import read_error

HERE = Path(__file__).parent / "vendor_reports"
FILES = sorted(path for path in HERE.glob("*.json") if ".expected." not in path.name)


def format_of(path: Path) -> Format:
    """The format of a file by its name."""
    found: Format = importlib.import_module(f"trueup.formats.vendor_reports.{path.name.split('.')[1]}").FORMAT
    return found


def shown(path: Path) -> dict[str, Any]:
    """What is made of a report."""
    content = path.read_bytes()
    assert recognise(content, known_formats()).name == format_of(path).name
    reading = format_of(path).read(content)
    values = [plain(value) for value in reading.values]
    findings = [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings]
    again: dict[str, Any] = json.loads(
        json.dumps({"values": values, "findings": findings, "facts": reading.facts}, default=str)
    )
    return again


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_report_reads_as_expected(path: Path) -> None:
    """Figures under Amazon's names, unknown ones too, and findings with their places are those of the expectation."""
    found = shown(path)
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_has_its_file() -> None:
    """An expectation without a report proves nothing; every kind of report has a file."""
    expected = {path.name.removesuffix(".expected.json") for path in HERE.glob("*.expected.json")}
    assert expected == {path.stem for path in FILES}
    reports = {known.name for known in known_formats() if known.name.startswith("amazon-report-")}
    assert {format_of(path).name for path in FILES} == reports


def test_one_report_is_not_read_as_another() -> None:
    """Nor is what is no report, cut off, or without its rows."""
    sales, inventory = HERE / "manufacturing.sales.json", HERE / "sourcing.inventory.json"
    for content in (inventory.read_bytes(), sales.read_bytes()[:-9], b"[]", b"{}", b'{"reportSpecification": 1}'):
        with pytest.raises(Unreadable):
            format_of(sales).read(content)


def test_compressed_reports_are_opened_within_a_limit() -> None:
    """All members of GZIP, nothing cut off, and no more than is allowed, however small it came."""
    content = HERE.joinpath("weeks.forecast.json").read_bytes()
    packed = gzip.compress(content[:100]) + gzip.compress(content[100:])
    assert opened(packed, 10_000) == content == opened(content, 10)
    bomb = gzip.compress(bytes(10_000_000))
    for bad, most in ((packed[:-9], 10_000), (packed[:60], 10_000), (packed, 100), (bomb, 1_000_000)):
        with pytest.raises(Unreadable):
            opened(bad, most)
    with pytest.raises(Unreadable):
        opened(packed[:40] + bytes(20) + packed[60:], 10_000)


def test_the_reason_of_a_fatal_report_is_read_or_its_first_words_shown() -> None:
    """Amazon's own words; what is not as Amazon writes it is shown as it came."""
    assert read_error(b'{"errorDetails": " Try another range. "}') == "Try another range."
    assert read_error(b"no json") == "no json" and read_error(b'{"a": 1}') == '{"a": 1}'
