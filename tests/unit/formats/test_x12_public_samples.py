"""Interchanges that others published are read or refused with located findings, and none crashes a reader.

They are looked for in the folder that TRUEUP_SAMPLES names, else in `../shared/samples` beside the checkout. In CI their
absence is a failure; elsewhere these tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trueup.formats.x12.acknowledgement import read_functional_acknowledgements
from trueup.formats.x12.sets.acknowledgement_855 import read_acknowledgements
from trueup.formats.x12.sets.order_850 import read_orders

CHECKOUT = Path(__file__).resolve().parents[3]
READERS = (read_orders, read_acknowledgements, read_functional_acknowledgements)


def samples() -> list[Path]:
    named = os.environ.get("TRUEUP_SAMPLES")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "samples"
    found = sorted((folder / "x12").glob("*.edi"))
    if not found and os.environ.get("CI"):
        pytest.fail(f"no samples in {folder}/x12; set TRUEUP_SAMPLES to the folder that holds them")
    if not found:
        pytest.skip(f"no samples in {folder}/x12")
    return found


def test_every_public_sample_is_read_or_refused_with_located_findings() -> None:
    """Whatever the set, by every reader: no crash, and every finding lies inside the file."""
    for path in samples():
        content = path.read_bytes()
        for read in READERS:
            reading = read(content)
            assert reading.values or reading.findings, path.name
            assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings), path.name


def test_every_public_850_says_why_it_is_not_amazons() -> None:
    """Published 850s name no Amazon vendor code: each is refused for that, at its BEG, and its syntax is not blamed."""
    found = [path for path in samples() if path.name.startswith("850")]
    assert found
    for path in found:
        content = path.read_bytes()
        errors = {finding.code: finding for finding in read_orders(content).errors}
        assert "vendor-code-missing" in errors, path.name
        assert content[errors["vendor-code-missing"].location.offset :].startswith(b"BEG")
        assert not [code for code in errors if ":" in code], path.name


def test_every_public_997_is_understood() -> None:
    """The verdicts of real 997s: one accepted, one rejected for a code."""
    verdicts = {
        path.name: read_functional_acknowledgements(path.read_bytes()).values[0].accepted
        for path in samples()
        if path.name.startswith("997")
    }
    assert set(verdicts.values()) == {True, False}
