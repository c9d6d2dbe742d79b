"""Documents read as they are expected to be, all and only: every file has an expectation and every expectation its file.

A folder here is a format family; a file in it is recognised and read like one that arrives. TRUEUP_GOLDEN_UPDATE=1 rewrites
the expectations, and the difference is what is reviewed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from trueup.base.clock import write_instant
from trueup.base.errors import Unreadable
from trueup.formats.document import Reading
from trueup.formats.recognise import known_formats, recognise
from trueup.formats.x12.acknowledgement import owed_acknowledgements, write_functional_acknowledgement

HERE = Path(__file__).parent
FOLDERS = ("x12",)
FILES = sorted(path for folder in FOLDERS for path in (HERE / folder).iterdir() if path.suffix != ".json")


def plain(value: Any) -> Any:
    """Any domain value as JSON, exact: decimals as text, instants in UTC, empty fields left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: held for name, held in fields.items() if held not in (None, "", [], {})}
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def shown(content: bytes) -> dict[str, Any]:
    """What is made of a document: its format, values and findings, and for X12 the 997 that answers it."""
    try:
        known = recognise(content, known_formats())
    except Unreadable as error:
        return {"unreadable": str(error)}
    reading: Reading[Any] = known.read(content)
    result: dict[str, Any] = {
        "format": reading.format,
        "values": plain(reading.values),
        "findings": [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings],
    }
    if reading.facts.get("syntax") == "x12":
        now = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
        result["answers"] = [
            write_functional_acknowledgement(reading, control_number=9, now=now, interchange=place).decode("latin-1")
            for place in owed_acknowledgements(reading)
        ]
    return result


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_document_reads_as_expected(path: Path) -> None:
    """Values, findings with their places, and the answer are those of the expectation."""
    found = shown(path.read_bytes())
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_expectation_has_its_file(folder: str) -> None:
    """An expectation without a file proves nothing."""
    expected = {path.name.partition(".")[0] for path in (HERE / folder).glob("*.expected.json")}
    assert expected == {path.stem for path in FILES if path.parent.name == folder}
