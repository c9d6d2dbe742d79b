"""820s that others published are read to the cent, and those that do not tie are said not to.

They are looked for in the folder that TRUEUP_SAMPLES names, else in `../shared/samples` beside the checkout. In CI their
absence is a failure; elsewhere these tests are skipped.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from trueup.domain.remittances import Adjustment
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.formats.x12.sets.remittance_820 import FORMAT, read_remittances_820

CHECKOUT = Path(__file__).resolve().parents[2]


def sample(name: str) -> bytes:
    """A published file."""
    named = os.environ.get("TRUEUP_SAMPLES")
    path = (Path(named) if named else CHECKOUT.parent / "shared" / "samples") / "x12" / name
    if not path.exists() and os.environ.get("CI"):
        pytest.fail(f"{path} is missing; set TRUEUP_SAMPLES to the folder that holds the samples")
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return path.read_bytes()


def test_a_walmart_like_820_ties_with_adjustments_inside_its_lines() -> None:
    """4650.41 - 97.90 - 143.76 = 4408.75: what is nested explains its line and is not taken a second time."""
    content = sample("820_edi-net.edi")
    assert recognise(content[:HEAD_BYTES], known_formats()) is FORMAT
    reading = read_remittances_820(content)
    assert reading.findings == ()
    (payment,) = reading.values
    assert (payment.payment, payment.payee, payment.paid_on) == ("4529952", "446963", date(2019, 10, 29))
    assert (str(payment.amount), len(payment.lines), payment.tie.minor) == ("21298.97 USD", 7, 0)
    first = payment.lines[0]
    assert (first.paid, first.gross, first.discount) == (440_875, 465_041, 9_790)
    assert first.adjustments == (Adjustment("59", -14_376, "26801"),)
    assert (first.references["PO"], first.invoice_day) == ("1016071221", date(2019, 9, 4))


def test_an_820_without_padding_in_its_envelope_is_read() -> None:
    """Other separators, an ISA that lost its widths: a warning, and every cent."""
    reading = read_remittances_820(sample("820_moov.edi"))
    assert [finding.code for finding in reading.findings] == ["header-width"]
    (payment,) = reading.values
    assert (str(payment.amount), payment.tie.minor) == ("7989.73 USD", 0)
    assert [(line.reference, line.paid, line.references) for line in payment.lines] == [
        ("7321239", 95_319, {"PO": "24305"}),
        ("7321511", 703_654, {"PO": "24333"}),
    ]


@pytest.mark.parametrize(
    ("old", "new", "cents"),
    [(b"*4408.75*", b"*4408.76*", -1), (b"*21298.97*", b"*21300.00*", 103), (b"*4653.84*", b"*-4653.84*", 930_768)],
)
def test_one_that_does_not_tie_says_by_how_much(old: bytes, new: bytes, cents: int) -> None:
    """The payment stands as it came, in full; nothing is forced, and a line that contradicts itself is a warning."""
    reading = read_remittances_820(sample("820_edi-net.edi").replace(old, new))
    (payment,) = reading.values
    assert (payment.tie.minor, len(payment.lines)) == (cents, 7)
    assert {finding.code for finding in reading.findings} <= {"line-differs"}
    assert reading.errors == ()
