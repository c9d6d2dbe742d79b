"""Remittances read as they are expected to be, all and only: what Amazon writes in each form, and each mistake with its place.

A file is recognised and read like one that arrives. TRUEUP_GOLDEN_UPDATE=1 rewrites the expectations; the difference is reviewed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.remittances import Remittance
from trueup.formats.document import Reading
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise

HERE = Path(__file__).parent / "remittance"
FILES = sorted(path for path in HERE.iterdir() if path.suffix != ".json")


def plain(value: Any) -> Any:
    """Any value as JSON, exact; what is empty is left out."""
    if isinstance(value, Money):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: held for name, held in fields.items() if held not in (None, "", [], {}, False)}
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value


def shown(content: bytes) -> dict[str, Any]:
    """What is made of a document, and by how much each payment is not the sum of its lines."""
    known = recognise(content[:HEAD_BYTES], known_formats())
    reading: Reading[Any] = known.read(content)
    return {
        "format": reading.format,
        "values": plain(reading.values),
        "untied": {
            value.payment: str(value.tie) for value in reading.values if isinstance(value, Remittance) and value.tie
        },
        "findings": [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_remittance_reads_as_expected(path: Path) -> None:
    """Values, what does not tie, and findings with their places are those of the expectation."""
    found = shown(path.read_bytes())
    expected = path.with_suffix(".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_of_a_remittance_has_its_file() -> None:
    """An expectation without a file proves nothing."""
    expected = {path.name.partition(".")[0] for path in HERE.glob("*.expected.json")}
    assert expected == {path.stem for path in FILES}
