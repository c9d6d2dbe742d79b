"""Profit: what is left of what was invoiced, by SKU and by channel, each deduction with the rule it was allocated by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.money_words import Names, held_still
from trueup.console.page import Group, Page, Place, Route
from trueup.console.pages.profit_cell import address_of
from trueup.console.profit_chart import draw_margins
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.closing import Month
from trueup.domain.profit import Cause, Margin, Rule, by_channel, by_sku, causes
from trueup.domain.profit_cells import PARTS, Cell
from trueup.storage.views.profit import load_waiting
from trueup.storage.views.profit_cells import load_margins

_MOST = 200
_CAUSES = 3
_NOT_FINAL = (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS, Purpose.SUSPENSE)


def _show(visit: Visit) -> Response:
    state, names = state_of(visit, "by", "month", "against", "currency"), Names(visit)
    month = Month.read(state["month"]) if state["month"] else Month.of(visit.now.date()).before
    of_channel = state["by"] != "sku"
    chart = names.chart
    with held_still(visit) as connection:
        margins = load_margins(connection, month.first, month.last, chart)
        waiting = load_waiting(connection, month.last, [chart.code(purpose) for purpose in _NOT_FINAL])
        other = Month.read(state["against"]) if state["against"] else None
        before = load_margins(connection, other.first, other.last, chart) if other is not None else ()
    merged = by_channel(margins) if of_channel else by_sku(margins)
    ordered = sorted(merged, key=lambda each: (each.currency, -each.net, each.partner, each.payee, each.sku))
    whole = by_channel(replace(each, partner="", payee="") for each in margins)
    currencies = [each.currency for each in sorted(whole, key=lambda each: (-each.units, each.currency))]
    drawn = state["currency"] if state["currency"] in currencies else next(iter(currencies), "")
    called = {at: _cell(each, of_channel).name for at, each in enumerate(ordered)}
    return visit.render(
        "profit.html",
        state=state,
        month=str(month),
        of_channel=of_channel,
        parts=PARTS,
        unallocated=Rule.ALONE.value,
        tabs=(Choice("channel", "By channel"), Choice("sku", "By SKU")),
        filters=(
            Filter("month", "Month", kind="month"),
            Filter("against", "Against", kind="month"),
            Filter("currency", "Drawn", [Choice(each, each) for each in sorted(currencies)]),
        ),
        drawn=(chart_of := draw_margins(ordered, called, drawn)),
        drawn_rows=[
            (name, *(visit.present.money(cell, code=False) for cell in cells))
            for name, cells in (chart_of.rows if chart_of is not None else ())
        ],
        rows=[_row(each, month, _cell(each, of_channel)) for each in ordered[:_MOST]],
        more=max(0, len(ordered) - _MOST),
        totals=[_row(each, month, Cell(each.currency)) for each in whole],
        waiting=[_waiting(names, row, whole) for row in waiting],
        against=other,
        compared=_compared((other, before), (month, margins), of_channel) if other is not None else (),
    )


def _waiting(names: Names, row: tuple[str, str, int], whole: Sequence[Margin]) -> dict[str, object]:
    """What is not final on an account, and its share of what was invoiced."""
    code, currency, minor = row
    gross = sum(each.gross for each in whole if each.currency == currency)
    share = f"{Decimal(abs(minor) * 100) / gross:.1f}" if gross > 0 else ""
    return {"code": code, "name": names.account(code), "amount": Money(minor, currency), "share": share}


_Of: TypeAlias = "tuple[Month, Sequence[Margin]]"
"""A month and its profit."""


def _compared(before: _Of, after: _Of, of_channel: bool) -> list[dict[str, object]]:
    """Both nets of each currency, their difference, and its three largest causes; the rest of them together."""
    merge = by_channel if of_channel else by_sku
    every = causes(merge(before[1]), merge(after[1]))
    found: list[dict[str, object]] = []
    for currency in sorted({each.currency for each in (*before[1], *after[1])}):
        old, new = (Cell(currency).amount(rows, "net") for _, rows in (before, after))
        own = [each for each in every if each.currency == currency]
        found.append(
            {
                "currency": currency,
                "before": old,
                "after": new,
                "hrefs": [address_of(month, Cell(currency), "net") for month, _ in (before, after)],
                "difference": new - old,
                "causes": [_caused(each, (before[0], after[0]), _cell(each, of_channel)) for each in own[:_CAUSES]],
                "rest": Money(sum(each.minor for each in own[_CAUSES:]), currency),
            }
        )
    return found


def _caused(cause: Cause, months: tuple[Month, Month], cell: Cell) -> dict[str, object]:
    return {
        "name": cell.name,
        "part": cause.part,
        "amount": Money(cause.minor, cause.currency),
        "months": [(month, address_of(month, cell, cause.part)) for month in months],
    }


def _cell(each: Margin | Cause, of_channel: bool) -> Cell:
    """The row of the table that it is."""
    return Cell(each.currency, (each.partner, each.payee)) if of_channel else Cell(each.currency, sku=each.sku)


def _row(each: Margin, month: Month, cell: Cell) -> dict[str, object]:
    return {
        "name": cell.name,
        "units": each.units,
        "currency": each.currency,
        "cells": [(Money(getattr(each, part), each.currency), address_of(month, cell, part)) for part in PARTS],
        "share": f"{Decimal(each.net * 100) / each.gross:.1f}" if each.gross > 0 else "",
        "rules": [(rule.value, Money(minor, each.currency)) for rule, minor in each.rules],
    }


PAGE = Page("profit", "Profit", (Route("/profit", _show),), Place(Group.MONEY, 7, "chart-bar"))
