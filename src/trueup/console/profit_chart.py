"""Gross to net, drawn: of each channel or SKU what is left and what took the rest, in one currency, with a table of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueup.base.money import Money
from trueup.domain.profit import Margin

PARTS = ("net", "deductions", "returns", "discounts", "other")
"""What a bar is made of: together they are gross."""
_MOST = 12


@dataclass(frozen=True, slots=True)
class GrossToNet:
    """A chart with its table: a row a bar, a column a part, and gross at the end. `said`: what is seen, in a sentence."""

    currency: str
    said: str
    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Money]]]

    @property
    def option(self) -> dict[str, Any]:
        """As ECharts draws it: bars that stand on each other. Amounts go as text, for they are exact."""
        series = [
            {"type": "bar", "stack": "all", "name": part, "data": [str(cells[at].amount) for _, cells in self.rows]}
            for at, part in enumerate(PARTS)
        ]
        categories = {"type": "category", "data": [name for name, _ in self.rows]}
        return {"xAxis": categories, "yAxis": {"type": "value"}, "series": series}


def draw_margins(margins: Sequence[Margin], names: Mapping[int, str], currency: str) -> GrossToNet | None:
    """The chart of the rows of a currency, by the names of their places; None where nothing was invoiced or deducted in it.

    Those that were invoiced most are drawn, all others are one bar, so that the bars come to the table's total.
    """
    own = [(names[at], each) for at, each in enumerate(margins) if each.currency == currency]
    if not own:
        return None
    ordered = sorted(own, key=lambda row: (-row[1].gross, row[0]))
    shown = ordered if len(ordered) <= _MOST else ordered[: _MOST - 1]
    rows = [(name, _cells([each])) for name, each in shown]
    if rest := [each for _, each in ordered[len(shown) :]]:
        rows.append((f"{len(rest)} others", _cells(rest)))
    return GrossToNet(currency, _said([each for _, each in own]), ("", *PARTS, "gross"), rows)


def _cells(rows: Sequence[Margin]) -> list[Money]:
    return [Money(sum(getattr(each, part) for each in rows), rows[0].currency) for part in (*PARTS, "gross")]


def _said(rows: Sequence[Margin]) -> str:
    net, *costs, gross = _cells(rows)
    dearest = max(zip(PARTS[1:], costs, strict=True), key=lambda each: each[1].minor)
    share = f", {Decimal(net.minor * 100) / gross.minor:.1f} %" if gross.minor > 0 else ""
    left = f"Of {gross} that were invoiced {net} are left{share}"
    return f"{left}; most was taken by {dearest[0]}, {dearest[1]}." if dearest[1].minor > 0 else f"{left}."
