"""Unit costs as a table: exact, each SKU once, nothing below zero."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trueup.base.errors import Unreadable
from trueup.base.money import UnitPrice
from trueup.formats.product_costs import read_product_costs


def test_costs_are_exact_and_bad_rows_are_told() -> None:
    """Four digits stay four; a negative cost and a SKU that comes twice are findings at their row."""
    reading = read_product_costs(b"SKU;Unit cost;Currency\nA;1.2345;USD\nB;-1;USD\nA;2;USD\nC;x;USD\n")
    assert dict(reading.values) == {"A": UnitPrice(Decimal("1.2345"), "USD")}
    assert len(reading.findings) == 3
    assert "B: cost -1 is negative" in str(reading.findings[0])


def test_what_is_no_such_table_is_refused() -> None:
    """A PDF, or a table of something else."""
    for content in (b"%PDF-1.7", b"a,b\n1,2\n"):
        with pytest.raises(Unreadable):
            read_product_costs(content)
